package classify

import "bytes"

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
	if i = behind(b, i); b[i] == ']' {
		return i + 1
	}
	for {
		if known := element.known & m & w.alive; known != 0 {
			i = w.value(i, element, known, plainKey, depth+1) // there is none, and nothing has to be written for it
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
			i = behind(b, i)
		case ']':
			return i + 1
		default:
			return w.noJSON(i)
		}
	}
}
