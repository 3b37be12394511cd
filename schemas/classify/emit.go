package classify

import (
	"cmp"
	"strconv"
	"time"
	"unicode/utf8"

	"panther/schemas/logtype"
)

// An emission is an event while it is written. Events are copied from the line in runs, as long as possible: what they
// do not have is left out, what they have in another form is written between the runs.
type emission struct {
	chosen     *member // whose event it is
	group      int
	bit        mask // of the schema
	out        []byte
	from, to   int // the run that is not copied yet, in the worker's buffer
	eventTime  instant
	timeRank   uint32 // of the field that eventTime is of; 0: there is none yet
	duplicates bool
	replaced   bool
}

// event writes the event of the member i of a part that matches the line on the tape. It is valid until the next line.
func (w *worker) event(p *part, i int, l *Line) []byte {
	m := w.begin(p, i)
	w.out = append(w.out, '{')
	if p.split != nil {
		w.columns(p.columns)
	} else {
		w.values(0, len(w.tape), object)
		w.flush(0)
	}
	if len(w.out) > 1 {
		w.out = append(w.out, ',')
	}
	w.out = append(w.out, m.head...)
	w.out = appendString(w.out, l.RowID)
	w.out = append(w.out, `,"p_event_time":"`...)
	w.origin.read(l)
	if w.timeRank > 0 {
		w.out = w.times.append(w.out, w.eventTime)
	} else {
		w.out = append(w.out, w.origin.parsed...)
	}
	w.out = append(append(w.out, w.origin.text...), m.version...)
	if l.SourceFile != "" {
		w.out = append(w.out, `,"p_source_file":`...)
		w.out = appendString(w.out, l.SourceFile)
	}
	if len(l.Envelope) > 0 {
		w.out = append(append(w.out, `,"p_header":`...), l.Envelope...)
	}
	w.flags()
	w.writeSets()
	w.out = append(w.out, '}')
	return w.out
}

// begin prepares for what is made of the line for the member i of a part.
func (w *worker) begin(p *part, i int) *member {
	m := &p.members[i]
	group, bit := p.group(i)
	w.chosen, w.group, w.bit = m, group, bit // field by field, as an entry's set does it
	w.out, w.from, w.to = w.out[:0], 0, 0
	w.eventTime, w.timeRank = instant{}, 0
	w.duplicates, w.replaced = w.twice[group]&bit != 0, false
	w.found.reset()
	return m
}

// An origin is what events have of where and when their lines came. Lines that come together have it in common, so it is
// written once for them.
type origin struct {
	time      time.Time
	id, label string
	at        instant
	parsed    []byte // the time
	text      []byte // p_parse_time, p_source_id and p_source_label

	validID, validLabel []byte // as columns have them, with padding
}

func (o *origin) read(l *Line) {
	if o.text != nil && o.time.Equal(l.ParseTime) && o.id == l.SourceID && o.label == l.SourceLabel {
		return
	}
	o.time, o.id, o.label = l.ParseTime, l.SourceID, l.SourceLabel
	o.at, o.validID, o.validLabel = instantOf(l.ParseTime), padded(validUTF8(l.SourceID)), padded(validUTF8(l.SourceLabel))
	o.parsed = new(timeWriter).append(o.parsed[:0], o.at)
	o.text = append(append(append(o.text[:0], `","p_parse_time":"`...), o.parsed...), `","p_source_id":`...)
	o.text = append(appendString(o.text, l.SourceID), `,"p_source_label":`...)
	o.text = appendString(o.text, l.SourceLabel)
}

// newMember prepares what the events of a schema are written by, which is the ith of a part.
func (p *part) newMember(i int, s *logtype.Schema, candidate int) member {
	head := appendString([]byte(`"p_log_type":`), s.Name)
	m := member{schema: s, candidate: candidate, head: string(append(head, `,"p_row_id":`...)),
		version: `,"p_schema_version":` + strconv.FormatInt(s.Version, 10), places: make([]uint32, len(p.fields))}
	g, bit := p.group(i)
	known := 0
	for id := range p.fields {
		known += int(p.rule(g, uint32(id)).known & bit >> (i % groupSize))
	}
	m.emits = make([]emit, 1, 1+known)
	for id := range p.fields {
		if r := p.rule(g, uint32(id)); r.known&bit != 0 {
			v := p.view(g, r, bit)
			m.places[id] = uint32(len(m.emits))
			m.emits = append(m.emits, newEmit(v, len(p.literals[id])-1))
		}
	}
	return m
}

// newEmit makes what a field is written by, whose name takes so many bytes in a line.
func newEmit(v *view, name int) emit {
	e := emit{view: v, special: v.indicators, odd: ^(fraction | long | converted | canonical), name: uint8(min(name, longName))}
	switch {
	case v.literal != "":
	case v.plain:
		e.asIs = 1 << str
	case v.typ == typTimestamp:
		e.asIs, e.special, e.odd = 1<<str, tells, e.odd|canonical
	case v.typ == typBoolean:
		e.asIs = 1 << boolean
	case v.typ.isInteger():
		e.asIs = 1 << number
	case v.typ == typJSON:
		e.asIs = anyKind
	case v.typ == typObject:
		e.asIs, e.special, e.odd = 1<<object, opens, duplicate|plainKey
	case v.typ == typArray:
		e.asIs, e.special, e.odd = 1<<array, opens, duplicate|plainKey
	}
	if v.field == nil || v.field.Name == "" { // an element
		e.name = 0
	}
	return e
}

func (w *worker) flags() {
	switch {
	case w.duplicates && w.replaced:
		w.out = append(w.out, `,"p_flags":["`+FlagDuplicateKeys+`","`+FlagInvalidUTF8+`"]`...)
	case w.duplicates:
		w.out = append(w.out, `,"p_flags":["`+FlagDuplicateKeys+`"]`...)
	case w.replaced:
		w.out = append(w.out, `,"p_flags":["`+FlagInvalidUTF8+`"]`...)
	}
}

// copy takes part of the buffer into the event: it lengthens the run, if it stands right behind it.
func (w *worker) copy(from, to int) {
	if from == w.to {
		w.to = to
		return
	}
	w.out = append(w.out, w.buf[w.from:w.to]...)
	w.from, w.to = from, to
}

// flush ends the run, so that other bytes can be written. The next one may begin at next.
func (w *worker) flush(next int) {
	if w.from < w.to {
		w.out = append(w.out, w.buf[w.from:w.to]...)
	}
	w.from, w.to = next, next
}

// values writes what an object or array, which is outer, has between two entries: those members that the schema knows and that are
// present, or all elements. It goes into objects and arrays by itself: most values are a few bytes that lengthen the run, and a call
// for each would take longer than they.
func (w *worker) values(from, last int, outer kind) {
	tape, places, emits := w.tape, w.chosen.places, w.chosen.emits
	outside := len(w.open)
	comma, end, to := 0, last, w.to // end: where what is open ends; to: the end of the run
	for t := from; ; {
		if t == end {
			top := len(w.open) - 1
			if top < outside {
				w.to = to
				return
			}
			behind := int(tape[w.open[top]].end)
			if to != behind-1 {
				w.to = to
				w.copy(behind-1, behind)
			}
			to, comma, w.open = behind, 1, w.open[:top]
			if end = last; top > outside {
				end = int(tape[w.open[top-1]].next)
			}
			continue
		}
		e := &tape[t]
		v := &emits[places[e.field]]
		if uint32(v.asIs)&(1<<(e.kind&31)) == 0 || (e.flags^expected)&v.odd != 0 || to+comma+int(v.name) != int(e.start) {
			w.to = to
			comma = w.other(t, comma, outside, outer)
			to, t = w.to, int(tape[t].next)
			continue
		}
		special := v.special // the comma and the name stand right behind the run, and the value is as in events
		if special&opens != 0 {
			to, comma, end = int(e.start)+1, 0, int(e.next)
			w.open = append(w.open, uint32(t))
			t++
			continue
		}
		to, comma, t = int(e.end), 1, int(e.next)
		switch {
		case special == 0:
		case special&tells != 0:
			w.timeOf(e, v.view)
		default:
			w.indicate(special, int(e.start)+1, to-1, true)
		}
	}
}

// other writes the value at t, which does not lengthen the run, if events have it. comma is how many commas stand before it, 0 or 1;
// it returns how many stand before the next one.
func (w *worker) other(t, comma, outside int, outer kind) int {
	e := &w.tape[t]
	v := &w.chosen.emits[w.chosen.places[e.field]]
	if v.view == nil {
		return comma
	}
	if w.has(t, v.view) {
		w.name(e, v, comma)
		w.member(t, v.view)
		return 1
	}
	if last := len(w.open) - 1; last >= outside {
		outer = w.tape[w.open[last]].kind
	}
	if outer == array {
		w.comma(int(e.start), comma)
		w.null(e)
		return 1
	}
	return comma
}

// has reports whether the event has the value at t, and notes if it has not because the line has another one of its name behind it.
func (w *worker) has(t int, v *view) bool {
	e := &w.tape[t]
	switch {
	case v.typ == typSource:
		return false
	case e.flags&duplicate != 0:
		w.duplicates = true
		return false
	}
	return e.kind > str || !w.isAbsent(t, v)
}

// null writes an element that is absent, so that the others keep their places.
func (w *worker) null(e *entry) {
	if e.kind == null && e.flags&bare == 0 {
		w.copy(int(e.start), int(e.end))
		return
	}
	w.flush(int(e.end))
	w.out = append(w.out, "null"...)
}

// name writes the name of a member, and the comma before it if there is one: comma is 0 or 1. Of an element there is no name.
func (w *worker) name(e *entry, v *emit, comma int) {
	if e.flags&plainKey == 0 || v.literal != "" {
		literal := cmp.Or(v.literal, w.literals[e.field])
		w.flush(int(e.start))
		w.out = append(w.out, literal[1-comma:]...)
		return
	}
	start := int(e.start) - int(v.name)
	if v.name == longName {
		start = int(e.start) + len(",") - len(w.literals[e.field])
	}
	w.comma(start, comma)
	w.copy(start, int(e.start))
}

// comma writes so many commas, 0 or 1, before what stands at start.
func (w *worker) comma(start, comma int) {
	switch {
	case comma == 0:
	case w.to+1 == start && w.buf[w.to] == ',':
		w.to++
	default:
		w.flush(start)
		w.out = append(w.out, ',')
	}
}

// member writes the value of the entry at t, or of the JSON in its string.
func (w *worker) member(t int, v *view) {
	t = w.innermost(t, v)
	w.content(t, &w.tape[t], v)
}

// innermost returns the entry that counts of the one at t: that of the JSON in its string, if the schema wants that.
func (w *worker) innermost(t int, v *view) int {
	e := &w.tape[t]
	if !v.embedded || e.flags&inner == 0 {
		return t
	}
	w.replaced = w.replaced || w.isReplaced(e)
	return t + 1
}

// content writes a value as its schema wants it.
func (w *worker) content(t int, e *entry, v *view) {
	switch v.typ {
	case typString:
		w.string(e, v)
	case typObject, typArray:
		w.copy(int(e.start), int(e.start)+1)
		w.values(t+1, int(e.next), e.kind)
		w.copy(int(e.end)-1, int(e.end))
	case typJSON:
		w.json(e)
	case typTimestamp:
		w.timestamp(e, v)
	default:
		w.scalar(e, v)
	}
}

// string writes a text; of a number or boolean, its bytes.
func (w *worker) string(e *entry, v *view) {
	start, end := int(e.start), int(e.end)
	textStart, textEnd, plain := start, end, false
	switch {
	case v.field.Mask != nil:
		w.flush(end)
		w.out = appendString(w.out, v.field.Mask.Apply(string(w.textOf(e))))
		return
	case e.kind != str:
		w.flush(end)
		w.out = append(append(append(w.out, '"'), w.buf[start:end]...), '"')
	case e.flags&bare != 0:
		w.flush(end)
		w.out = appendText(w.out, w.buf[start:end])
		w.replaced = w.replaced || e.flags&altered != 0
	case e.flags&rewritten != 0 || e.flags&high != 0 && !utf8.Valid(w.buf[start:end]):
		w.flush(end)
		var replaced bool
		w.out, replaced = appendLiteral(append(w.out, '"'), w.buf[start+1:end-1])
		w.out = append(w.out, '"')
		w.replaced = w.replaced || replaced
		if v.indicators != 0 {
			textStart, textEnd = w.decoded(e)
		}
	default:
		w.copy(start, end)
		textStart, textEnd, plain = start+1, end-1, true
		if v.indicators != 0 && e.flags&escaped != 0 {
			textStart, textEnd = w.decoded(e)
			plain = false
		}
	}
	if v.indicators != 0 {
		w.indicate(v.indicators, textStart, textEnd, plain)
	}
}

// timestamp writes a time.
func (w *worker) timestamp(e *entry, v *view) {
	at, seen := w.timeOf(e, v)
	if seen&canonical != 0 && seen&(bare|escaped) == 0 {
		w.copy(int(e.start), int(e.end))
		return
	}
	w.flush(int(e.end))
	w.out = append(w.times.append(append(w.out, '"'), at), '"')
}

// timeOf reads a time, and notes it if it is that of the event: of the first such field in the order of the schema.
func (w *worker) timeOf(e *entry, v *view) (at instant, seen flags) {
	if e.flags&converted == 0 { // schemas want it in several forms
		own := *e
		w.convs[v.conv].convert(&own, w.textOf(e), true)
		e = &own
	}
	at = instant{e.value, e.nanos}
	if v.eventTime && (w.timeRank == 0 || v.rank < w.timeRank) {
		w.eventTime, w.timeRank = at, v.rank
	}
	return at, e.flags
}

// scalar writes a number or boolean.
func (w *worker) scalar(e *entry, v *view) {
	start, end := int(e.start), int(e.end)
	asIs := e.kind == boolean && v.typ == typBoolean ||
		e.kind == number && v.typ.isInteger() && e.flags&rewritten == 0 ||
		e.kind == number && v.typ == typFloat && isShortest(w.buf[start:end])
	if asIs {
		w.copy(start, end)
		return
	}
	w.flush(end)
	text := w.textOf(e)
	switch {
	case v.typ.isInteger() && (text[0]-'1' <= 8 || len(text) == 1):
		w.out = append(w.out, text...)
	case v.typ == typBoolean:
		w.out = strconv.AppendBool(w.out, isTrue(text))
	case v.typ == typFloat:
		w.out = appendFloat(w.out, text)
	default:
		value, _ := parseInteger(text)
		w.out = strconv.AppendInt(w.out, value, 10)
	}
}

// json writes any value: without white space, strings as events have them.
func (w *worker) json(e *entry) {
	start, end := int(e.start), int(e.end)
	switch {
	case e.flags&bare != 0:
		w.flush(end)
		w.out = appendText(w.out, w.buf[start:end])
		w.replaced = w.replaced || e.flags&altered != 0
	case e.flags&rewritten == 0 && (e.flags&high == 0 || utf8.Valid(w.buf[start:end])):
		w.copy(start, end)
	default:
		w.flush(end)
		w.rewrite(w.buf[start:end])
	}
}

// rewrite writes JSON anew that is known to be valid.
func (w *worker) rewrite(b []byte) {
	for i := 0; i < len(b); {
		switch c := b[i]; c {
		case ' ', '\t', '\n', '\r':
			i++
		case '"':
			end := i + 1
			for b[end] != '"' {
				if b[end] == '\\' {
					end++
				}
				end++
			}
			var replaced bool
			w.out, replaced = appendLiteral(append(w.out, '"'), b[i+1:end])
			w.out = append(w.out, '"')
			w.replaced = w.replaced || replaced
			i = end + 1
		default:
			w.out = append(w.out, c)
			i++
		}
	}
}

// isReplaced reports whether the string of an entry has something that is no UTF-8.
func (w *worker) isReplaced(e *entry) bool {
	if e.flags&bare != 0 {
		return e.flags&altered != 0
	}
	literal := w.buf[e.start+1 : e.end-1]
	if e.flags&rewritten == 0 {
		return e.flags&high != 0 && !utf8.Valid(literal)
	}
	var replaced bool
	w.text, replaced = decode(w.text[:0], literal)
	return replaced
}
