package classify

import "encoding/binary"

// predictBits is the size of the memory of which member follows which.
const predictBits = 15

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
	if i = w.object(i, 0, schemas, -w.spare); i < 0 {
		return
	}
	if i = space(w.buf, i); i != w.size {
		w.trouble, w.troubleAt = troubleTrailing, i
	}
}

// kill takes schemas out of the running; the recorder stays whatever happens.
func (w *worker) kill(schemas mask) { w.alive &^= schemas &^ recorder }

// object reads the object whose brace is at i, of node ni for the schemas m. depth objects and arrays are around it. It
// returns the place behind the object; -1: trouble. It is longer than functions are otherwise: of all lines it takes most of the
// time, and a call for each member would take as long as what is done for it.
func (w *worker) object(i int, ni int32, m mask, depth int) int {
	if depth >= MaxDepth {
		return w.tooDeep(i)
	}
	b, nd := w.buf, &w.nodes[ni]
	fields := w.fields[nd.first : nd.first+nd.count]
	all := w.frame(nd.words)
	from := len(w.tape)
	before, newest := uint32(0), nd.first // the members read last: the next one is predicted by them
	i = behind(b, i)
	for isEmpty := b[i] == '}'; !isEmpty; {
		var f *field
		var seen flags
		guess := &w.predicted[(newest<<2|before&3)%(1<<predictBits)]
		if k := uint(*guess - nd.first); k < uint(len(fields)) {
			if f = &fields[k]; !f.beginsAt(b, i) || f.length > 16 && !f.endsAt(b, i) {
				f = nil
			}
		}
		if f != nil {
			i, seen = i+int(f.length), plainKey
		} else {
			if i, f, seen = w.key(i, nd); i < 0 {
				return -1
			}
			if f != nil {
				*guess = f.id
			}
		}
		c := b[i]
		if c <= ' ' {
			i, seen = space(b, i), 0
			c = b[i]
		}
		if f == nil || f.known&m&w.alive == 0 {
			i = w.unknownMember(i, f, depth+1)
		} else {
			before, newest = newest, f.id+1
			t := len(w.tape)
			isAbsent := false
			if c == '"' { // as value does it, without the call: most values are strings
				end, s := scanString(b, i+1)
				if s&malformed != 0 {
					return w.noJSON(end)
				}
				w.newEntry().set(f.id, str, seen|s, i, end+1, t+1) // likewise as record does it
				i = end + 1
				if rest := f.known & m & w.alive &^ f.text; rest != 0 {
					i = w.textValue(t, f, rest, i, depth+1)
					isAbsent = w.tape[t].flags&maybe != 0
				}
			} else if i = w.value(i, f, f.known&m&w.alive, seen, depth+1); i >= 0 {
				isAbsent = w.tape[t].kind == null || w.tape[t].flags&maybe != 0
			}
			member, bit := &all[f.index>>6], uint64(1)<<(f.index&63)
			if member.given&bit != 0 {
				w.repeated = true
				member.absent &^= bit
			}
			member.given |= bit
			if isAbsent {
				member.absent |= bit
			}
		}
		if i < 0 {
			return -1
		}
		if binary.LittleEndian.Uint16(b[i:i+2]) == ','|'"'<<8 { // mostly the next name follows
			i++
			continue
		}
		if b[i] <= ' ' {
			i = space(b, i)
		}
		if b[i] != ',' {
			break
		}
		if i = behind(b, i); b[i] == '}' {
			return w.noJSON(i)
		}
	}
	if b[i] != '}' {
		return w.noJSON(i)
	}
	if w.groups[0].required[ni].schemas&m&w.alive != 0 {
		w.kill(w.lacking(0, ni, m&w.alive, all, from, len(w.tape)))
	}
	w.release(nd.words)
	return w.left(i+1, 0)
}

// unknownMember passes over the value at i of a member that no schema in the running knows; of field f, nil: of none.
func (w *worker) unknownMember(i int, f *field, depth int) int {
	end, _ := w.skip(i, depth)
	if f == nil && end >= 0 && w.unknown != 0 {
		t := w.record(w.unknown, kindOf(w.buf[i]), 0, i, end)
		w.tape[t].value = int64(w.nameAt)
	}
	return end
}

// beginsAt reports whether the line has the name and the colon of the field at i, as events write them, up to 16 bytes of them.
func (f *field) beginsAt(b []byte, i int) bool {
	x := b[i : i+16] // looked at once whether it is there
	return (word(x, 0)^f.literal[0])<<f.cut[0]|(word(x, 8)^f.literal[1])<<f.cut[1] == 0
}

// endsAt reports whether the line has what is behind these, too.
func (f *field) endsAt(b []byte, i int) bool {
	if n := uint(f.length); n > 24 {
		return word(b, i+16) == f.literal[2] && (word(b, i+24)^f.literal[3])<<(256-8*n) == 0
	}
	return (word(b, i+16)^f.literal[2])<<f.cut[2] == 0
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
