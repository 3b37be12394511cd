package classify

import "panther/schemas/logtype"

// Cost returns what a plan is reckoned to take, in bytes.
func Cost(candidates []*logtype.Schema) int {
	left := maxPlan
	if _, err := compile(candidates, &left); err != nil {
		return maxPlan + 1
	}
	return maxPlan - left
}

// FillsFromLines reports whether columns are filled from the lines of each schema that was met, without their events.
func (f *Filler) FillsFromLines() bool {
	for _, y := range f.layouts.all {
		if y == nil {
			return false
		}
	}
	return true
}

// Valid reports whether a line is JSON, whatever it is about: what checking a line costs at the least.
func (e *Engine) Valid(line []byte) bool {
	e.load(line)
	e.trouble = noTrouble
	i, _ := e.skip(space(e.buf, 0), 0)
	return i >= 0 && space(e.buf, i) == e.size
}

// Findings looks for all that speaks against all candidates, without putting it into words, and returns how much that is.
func (e *Engine) Findings(l Line) (n int) {
	if len(l.Bytes) > MaxLine {
		return len(e.plan.candidates)
	}
	e.load(l.Bytes)
	for _, p := range e.plan.parts {
		if e.find(p, &l) != nil {
			n += len(p.members)
			continue
		}
		for g := range p.groups {
			e.judgeAll(g)
			n += len(e.findings)
		}
	}
	return n
}

// Headers is how many headers of files a Checker keeps.
func (e *Engine) Headers() int { return len(e.headers) }

// MaxHeaders is how many it keeps at most.
const MaxHeaders = maxHeaders
