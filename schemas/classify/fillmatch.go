package classify

import (
	"encoding/json"
	"unicode/utf8"
)

// AddMatched fills a row from a line, for who classifies lines and makes tables of them in one go: l is the line that e has looked
// at last, by Match or Check, and matches; nor has another Checker of e's Worker looked at one since. The row is the one that Add
// makes of the line's event. No event is written if the first column of each field, and of each member that all events have, is of
// its type and its own; else one is, and that takes longer. What Check has returned as the event is not valid any more. In the
// pipeline a topic is between the classifier and the lake, which fills its tables from events.
func (f *Filler) AddMatched(e *Engine, l *Line, row int) (left map[string]json.RawMessage) {
	m := &e.matches[e.best]
	y := f.layoutOf(m.part, &m.part.members[m.member])
	if y == nil {
		return f.Add(e.event(m.part, m.member, l), row)
	}
	e.begin(m.part, m.member)
	y.putMembers(e.worker, 0, len(e.tape), row)
	y.putOwn(e.worker, l, row)
	return nil
}

// putMembers fills columns from those members of an object, between two entries, that the schema knows and that are present, and
// from those of the objects in it.
func (y *layout) putMembers(w *worker, from, to, row int) {
	tape, places, slots := w.tape, w.chosen.places, y.slots
	for t, next := from, 0; t < to; t = next {
		e := &tape[t]
		next = int(e.next)
		x := &slots[places[e.field]]
		switch {
		case uint32(x.asIs)&(1<<(e.kind&31)) != 0 && (e.flags^x.known)&x.odd == 0:
			x.column.padTo(row)
			switch x.content {
			case itsValue:
				x.column.AppendInt(e.value)
			case itsTime:
				at, _ := w.timeOf(e, x.view)
				x.column.AppendInt(at.micros())
			default:
				start, end := int(e.start)+int(x.quotes), int(e.end)-int(x.quotes)
				x.column.appendFrom(w.buf, start, end)
				if x.indicators != 0 {
					w.indicate(x.indicators, start, end, false)
				}
			}
		case x.view == nil: // the event does not have it
		case e.flags&duplicate != 0:
			w.duplicates = true
		case e.kind == object && x.typ == typObject && !x.json:
			x.column.padTo(row)
			x.column.Len++
			next = t + 1 // its members are of the same row
		case e.kind > str || !w.isAbsent(t, x.view):
			y.put(w, t, x, row)
		}
	}
}

// put puts the value of the entry at t, or of the JSON in its string, into a row.
func (y *layout) put(w *worker, t int, x *slot, row int) {
	t = w.innermost(t, x.view)
	e, c := &w.tape[t], x.column
	c.padTo(row)
	if x.json {
		c.AppendText(w.contentAlone(t, e, x.view))
		return
	}
	switch x.typ {
	case typString:
		w.putString(c, e, x.view)
	case typObject:
		c.Len++
		y.putMembers(w, t+1, int(e.next), row)
	case typArray:
		y.putElements(w, t, c)
	case typTimestamp:
		at, _ := w.timeOf(e, x.view)
		c.AppendInt(at.micros())
	case typFloat:
		value, _ := parseFloat(w.textOf(e))
		c.appendFloat(value)
	case typBoolean:
		c.AppendBool(isTrue(w.textOf(e)))
	default:
		value, _ := w.convs[x.conv].integer(e, w.textOf(e))
		c.AppendInt(value)
	}
}

// contentAlone returns what an event has as a value; it is valid until the next call.
func (w *worker) contentAlone(t int, e *entry, v *view) []byte {
	w.out, w.from, w.to = w.out[:0], 0, 0
	w.content(t, e, v)
	if len(w.out) == 0 {
		return w.buf[w.from:w.to]
	}
	w.flush(0)
	return w.out
}

// putElements puts the elements of the array at t into a list; those that are absent are null.
func (y *layout) putElements(w *worker, t int, list *Column) {
	field := w.fields[w.tape[t].field].element
	place := w.chosen.places[field]
	x := &y.slots[place]
	for k, end := t+1, int(w.tape[t].next); k < end; k = int(w.tape[k].next) {
		if row := x.column.Len; w.isAbsent(k, x.view) {
			x.column.pad(row + 1)
		} else {
			y.put(w, k, x, row)
		}
	}
	list.EndList()
}

// putString puts a text into a column; of a number or boolean, its bytes.
func (w *worker) putString(c *Column, e *entry, v *view) {
	start, end, plain := int(e.start), int(e.end), false
	switch {
	case v.field.Mask != nil:
		c.AppendString(v.field.Mask.Apply(string(w.textOf(e))))
		return
	case e.kind != str:
	case e.flags&bare != 0:
		w.replaced = w.replaced || e.flags&altered != 0
	case e.flags&escaped != 0 || e.flags&high != 0 && !utf8.Valid(w.buf[start:end]):
		w.replaced = w.replaced || w.isReplaced(e)
		start, end = w.decoded(e)
	default:
		start, end, plain = start+1, end-1, true
	}
	c.appendFrom(w.buf, start, end)
	if v.indicators != 0 {
		w.indicate(v.indicators, start, end, plain)
	}
}

// putOwn fills the columns of the p_ fields.
func (y *layout) putOwn(w *worker, l *Line, row int) {
	w.origin.read(l)
	at := w.origin.at.micros()
	y.putTime(ownParseTime, at, row)
	if w.timeRank > 0 {
		at = w.eventTime.micros()
	}
	y.putTime(ownEventTime, at, row)
	y.putPadded(ownLogType, y.logType, row)
	y.putRowID(l.RowID, row)
	y.putPadded(ownSourceID, w.origin.validID, row)
	y.putPadded(ownSourceLabel, w.origin.validLabel, row)
	if l.SourceFile != "" {
		y.putText(ownSourceFile, validUTF8(l.SourceFile), row)
	}
	if c := y.own[ownVersion]; c != nil {
		c.padTo(row)
		c.AppendInt(y.schema.Version)
	}
	if c := y.own[ownHeader]; c != nil && len(l.Envelope) > 0 {
		c.padTo(row)
		c.AppendText(l.Envelope)
	}
	if c := y.own[ownFlags]; c != nil && (w.duplicates || w.replaced) {
		c.padTo(row)
		if w.duplicates {
			c.Children[0].AppendString(FlagDuplicateKeys)
		}
		if w.replaced {
			c.Children[0].AppendString(FlagInvalidUTF8)
		}
		c.EndList()
	}
	y.putSets(w, row)
}

func (y *layout) putTime(own int, micros int64, row int) {
	if c := y.own[own]; c != nil {
		c.padTo(row)
		c.AppendInt(micros)
	}
}

// putText puts a text, which is UTF-8, into a column of its own, if there is one.
func (y *layout) putText(own int, text string, row int) {
	if c := y.own[own]; c != nil {
		c.padTo(row)
		c.AppendString(text)
	}
}

// putPadded is putText of a text that has padding: many rows have the same one, which is copied faster so.
func (y *layout) putPadded(own int, text []byte, row int) {
	if c := y.own[own]; c != nil {
		c.padTo(row)
		c.appendFrom(text[:cap(text)], 0, len(text))
	}
}

// putRowID is putText of what may be no UTF-8. Each line has its own: it is seen fastest where it stands in the column.
func (y *layout) putRowID(id string, row int) {
	c := y.own[ownRowID]
	if c == nil || c.Kind != TextColumn {
		y.putText(ownRowID, validUTF8(id), row)
		return
	}
	c.padTo(row)
	n := len(c.Values)
	if c.AppendString(id); !isASCII(c.Values[n:]) {
		c.Values, c.Offsets = append(c.Values[:n], validUTF8(id)...), c.Offsets[:len(c.Offsets)-4]
		c.endAt(uint32(len(c.Values)))
	}
}

// putSets puts the indicators that were found into their lists: each sorted by bytes, each value once.
func (y *layout) putSets(w *worker, row int) {
	for used := w.found.used; used != 0; used &= used - 1 {
		set := lowest(used)
		list := y.sets[set]
		if list == nil {
			continue
		}
		list.padTo(row)
		for _, p := range w.distinct(set) {
			list.Children[0].appendFrom(w.buf, int(p.from), int(p.to))
		}
		list.EndList()
	}
}
