package kafka

import (
	"context"
	"fmt"
	"time"

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
	polled := s.await(ctx, s.wait())
	fetches := append(s.takeRest(), polled...)
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
	s.learn(tx, failed, working.Err())
	// Before End, not after it: End can wait for the group, and the group for this.
	s.group.AllowRebalance()
	s.takeRevoked() // before End, not after it: one that End does not know of must be told to it at the next turn
	committed, err := s.end(ctx, tx, failed == nil)
	s.settle(tx, committed && err == nil)
	if err != nil {
		return fmt.Errorf("%w: %w", errFenced, err)
	}
	return s.explainAbort(failed)
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
		if left <= 0 || len(tx.left) > 0 {
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

// flush waits until everything produced is acknowledged.
func (s *session) flush(ctx context.Context) error {
	if err := s.group.Client().Flush(ctx); err != nil {
		return fmt.Errorf("wait for the records of a transaction: %w", err)
	}
	return nil
}

// end ends the transaction. One that consumed nothing commits the positions of the partitions owned again: that is what
// fences a process that has lost them without knowing. One that leaves records, or had some, commits how far it came: the
// library would commit all that was polled.
func (s *session) end(ctx context.Context, tx *transaction, commit bool) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, endTimeout)
	defer cancel()
	reached := s.reached(tx)
	ctx = kgo.PreTxnCommitFnContext(ctx, func(req *kmsg.TxnOffsetCommitRequest) error {
		if len(reached) > 0 {
			req.Topics = reached
			return nil
		}
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
		s.memory.forget() // the client may have some of its records, and is the only one to know
		s.rest = tx.had   // what was polled besides is polled again
		if s.mapper != nil {
			s.mapper.Reset()
		}
		s.metrics.aborts.WithLabelValues(s.node.Name).Inc()
		return
	}
	s.memory.reuse()
	s.rest = tx.left
	if tx.clocks {
		s.lastClocks = tx.began
	}
	s.lastEnd, s.skipped = time.Now(), false
	s.count(tx)
}
