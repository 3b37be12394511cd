package classify

import "slices"

// A kind is what a value in a line is.
type kind uint8

const (
	null kind = iota
	boolean
	number
	str
	object
	array
)

func (k kind) String() string {
	return [...]string{"null", "boolean", "number", "string", "object", "array"}[k]
}

// kindOf tells what the value that begins with c is.
func kindOf(c byte) kind {
	switch c {
	case '"':
		return str
	case '{':
		return object
	case '[':
		return array
	case 't', 'f':
		return boolean
	case 'n':
		return null
	}
	return number
}

// An entry of the tape is a value that a schema knows. The tape is what a walk leaves: the entries in the order of the line,
// each object and array before what is in it, without pointers. All that is made of a line is made from its tape.
//
// A string that holds JSON, for a schema that wants it, is followed by an entry of the same field for the value in it.
type entry struct {
	field      uint32
	flags      flags
	kind       kind
	start, end uint32 // the value in the worker's buffer, with its quotes or brackets
	next       uint32 // the entry behind it and what is in it
	nanos      uint32 // of a time
	value      int64  // if converted: an integer, or the seconds of a time
}

// record appends an entry; its value is open.
func (w *worker) record(field uint32, k kind, f flags, start, end int) int {
	at := len(w.tape)
	w.newEntry().set(field, k, f, start, end, at+1)
	return at
}

// newEntry appends an entry, whose content is open: it has what another line left there.
func (w *worker) newEntry() *entry {
	at := len(w.tape)
	if at == cap(w.tape) {
		w.growTape()
	}
	w.tape = w.tape[:at+1]
	return &w.tape[at]
}

// growTape makes room. It is a function of its own so that newEntry is small enough to become part of its callers.
func (w *worker) growTape() { w.tape = slices.Grow(w.tape, len(w.tape)+64) }

// set fills an entry, but for its value: field by field, for a literal is made on the stack first.
func (e *entry) set(field uint32, k kind, f flags, start, end, next int) {
	e.field, e.flags, e.kind = field, f, k
	e.start, e.end, e.next = uint32(start), uint32(end), uint32(next)
}

// isEmpty reports whether a string is "".
func (e *entry) isEmpty() bool {
	if e.flags&bare != 0 {
		return e.start == e.end
	}
	return e.start+2 == e.end
}

// isAbsent reports whether the entry at t is null for a schema that knows its field, or a text that stands for null.
func (w *worker) isAbsent(t int, v *view) bool {
	e := &w.tape[t]
	switch {
	case e.kind == null:
		return true
	case e.kind != str:
		return false
	case v.embedded && e.flags&inner != 0:
		return w.tape[t+1].kind == null // the value that the text holds
	}
	return v.embedded && e.flags&maybe != 0 || v.typ.isConverted() && e.isEmpty()
}

// markDuplicates marks the entries of members of which a later one has the same name, if there are any.
func (w *worker) markDuplicates() {
	if !w.repeated {
		return
	}
	w.repeated = false
	w.last = fit(w.last, len(w.fields))
	w.markWithin(0, len(w.tape))
}

func (w *worker) markWithin(from, to int) {
	for t := from; t < to; t = int(w.tape[t].next) {
		e := &w.tape[t]
		if before := w.lastOf(e.field, from, t); before >= 0 && w.names[e.field] != "" {
			w.tape[before].flags |= duplicate
		}
		if int(e.next) > t+1 {
			w.markWithin(t+1, int(e.next))
		}
		w.last[e.field] = int32(t) // not before: the value within a string has the same field
	}
}

// lastOf returns the entry of a field between from and to that was noted in w.last; -1: there is none. What w.last has of
// other objects and lines does no harm: entries of a field stand between from and to only in the object that has these bounds.
func (w *worker) lastOf(field uint32, from, to int) int {
	t := int(w.last[field])
	if t < from || t >= to || w.tape[t].field != field {
		return -1
	}
	return t
}

// fit returns s with n elements; what they are is open.
func fit[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
