package classify

import (
	"bytes"

	"panther/schemas/logtype"
)

// A derivation is a field that one schema makes of other values of the line. What it makes goes on the tape behind the line,
// as if it stood there as the last of its members.
type derivation struct {
	*logtype.Derived
	group int
	bit   mask
	field uint32
	paths [][]uint32 // the fields on the way to each value
}

// derivations finds the places of what fields are made of.
func (b *builder) derivations(root *tree) {
	for i, m := range root.made {
		s := m.says[0]
		d := derivation{Derived: s.field.Derived, group: s.schema / groupSize, bit: 1 << (s.schema % groupSize), field: uint32(len(root.members) + i)}
		for _, path := range d.Paths() {
			var fields []uint32
			ni := int32(0)
			for _, name := range path {
				nd := &b.nodes[ni]
				id := nd.first + uint32(nd.keys.find([]byte(name), b.names[nd.first:]))
				fields = append(fields, id)
				ni = b.fields[id].child
			}
			d.paths = append(d.paths, fields)
		}
		b.made = append(b.made, d)
		b.groups[d.group].made |= d.bit
	}
}

// derive makes the fields of a schema that are made of others, and judges them. It returns the schema if one of them fails.
func (w *worker) derive(g int, bit mask) (bad mask) {
	left := MaxMade
	for i := range w.made {
		d := &w.made[i]
		if d.group != g || d.bit != bit {
			continue
		}
		f := &w.fields[d.field]
		r := w.rule(g, d.field)
		w.room = left
		before := w.mark()
		t, ok := w.make(d, f)
		if t < 0 || !ok {
			w.backTo(before)
		}
		if !ok {
			bad |= bit
			if w.explaining {
				f := finding{schemas: bit, what: noText, entry: -1, field: d.field, source: int32(t)}
				if w.room < 0 {
					f.what = tooMuch
				}
				w.findings = append(w.findings, f)
			}
			continue
		}
		left = w.room
		gone := bit
		if t >= 0 {
			var failing mask
			failing, gone = w.judgeValue(g, f, r, bit, t, false)
			bad |= failing
		}
		if gone != 0 && w.view(g, r, bit).required {
			bad |= bit
			if w.explaining {
				w.findings = append(w.findings, finding{schemas: bit, what: noMember, entry: -1, field: d.field})
			}
		}
	}
	return bad
}

// deriveAll derives for each schema of a group that still matches, and returns those that do then. What was made for others is
// thrown away: each of them may make as much as a line is long.
func (w *worker) deriveAll(g int, matching mask) mask {
	for left := matching & w.groups[g].made; left != 0; left &= left - 1 {
		before := w.mark()
		if bad := w.derive(g, left&-left); bad != 0 {
			matching &^= bad
			w.backTo(before)
		}
	}
	return matching
}

// findDerived finds what speaks against what schemas of a group make.
func (w *worker) findDerived(g int) {
	for left := w.groups[g].made; left != 0; left &= left - 1 {
		before, found := w.mark(), len(w.findings)
		if w.derive(g, left&-left); len(w.findings) == found {
			w.backTo(before)
		}
	}
}

// A mark is how far the tape and what belongs to it were filled.
type mark struct{ tape, buf, cells int }

func (w *worker) mark() mark { return mark{len(w.tape), len(w.buf), len(w.cells)} }

func (w *worker) backTo(m mark) {
	w.tape, w.buf, w.cells = w.tape[:m.tape], w.buf[:m.buf], w.cells[:m.cells]
}

// make puts the value of a field on the tape; -1: there is none. false: it cannot be made, because the entry at t is no text or,
// if t is -1, because it would be too much.
func (w *worker) make(d *derivation, f *field) (t int, ok bool) {
	switch {
	case d.Join != nil:
		return w.join(d, d.Join, f, nil)
	case d.Split != nil && d.Split.Join != nil:
		return w.join(d, d.Split.Join, f, d.Split)
	case d.Split != nil:
		return w.split(d, f)
	}
	source := w.at(d, d.paths[0])
	if source < 0 {
		return -1, true
	}
	if e := &w.tape[source]; !w.takes(int(e.end - e.start)) {
		return -1, false
	}
	return w.copyEntry(source, f, len(d.paths[0])), true
}

// takes takes n bytes off what may be made, and reports whether there was room.
func (w *worker) takes(n int) bool {
	if n > w.room {
		w.room = -1
		return false
	}
	w.room -= n
	return true
}

// at returns the entry at the end of a path; -1: there is none. Of a name that is there twice the last one counts.
func (w *worker) at(d *derivation, path []uint32) int {
	from, to := 0, w.ofLine
	for k, id := range path {
		found := -1
		for t := from; t < to; t = int(w.tape[t].next) {
			if e := &w.tape[t]; e.field == id {
				if found >= 0 {
					w.twice[d.group] |= d.bit
				}
				found = t
			}
		}
		if found < 0 || k == len(path)-1 {
			return found
		}
		e := &w.tape[found]
		if e.kind != object {
			return -1
		}
		from, to = found+1, int(e.next)
	}
	return -1
}

// copyEntry puts the value of an entry on the tape again, as one of field f.
func (w *worker) copyEntry(source int, f *field, depth int) int {
	e := w.tape[source]
	t := len(w.tape)
	if e.flags&bare == 0 {
		w.alive |= recorder
		w.value(int(e.start), f, recorder, 0, depth)
		return t
	}
	return w.madeText(f, e.kind, e.flags&(bare|altered), int(e.start), int(e.end), depth)
}

// madeText puts a text on the tape, and the JSON in it.
func (w *worker) madeText(f *field, k kind, seen flags, from, to, depth int) int {
	t := w.record(f.id, k, seen, from, to)
	if k == str && f.embedded != 0 {
		w.alive |= recorder
		w.embeddedValue(t, f, recorder, depth)
	}
	return t
}

// textAt finds a text for a join or split: its place in the buffer and in the line.
func (w *worker) textAt(d *derivation, path []uint32) (t int, c cell, seen flags, ok bool) {
	t = w.at(d, path)
	if t < 0 || w.tape[t].kind == null {
		return -1, cell{}, 0, true
	}
	e := &w.tape[t]
	c = w.cellOf(e)
	switch {
	case e.kind == object || e.kind == array:
		return t, c, 0, false
	case e.kind != str || e.flags&bare != 0:
		return t, c, e.flags & altered, true
	}
	if e.flags&(escaped|high) == 0 {
		c.from, c.to = c.from+1, c.to-1
		return t, c, 0, true
	}
	if w.isReplaced(e) {
		seen = altered
	}
	c.from = len(w.buf)
	w.buf, _ = decode(w.buf, w.buf[e.start+1:e.end-1])
	c.to = len(w.buf)
	return t, c, seen, true
}

// cellOf returns where the value of an entry is from.
func (w *worker) cellOf(e *entry) cell {
	if e.flags&bare != 0 {
		for _, c := range w.cells {
			if c.from == int(e.start) && c.to == int(e.end) {
				return c
			}
		}
	}
	return cellAt(int(e.start), int(e.end))
}

// join puts texts together; there is no value unless there are all of them.
func (w *worker) join(d *derivation, j *logtype.Join, f *field, split *logtype.Split) (t int, ok bool) {
	text := append(w.joined[:0], j.Literals[0]...)
	room := w.room
	whole, seen := cell{made: true}, bare
	for i, path := range d.paths {
		t, c, altered, ok := w.textAt(d, path)
		if !ok || t < 0 {
			w.joined = text
			return t, ok
		}
		if len(text)+c.to-c.from+len(j.Literals[i+1]) > room {
			w.joined, w.room = text, -1
			return -1, false
		}
		text = append(append(text, w.buf[c.from:c.to]...), j.Literals[i+1]...)
		seen |= altered
		if i == 0 {
			whole.start, whole.end = c.start, c.end
		}
		whole.start, whole.end = min(whole.start, c.start), max(whole.end, c.end)
	}
	w.joined = text
	w.room -= len(text)
	whole.from = len(w.buf)
	w.buf = append(w.buf, text...)
	whole.to = len(w.buf)
	if split != nil {
		return w.part(split, f, whole, seen)
	}
	return w.madeCell(f, whole, seen), true
}

// split finds a text and takes a part of it.
func (w *worker) split(d *derivation, f *field) (t int, ok bool) {
	t, c, seen, ok := w.textAt(d, d.paths[0])
	if !ok || t < 0 {
		return t, ok
	}
	c.made = true
	return w.part(d.Split, f, c, seen|bare)
}

// part takes a part of a text.
func (w *worker) part(s *logtype.Split, f *field, c cell, seen flags) (t int, ok bool) {
	separator := []byte(s.Separator)
	for range s.Index {
		at := bytes.Index(w.buf[c.from:c.to], separator)
		if at < 0 {
			return -1, true
		}
		c.from += at + len(separator)
	}
	if at := bytes.Index(w.buf[c.from:c.to], separator); at >= 0 {
		c.to = c.from + at
	}
	if !w.takes(c.to - c.from) {
		return -1, false
	}
	return w.madeCell(f, c, seen), true
}

// madeCell puts a text on the tape that was put together, and notes where it is from.
func (w *worker) madeCell(f *field, c cell, seen flags) int {
	from := len(w.buf) // its own place, so that cellOf finds it
	w.buf = append(w.buf, w.buf[c.from:c.to]...)
	c.from, c.to = from, len(w.buf)
	w.buf = append(w.buf, 0) // the next one has another place, even if this one is empty
	w.cells = append(w.cells, c)
	return w.madeText(f, str, seen, c.from, c.to, 1)
}
