package classify

import (
	"bytes"
	"math/bits"
)

// predictBits is the size of the memory of which member follows which.
const predictBits = 13

// walk reads the line as one JSON object and leaves the tape. Afterwards w.alive has those of the schemas that match, unless
// there was trouble. With the recorder among them the tape has all that any schema knows; else only what the schemas know
// that were still alive when it was read.
func (w *worker) walk(schemas mask) {
	w.alive = schemas
	i := space(w.buf, 0)
	if w.buf[i] != '{' {
		w.noJSON(i)
		return
	}
	if i = w.object(i, 0, schemas, 0); i < 0 {
		return
	}
	if i = space(w.buf, i); i != w.size {
		w.trouble, w.troubleAt = troubleTrailing, i
	}
}

// kill takes schemas out of the running; the recorder stays whatever happens.
func (w *worker) kill(schemas mask) { w.alive &^= schemas &^ recorder }

// object reads the object whose brace is at i, of node ni for the schemas m. depth objects and arrays are around it. It
// returns the place behind the object; -1: trouble.
func (w *worker) object(i int, ni int32, m mask, depth int) int {
	if depth >= MaxDepth {
		return w.tooDeep(i)
	}
	b, nd := w.buf, &w.nodes[ni]
	fields := w.fields[nd.first : nd.first+nd.count]
	given, present := w.frame(nd.words)
	from := len(w.tape)
	before, newest := uint64(0), uint64(nd.first)<<20 // the members read last: the next one is predicted by them
	if i++; b[i] <= ' ' {
		i = space(b, i)
	}
	for b[i] != '}' {
		var f *field
		var seen flags
		guess := &w.predicted[(newest^before<<10)*0x9E3779B97F4A7C15>>(64-predictBits)]
		if k := *guess - nd.first; k < uint32(len(fields)) && fields[k].isAt(b, i) {
			f = &fields[k]
			i, seen = i+int(f.length), plainKey
		} else {
			if i, f, seen = w.key(i, nd); i < 0 {
				return -1
			}
			if f != nil {
				*guess = f.id
			}
		}
		if b[i] <= ' ' {
			i, seen = space(b, i), 0
		}
		if f == nil || f.known&m&w.alive == 0 {
			start := i
			if i, _ = w.skip(i, depth+1); i < 0 {
				return -1
			}
			if f == nil && w.unknown != 0 {
				t := w.record(w.unknown, kindOf(b[start]), 0, start, i)
				w.tape[t].value = int64(w.nameAt)
			}
		} else {
			before, newest = newest, uint64(nd.first)<<20+uint64(f.index)+1
			t := len(w.tape)
			if b[i] == '"' { // as value does it, without the call: most values are strings
				end, s := scanString(b, i+1)
				if s&malformed != 0 {
					return w.noJSON(end)
				}
				w.record(f.id, str, seen|s, i, end+1)
				i = end + 1
				if rest := f.known & m & w.alive &^ f.text; rest != 0 {
					i = w.textValue(t, f, rest, i, depth+1)
				}
			} else {
				i = w.value(i, f, f.known&m&w.alive, seen, depth+1)
			}
			if i < 0 {
				return -1
			}
			place, bit := f.index>>6, uint64(1)<<(f.index&63)
			if given[place]&bit != 0 {
				w.repeated = true
			}
			given[place] |= bit
			if e := &w.tape[t]; e.kind != null && e.flags&maybe == 0 {
				present[place] |= bit
			} else {
				present[place] &^= bit
			}
		}
		if b[i] <= ' ' {
			i = space(b, i)
		}
		if b[i] != ',' {
			break
		}
		if i++; b[i] <= ' ' {
			i = space(b, i)
		}
		if b[i] == '}' {
			return w.noJSON(i)
		}
	}
	if b[i] != '}' {
		return w.noJSON(i)
	}
	if w.groups[0].required[ni].schemas&m&w.alive != 0 {
		w.kill(w.lacking(0, ni, m&w.alive, given, present, from, len(w.tape)))
	}
	if w.alive == 0 {
		w.trouble = nobodyLeft
		return -1
	}
	w.release(nd.words)
	return i + 1
}

// isAt reports whether the line has the name and the colon of the field at i, as events write them.
func (f *field) isAt(b []byte, i int) bool {
	s := b[i : i+32]
	switch n := uint(f.length); {
	case n == 0:
		return false
	case n <= 8:
		return (word(s, 0)^f.literal[0])<<(64-8*n) == 0
	case n <= 16:
		return word(s, 0) == f.literal[0] && (word(s, 8)^f.literal[1])<<(128-8*n) == 0
	case n <= 24:
		return word(s, 0) == f.literal[0] && word(s, 8) == f.literal[1] && (word(s, 16)^f.literal[2])<<(192-8*n) == 0
	default:
		return word(s, 0) == f.literal[0] && word(s, 8) == f.literal[1] && word(s, 16) == f.literal[2] &&
			(word(s, 24)^f.literal[3])<<(256-8*n) == 0
	}
}

// key reads a name and its colon, and looks the field up; nil: nobody knows it.
func (w *worker) key(i int, nd *node) (next int, f *field, seen flags) {
	b := w.buf
	if b[i] != '"' {
		return w.noJSON(i), nil, 0
	}
	w.nameAt = i
	end, s := scanString(b, i+1)
	if s&malformed != 0 {
		return w.noJSON(end), nil, 0
	}
	name := b[i+1 : end]
	replaced := false
	if s&(escaped|high) != 0 {
		w.text, replaced = decode(w.text[:0], name)
		name = w.text
	}
	names := w.names[nd.first : nd.first+nd.count]
	if k := nd.keys.find(name, names); k >= 0 {
		f = &w.fields[int(nd.first)+k]
	}
	if s&escaped == 0 && !replaced {
		seen = plainKey
	}
	if i = end + 1; b[i] != ':' {
		if i, seen = space(b, i), 0; b[i] != ':' {
			return w.noJSON(i), nil, 0
		}
	}
	return i + 1, f, seen
}

// value reads the value at i of a field for the schemas m, which know it, and records it. seen is what is known of its name.
func (w *worker) value(i int, f *field, m mask, seen flags, depth int) int {
	b := w.buf
	switch c := b[i]; c {
	case '"':
		end, s := scanString(b, i+1)
		if s&malformed != 0 {
			return w.noJSON(end)
		}
		end++
		t := w.record(f.id, str, seen|s, i, end)
		if rest := m &^ f.text; rest != 0 {
			return w.textValue(t, f, rest, end, depth)
		}
		return end
	case '{':
		return w.objectValue(i, f, m, seen, depth)
	case '[':
		return w.arrayValue(i, f, m, seen, depth)
	case 't', 'f', 'n':
		end, s := scanName(b, i)
		if s&malformed != 0 {
			return w.noJSON(end)
		}
		if c == 'n' {
			w.record(f.id, null, seen, i, end)
			return end
		}
		t := w.record(f.id, boolean, seen, i, end)
		if bad := m &^ f.boolean; bad != 0 {
			return w.left(end, w.convert(&f.rules, bad, &w.tape[t]))
		}
		return end
	}
	end, s, value := scanNumber(b, i)
	if s&malformed != 0 {
		return w.noJSON(end)
	}
	t := w.record(f.id, number, seen|s, i, end)
	w.tape[t].value = value
	if bad := m &^ f.number; bad != 0 {
		return w.left(end, w.convert(&f.rules, bad, &w.tape[t]))
	}
	return end
}

// left kills schemas, and returns end if any are left.
func (w *worker) left(end int, bad mask) int {
	if w.kill(bad); w.alive == 0 {
		w.trouble = nobodyLeft
		return -1
	}
	return end
}

// convert tries the conversions of a field for the schemas in m and returns those whose does not fit, or that have none.
func (w *worker) convert(r *rules, m mask, e *entry) (bad mask) {
	text := w.textOf(e)
	for k := range w.convs[r.convs : r.convs+uint32(r.nConvs)] {
		c := &w.convs[int(r.convs)+k]
		if c.schemas&m != 0 && c.convert(e, text, r.shared) == fits {
			m &^= c.schemas
		}
	}
	return m
}

// textValue judges the string at t for schemas that want something else than a string.
func (w *worker) textValue(t int, f *field, m mask, end, depth int) int {
	var bad mask
	embedded := m & f.embedded
	if rest := m &^ embedded; rest != 0 {
		e := &w.tape[t]
		if e.isEmpty() {
			e.flags |= maybe
			rest &= f.object | f.array | f.checked // for the others it is absent
		}
		bad = w.convert(&f.rules, rest, e)
	}
	if embedded != 0 {
		bad |= w.embeddedValue(t, f, embedded, depth)
	}
	if w.trouble == nobodyLeft {
		return -1
	}
	return w.left(end, bad)
}

// embeddedValue reads the string at t as JSON for the schemas m and returns those for which it is none.
func (w *worker) embeddedValue(t int, f *field, m mask, depth int) (bad mask) {
	from, to := w.decoded(&w.tape[t])
	if len(bytes.TrimSpace(w.buf[from:to])) == 0 {
		w.tape[t].flags |= maybe
		return 0
	}
	frames := len(w.bits)
	i := w.innerValue(space(w.buf, from), f, m, depth)
	if i >= 0 {
		i = space(w.buf, i)
	}
	if i != to {
		if w.trouble != nobodyLeft {
			w.trouble = noTrouble
			w.tape, w.bits = w.tape[:t+1], w.bits[:frames]
		}
		return m
	}
	e := &w.tape[t]
	e.flags |= inner
	e.next = uint32(len(w.tape))
	if w.tape[t+1].kind == null {
		e.flags |= maybe
	}
	return 0
}

// innerValue is value for the JSON within a string: a string in it is no JSON again.
func (w *worker) innerValue(i int, f *field, m mask, depth int) int {
	if w.buf[i] != '"' {
		return w.value(i, f, m, 0, depth)
	}
	end, s := scanString(w.buf, i+1)
	if s&malformed != 0 {
		return w.noJSON(end)
	}
	w.record(f.id, str, s, i, end+1)
	return w.left(end+1, m&^f.json)
}

// objectValue reads an object: schemas that have fields in it look at them, for others it is JSON like any other.
func (w *worker) objectValue(i int, f *field, m mask, seen flags, depth int) int {
	if bad := m &^ (f.json | f.object); bad != 0 && w.left(i, bad) < 0 {
		return -1
	}
	looking := m & f.object
	if looking == 0 {
		return w.anything(i, f, object, seen, depth)
	}
	t := w.record(f.id, object, seen|rewritten, i, 0)
	return w.close(t, w.object(i, f.child, looking, depth))
}

// arrayValue is objectValue for arrays.
func (w *worker) arrayValue(i int, f *field, m mask, seen flags, depth int) int {
	if bad := m &^ (f.json | f.array); bad != 0 && w.left(i, bad) < 0 {
		return -1
	}
	looking := m & f.array
	if looking == 0 {
		return w.anything(i, f, array, seen, depth)
	}
	t := w.record(f.id, array, seen|rewritten, i, 0)
	return w.close(t, w.array(i, &w.fields[f.element], looking, depth))
}

// anything records a value that nobody looks into.
func (w *worker) anything(i int, f *field, k kind, seen flags, depth int) int {
	end, s := w.skip(i, depth)
	if end >= 0 {
		w.record(f.id, k, seen|s, i, end)
	}
	return end
}

// close ends the entry of an object or array.
func (w *worker) close(t, end int) int {
	if end >= 0 {
		w.tape[t].end, w.tape[t].next = uint32(end), uint32(len(w.tape))
	}
	return end
}

// array reads the array whose bracket is at i; element is the field of its elements.
func (w *worker) array(i int, element *field, m mask, depth int) int {
	if depth >= MaxDepth {
		return w.tooDeep(i)
	}
	b := w.buf
	if i++; b[i] <= ' ' {
		i = space(b, i)
	}
	if b[i] == ']' {
		return i + 1
	}
	for {
		if known := element.known & m & w.alive; known != 0 {
			i = w.value(i, element, known, 0, depth+1)
		} else {
			i, _ = w.skip(i, depth+1)
		}
		if i < 0 {
			return -1
		}
		if b[i] <= ' ' {
			i = space(b, i)
		}
		switch b[i] {
		case ',':
			if i++; b[i] <= ' ' {
				i = space(b, i)
			}
		case ']':
			return i + 1
		default:
			return w.noJSON(i)
		}
	}
}

// lacking returns the schemas of a group, out of m, that miss a member of the object whose members stand from one entry to
// another. Of those that were given some may not be present, be it only for some schemas.
func (w *worker) lacking(g int, ni int32, m mask, given, present []uint64, from, to int) (bad mask) {
	r := &w.groups[g].required[ni]
	for left := r.schemas & m; left != 0; left &= left - 1 {
		bit := left & -left
		for i, bits := range r.of(lowest(left)) {
			lacks := bits &^ present[i]
			if lacks == 0 {
				continue
			}
			if !w.explaining && bits&^given[i] != 0 {
				bad |= bit
				break
			}
			if w.lacksSome(g, w.nodes[ni].first+uint32(64*i), lacks, bit, from, to) {
				bad |= bit
			}
		}
	}
	return bad
}

// lacksSome reports whether a schema lacks any of the members first+n, for n in the bit set lacks: they were not given, or are
// absent for some.
func (w *worker) lacksSome(g int, first uint32, lacks uint64, bit mask, from, to int) (some bool) {
	w.indexMembers(from, to)
	for ; lacks != 0; lacks &= lacks - 1 {
		id := first + uint32(bits.TrailingZeros64(lacks))
		if w.isThere(g, id, bit, from, to) {
			continue
		}
		some = true
		if w.explaining {
			w.findings = append(w.findings, finding{schemas: bit, what: noMember, entry: int32(from - 1), field: id})
		}
	}
	return some
}

// indexMembers notes the last entry of each member of an object.
func (w *worker) indexMembers(from, to int) {
	w.last = fit(w.last, len(w.fields))
	for t := from; t < to; t = int(w.tape[t].next) {
		w.last[w.tape[t].field] = int32(t)
	}
}

// isThere reports whether a member is present for one schema: "" is for a string, and is not for a number.
func (w *worker) isThere(g int, id uint32, bit mask, from, to int) bool {
	t := w.lastOf(id, from, to)
	return t >= 0 && w.state(t, w.view(g, w.rule(g, id), bit)) != absent
}
