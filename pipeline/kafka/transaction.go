package kafka

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/catalogue"
)

// A transaction is what one turn changes.
type transaction struct {
	ctx     context.Context // of its records: they must be on their way until it ends
	began   time.Time
	version int64 // of the catalogue
	view    *catalogue.View
	tasks   map[*task]bool // those that took part
	clocks  bool           // it ends with clock records

	in, out           int64 // records
	bytesIn, bytesOut int64
	dead              int64
	input             map[string]int64 // bytes of lines by log type
	scratch           []stream.Record
}

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
	now := time.Now().UTC()
	for _, kr := range p.Records {
		t.edge.Position = kr.Offset + 1
		if kr.Attrs.IsControl() || IsBarrier(kr) {
			continue
		}
		tx.in++
		tx.bytesIn += int64(len(kr.Key) + len(kr.Value))
		if err := s.foldRecord(tx, t, s.read(t, kr, now)); err != nil {
			return err
		}
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
		return s.mapRecord(tx, r)
	}
	return nil
}

// mapRecord gives a record to the mapper. One on which it panicked twice is a dead letter; the first two times the
// transaction is given up, for what the mapper had counted may be wrong.
func (s *session) mapRecord(tx *transaction, r stream.Record) (err error) {
	at := poisoned{r.Topic, r.Partition, r.Offset}
	if len(s.poison) > 0 && s.poison[at] >= 2 {
		return s.bury(tx, stream.DeadLetter{Record: r, Reason: "the stage panics on this record; the log has where"})
	}
	defer func() {
		if p := recover(); p != nil {
			err = &panicked{at, p, debug.Stack()}
		}
	}()
	tx.scratch = s.mapper.Map(tx.scratch[:0], r, s.mapperView(tx))
	for i := range tx.scratch {
		if err := s.emit(tx, tx.scratch[i], r); err != nil {
			return err
		}
	}
	return nil
}

// A mapperView is the catalogue as a mapper sees it. It has no timers, so nothing is due.
type mapperView struct{ *catalogue.View }

func (mapperView) Due(stream.Wake) bool { return false }

func (s *session) mapperView(tx *transaction) stream.View { return mapperView{tx.view} }

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

// finish adds what ends the transaction: the mapper's counts, then the clocks, the changelog.
func (s *session) finish(tx *transaction) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mapper != nil {
		tx.scratch = s.mapper.Flush(tx.scratch[:0], s.mapperView(tx))
		for i := range tx.scratch {
			if err := s.emit(tx, tx.scratch[i], stream.Record{}); err != nil {
				return err
			}
		}
	}
	if tx.clocks {
		if err := s.emitClocks(tx); err != nil {
			return err
		}
	}
	for _, t := range s.tasks { // also those that saw control records alone
		if t.stage == nil || !t.owned {
			continue
		}
		if _, next, ok := t.stage.Position(); ok && next != t.edge.Position {
			tx.tasks[t] = true
			t.stage.Moved(t.part.ID, t.edge.Position)
		}
	}
	return s.emitState(tx)
}

// emitClocks writes the clocks of all partitions of this process, to every partition of the topic. They come last: before
// the summaries an alarm could fire one offset ahead of the life that the same transaction holds.
func (s *session) emitClocks(tx *transaction) error {
	var clocks []stream.Clock
	for _, t := range s.tasks {
		// What is not owned yet may become another's before this commits, and this transaction would not be fenced by it: then
		// an old position would stand in the changelog behind the newer one of that other.
		if !t.owned {
			continue
		}
		if c, ok := t.edge.Clock(tx.version); ok {
			tx.tasks[t] = true
			clocks = append(clocks, c)
		}
	}
	if len(clocks) == 0 {
		tx.clocks = false
		return nil
	}
	r, err := stream.ClockRecord(s.node.Clocks, clocks)
	if err != nil {
		return err
	}
	for p := range s.counts.of(r.Topic) {
		s.produce(tx, r, p)
	}
	return nil
}

// emitState writes the changelog of the tasks that took part.
func (s *session) emitState(tx *transaction) error {
	state, _ := s.node.State()
	for t := range tx.tasks {
		if t.stage == nil {
			if !t.edge.Changed() {
				continue
			}
			b, err := json.Marshal(t.edge.Next())
			if err != nil {
				return fmt.Errorf("encode the position in %s: %w", t.part, err)
			}
			key := []byte(positionKey(t.part))
			s.produce(tx, stream.Record{Topic: state.Name, Key: key, Value: b}, PartitionFor(key, int(s.counts.of(state.Name))))
			continue
		}
		changes, err := t.stage.Changes()
		if err != nil {
			return err
		}
		for _, c := range changes {
			c.Topic = state.Name
			s.produce(tx, c, t.part.Num)
		}
	}
	return nil
}

// emitStage writes what a stage's task has emitted.
func (s *session) emitStage(tx *transaction, t *task) error {
	for _, r := range t.stage.Outputs() {
		if err := s.emit(tx, r, stream.Record{Topic: t.part.Topic, TopicID: t.part.ID, Partition: t.part.Num, Offset: t.edge.Position - 1}); err != nil {
			return err
		}
	}
	for _, d := range t.stage.DeadLetters() {
		if err := s.bury(tx, d); err != nil {
			return err
		}
	}
	return nil
}

// emit writes an output that came of record in. One that no topic takes, because it is too large, is a dead letter by reference.
func (s *session) emit(tx *transaction, r, in stream.Record) error {
	if !s.node.MayWrite(r.Topic) {
		return fmt.Errorf("stage %s wrote to topic %q, which it does not declare", s.node.Name, r.Topic)
	}
	if err := r.Encode(); err != nil {
		return err
	}
	if len(r.Key)+len(r.Value) > MaxMessageBytes-64<<10 {
		in.Key, in.Value = nil, nil
		return s.bury(tx, stream.DeadLetter{Record: in, Reason: fmt.Sprintf("its output for topic %s is %d bytes long, more than a topic takes", r.Topic, len(r.Value))})
	}
	if r.Topic == s.node.Clocks {
		r.Headers = append(r.Headers, stream.Header{Key: stream.HeaderVersion, Value: strconv.AppendInt(nil, tx.version, 10)})
	}
	if a, ok := r.Message.(schemas.Activity); ok && s.node.Clocks != "" {
		if tx.input == nil {
			tx.input = map[string]int64{}
		}
		tx.input[a.LogType] += a.Bytes
	}
	n := s.counts.of(r.Topic)
	if len(r.Key) > 0 {
		s.produce(tx, r, PartitionFor(r.Key, int(n)))
	} else {
		s.produce(tx, r, in.Partition%n)
	}
	return nil
}

// bury writes a dead letter: the record with its reason and where it was.
func (s *session) bury(tx *transaction, d stream.DeadLetter) error {
	tx.dead++
	s.log.Error("dead letter", "topic", d.Record.Topic, "partition", d.Record.Partition, "offset", d.Record.Offset, "reason", d.Reason)
	s.send(tx, deadLetter(s.node.DeadLetters().Name, d.Record, d.Reason))
	return nil
}

func (s *session) produce(tx *transaction, r stream.Record, partition int32) {
	kr := &kgo.Record{Topic: r.Topic, Partition: partition, Key: r.Key, Value: r.Value}
	if len(r.Headers) > 0 {
		kr.Headers = make([]kgo.RecordHeader, len(r.Headers))
		for i, h := range r.Headers {
			kr.Headers[i] = kgo.RecordHeader{Key: h.Key, Value: h.Value}
		}
	}
	s.send(tx, kr)
}

func (s *session) send(tx *transaction, r *kgo.Record) {
	tx.out++
	tx.bytesOut += int64(len(r.Key) + len(r.Value))
	s.group.Produce(tx.ctx, r, s.promise.done)
}

// count adds a committed transaction to the metrics.
func (s *session) count(tx *transaction) {
	m, stage := s.metrics, s.node.Name
	m.commits.WithLabelValues(stage).Inc()
	m.recordsIn.WithLabelValues(stage).Add(float64(tx.in))
	m.recordsOut.WithLabelValues(stage).Add(float64(tx.out))
	m.bytesIn.WithLabelValues(stage).Add(float64(tx.bytesIn))
	m.bytesOut.WithLabelValues(stage).Add(float64(tx.bytesOut))
	m.deadLetters.WithLabelValues(stage).Add(float64(tx.dead))
	m.turn.WithLabelValues(stage).Observe(time.Since(tx.began).Seconds())
	for logType, n := range tx.input {
		m.input.WithLabelValues(logType).Add(float64(n))
	}
	keys := 0
	for _, t := range s.tasks {
		if t.stage != nil {
			keys += t.stage.Len()
		}
	}
	m.keys.WithLabelValues(stage).Set(float64(keys))
}

// produced remembers the first error of a transaction's records. Each must be asked for: what succeeded would be committed.
type produced struct {
	mu    sync.Mutex
	first error
}

func (p *produced) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.first = nil
}

func (p *produced) done(r *kgo.Record, err error) {
	if err == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first == nil {
		p.first = fmt.Errorf("produce to topic %s: %w", r.Topic, err)
	}
}

func (p *produced) err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.first
}
