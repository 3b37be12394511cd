package evolve

import (
	"panther/schemas"
	"panther/schemas/classify"
)

// A Trial counts what becomes of lines when one version of a log type takes the place of another.
type Trial struct {
	Lines  int    `json:"lines"`
	Before int    `json:"before"` // that the old one matched
	After  int    `json:"after"`  // that the new one matches
	Lost   []Loss `json:"lost,omitempty"`
	lost   int
	old    classify.Checker
	new    classify.Checker
}

// A Loss is a line that matched and does not any more.
type Loss struct {
	Name      string            `json:"name"` // of the sample, or the file and line
	Candidate schemas.Candidate `json:"candidate"`
}

// maxLost bounds the losses that are kept.
const maxLost = 100

// NewTrial begins a trial; each checker knows one version alone.
func NewTrial(old, new classify.Checker) *Trial { return &Trial{old: old, new: new} }

// Line tries a line, which people know by name. A line that a version skips counts as one that it matches.
func (t *Trial) Line(name string, line classify.Line) {
	t.Lines++
	before := t.old.Check(line)
	matched := before.Schema != nil || before.Skipped
	if matched {
		t.Before++
	}
	after := t.new.Check(line)
	switch {
	case after.Schema != nil || after.Skipped:
		t.After++
	case matched:
		if t.lost++; len(t.Lost) < maxLost {
			t.Lost = append(t.Lost, Loss{name, after.Candidates[0]})
		}
	}
}

// LostLines returns how many lines matched and do not any more.
func (t *Trial) LostLines() int { return t.lost }
