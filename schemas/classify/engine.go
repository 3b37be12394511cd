package classify

import (
	"fmt"
	"slices"

	"panther/schemas"
	"panther/schemas/logtype"
)

// maxPlan bounds what a plan may take, in bytes.
const maxPlan = 256 << 20

// Compile makes a Plan of the candidate schemas of a source, in the source's order. The error says that they are too large.
func Compile(candidates []*logtype.Schema) (*Plan, error) {
	left := maxPlan
	return compile(candidates, &left)
}

// compile takes what the plan costs off left.
func compile(candidates []*logtype.Schema, left *int) (*Plan, error) {
	p := &Plan{candidates: slices.Clone(candidates)}
	var objects []*logtype.Schema
	var places []int
	for i, s := range candidates {
		if !s.Parser.IsText() && s.Parser.Script == nil {
			objects, places = append(objects, s), append(places, i)
			continue
		}
		if err := p.add([]*logtype.Schema{s}, []int{i}, left); err != nil {
			return nil, err
		}
	}
	if len(objects) > 0 {
		if err := p.add(objects, places, left); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// add adds a part.
func (p *Plan) add(candidates []*logtype.Schema, places []int, left *int) error {
	u, err := newUnion(candidates, left)
	if err != nil {
		return fmt.Errorf("compile the %d log types of a source: %w: together they would take more than %d MiB; give the source fewer log types, or make large objects json",
			len(p.candidates), err, maxPlan>>20)
	}
	one := &part{union: *u, script: candidates[0].Parser.Script}
	if candidates[0].Parser.IsText() {
		one.split = newSplitter(candidates[0].Parser, u)
		common := one.split.text()
		one.skipPrefix, one.empty = []byte(common.SkipPrefix), newEmptyTexts(common.EmptyValues)
		one.columns = newTextColumns(&one.union, one.empty)
		for _, c := range one.columns {
			one.present += c.required
			one.embeds = one.embeds || c.view != nil && c.embedded
		}
	}
	for i, s := range candidates {
		one.members = append(one.members, one.newMember(i, s, places[i]))
	}
	p.parts = append(p.parts, one)
	return nil
}

// Checker returns a Checker of the plan that has its own memory.
func (p *Plan) Checker() *Engine { return &Engine{plan: p, worker: &worker{}} }

// New makes a Checker for the schemas of a source, in the source's order. The error says that they are too large.
func New(candidates []*logtype.Schema) (Checker, error) {
	p, err := Compile(candidates)
	if err != nil {
		return nil, err
	}
	return p.Checker(), nil
}

// An Engine checks lines by a plan. One goroutine uses it.
type Engine struct {
	plan *Plan
	*worker
}

// A match is a schema that a line matches.
type match struct {
	part    *part
	member  int
	matched int // known fields; -1: not counted
}

// Check tells what becomes of a line.
func (e *Engine) Check(l Line) Verdict {
	skip := e.match(&l)
	if len(e.matches) == 0 {
		if skip {
			return Verdict{Skipped: true}
		}
		return Verdict{Candidates: e.Explain(l)}
	}
	m := &e.matches[e.best]
	v := Verdict{Schema: m.part.members[m.member].schema}
	if len(e.matches) > 1 {
		v.Ambiguous = e.others(v.Schema.Name)
	}
	v.Event = e.event(m.part, m.member, &l)
	if e.timeRank > 0 {
		v.EventTime = e.eventTime.time()
	}
	return v
}

// Match tells which schema a line matches, without its event or reasons; nil: none.
func (e *Engine) Match(l Line) *logtype.Schema {
	e.match(&l)
	if len(e.matches) == 0 {
		return nil
	}
	m := &e.matches[e.best]
	return m.part.members[m.member].schema
}

// match fills e.matches and finds the best of them, whose tape is there. A line that is too long matches nothing.
func (e *Engine) match(l *Line) (skip bool) {
	w := e.worker
	w.matches, w.best = w.matches[:0], 0
	if len(l.Bytes) > MaxLine {
		return false
	}
	w.load(l.Bytes)
	var tape *part // that the tape is of
	for _, p := range e.plan.parts {
		tape = p
		if w.try(p, l, len(e.plan.parts) > 1) {
			skip = true
		}
	}
	for i := 1; i < len(w.matches); i++ {
		if w.matches[i].before(&w.matches[w.best]) {
			w.best = i
		}
	}
	if len(w.matches) > 0 && w.matches[w.best].part != tape {
		var skip bool
		w.matching(w.matches[w.best].part, l, &skip)
	}
	return skip
}

func (m *match) before(o *match) bool {
	if m.matched != o.matched {
		return m.matched > o.matched
	}
	return m.part.members[m.member].candidate < o.part.members[o.member].candidate
}

// others names the schemas that match besides the one of a name, in the order of the source.
func (w *worker) others(name string) (names []string) {
	matches := slices.Clone(w.matches)
	slices.SortFunc(matches, func(a, b match) int {
		return a.part.members[a.member].candidate - b.part.members[b.member].candidate
	})
	for _, m := range matches {
		if s := m.part.members[m.member].schema; s.Name != name {
			names = append(names, s.Name)
		}
	}
	return names
}

// try adds the schemas of a part that match to w.matches, and reports whether the line is to be skipped, unless one matches.
// Their known fields are counted if there are several, or may be.
func (w *worker) try(p *part, l *Line, counting bool) (skip bool) {
	matching := w.matching(p, l, &skip)
	several := counting
	for g, m := range matching {
		several = several || m&(m-1) != 0 || g > 0 && m != 0
	}
	for g, m := range matching {
		if m != 0 && several {
			w.judge(g, m)
		}
		for ; m != 0; m &= m - 1 {
			i := lowest(m)
			one := match{part: p, member: g*groupSize + i, matched: -1}
			if several {
				one.matched = w.counts.of(i)
			}
			w.matches = append(w.matches, one)
		}
	}
	return skip
}

// matching returns the schemas of each group of a part that match. Their tape is there.
func (w *worker) matching(p *part, l *Line, skip *bool) []mask {
	w.reset(&p.union, l)
	w.explaining = false
	w.masks = append(w.masks[:0], p.groups[0].all)
	switch {
	case p.split != nil:
		ok, isSkipped := w.splitLine(p, l.Header, 1)
		if *skip = isSkipped || !ok && isFirst(p.split, l); !ok {
			return nil
		}
		w.trouble = noTrouble // a value that does not convert ends the walk, and no more
		w.masks[0] = w.alive
	case p.script != nil:
		if w.runScript(p.script) != nil {
			return nil
		}
		w.walk(1)
		w.masks[0] = w.alive &^ recorder
	case len(p.groups) > 1:
		w.walk(p.groups[0].all | recorder)
		w.masks[0] = w.alive &^ recorder
	default:
		w.walk(p.groups[0].all)
		w.masks[0] = w.alive
	}
	if w.trouble != noTrouble {
		return nil
	}
	w.lineRead()
	for g := 1; g < len(p.groups); g++ {
		w.masks = append(w.masks, w.judge(g, p.groups[g].all))
	}
	for g := range w.masks {
		w.masks[g] = w.deriveAll(g, w.masks[g])
	}
	w.markDuplicates()
	*skip = w.masks[0] == 0 && isFirst(p.split, l)
	return w.masks
}

// lineRead notes that all of the line is on the tape.
func (w *worker) lineRead() {
	w.ofLine = len(w.tape)
	w.markDuplicates()
}

// runScript puts the object that a script makes of the line in the place of the line.
func (w *worker) runScript(s *logtype.Script) error {
	made, err := s.Program.Parse(withoutEnd(w.buf[:w.size]))
	if err != nil {
		return err
	}
	w.load(made)
	w.scripted = true
	return nil
}

// each is the verdict that no candidate matches, each for the same reason.
func (p *Plan) each(why schemas.Reason) (candidates []schemas.Candidate) {
	for _, s := range p.candidates {
		candidates = append(candidates, schemas.Candidate{Schema: s.Name, Version: s.Version, Reasons: []schemas.Reason{why}})
	}
	return candidates
}
