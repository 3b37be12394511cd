package kafka

import (
	"encoding/json"
	"fmt"
	"strconv"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/stream"
	"panther/schemas"
)

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

// maxOutput is the longest record that a node writes, its key and value: a batch around it, with some headers, fits into a topic.
const maxOutput = MaxMessageBytes - 64<<10

// emit writes an output that came of record in. One that no topic takes, because it is too large, is a dead letter by reference.
func (s *session) emit(tx *transaction, r, in stream.Record) error {
	if !s.node.MayWrite(r.Topic) {
		return fmt.Errorf("stage %s wrote to topic %q, which it does not declare", s.node.Name, r.Topic)
	}
	if err := r.Encode(); err != nil {
		return err
	}
	if len(r.Key)+len(r.Value) > maxOutput {
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

// produce writes a copy of r: whoever made it may make the next one of the same memory.
func (s *session) produce(tx *transaction, r stream.Record, partition int32) {
	s.send(tx, s.memory.record(r, partition))
}

func (s *session) send(tx *transaction, r *kgo.Record) {
	tx.out++
	tx.bytesOut += int64(len(r.Key) + len(r.Value))
	s.group.Produce(tx.ctx, r, s.promise.callback)
}

// produced remembers the first error of a transaction's records. Each must be asked for: what succeeded would be committed.
type produced struct {
	callback func(*kgo.Record, error) // done: as a method value it would be made anew for each record
	mu       sync.Mutex
	first    error
}

func (p *produced) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.first = nil
}

func (p *produced) done(r *kgo.Record, err error) {
	r.Key, r.Value = nil, nil // the record itself stays in the session's memory, which large values are not part of
	clear(r.Headers)
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
