package kafka

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A transaction must be over before the broker ends it, whatever records hold and however slow the broker is. So it is bounded
// by work, and what it does not get to is left to the next one: whole records, and of a record with many lines the lines behind
// those that are done. The library counts all that it has handed out as read; here is what keeps it from losing the rest.

// How much a transaction may write, about: as much as brokers took in time, within these bounds. What a record takes beside its
// bytes, which is more than short lines have, is in memory until the commit: so records are counted, too.
const (
	mostBytes   = bufferedBytes
	leastBytes  = 1 << 20
	mostRecords = 100_000
)

// full reports whether the transaction should take no further record. One record it takes, however late it is.
func (s *session) full(tx *transaction, next *kgo.Record) bool {
	switch {
	case tx.steps == 0:
		return false
	case tx.bytesOut >= s.fits || tx.out >= mostRecords:
		return true
	}
	// The clock is not asked for each of the small ones.
	return (tx.steps%16 == 0 || len(next.Value) > 4<<10) && time.Since(tx.began) >= s.cfg.CommitInterval
}

// fullWithin is full for the next line of a record. Each time that a record is taken up again costs the way to its line, so
// that a long one may take longer than the commit interval; the broker's patience is far from its end by then.
func (s *session) fullWithin(tx *transaction) bool {
	return tx.bytesOut >= s.fits || tx.out >= mostRecords || tx.steps%64 == 0 && time.Since(tx.began) >= s.cfg.TransactionTimeout/4
}

// leave keeps records of t for the next transaction.
func (tx *transaction) leave(t *task, records []*kgo.Record) {
	tx.left[t] = append(tx.left[t], records...)
}

// takeRest returns the records that the transaction before has left, as if they were polled now. Those of partitions that went
// away meanwhile are their next owner's.
func (s *session) takeRest() (rest kgo.Fetches) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t, records := range s.rest {
		if s.tasks[topicPartition{t.part.Topic, t.part.Num}] != t {
			delete(s.rest, t)
			continue
		}
		rest = append(rest, kgo.Fetch{Topics: []kgo.FetchTopic{{Topic: t.part.Topic, Partitions: []kgo.FetchPartition{{Partition: t.part.Num, Records: records}}}}})
	}
	return rest
}

// reached are the positions to commit if they are not those of the poll: nil if they are.
func (s *session) reached(tx *transaction) (topics []kmsg.TxnOffsetCommitRequestTopic) {
	if len(tx.had)+len(tx.left) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	index := map[string]int{}
	for tp, t := range s.tasks {
		if !t.owned {
			continue
		}
		i, ok := index[tp.topic]
		if !ok {
			i = len(topics)
			index[tp.topic] = i
			topic := kmsg.NewTxnOffsetCommitRequestTopic()
			topic.Topic = tp.topic
			topics = append(topics, topic)
		}
		p := kmsg.NewTxnOffsetCommitRequestTopicPartition()
		p.Partition, p.Offset = tp.num, t.edge.Position
		topics[i].Partitions = append(topics[i].Partitions, p)
	}
	return topics
}

// learn makes transactions smaller when one did not get through in time, and larger again when they do.
func (s *session) learn(tx *transaction, failed, late error) {
	switch {
	case failed != nil && errors.Is(late, context.DeadlineExceeded):
		s.fits = max(min(s.fits, tx.bytesOut)/2, leastBytes)
		if tx.bytesOut > s.fits { // else its size was not why
			s.log.Warn("a transaction did not get through in time; the next ones are smaller", "bytes", tx.bytesOut, "timeout", s.cfg.TransactionTimeout, "next", s.fits)
		}
	case failed == nil:
		s.fits = min(s.fits+s.fits/8, mostBytes)
	}
}
