package kafka

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/stream"
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

	// Records that the transaction before has left to it, and those that it leaves itself, in the order of their partitions.
	had, left map[*task][]*kgo.Record
	steps     int // records and lines handled

	in, out           int64 // records
	bytesIn, bytesOut int64
	dead              int64
	input             map[string]int64 // bytes of lines by log type
	scratch           []stream.Record
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
