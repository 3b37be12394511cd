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
	at := poisoned{r.Topic, r.Partition, r.Offset, t.edge.Within.Line}
	defer func() {
		if p := recover(); p != nil {
			err = &panicked{at, p, debug.Stack()}
		}
	}()
	for {
		if s.guilty(at) {
			if s.guiltyUpTo(at) >= mostGuilty {
				t.edge.Within = stream.Place{}
				return s.bury(tx, stream.DeadLetter{Record: r, Reason: fmt.Sprintf("the stage panics on %d lines of this record; line %d, counted from 0, and all behind it are put aside; the log has where", mostGuilty, at.line)})
			}
			if err := s.bury(tx, stream.DeadLetter{Record: r, Reason: fmt.Sprintf("the stage panics on line %d of this record, counted from 0; the others are handled; the log has where", at.line)}); err != nil {
				return err
			}
			at.line++
			t.edge.Within.Line = at.line
			continue // the next one may be guilty, too
		}
		full := false
		t.edge.Within = split.MapFrom(r, s.mapperView(tx), t.edge.Within, func(out []stream.Record) bool {
			tx.steps++
			at.line++
			for i := range out {
				if err = s.emit(tx, out[i], r); err != nil {
					return false
				}
			}
			full = s.fullWithin(tx)
			return !full && !s.guilty(at)
		})
		if err != nil || full || t.edge.Within == (stream.Place{}) {
			return err
		}
	}
}

// A mapperView is the catalogue as a mapper sees it. It has no timers, so nothing is due.
type mapperView struct{ *catalogue.View }

func (mapperView) Due(stream.Wake) bool { return false }

func (s *session) mapperView(tx *transaction) stream.View { return mapperView{tx.view} }
