package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"panther/pipeline/stream"
)

// flushEvery is how often a sink is asked what is safe, when it does not ask by itself.
const flushEvery = time.Second

// revokeTimeout is how long a sink may finish what is under way when a partition is taken from it.
const revokeTimeout = 10 * time.Second

// A sinkSession is one client's life in the group of a sink: a plain consumer, outside transactions. The group's offset
// moves only past records that the sink calls safe, after what they made was acknowledged.
type sinkSession struct {
	*Runner
	client *kgo.Client
	opened chan struct{} // closed once client is set: its callbacks may come before
	sink   stream.Sink
	topics map[string]stream.Topic

	mu     sync.Mutex // guards the sink and owned against callbacks of the group
	owned  map[topicPartition]stream.Partition
	next   map[topicPartition]int64 // the offset to read next
	handed map[topicPartition]int64 // the offset behind the last record that the sink got
	waker
}

// runSink works until ctx ends; then the sink finishes, and its last offsets are committed.
func (r *Runner) runSink(ctx context.Context) error {
	sink, err := r.node.Sink()
	if err != nil {
		return fmt.Errorf("start node %s: %w", r.node.Name, err)
	}
	return r.repeat(ctx, func(ctx context.Context) error { return r.sinkSession(ctx, sink) })
}

func (r *Runner) sinkSession(ctx context.Context, sink stream.Sink) (err error) {
	s := &sinkSession{Runner: r, opened: make(chan struct{}), sink: sink, topics: map[string]stream.Topic{}, owned: map[topicPartition]stream.Partition{}, next: map[topicPartition]int64{}, handed: map[topicPartition]int64{}}
	var names []string
	for _, t := range r.node.Reads {
		s.topics[t.Name] = t
		names = append(names, t.Name)
	}
	opts := append(s.cfg.options(), s.cfg.GroupOpts()...)
	opts = append(opts, kgo.ConsumerGroup("panther."+s.node.Name), kgo.ConsumeTopics(names...), kgo.DisableAutoCommit(),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()), kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.FetchMaxWait(250*time.Millisecond), kgo.FetchMaxPartitionBytes(MaxMessageBytes),
		kgo.BlockRebalanceOnPoll(), kgo.RebalanceTimeout(60*time.Second),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(0), kgo.DisableIdempotentWrite(), kgo.ProducerBatchMaxBytes(MaxMessageBytes),
		kgo.ProducerBatchCompression(kgo.Lz4Compression()),
		kgo.AdjustFetchOffsetsFn(s.assign), kgo.OnPartitionsRevoked(s.revoke), kgo.OnPartitionsLost(s.lose))
	if s.client, err = kgo.NewClient(opts...); err != nil {
		return fmt.Errorf("configure the Kafka client of node %s: %w", s.node.Name, err)
	}
	close(s.opened)
	defer s.client.CloseAllowingRebalance()
	defer s.dropAll()
	if err := s.counts.load(ctx, s.client, s.outputs()); err != nil {
		return err
	}
	helpers, stop := context.WithCancel(ctx)
	var wait sync.WaitGroup
	defer wait.Wait()
	defer stop()
	if ready, ok := sink.(interface{ Ready() <-chan struct{} }); ok {
		wait.Go(func() { s.wakeOn(helpers, ready.Ready()) })
	}
	return s.loop(ctx)
}

func (s *sinkSession) loop(ctx context.Context) error {
	work := context.WithoutCancel(ctx) // what has begun is finished, also when the program ends
	var looked, flushed time.Time
	for ctx.Err() == nil {
		if time.Since(looked) >= s.cfg.Heartbeat {
			looked = time.Now()
			s.measure(ctx)
		}
		fetches, woken := s.await(ctx)
		if err := s.take(work, fetches); err != nil {
			return err
		}
		if woken || time.Since(flushed) >= flushEvery {
			flushed = time.Now()
			if err := s.flush(work, false); err != nil {
				return err
			}
		}
		s.client.AllowRebalance()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.release(work, s.partitions(), true)
}

// release ends partitions: what is done is committed first, then the sink may finish what is under way, and that is committed
// too. Each has a time of its own, so that a call which hangs does not cost the receipts of those that came back.
func (s *sinkSession) release(ctx context.Context, parts []stream.Partition, last bool) error {
	err := s.flushLocked(ctx, last)
	finish, cancel := context.WithTimeout(ctx, revokeTimeout)
	defer cancel()
	s.sink.Revoke(finish, parts)
	return errors.Join(err, s.flushLocked(ctx, last))
}

// await polls until there are records, a while has passed, or the sink has something to say.
func (s *sinkSession) await(ctx context.Context) (fetches kgo.Fetches, woken bool) {
	ctx, done := s.waker.poll(ctx, flushEvery)
	fetches = s.client.PollRecords(ctx, pollRecords)
	return fetches, done()
}

// wakeOn ends the poll under way whenever the sink has something to say.
func (s *sinkSession) wakeOn(ctx context.Context, ready <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ready:
			s.wake()
		}
	}
}

// take gives fetched records to the sink. Those that do not decode go to the dead letters; the sink must still be told of
// them, else what is safe could never move past: it gets them without a message.
func (s *sinkSession) take(ctx context.Context, fetches kgo.Fetches) error {
	for _, e := range fetches.Errors() {
		switch {
		case errors.Is(e.Err, context.Canceled) || errors.Is(e.Err, context.DeadlineExceeded):
		case errors.Is(e.Err, kgo.ErrClientClosed), errors.Is(e.Err, kerr.OffsetOutOfRange):
			return fmt.Errorf("fetch from %s/%d: %w", e.Topic, e.Partition, e.Err)
		default:
			s.seldom("a partition could not be read; the others go on", "topic", e.Topic, "partition", e.Partition,
				"err", s.cfg.Explain(e.Err, Access{"Read", "topic", e.Topic}))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	records := make([]stream.Record, 0, fetches.NumRecords())
	var dead []*kgo.Record
	bytes := 0
	fetches.EachRecord(func(kr *kgo.Record) {
		tp := topicPartition{kr.Topic, kr.Partition}
		p, ok := s.owned[tp]
		if !ok {
			return
		}
		if s.next[tp] = kr.Offset + 1; kr.Attrs.IsControl() {
			return
		}
		r := stream.Record{Topic: kr.Topic, TopicID: p.ID, Partition: kr.Partition, Offset: kr.Offset, Key: kr.Key, Value: kr.Value, Time: kr.Timestamp.UTC()}
		for _, h := range kr.Headers {
			r.Headers = append(r.Headers, stream.Header{Key: h.Key, Value: h.Value})
		}
		bytes += len(kr.Key) + len(kr.Value)
		if decode := s.topics[kr.Topic].Decode; decode != nil && !IsBarrier(kr) && r.Header(stream.HeaderClock) == "" {
			m, err := decode(kr.Value)
			if err != nil {
				s.log.Error("dead letter", "topic", kr.Topic, "partition", kr.Partition, "offset", kr.Offset, "reason", err)
				dead = append(dead, deadLetter(s.node.DeadLetters().Name, r, err.Error()))
			}
			r.Message = m
		}
		records = append(records, r)
		s.handed[tp] = kr.Offset + 1
	})
	if len(records) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, endTimeout)
	defer cancel()
	if err := s.client.ProduceSync(ctx, dead...).FirstErr(); err != nil && len(dead) > 0 {
		return fmt.Errorf("write dead letters of node %s: %w", s.node.Name, err)
	}
	s.metrics.deadLetters.WithLabelValues(s.node.Name).Add(float64(len(dead)))
	s.metrics.recordsIn.WithLabelValues(s.node.Name).Add(float64(len(records)))
	s.metrics.bytesIn.WithLabelValues(s.node.Name).Add(float64(bytes))
	if err := s.sink.Add(ctx, records); err != nil {
		return fmt.Errorf("node %s takes records: %w", s.node.Name, err)
	}
	return nil
}

// flush asks the sink what is safe, writes what it has to say, and then moves the group's offsets.
func (s *sinkSession) flush(ctx context.Context, last bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flushLocked(ctx, last)
}

// flushLocked commits what is safe, also when something else went wrong. What the sink could not do it tries again with the
// next flush, unless another has taken a partition from it: then the session begins anew.
func (s *sinkSession) flushLocked(ctx context.Context, last bool) error {
	ctx, cancel := context.WithTimeout(ctx, endTimeout)
	defer cancel()
	safe, out, failed := s.sink.Flush(ctx, last)
	if err := s.send(ctx, out); err != nil {
		return errors.Join(failed, err)
	}
	if err := s.commit(ctx, safe); err != nil {
		return errors.Join(failed, err)
	}
	if failed != nil && (last || errors.Is(failed, stream.ErrFenced)) {
		return fmt.Errorf("node %s flushes: %w", s.node.Name, failed)
	}
	if failed != nil {
		s.seldom("some of what was read could not be written yet; it is tried again", "err", failed)
	}
	return nil
}

// send writes what the sink has to say, and waits until the broker has it.
func (s *sinkSession) send(ctx context.Context, out []stream.Record) error {
	if len(out) == 0 {
		return nil
	}
	records := make([]*kgo.Record, len(out))
	for i := range out {
		if !s.node.MayWrite(out[i].Topic) {
			return fmt.Errorf("node %s wrote to topic %q, which it does not declare", s.node.Name, out[i].Topic)
		}
		if err := out[i].Encode(); err != nil {
			return err
		}
		records[i] = &kgo.Record{Topic: out[i].Topic, Partition: PartitionFor(out[i].Key, int(s.counts.of(out[i].Topic))), Key: out[i].Key, Value: out[i].Value}
	}
	if err := s.client.ProduceSync(ctx, records...).FirstErr(); err != nil {
		return fmt.Errorf("node %s writes: %w", s.node.Name, err)
	}
	s.metrics.recordsOut.WithLabelValues(s.node.Name).Add(float64(len(out)))
	return nil
}

func (s *sinkSession) commit(ctx context.Context, safe map[stream.Partition]int64) error {
	offsets := map[string]map[int32]kgo.EpochOffset{}
	committed := s.client.CommittedOffsets()
	for p, next := range safe {
		tp := topicPartition{p.Topic, p.Num}
		if next >= s.handed[tp] {
			next = max(next, s.next[tp]) // control records behind it are nobody's, and must not look unread
		}
		if s.owned[tp] != p || committed[p.Topic][p.Num].Offset == next {
			continue
		}
		if offsets[p.Topic] == nil {
			offsets[p.Topic] = map[int32]kgo.EpochOffset{}
		}
		offsets[p.Topic][p.Num] = kgo.EpochOffset{Epoch: -1, Offset: next}
	}
	if len(offsets) == 0 {
		return nil
	}
	var failed error
	s.client.CommitOffsetsSync(ctx, offsets, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, err error) {
		failed = err
		if err != nil {
			return
		}
		for _, t := range resp.Topics {
			for _, p := range t.Partitions {
				failed = errors.Join(failed, kerr.ErrorForCode(p.ErrorCode))
			}
		}
	})
	if failed != nil {
		return fmt.Errorf("commit its offsets: %w", failed)
	}
	s.metrics.commits.WithLabelValues(s.node.Name).Inc()
	return nil
}

// assign tells the sink where its partitions begin.
func (s *sinkSession) assign(ctx context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	<-s.opened
	var topics []string
	for t, parts := range offsets {
		if len(parts) > 0 {
			topics = append(topics, t)
		}
	}
	if len(topics) == 0 {
		return offsets, nil
	}
	seen, err := look(ctx, s.client, topics)
	if err != nil {
		return nil, s.cfg.Explain(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for topic, parts := range offsets {
		for num, o := range parts {
			l := seen[topicPartition{topic, num}]
			if err := l.problem(); err != nil {
				err = fmt.Errorf("topic %s, partition %d: %w", topic, num, s.cfg.Explain(err))
				s.seldom("partitions cannot be taken up; they wait", "err", err)
				return nil, err
			}
			at := o.EpochOffset().Offset
			if at >= 0 && at < l.start {
				s.log.Error("records were deleted by retention before they were read", "topic", topic, "partition", num, "from", at, "to", l.start,
					"lost", l.start-at, "mend", "raise the topic's retention.ms or retention.bytes")
				s.metrics.lost.WithLabelValues(s.node.Name, topic).Add(float64(l.start - at))
			}
			if at < l.start {
				at = l.start
			}
			at = min(at, max(l.end, l.start))
			p := stream.Partition{Topic: topic, ID: l.id, Num: num}
			s.owned[topicPartition{topic, num}] = p
			s.next[topicPartition{topic, num}], s.handed[topicPartition{topic, num}] = at, at
			s.sink.Assign(p, at)
			parts[num] = kgo.NewOffset().At(at)
		}
	}
	s.ready.Store(true)
	return offsets, nil
}

// measure tells how far the sink is behind.
func (s *sinkSession) measure(ctx context.Context) {
	s.mu.Lock()
	owned := s.partitions()
	s.mu.Unlock()
	topics := map[string]bool{}
	for _, p := range owned {
		topics[p.Topic] = true
	}
	if len(topics) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Heartbeat)
	defer cancel()
	now := time.Now()
	seen, err := look(ctx, s.client, slices.Collect(maps.Keys(topics)))
	if err != nil {
		s.seldom("the input could not be looked at; its lag is not known", "err", s.cfg.Explain(err))
		return
	}
	var lag int64
	s.mu.Lock()
	for _, p := range owned {
		tp := topicPartition{p.Topic, p.Num}
		if seen[tp].problem() != nil {
			s.mu.Unlock()
			return // not known
		}
		lag += max(0, seen[tp].end-s.next[tp])
	}
	s.mu.Unlock()
	s.metrics.lagRecords.WithLabelValues(s.node.Name).Set(float64(lag))
	if lag == 0 {
		s.caughtUp.Store(now.UnixNano())
	}
	if s.caughtUp.Load() != 0 {
		s.metrics.lagSeconds.WithLabelValues(s.node.Name).Set(time.Since(s.CaughtUp()).Seconds())
	}
}

// revoke lets the sink finish what it has of partitions that go away, and commits how far it came: else their next owner
// does it again.
func (s *sinkSession) revoke(ctx context.Context, _ *kgo.Client, gone map[string][]int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.release(context.WithoutCancel(ctx), s.named(gone), false); err != nil {
		s.log.Warn("partitions go to their next owner without the last offsets: some of it is done again", "err", err)
	}
	s.forget(gone)
}

// lose is revoke for partitions that are another's already: nothing of them may be committed.
func (s *sinkSession) lose(_ context.Context, _ *kgo.Client, gone map[string][]int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s.sink.Revoke(ctx, s.named(gone))
	s.forget(gone)
}

func (s *sinkSession) named(gone map[string][]int32) (parts []stream.Partition) {
	for topic, nums := range gone {
		for _, n := range nums {
			if p, ok := s.owned[topicPartition{topic, n}]; ok {
				parts = append(parts, p)
			}
		}
	}
	return parts
}

func (s *sinkSession) forget(gone map[string][]int32) {
	for topic, nums := range gone {
		for _, n := range nums {
			delete(s.owned, topicPartition{topic, n})
		}
	}
}

func (s *sinkSession) partitions() (parts []stream.Partition) {
	for _, p := range s.owned {
		parts = append(parts, p)
	}
	return parts
}

// dropAll empties the sink when a session ends: the next one assigns anew.
func (s *sinkSession) dropAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s.sink.Revoke(ctx, s.partitions())
	clear(s.owned)
}
