package kafka

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/stream"
)

// fold hands fetched records to the tasks, and fires what is due.
func (s *session) fold(ctx context.Context, tx *transaction, fetches kgo.Fetches) (err error) {
	defer func() {
		if p := recover(); p != nil {
			away, ok := p.(catalogueAway)
			if !ok {
				panic(p)
			}
			err = fmt.Errorf("read the catalogue to its end: %w", away.err)
		}
	}()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.setCatalogue(ctx, tx, fetches); err != nil {
		return err
	}
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if err == nil && len(p.Records) > 0 {
			err = s.foldPartition(tx, p)
		}
	})
	if err != nil {
		return err
	}
	return s.advance(tx)
}

// setCatalogue fixes the catalogue of the transaction: the newest, and not older than any version that the records or the
// tasks' changelogs name.
func (s *session) setCatalogue(ctx context.Context, tx *transaction, fetches kgo.Fetches) error {
	need := tx.version
	if s.mapper != nil {
		// A line that comes after an edit is read by it, also within the transaction that began before. Its clocks then
		// name the newer version, and count from when they are written.
		need = max(need, s.catalogue.View().Version())
	}
	if s.node.Receives != "" {
		fetches.EachRecord(func(r *kgo.Record) { need = max(need, versionOf(r)) })
		for _, t := range s.tasks {
			need = max(need, t.stage.Version())
		}
	}
	if tx.view == nil || need > tx.version {
		wait, cancel := context.WithTimeout(ctx, s.cfg.TransactionTimeout/2)
		defer cancel()
		view, err := s.catalogue.WaitFor(wait, need)
		if err != nil {
			return fmt.Errorf("wait for version %d of the catalogue: %w", need, err)
		}
		tx.view, tx.version = view, view.Version()
	} else if !s.unowned() && !s.outdated(tx) {
		return nil
	}
	// Also in the midst of a transaction: partitions may come to this process between two polls, and their tasks must know
	// the catalogue before their first record.
	s.checkOwned()
	for _, t := range s.tasks {
		if t.stage == nil || !t.owned || !t.fresh && t.version == tx.version {
			continue
		}
		tx.tasks[t] = true
		t.stage.SetCatalogue(tx.view, time.Now())
		t.fresh, t.version = false, tx.version
		if err := s.emitStage(tx, t); err != nil {
			return err
		}
	}
	return nil
}

// outdated reports whether a task does not know the catalogue of the transaction.
func (s *session) outdated(tx *transaction) bool {
	for _, t := range s.tasks {
		if t.stage != nil && (t.fresh || t.version != tx.version) {
			return true
		}
	}
	return false
}

// checkOwned drops tasks that were taken away without a word: their timers must not fire here. A task that was assigned a
// moment ago is not owned yet: the client counts it once assign has returned.
func (s *session) checkOwned() {
	owned := s.group.Client().CommittedOffsets()
	for tp, t := range s.tasks {
		if _, ok := owned[tp.topic][tp.num]; ok {
			t.owned = true
		} else if t.owned {
			delete(s.tasks, tp)
		}
	}
}

func versionOf(r *kgo.Record) int64 {
	for _, h := range r.Headers {
		if h.Key == stream.HeaderVersion {
			v, _ := strconv.ParseInt(string(h.Value), 10, 64)
			return v
		}
	}
	return 0
}

func (s *session) foldPartition(tx *transaction, p kgo.FetchTopicPartition) error {
	t := s.tasks[topicPartition{p.Topic, p.Partition}]
	if t == nil {
		return fmt.Errorf("records of %s/%d came before its state", p.Topic, p.Partition)
	}
	tx.tasks[t], t.owned = true, true
	if len(tx.left[t]) > 0 {
		tx.leave(t, p.Records)
		return nil
	}
	now := time.Now().UTC()
	for i, kr := range p.Records {
		if s.full(tx, kr) {
			tx.leave(t, p.Records[i:])
			break
		}
		if kr.Attrs.IsControl() || IsBarrier(kr) {
			t.edge.Position = kr.Offset + 1
			continue
		}
		tx.steps++
		if t.edge.Within == (stream.Place{}) {
			tx.in++
			tx.bytesIn += int64(len(kr.Key) + len(kr.Value))
		}
		if err := s.foldRecord(tx, t, s.read(t, kr, now)); err != nil {
			return err
		}
		if t.edge.Within != (stream.Place{}) {
			tx.leave(t, p.Records[i:])
			break
		}
		t.edge.Position = kr.Offset + 1
	}
	if t.stage != nil {
		t.stage.Moved(t.part.ID, t.edge.Position)
		return s.emitStage(tx, t)
	}
	return nil
}

// read makes a record of ours of one of the client's.
func (s *session) read(t *task, kr *kgo.Record, now time.Time) stream.Record {
	r := stream.Record{Topic: kr.Topic, TopicID: t.part.ID, Partition: kr.Partition, Offset: kr.Offset, Key: kr.Key, Value: kr.Value, Time: kr.Timestamp.UTC()}
	if s.node.Clocks != "" {
		r.Arrival = t.edge.Arrival(kr.Offset, now)
	}
	if len(kr.Headers) > 0 {
		r.Headers = make([]stream.Header, len(kr.Headers))
		for i, h := range kr.Headers {
			r.Headers[i] = stream.Header{Key: h.Key, Value: h.Value}
		}
	}
	return r
}

// foldRecord gives a record to the stage or the mapper, decoded. Bytes that do not decode are a dead letter.
func (s *session) foldRecord(tx *transaction, t *task, r stream.Record) error {
	clock := len(r.Headers) > 0 && r.Header(stream.HeaderClock) != ""
	if decode := s.decode[r.Topic]; decode != nil && !clock {
		m, err := decode(r.Value)
		if err != nil {
			return s.bury(tx, stream.DeadLetter{Record: r, Reason: err.Error()})
		}
		r.Message = m
	}
	switch {
	case t.stage != nil:
		t.stage.Process(r)
	case !clock: // a mapper has no clocks to move
		return s.mapRecord(tx, t, r)
	}
	return nil
}

// advance fires the timers of tasks that have read their input up to a time behind them.
func (s *session) advance(tx *transaction) error {
	for _, t := range s.tasks {
		if t.stage == nil || !t.owned {
			continue
		}
		t.edge.CatchUp()
		at := t.stage.NextTimer()
		if at.IsZero() || t.edge.CaughtUpTo.Before(at) {
			continue
		}
		tx.tasks[t] = true
		t.stage.Advance(t.edge.CaughtUpTo)
		if err := s.emitStage(tx, t); err != nil {
			return err
		}
	}
	return nil
}
