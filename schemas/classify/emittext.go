package classify

import (
	"bytes"
	"cmp"
	"slices"
)

// A textColumn is a field of a line of text, as events have it. A line of text has no names and no nesting, and only one schema,
// so that what is to be done for each of its values is known before.
type textColumn struct {
	*view
	indicators uint32
	judged     bool            // not any text will do
	simple     bool            // any will, and at most one of one byte stands for null
	required   int             // 1: lines without it do not match; else 0
	quotes     uint8           // 1: around its texts there are quotes
	asTidy     flags           // of a text that events have as it stands; malformed: they have none
	convert    *conv           // what its texts have to be; nil: nothing, or more than one conversion says
	limit      int64           // the largest integer that it may be; -1: it is none, or a text stands for null that is not one single byte
	literal    []byte          // ,"name":
	short      [shortName]byte // the same, if it is no longer
}

// What is no longer is copied as so many bytes, whatever is behind it: that is faster than to copy fewer.
const (
	shortName = 40
	shortText = 32
)

func newTextColumns(u *union, empty emptyTexts) []textColumn {
	columns := make([]textColumn, len(u.fields))
	for id := range columns {
		r := u.rule(0, uint32(id))
		if r.known&1 == 0 {
			continue
		}
		v := u.view(0, r, 1)
		c := textColumn{view: v, indicators: v.indicators, judged: r.known&^r.text&1 != 0, asTidy: malformed, limit: -1}
		c.literal = []byte(cmp.Or(v.literal, u.literals[id]))
		copy(c.short[:], c.literal)
		c.simple = !c.judged && empty.all == nil
		if r := &u.groups[0].required[0]; r.schemas != 0 && id < 64*r.words {
			c.required = int(r.of(0)[id>>6] >> (id & 63) & 1)
		}
		if v.typ.isConverted() {
			c.convert = &u.convs[v.conv]
		}
		switch {
		case v.plain:
			c.quotes, c.asTidy = 1, bare
		case v.typ.isInteger():
			c.asTidy = bare | converted
			if empty.all == nil {
				c.limit = limits[v.typ]
			}
		}
		columns[id] = c
	}
	return columns
}

// columns writes the members of a line of text, behind the brace.
func (w *worker) columns(columns []textColumn) {
	brace := len(w.out) - 1 // the comma before the first name is written over it
	buf, out, n := w.buf, w.out[:cap(w.out)], brace
	areTidy := w.areTidy()
	for t, next := 0, 0; t < len(w.tape); t = next {
		e := &w.tape[t]
		next = int(e.next)
		c, start, end := &columns[e.field], int(e.start), int(e.end)
		tidy := areTidy && t < w.ofLine
		if !tidy || e.flags != c.asTidy || e.kind != str || c.quotes == 0 && buf[start]-'1' > 8 && end-start > 1 {
			w.out = out[:n]
			w.column(t, c, tidy)
			out, n = w.out[:cap(w.out)], len(w.out)
			continue
		}
		if need := n + len(c.literal) + shortName + end - start + shortText; need > len(out) {
			w.out = slices.Grow(out[:n], need-n)
			out = w.out[:cap(w.out)]
		}
		if len(c.literal) <= shortName {
			*(*[shortName]byte)(out[n : n+shortName]) = c.short
		} else {
			copy(out[n:], c.literal)
		}
		n += len(c.literal)
		out[n] = '"'
		n += int(c.quotes)
		if end-start <= shortText && start+shortText <= len(buf) {
			*(*[shortText]byte)(out[n : n+shortText]) = [shortText]byte(buf[start : start+shortText])
		} else {
			copy(out[n:], buf[start:end])
		}
		n += end - start
		out[n] = '"'
		n += int(c.quotes)
		if c.indicators != 0 {
			w.indicate(c.indicators, start, end, true)
		}
	}
	w.out = out[:max(n, brace+1)]
	w.out[brace] = '{'
}

// areTidy reports whether no byte of any cell is escaped in events, or outside of ASCII. So many quotes stand between the cells: if
// there are no others, there are none in them.
func (w *worker) areTidy() bool {
	line := withoutEnd(w.buf[:w.size])
	if w.between == 0 {
		return isTidy(line)
	}
	return isPrintable(line) && bytes.IndexByte(line, '\\') < 0 && bytes.Count(line, []byte{'"'}) == w.between
}

// column writes the member at t, if it is there.
func (w *worker) column(t int, c *textColumn, tidy bool) {
	e := &w.tape[t]
	switch {
	case e.flags&duplicate != 0:
		w.duplicates = w.duplicates || c.typ != typSource
		return
	case c.typ == typSource || w.isAbsent(t, c.view):
		return
	}
	start, end := int(e.start), int(e.end)
	w.out = append(w.out, c.literal...)
	if c.plain && e.kind == str && e.flags == bare {
		w.out = appendTextAt(w.out, w.buf, start, end)
		if c.indicators != 0 {
			w.indicate(c.indicators, start, end, tidy)
		}
		return
	}
	w.from, w.to = start, start
	w.member(t, c.view)
	w.flush(0)
}
