package kafka

import (
	"fmt"
	"runtime/debug"

	"panther/pipeline/stream"
	"panther/schemas/catalogue"
)

// mapRecord gives a record to the mapper. One on which it panicked twice is a dead letter; the first two times the
// transaction is given up, for what the mapper had counted may be wrong.
func (s *session) mapRecord(tx *transaction, t *task, r stream.Record) (err error) {
	if split, ok := s.mapper.(stream.Splitter); ok {
		return s.splitRecord(tx, t, split, r)
	}
	at := poisoned{r.Topic, r.Partition, r.Offset, 0}
	if s.guilty(at) {
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

// splitRecord gives a record to the mapper, line by line, until it is done or the transaction is full. A line on which the
// mapper panicked twice is passed over, with a dead letter: the other lines of its record are not to blame.
func (s *session) splitRecord(tx *transaction, t *task, split stream.Splitter, r stream.Record) (err error) {
	x := &s.mapped
	x.tx, x.record, x.at = tx, r, poisoned{r.Topic, r.Partition, r.Offset, t.edge.Within.Line}
	defer func() {
		if p := recover(); p != nil {
			err = &panicked{x.at, p, debug.Stack()}
		}
		x.tx, x.record = nil, stream.Record{}
	}()
	for {
		if s.guilty(x.at) {
			if s.guiltyUpTo(x.at) >= mostGuilty {
				t.edge.Within = stream.Place{}
				return s.bury(tx, stream.DeadLetter{Record: r, Reason: fmt.Sprintf("the stage panics on %d lines of this record; line %d, counted from 0, and all behind it are put aside; the log has where", mostGuilty, x.at.line)})
			}
			if err := s.bury(tx, stream.DeadLetter{Record: r, Reason: fmt.Sprintf("the stage panics on line %d of this record, counted from 0; the others are handled; the log has where", x.at.line)}); err != nil {
				return err
			}
			x.at.line++
			t.edge.Within.Line = x.at.line
			continue // the next one may be guilty, too
		}
		x.full, x.err = false, nil
		t.edge.Within = split.MapFrom(r, s.mapperView(tx), t.edge.Within, x.give)
		if x.err != nil || x.full || t.edge.Within == (stream.Place{}) {
			return x.err
		}
	}
}

// mapped is the record whose lines the mapper is at. It is in the session's memory: as variables of a function literal its parts
// would be put on the heap for each record.
type mapped struct {
	give   func([]stream.Record) bool // takeLine: as a method value it would be made anew for each record
	tx     *transaction
	record stream.Record
	at     poisoned // the line that comes next
	full   bool
	err    error
}

// takeLine emits what came of a line, and reports whether the mapper may go on.
func (s *session) takeLine(out []stream.Record) bool {
	x := &s.mapped
	x.tx.steps++
	x.at.line++
	for i := range out {
		if x.err = s.emit(x.tx, out[i], x.record); x.err != nil {
			return false
		}
	}
	x.full = s.fullWithin(x.tx)
	return !x.full && !s.guilty(x.at)
}

// A mapperView is the catalogue as a mapper sees it. It has no timers, so nothing is due.
type mapperView struct{ *catalogue.View }

func (mapperView) Due(stream.Wake) bool { return false }

func (s *session) mapperView(tx *transaction) stream.View { return mapperView{tx.view} }
