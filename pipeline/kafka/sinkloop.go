package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

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
	asked atomic.Bool // to look where its input ends
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
		compression(),
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
		wait.Go(func() { s.wakeOn(helpers, ready.Ready(), func() {}) }) // the sink has something to say
	}
	wait.Go(func() { s.wakeOn(helpers, s.ask, func() { s.asked.Store(true) }) }) // somebody wants to know where the input ends
	return s.loop(ctx)
}

func (s *sinkSession) loop(ctx context.Context) error {
	work := context.WithoutCancel(ctx) // what has begun is finished, also when the program ends
	var looked, flushed time.Time
	for ctx.Err() == nil {
		if s.asked.Swap(false) || time.Since(looked) >= s.cfg.Heartbeat {
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

// await polls until there are records, a while has passed, or the sink has something to say.
func (s *sinkSession) await(ctx context.Context) (fetches kgo.Fetches, woken bool) {
	ctx, done := s.waker.poll(ctx, flushEvery)
	fetches = s.client.PollRecords(ctx, pollRecords)
	return fetches, done()
}

// wakeOn does something whenever it is called for, and ends the poll under way.
func (s *sinkSession) wakeOn(ctx context.Context, call <-chan struct{}, do func()) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-call:
			do()
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
		r, err := recordOf(kr, p.ID, s.topics[kr.Topic])
		bytes += len(kr.Key) + len(kr.Value)
		if err != nil {
			s.log.Error("dead letter", "topic", kr.Topic, "partition", kr.Partition, "offset", kr.Offset, "reason", err)
			dead = append(dead, deadLetter(s.node.DeadLetters().Name, r, err.Error()))
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
