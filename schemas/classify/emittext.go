package classify

import "cmp"

// A textColumn is a field of a line of text, as events have it. A line of text has no names and no nesting, and only one schema,
// so that what is to be done for each of its values is known before.
type textColumn struct {
	emit
	plain   bool
	literal []byte // ,"name": with padding behind it
	size    int    // of the literal
	convert *conv  // what its texts have to be; nil: nothing, or more than one conversion says
}

func newTextColumns(u *union) []textColumn {
	columns := make([]textColumn, len(u.fields))
	for id := range columns {
		if r := u.rule(0, uint32(id)); r.known&1 != 0 {
			v := u.view(0, r, 1)
			literal := cmp.Or(v.literal, u.literals[id])
			columns[id] = textColumn{emit: newEmit(v, 0), plain: v.plain, literal: append([]byte(literal), zeros[:16]...), size: len(literal)}
			if v.typ.isConverted() {
				columns[id].convert = &u.convs[v.conv]
			}
		}
	}
	return columns
}

// columns writes the members of a line of text.
func (w *worker) columns(columns []textColumn) {
	out, first := w.out, 1
	for t := 0; t < len(w.tape); t = int(w.tape[t].next) {
		e := &w.tape[t]
		c := &columns[e.field]
		if e.flags&duplicate != 0 {
			w.duplicates = w.duplicates || c.typ != typSource
			continue
		}
		isText := c.plain && e.kind == str && e.flags&^tidy == bare
		isThere := isText || c.typ.isInteger() && e.kind == str && e.start < e.end
		if !isThere && (c.typ == typSource || w.state(t, c.view) == absent) {
			continue
		}
		out = appendShort(out, c.literal, first, c.size)
		first = 0
		switch start, end := int(e.start), int(e.end); {
		case isText && e.flags&tidy != 0:
			out = append(appendShort(append(out, '"'), w.buf, start, end), '"')
		case isText:
			out = appendTextAt(out, w.buf, start, end)
		case c.typ.isInteger() && e.flags&bare != 0 && (w.buf[start]-'1' <= 8 || end-start == 1):
			out = appendShort(out, w.buf, start, end)
		default:
			w.out, w.from, w.to = out, start, start
			w.member(t, c.view)
			w.flush(0)
			out = w.out
		}
		if isText && c.indicators != 0 {
			w.indicate(c.indicators, int(e.start), int(e.end), e.flags&tidy != 0)
		}
	}
	w.out = out
}
