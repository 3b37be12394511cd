package kafka

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	pollRecords = 10_000           // in one poll
	pollWait    = time.Second      // at most, when nothing is due
	endTimeout  = 30 * time.Second // of the end of a transaction: it must not hang, nor be given up lightly
)

// turn polls once and, if there is something to do, makes one transaction of it. An error ends the session.
func (s *session) turn(ctx context.Context) error {
	if s.takeRevoked() {
		// franz-go tells the revocations after this one only once End was called, in a transaction or not.
		if err := s.giveUp(); err != nil {
			return err
		}
	}
	s.resubscribe()
	fetches := s.await(ctx, s.wait())
	defer s.group.AllowRebalance()
	if ctx.Err() != nil && fetches.NumRecords() == 0 {
		return nil
	}
	if err := s.fetchErrors(fetches); err != nil {
		return err
	}
	tx, due := s.prepare(fetches)
	if !due {
		return nil
	}
	// From here on nothing is broken off: a turn that has begun is finished, also when the program ends.
	return s.transact(context.WithoutCancel(ctx), tx, fetches)
}

// takeRevoked reports whether partitions were taken away since the last End.
func (s *session) takeRevoked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.revoked
	s.revoked = false
	return was
}

func (s *session) giveUp() error {
	ctx, cancel := context.WithTimeout(context.Background(), endTimeout)
	defer cancel()
	if _, err := s.group.End(ctx, kgo.TryAbort); err != nil {
		return fmt.Errorf("end after a revocation: %w", err)
	}
	return nil
}

// wait is how long a poll may wait: until a clock or a timer is due.
func (s *session) wait() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	wait := pollWait
	for _, t := range s.tasks {
		if t.fresh && now.Sub(t.assigned) < 5*time.Second {
			return 10 * time.Millisecond // until the client counts it among its own
		}
		if t.stage == nil {
			continue
		}
		if at := t.stage.NextTimer(); !at.IsZero() {
			wait = min(wait, max(at.Sub(now), 20*time.Millisecond))
		}
	}
	return wait
}

// await polls until there are records, or something else to do.
func (s *session) await(ctx context.Context, wait time.Duration) kgo.Fetches {
	ctx, done := s.waker.poll(ctx, wait)
	defer done()
	return s.group.PollRecords(ctx, pollRecords)
}

// fetchErrors sorts what came instead of records. Only what a new session mends is returned.
func (s *session) fetchErrors(fetches kgo.Fetches) error {
	for _, e := range fetches.Errors() {
		switch {
		case errors.Is(e.Err, context.Canceled) || errors.Is(e.Err, context.DeadlineExceeded):
		case errors.Is(e.Err, kgo.ErrClientClosed), errors.Is(e.Err, kerr.OffsetOutOfRange):
			return fmt.Errorf("fetch from %s/%d: %w", e.Topic, e.Partition, e.Err) // assign names what is lost
		default:
			s.seldom("a partition could not be read; the others go on", "topic", e.Topic, "partition", e.Partition,
				"err", s.cfg.Explain(e.Err, Access{"Read", "topic", e.Topic}))
			s.askSample() // it may have been deleted and made anew
		}
	}
	return nil
}

// prepare takes in what happened between transactions and says whether there is something to do.
func (s *session) prepare(fetches kgo.Fetches) (tx *transaction, due bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.takeSamples()
	now := time.Now()
	tx = &transaction{began: now, version: s.catalogue.View().Version(), tasks: map[*task]bool{}}
	fetches.EachRecord(func(r *kgo.Record) { due = due || !r.Attrs.IsControl() })
	if !due {
		s.skipControl(fetches)
	}
	tx.clocks = s.node.Clocks != "" && len(s.tasks) > 0 && now.Sub(s.lastClocks) >= s.cfg.Heartbeat
	due = due || tx.clocks
	if s.unowned() {
		s.checkOwned()
	}
	for _, t := range s.tasks {
		if t.stage == nil || !t.owned {
			t.fresh = t.fresh && t.stage != nil
			continue
		}
		t.edge.CatchUp()
		if t.fresh || t.version != tx.version || s.timerDue(t, now) {
			due = true
		}
	}
	if s.skipped && now.Sub(s.lastEnd) > skippedWait {
		due = true // else retention could delete what the group's offsets stand before, and it would look like a loss
	}
	if !due {
		for _, t := range s.tasks {
			t.edge.Rest()
		}
	}
	return tx, due
}

// skippedWait is how long positions may be ahead of the group's offsets by control records alone.
const skippedWait = time.Minute

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func (s *session) unowned() bool {
	for _, t := range s.tasks {
		if !t.owned {
			return true
		}
	}
	return false
}

// timerDue reports whether a timer of t may fire: its time has come, and the input was read to where it ended then.
func (s *session) timerDue(t *task, now time.Time) bool {
	at := t.stage.NextTimer()
	if at.IsZero() || at.After(now) {
		return false
	}
	if !t.edge.CaughtUpTo.Before(at) {
		return true
	}
	if t.asked.Before(now.Add(-50 * time.Millisecond)) { // not at every turn
		t.asked = now
		s.askSample()
	}
	return false
}

// skipControl moves positions over control records, so that the end of a transactional topic is reached.
func (s *session) skipControl(fetches kgo.Fetches) {
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if t := s.tasks[topicPartition{p.Topic, p.Partition}]; t != nil && len(p.Records) > 0 {
			t.edge.Position = p.Records[len(p.Records)-1].Offset + 1
			s.skipped = true
		}
	})
}

// takeSamples hands what the sampler saw to the clocks, and finds topics that were deleted and made anew.
func (s *session) takeSamples() {
	for {
		var got []sampled
		select {
		case got = <-s.samples:
		default:
			return
		}
		var lag int64
		oldest := time.Now()
		for _, g := range got {
			t := s.tasks[g.tp]
			switch {
			case t == nil:
				if s.away[g.tp] && g.err == nil {
					delete(s.away, g.tp)
					s.renewed[g.tp.topic] = true // taken up again, with its topic
				}
			case g.err != nil || g.sample.Of == 0:
				s.seldom("a partition could not be sampled; its clock stands still", "topic", g.tp.topic, "partition", g.tp.num, "err", g.err)
				oldest = earlier(oldest, t.edge.CaughtUpTo)
			case g.id != t.part.ID:
				s.renewed[g.tp.topic] = true
			default:
				t.edge.Sample(g.sample, s.cfg.Heartbeat)
				lag += max(0, g.sample.End-t.edge.Position)
				if n := s.width[g.tp.topic]; n != 0 && g.sample.Of > n {
					s.group.Client().ForceMetadataRefresh()
				}
				s.width[g.tp.topic] = g.sample.Of
				t.edge.CatchUp()
				oldest = earlier(oldest, t.edge.CaughtUpTo)
			}
		}
		s.metrics.lagRecords.WithLabelValues(s.node.Name).Set(float64(lag))
		if !oldest.IsZero() {
			s.caughtUp.Store(oldest.UnixNano())
			s.metrics.lagSeconds.WithLabelValues(s.node.Name).Set(time.Since(oldest).Seconds())
		}
	}
}

// resubscribe follows the sources of the catalogue, between transactions. A topic that was made anew is taken up again;
// the others go on meanwhile.
func (s *session) resubscribe() {
	want := s.wanted(s.catalogue.View())
	var add, purge []string
	for t := range want {
		if !s.subscribe[t] || s.renewed[t] {
			add = append(add, t)
		}
	}
	for t := range s.subscribe {
		if !want[t] || s.renewed[t] {
			purge = append(purge, t)
		}
	}
	if len(add)+len(purge) == 0 {
		return
	}
	s.log.Info("inputs changed", "added", add, "left", purge)
	if len(purge) > 0 {
		s.group.Client().PurgeTopicsFromConsuming(purge...)
	}
	s.mu.Lock()
	for tp := range s.tasks {
		if !want[tp.topic] || s.renewed[tp.topic] {
			delete(s.tasks, tp)
		}
	}
	s.mu.Unlock()
	if len(add) > 0 {
		s.group.Client().AddConsumeTopics(add...)
	}
	s.subscribe = want
	clear(s.renewed)
}

// transact makes one transaction of what was polled and, for a while, of what is polled further.
func (s *session) transact(ctx context.Context, tx *transaction, fetches kgo.Fetches) (err error) {
	if err := s.group.Begin(); err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	s.promise.reset()
	// No longer than the broker would leave it open: where it does not answer, producing would wait for ever once the
	// client's buffer is full.
	working, done := context.WithTimeout(ctx, s.cfg.TransactionTimeout)
	defer done()
	tx.ctx = working
	failed := s.collect(working, tx, fetches)
	if failed == nil {
		failed = s.flush(working) // before its errors are asked for: else they wait for the linger
	}
	if failed == nil {
		failed = s.promise.err()
	}
	// Before End, not after it: End can wait for the group, and the group for this.
	s.group.AllowRebalance()
	s.takeRevoked() // before End, not after it: one that End does not know of must be told to it at the next turn
	committed, err := s.end(ctx, failed == nil)
	s.settle(tx, committed && err == nil)
	if err != nil {
		return fmt.Errorf("%w: %w", errFenced, err)
	}
	return s.explainAbort(failed)
}

// flush waits until everything produced is acknowledged.
func (s *session) flush(ctx context.Context) error {
	if err := s.group.Client().Flush(ctx); err != nil {
		return fmt.Errorf("wait for the records of a transaction: %w", err)
	}
	return nil
}

// collect folds records until the commit interval is over. A node at the edge, which has the bulk, waits for it; the others
// commit as soon as there are no more, for their delays add up.
func (s *session) collect(ctx context.Context, tx *transaction, fetches kgo.Fetches) error {
	edge := s.node.Clocks != ""
	for {
		if err := s.fold(ctx, tx, fetches); err != nil {
			return err
		}
		left := s.cfg.CommitInterval - time.Since(tx.began)
		if left <= 0 {
			return s.finish(tx)
		}
		if !edge {
			if s.group.Client().BufferedFetchRecords() == 0 {
				return s.finish(tx)
			}
			left = min(left, 5*time.Millisecond) // what has come already
		}
		more, cancel := context.WithTimeout(ctx, left)
		fetches = s.group.PollRecords(more, pollRecords)
		cancel()
		if err := s.fetchErrors(fetches); err != nil {
			return err
		}
		if !edge && fetches.NumRecords() == 0 {
			return s.finish(tx)
		}
	}
}

// end ends the transaction. One that consumed nothing commits the positions of the partitions owned again: that is what
// fences a process that has lost them without knowing.
func (s *session) end(ctx context.Context, commit bool) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, endTimeout)
	defer cancel()
	ctx = kgo.PreTxnCommitFnContext(ctx, func(req *kmsg.TxnOffsetCommitRequest) error {
		if len(req.Topics) > 0 {
			return nil
		}
		for topic, parts := range s.group.Client().CommittedOffsets() {
			t := kmsg.NewTxnOffsetCommitRequestTopic()
			t.Topic = topic
			for num, at := range parts {
				p := kmsg.NewTxnOffsetCommitRequestTopicPartition()
				p.Partition, p.Offset, p.LeaderEpoch = num, at.Offset, at.Epoch
				t.Partitions = append(t.Partitions, p)
			}
			req.Topics = append(req.Topics, t)
		}
		return nil
	})
	return s.group.End(ctx, kgo.TransactionEndTry(commit))
}

// settle tells the tasks what became of the transaction. One that was taken away meanwhile is not there any more.
func (s *session) settle(tx *transaction, committed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := range tx.tasks {
		if s.tasks[topicPartition{t.part.Topic, t.part.Num}] != t {
			continue
		}
		if committed {
			t.edge.Commit()
			if t.stage != nil {
				t.stage.Commit()
			}
			continue
		}
		t.edge.Abort()
		if t.stage != nil {
			t.stage.Abort()
			t.fresh = true
		}
	}
	if !committed {
		if s.mapper != nil {
			s.mapper.Reset()
		}
		s.metrics.aborts.WithLabelValues(s.node.Name).Inc()
		return
	}
	if tx.clocks {
		s.lastClocks = tx.began
	}
	s.lastEnd, s.skipped = time.Now(), false
	s.count(tx)
}

// explainAbort decides whether an abort's cause needs a new session: most are mended by reading the records again.
func (s *session) explainAbort(err error) error {
	var panicked *panicked
	switch {
	case err == nil:
		return nil
	case errors.As(err, &panicked):
		s.poison[panicked.at]++
		s.log.Error("a record makes the stage panic; after the second time it becomes a dead letter",
			"topic", panicked.at.topic, "partition", panicked.at.num, "offset", panicked.at.offset, "times", s.poison[panicked.at], "err", err)
		return nil
	}
	return err
}

// A poisoned record is one on which a mapper panicked.
type poisoned struct {
	topic  string
	num    int32
	offset int64
}

// panicked is a mapper's panic.
type panicked struct {
	at    poisoned
	cause any
	stack []byte
}

func (p *panicked) Error() string {
	return "panic at " + p.at.topic + "/" + strconv.Itoa(int(p.at.num)) + " offset " + strconv.FormatInt(p.at.offset, 10) + ": " + fmt.Sprint(p.cause) + "\n" + string(p.stack)
}
