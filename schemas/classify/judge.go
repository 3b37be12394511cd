package classify

import (
	"math/bits"
	"slices"
)

// A judgement is what a look at the tape says of the schemas of a group: which fail, where, and how many fields each knows.
// The walk itself judges the first group; the tape is judged to choose among several schemas that match, for further groups,
// for lines of text, and to explain.
type judgement struct {
	explaining bool
	findings   []finding
	counts     counts
}

// A finding is something that speaks against some schemas. It becomes a reason when somebody asks.
type finding struct {
	schemas mask
	what    problem
	entry   int32  // where
	field   uint32 // what, unless it is of the entry
	source  int32  // of noText: the entry that is none
}

type problem uint8

const (
	wrongValue problem = iota // the entry does not fit
	noMember                  // the object of the entry, -1 being the line, lacks the field
	noText                    // the field cannot be made of another value
	tooMuch                   // the field, with those made before it, would be too long
)

// Counts holds a number for each schema of a group, by binary digits: digit n of all numbers is one mask.
type counts [21]mask

func (c *counts) add(schemas mask) {
	for n := 0; schemas != 0 && n < len(c); n++ {
		schemas, c[n] = c[n]&schemas, c[n]^schemas
	}
}

func (c *counts) of(i int) (count int) {
	for n, digit := range c {
		count |= int(digit>>i&1) << n
	}
	return count
}

// judge looks at the tape of a line for the schemas m of group g. It returns those that match, and counts the known fields of
// each: members of objects that are present and convert.
func (w *worker) judge(g int, m mask) (matching mask) {
	w.findings = w.findings[:0]
	w.counts = counts{}
	return m &^ w.judgeObject(g, 0, m, 0, w.ofLine, true)
}

// judgeObject judges the members of an object, which stand between two entries. It returns the schemas that fail.
func (w *worker) judgeObject(g int, ni int32, m mask, from, to int, counting bool) (bad mask) {
	nd := &w.nodes[ni]
	all := w.frame(nd.words)
	for t := from; t < to; t = int(w.tape[t].next) {
		e := &w.tape[t]
		f := &w.fields[e.field]
		r := w.rule(g, e.field)
		known := r.known & m
		seen, bit := &all[f.index>>6], uint64(1)<<(f.index&63)
		seen.given |= bit
		if known == 0 {
			continue
		}
		last := e.flags&duplicate == 0
		failing, gone := w.judgeValue(g, f, r, known, t, counting && last)
		bad |= failing
		if seen.absent &^= bit; gone != 0 {
			seen.absent |= bit
		}
		if counting && last {
			w.counts.add(known &^ failing &^ gone &^ r.silent)
		}
	}
	bad |= w.lacking(g, ni, m, all, from, to)
	w.release(nd.words)
	return bad
}

// judgeValue judges the entry at t, returning the schemas for which it fails and those for which it is absent.
func (w *worker) judgeValue(g int, f *field, r *rules, m mask, t int, counting bool) (bad, gone mask) {
	e := &w.tape[t]
	if e.kind == null {
		return 0, m
	}
	var within mask // schemas for which something in it fails
	switch e.kind {
	case str:
		embedded := m & r.embedded
		bad = m &^ r.text &^ embedded
		if e.isEmpty() {
			gone = bad &^ (r.object | r.array | r.checked)
			bad &^= gone
		}
		if bad != 0 {
			bad = w.convert(r, bad, e)
		}
		switch {
		case embedded == 0:
		case e.flags&inner != 0:
			failing, absent := w.judgeInner(g, f, r, embedded, t+1, counting)
			within, gone = failing, gone|absent
		case e.flags&maybe != 0:
			gone |= embedded
		default:
			bad |= embedded
		}
	case boolean:
		if bad = m &^ r.boolean; bad != 0 {
			bad = w.convert(r, bad, e)
		}
	case number:
		if bad = m &^ r.number; bad != 0 {
			bad = w.convert(r, bad, e)
		}
	default:
		bad, within = w.judgeNested(g, f, r, m, t, counting)
	}
	w.note(bad, t)
	return bad | within, gone
}

// judgeInner judges the value within a string.
func (w *worker) judgeInner(g int, f *field, r *rules, m mask, t int, counting bool) (bad, gone mask) {
	if e := &w.tape[t]; e.kind == str { // a string within a string is not JSON again
		w.note(m&^r.json, t)
		return m &^ r.json, 0
	}
	return w.judgeValue(g, f, r, m, t, counting)
}

// judgeNested judges an object or array: bad are schemas that want something else, within those that do not like its content.
func (w *worker) judgeNested(g int, f *field, r *rules, m mask, t int, counting bool) (bad, within mask) {
	e := &w.tape[t]
	if e.kind == object {
		if looking := m & r.object; looking != 0 {
			within = w.judgeObject(g, f.child, looking, t+1, int(e.next), counting)
		}
		return m &^ r.json &^ r.object, within
	}
	if looking := m & r.array; looking != 0 {
		element := &w.fields[f.element]
		rule := w.rule(g, element.id)
		for t, end := t+1, int(e.next); t < end; t = int(w.tape[t].next) {
			failing, _ := w.judgeValue(g, element, rule, looking, t, false)
			within |= failing
		}
	}
	return m &^ r.json &^ r.array, within
}

func (w *worker) note(bad mask, t int) {
	if w.explaining && bad != 0 {
		w.findings = append(w.findings, finding{schemas: bad, what: wrongValue, entry: int32(t)})
	}
}

// noteMissing notes that the object at an entry has no such member.
func (w *worker) noteMissing(bad mask, object int, field uint32) {
	n := len(w.findings)
	w.findings = slices.Grow(w.findings, 1)[:n+1]
	f := &w.findings[n] // field by field, as record does it: there is one for each schema and each of its required members
	f.schemas, f.what, f.entry, f.field, f.source = bad, noMember, int32(object), field, 0
}

// lowest returns the place of the lowest schema of a mask.
func lowest(m mask) int { return bits.TrailingZeros64(m) }
