package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

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

// await polls until there are records, or something else to do. While records are left from the poll before it only holds the
// group, as any poll does: partitions must not go while their records are handled.
func (s *session) await(ctx context.Context, wait time.Duration) kgo.Fetches {
	ctx, done := s.waker.poll(ctx, wait)
	defer done()
	if len(s.rest) > 0 {
		over, cancel := context.WithCancel(ctx)
		cancel()
		return s.group.PollRecords(over, pollRecords)
	}
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
			s.Look() // it may have been deleted and made anew
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
	tx = &transaction{began: now, version: s.catalogue.View().Version(), tasks: map[*task]bool{}, had: s.rest, left: map[*task][]*kgo.Record{}}
	s.rest = nil
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
		s.Look()
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
