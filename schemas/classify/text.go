package classify

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"panther/schemas/logtype"
)

// A splitter cuts a line of text into cells.
type splitter interface {
	// split puts the cells into w.cells, and returns the fields that they are of; -1 is a cell that nobody wants. If the line
	// cannot be cut, ok is false and w.misfit says why.
	split(w *worker, line, header []byte) (fields []int32, ok bool)
	// text is what the formats have in common.
	text() *logtype.Text
	// isHeader reports whether the cells repeat the names of the columns.
	isHeader(w *worker, line, header []byte, ok bool) bool
}

// A cell is a value of a line of text: what it says, in the worker's buffer, and where that is from.
type cell struct {
	start, end int  // its place in the line, with its quotes
	from, to   int  // what it says
	made       bool // it was put together of what stands at that place
}

// addCell adds a cell that says what stands in the line between two places.
func (w *worker) addCell(start, end int) *cell {
	n := len(w.cells)
	w.cells = slices.Grow(w.cells, 1)[:n+1]
	c := &w.cells[n] // field by field, as record does it
	c.start, c.end, c.from, c.to, c.made = start, end, start, end, false
	return c
}

// A misfit says where a line of text leaves its format.
type misfit struct {
	start, end int
	expected   string           // of csv, unless the number of cells is wrong
	got        string           // empty: what stands there
	cells      int              // that were found
	columns    int              // that csv wants
	pattern    *logtype.Pattern // of fastmatch
}

// newSplitter compiles the parser of a schema of text, whose fields are the root of u.
func newSplitter(p logtype.Parser, u *union) splitter {
	fieldsOf := func(names []string) (fields []int32) {
		for _, name := range names {
			k := int32(-1)
			if name != "_" && name != "" {
				k = int32(u.nodes[0].keys.find([]byte(name), u.names))
			}
			fields = append(fields, k)
		}
		return fields
	}
	switch {
	case p.CSV != nil:
		return &csvSplitter{CSV: p.CSV, fields: fieldsOf(p.CSV.Columns), fieldsOf: fieldsOf}
	case p.Regex != nil:
		return &regexSplitter{Regex: p.Regex, fields: fieldsOf(p.Regex.Fields), cutter: newCutter(p.Regex.Regexp.String())}
	}
	s := &matchSplitter{FastMatch: p.FastMatch}
	for i := range p.FastMatch.Patterns {
		pattern := &p.FastMatch.Patterns[i]
		quotes := make([]byte, len(pattern.Fields))
		for k := range quotes {
			quotes[k] = quoteAround(pattern, k)
		}
		s.fields, s.quotes = append(s.fields, fieldsOf(pattern.Fields)), append(s.quotes, quotes)
	}
	return s
}

// splitLine cuts the line into the tape of a part for text, for its schema or for the recorder. It reports whether the line
// has the format, or whether it is to be skipped. Afterwards w.alive tells whether its values convert.
func (w *worker) splitLine(p *part, header []byte, m mask) (ok, skip bool) {
	line := withoutEnd(w.buf[:w.size])
	if prefix := p.split.text().SkipPrefix; prefix != "" && bytes.HasPrefix(line, []byte(prefix)) {
		return false, true
	}
	fields, ok := p.split.split(w, line, header)
	if p.split.isHeader(w, line, header, ok) {
		return false, true
	}
	if !ok {
		return false, false
	}
	w.alive = m
	given, absent := w.frame(w.nodes[0].words)
	seen := bare | tidinessOf(line)
	for i := range w.cells {
		id := fields[i]
		if id < 0 {
			continue
		}
		f, c := &w.fields[id], &p.columns[id]
		t := w.recordCell(&w.cells[i], f.id, &p.empty, seen)
		if !w.takeCell(t, f, c, m) {
			return true, false
		}
		if c.view == nil || !c.required {
			continue
		}
		place, bit := f.index>>6, uint64(1)<<(f.index&63)
		given[place] |= bit
		absent[place] &^= bit
		if e := &w.tape[t]; e.kind == null || e.flags&maybe != 0 {
			absent[place] |= bit
		}
	}
	w.kill(w.lacking(0, 0, m, given, absent, 0, len(w.tape)))
	return true, false
}

// tidinessOf says what is known of all cells of a line: the flags tidy and altered.
func tidinessOf(line []byte) flags {
	switch {
	case isTidy(line):
		return tidy
	case !utf8.Valid(line):
		return altered
	}
	return 0
}

// takeCell judges the cell at t; false: no schema is left.
func (w *worker) takeCell(t int, f *field, c *textColumn, m mask) bool {
	e := &w.tape[t]
	rest := f.known & m &^ f.text
	switch {
	case rest == 0 || e.kind == null:
		return true
	case c.convert == nil || m == recorder || e.start == e.end:
		return w.textValue(t, f, rest, 0, 1) >= 0
	case c.convert.convert(e, w.buf[e.start:e.end], true) == fits:
		return true
	}
	return w.left(0, rest) >= 0
}

// withoutEnd cuts off the end of a line, if the line still has it.
func withoutEnd(line []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
}

// recordCell puts a cell on the tape. seen is what is known of the line.
func (w *worker) recordCell(c *cell, field uint32, empty *emptyTexts, seen flags) int {
	k := str
	if seen&altered != 0 {
		if text := w.buf[c.from:c.to]; utf8.Valid(text) {
			seen &^= altered
		} else {
			from := len(w.buf)
			w.buf, _ = decodeUTF8(w.buf, text)
			c.from, c.to = from, len(w.buf)
		}
	}
	if empty.has(w.buf[c.from:c.to]) {
		k = null
	}
	return w.record(field, k, seen, c.from, c.to)
}

// Empty texts stand for null. In most formats there is one, of one byte.
type emptyTexts struct {
	single byte     // 0: there is none, or others as well
	all    []string // unless there is a single one
}

func newEmptyTexts(texts []string) emptyTexts {
	if len(texts) == 1 && len(texts[0]) == 1 {
		return emptyTexts{single: texts[0][0]}
	}
	return emptyTexts{all: texts}
}

func (e *emptyTexts) has(text []byte) bool {
	if e.single != 0 {
		return len(text) == 1 && text[0] == e.single
	}
	for _, one := range e.all {
		if one == string(text) {
			return true
		}
	}
	return false
}
