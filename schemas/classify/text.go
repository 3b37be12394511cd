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
	w.cells[n].set(start, end)
	return &w.cells[n]
}

// set makes it the text between two places of the line: field by field, as an entry's set does it.
func (c *cell) set(start, end int) {
	c.start, c.end, c.from, c.to, c.made = start, end, start, end, false
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
	return newMatchSplitter(p.FastMatch, fieldsOf)
}

// splitLine cuts the line into the tape of a part for text, for its schema or for the recorder. It reports whether the line
// has the format, or whether it is to be skipped. Afterwards w.alive tells whether its values convert.
func (w *worker) splitLine(p *part, header []byte, m mask) (ok, skip bool) {
	line := withoutEnd(w.buf[:w.size])
	if prefix := p.split.text().SkipPrefix; prefix != "" && bytes.HasPrefix(line, []byte(prefix)) {
		return false, true
	}
	w.between = 0
	fields, ok := p.split.split(w, line, header)
	if p.split.isHeader(w, line, header, ok) {
		return false, true
	}
	if !ok {
		return false, false
	}
	w.alive = m
	present, ok := w.takeCells(p, fields, bare|tidinessOf(line, w.between), m)
	if ok && (present < p.present || w.repeated) {
		w.kill(w.lackingCells(m))
	}
	return true, false
}

// takeCells puts the cells of a line on the tape, and counts those present that are required; false: no schema is left.
func (w *worker) takeCells(p *part, fields []int32, seen flags, m mask) (present int, ok bool) {
	buf, cells, columns := w.buf, w.cells[:len(fields)], p.columns
	tape, n := w.tape[:cap(w.tape)], len(w.tape)
	for i, id := range fields {
		if id < 0 {
			continue
		}
		x, c := &cells[i], &columns[id]
		switch size := x.to - x.from; {
		case seen&altered != 0 || n == len(tape) || size == 1 && buf[x.from] == p.empty.single:
		case c.simple:
			tape[n].set(uint32(id), str, seen, x.from, x.to, n+1)
			present += c.required
			n++
			continue
		case c.limit >= 0: // mostly it is one, and else the conversion says what is wrong
			if value, ok := shortDigits(buf[x.from:x.to]); ok && value <= c.limit {
				e := &tape[n]
				e.set(uint32(id), str, seen|converted, x.from, x.to, n+1)
				e.value, e.nanos = value, 0
				present += c.required
				n++
				continue
			}
		}
		w.tape = w.tape[:n]
		isPresent, ok := w.takeCell(p, x, id, seen, m)
		if !ok {
			return present, false
		}
		present += isPresent
		tape, n = w.tape[:cap(w.tape)], len(w.tape)
	}
	w.tape = w.tape[:n]
	return present, true
}

// takeCell puts a cell on the tape that may not be text as it stands. It returns 1 if it is present and required, else 0; false: no
// schema is left.
func (w *worker) takeCell(p *part, x *cell, id int32, seen flags, m mask) (present int, ok bool) {
	c, t := &p.columns[id], len(w.tape)
	if seen&altered != 0 {
		seen = bare | w.mend(x)
	}
	e := w.newEntry()
	e.set(uint32(id), str, seen, x.from, x.to, t+1)
	text := w.buf[x.from:x.to]
	if p.empty.has(text) {
		e.kind = null
		return 0, true
	}
	if c.judged && !w.judgeCell(t, &w.fields[id], c, m) {
		return 0, false
	}
	if w.tape[t].flags&maybe != 0 {
		return 0, true
	}
	return c.required, true
}

// lackingCells returns the schemas that miss a field in the line on the tape. Its frame is there until the next line.
func (w *worker) lackingCells(m mask) mask {
	given, absent := w.frame(w.nodes[0].words)
	for t := 0; t < len(w.tape); t = int(w.tape[t].next) {
		e := &w.tape[t]
		place, bit := e.field>>6, uint64(1)<<(e.field&63)
		given[place] |= bit
		if e.kind == null || e.flags&maybe != 0 {
			absent[place] |= bit
		}
	}
	return w.lacking(0, 0, m, given, absent, 0, len(w.tape))
}

// tidinessOf says what is known of all cells of a line: the flags tidy and altered. So many quotes stand between the cells: if there
// are no others, there are none in them.
func tidinessOf(line []byte, quotes int) flags {
	switch {
	case quotes == 0 && isTidy(line),
		quotes > 0 && isPrintable(line) && bytes.IndexByte(line, '\\') < 0 && bytes.Count(line, []byte{'"'}) == quotes:
		return tidy
	case !utf8.Valid(line):
		return altered
	}
	return 0
}

// judgeCell judges the cell at t, which is not null; false: no schema is left.
func (w *worker) judgeCell(t int, f *field, c *textColumn, m mask) bool {
	e := &w.tape[t]
	rest := f.known & m &^ f.text
	switch {
	case rest == 0:
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
	n := len(line)
	if n > 0 && line[n-1] == '\n' {
		n--
	}
	if n > 0 && line[n-1] == '\r' {
		n--
	}
	return line[:n]
}

// mend makes UTF-8 of a cell that may be none, and returns the flag altered if it was none.
func (w *worker) mend(c *cell) flags {
	text := w.buf[c.from:c.to]
	if utf8.Valid(text) {
		return 0
	}
	from := len(w.buf)
	w.buf, _ = decodeUTF8(w.buf, text)
	c.from, c.to = from, len(w.buf)
	return altered
}

// Empty texts stand for null. In most formats there is one, of one byte.
type emptyTexts struct {
	single byte     // 0: there is none, or others as well
	all    []string // unless there is a single one
}

func newEmptyTexts(texts []string) emptyTexts {
	if len(texts) == 1 && len(texts[0]) == 1 && texts[0] != "\x00" {
		return emptyTexts{single: texts[0][0]}
	}
	return emptyTexts{all: texts}
}

func (e *emptyTexts) has(text []byte) bool {
	if len(text) == 1 && text[0] == e.single && e.single != 0 {
		return true
	}
	for _, one := range e.all {
		if one == string(text) {
			return true
		}
	}
	return false
}
