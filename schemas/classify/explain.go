package classify

import (
	"fmt"
	"slices"

	"panther/schemas"
)

// Explain says of each candidate why a line does not match it, the nearest first. It reads the line once more for each part,
// with the recorder as the only schema, so that all that anybody knows is on the tape, and looks at the tape for each group.
func (e *Engine) Explain(l Line) []schemas.Candidate {
	if len(l.Bytes) > MaxLine {
		return e.plan.each(schemas.Reason{Code: schemas.LineTooLong, Expected: fmt.Sprintf("at most %d bytes", MaxLine),
			Got: "more", Span: schemas.Span{End: len(l.Bytes)}})
	}
	e.load(l.Bytes)
	reasons := make([][]schemas.Reason, len(e.plan.candidates))
	matched := make([]int, len(e.plan.candidates))
	for _, p := range e.plan.parts {
		why := e.find(p, &l)
		for g := range p.groups {
			before := e.mark()
			if why == nil {
				e.judgeAll(g)
			}
			for i := g * groupSize; i < min(len(p.members), (g+1)*groupSize); i++ {
				place := p.members[i].candidate
				if why != nil {
					reasons[place] = []schemas.Reason{*why}
					continue
				}
				reasons[place] = e.reasons(g, 1<<(i%groupSize))
				matched[place] = e.counts.of(i % groupSize)
			}
			e.backTo(before)
		}
	}
	order := make([]int, len(reasons))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return matched[b] - matched[a] })
	candidates := make([]schemas.Candidate, len(order))
	for i, place := range order {
		s := e.plan.candidates[place]
		candidates[i] = schemas.Candidate{Schema: s.Name, Version: s.Version, Reasons: reasons[place]}
	}
	return candidates
}

// find reads the line for a part, whoever it matches. The reason is one that speaks against all members of the part.
func (w *worker) find(p *part, l *Line) *schemas.Reason {
	w.reset(&p.union, l)
	w.within = nil
	switch {
	case p.split != nil:
		ok, skip := w.splitLine(p, l.Header, recorder)
		if skip {
			return &schemas.Reason{Code: schemas.NoPattern, Expected: "an event", Got: "a line to be skipped", Span: schemas.Span{End: len(withoutEnd(l.Bytes))}}
		}
		if !ok {
			return w.misfitReason(p.split)
		}
	case p.script != nil:
		whole := schemas.Span{End: len(withoutEnd(l.Bytes))}
		if err := w.runScript(p.script); err != nil {
			return &schemas.Reason{Code: schemas.ScriptError, Expected: "a dict from parse(log)", Got: cut([]byte(err.Error())), Span: whole}
		}
		w.within = &whole
		fallthrough
	default:
		if w.walk(recorder); w.trouble != noTrouble {
			return w.lineReason()
		}
	}
	w.lineRead()
	return nil
}

// judgeAll finds what speaks against the schemas of a group.
func (w *worker) judgeAll(g int) {
	w.explaining = true
	w.judge(g, w.groups[g].all)
	w.findDerived(g)
	w.explaining = false
}
