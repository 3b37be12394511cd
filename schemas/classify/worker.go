package classify

import "panther/schemas"

// A worker is what one goroutine needs to check lines: the tape and the buffers. It serves any number of plans, one line at a
// time, and keeps nothing of a line but memory, and which member came after which.
type worker struct {
	*union
	buf  []byte // the line and its padding; behind it what was decoded of it, each with padding
	size int    // of the line

	scripted bool // a script has put what it made in the place of the line

	alive    mask // the schemas of the first group that nothing speaks against yet
	tape     []entry
	ofLine   int     // how many entries are of the line; those behind them are of fields that are made of others
	repeated bool    // some object has a name twice
	last     []int32 // by field: an entry of it, while members are looked for

	cells   []cell  // of a line of text, those that say anything else than what stands at their place; and texts that were put together
	apart   []entry // cells, while the tape is made of them
	misfit  misfit
	headers map[*csvSplitter]*headerLine
	between int // double quotes that stand between the cells, as far as that is known

	trouble   trouble
	troubleAt int

	spare   int    // levels that the line may be nested deeper than MaxDepth: less than 64, for which skip has room
	unknown uint32 // the field of members that nobody knows, if these are wanted on the tape; 0: they are not
	nameAt  int    // where the name stands that was looked up last

	bits      []seenMembers            // a stack of bit sets, for the objects that are open
	predicted [1 << predictBits]uint32 // by what came before: the field that came next the last time

	matches []match // of the line
	best    int     // of these
	masks   []mask  // by group, of the part that is tried

	text   []byte        // decoded for a conversion
	joined []byte        // a text while it is put together
	room   int           // bytes that the schema may still make of the line; -1: it was not enough
	cuts   []int         // where the groups of a regex begin and end
	twice  []mask        // by group: schemas that make a field of a value that is there twice
	within *schemas.Span // where all values stand that are looked at; nil: where the tape says
	origin origin
	mine   []finding // against one schema, while they are put into words
	found  found
	open   []uint32 // entries of the objects and arrays that an event is written of
	times  timeWriter
	judgement
	emission
}

// A trouble ends a walk.
type trouble uint8

const (
	noTrouble trouble = iota
	troubleSyntax
	troubleDepth
	troubleTrailing
	nobodyLeft // no schema can match any more: why look at the rest
)

// largest bounds what a worker keeps for the next line: after a line that took more, buffers are made anew.
const largest = 4 << 20

// load puts a line into the buffer.
func (w *worker) load(line []byte) {
	if cap(w.buf) > largest {
		w.buf = nil
	}
	if cap(w.tape) > largest/32 {
		w.tape = nil
	}
	w.size = len(line)
	w.buf = append(append(w.buf[:0], line...), zeros[:]...)
}

var zeros [padding]byte

// reset prepares for a part of the plan: what was made of the line for another one is forgotten.
func (w *worker) reset(u *union, l *Line) {
	if w.scripted {
		w.load(l.Bytes)
		w.scripted = false
	}
	w.union = u
	w.buf = w.buf[:w.size+padding]
	w.tape, w.bits, w.cells = w.tape[:0], w.bits[:0], w.cells[:0]
	w.repeated, w.trouble, w.ofLine = false, noTrouble, 0
	w.twice = fit(w.twice, len(u.groups))
	clear(w.twice)
}

// seenMembers says of 64 members of an object, one a bit, which were given, and which of these are absent.
type seenMembers struct{ given, absent uint64 }

// frame makes room for what was seen of the members of an object: nothing yet.
func (w *worker) frame(words int) []seenMembers {
	from := len(w.bits)
	for range words {
		w.bits = append(w.bits, seenMembers{})
	}
	return w.bits[from:]
}

// release gives back the newest frame.
func (w *worker) release(words int) { w.bits = w.bits[:len(w.bits)-words] }

// textOf is what a string, number or boolean says, for conversions; it is valid until the next call.
func (w *worker) textOf(e *entry) []byte {
	switch {
	case e.kind != str || e.flags&bare != 0:
		return w.buf[e.start:e.end]
	case e.flags&(escaped|high) == 0:
		return w.buf[e.start+1 : e.end-1]
	}
	w.text, _ = decode(w.text[:0], w.buf[e.start+1:e.end-1])
	return w.text
}

// decoded appends what the string e says to the buffer, with padding, and returns where it stands.
func (w *worker) decoded(e *entry) (from, to int) {
	from = len(w.buf)
	if e.flags&bare != 0 {
		w.buf = append(w.buf, w.buf[e.start:e.end]...)
	} else {
		w.buf, _ = decode(w.buf, w.buf[e.start+1:e.end-1])
	}
	to = len(w.buf)
	w.buf = append(w.buf, zeros[:]...)
	return from, to
}
