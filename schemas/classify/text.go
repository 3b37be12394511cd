package classify

import (
	"bytes"
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
		return &regexSplitter{Regex: p.Regex, fields: fieldsOf(p.Regex.Fields)}
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
func (w *worker) splitLine(s splitter, header []byte, m mask) (ok, skip bool) {
	line := withoutEnd(w.buf[:w.size])
	text := s.text()
	if text.SkipPrefix != "" && bytes.HasPrefix(line, []byte(text.SkipPrefix)) {
		return false, true
	}
	fields, ok := s.split(w, line, header)
	if s.isHeader(w, line, header, ok) {
		return false, true
	}
	if !ok {
		return false, false
	}
	w.alive = m
	given, absent := w.frame(w.nodes[0].words)
	valid := utf8.Valid(line)
	for i := range w.cells {
		if fields[i] < 0 {
			continue
		}
		f := &w.fields[fields[i]]
		t := w.recordCell(&w.cells[i], f, text.EmptyValues, valid)
		place, bit := f.index>>6, uint64(1)<<(f.index&63)
		given[place] |= bit
		absent[place] &^= bit
		if e := &w.tape[t]; e.kind == null {
			absent[place] |= bit
			continue
		}
		if rest := f.known & m &^ f.text; rest != 0 && w.textValue(t, f, rest, 0, 1) < 0 {
			return true, false
		}
		if w.tape[t].flags&maybe != 0 {
			absent[place] |= bit
		}
	}
	w.kill(w.lacking(0, 0, m, given, absent, 0, len(w.tape)))
	return true, false
}

// withoutEnd cuts off the end of a line, if the line still has it.
func withoutEnd(line []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
}

// recordCell puts a cell on the tape.
func (w *worker) recordCell(c *cell, f *field, empty []string, valid bool) int {
	seen := bare
	if text := w.buf[c.from:c.to]; !valid && !utf8.Valid(text) {
		from := len(w.buf)
		w.buf, _ = decodeUTF8(w.buf, text)
		c.from, c.to = from, len(w.buf)
		seen |= altered
	}
	k := str
	for _, e := range empty {
		if e == string(w.buf[c.from:c.to]) {
			k = null
		}
	}
	return w.record(f.id, k, seen, c.from, c.to)
}
