package classify

import (
	"bytes"
	"unicode/utf8"

	"panther/schemas/logtype"
)

// A splitter cuts a line of text into cells.
type splitter interface {
	// split puts the cells that somebody wants on the tape, as texts. If the line cannot be cut, ok is false and w.misfit says why.
	split(w *worker, line, header []byte) (ok bool)
	// text is what the formats have in common.
	text() *logtype.Text
	// isHeader reports whether the cells on the tape repeat the names of the columns.
	isHeader(w *worker, line, header []byte, ok bool) bool
}

// A cell is a value of a line of text: what it says, in the worker's buffer, and where that is from.
type cell struct {
	start, end int  // its place in the line, with its quotes
	from, to   int  // what it says
	made       bool // it was put together of what stands at that place
}

// addCell puts a cell on the tape, of a field or, if that is negative, of none. Where it is from is noted if it says anything else
// than what stands there.
func (w *worker) addCell(field int32, c cell) {
	if field < 0 {
		return
	}
	if c.from != c.start {
		w.cells = append(w.cells, c)
	}
	w.record(uint32(field), str, bare, c.from, c.to)
}

// cellAt is a cell that says what stands between two places of the line.
func cellAt(start, end int) cell { return cell{start: start, end: end, from: start, to: end} }

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
	if len(p.skipPrefix) > 0 && bytes.HasPrefix(line, p.skipPrefix) {
		return false, true
	}
	w.between = 0
	ok = p.split.split(w, line, header)
	if p.split.isHeader(w, line, header, ok) {
		return false, true
	}
	if !ok {
		return false, false
	}
	w.alive = m
	if !isASCII(line) && !utf8.Valid(line) {
		w.mendCells()
	}
	present, ok := w.judgeCells(p, m)
	if ok && (present < p.present || w.repeated) {
		w.kill(w.lackingCells(m))
	}
	return true, false
}

// judgeCells judges the cells on the tape, and counts those present that are required; false: no schema is left.
func (w *worker) judgeCells(p *part, m mask) (present int, ok bool) {
	if p.embeds {
		return w.judgeInTurn(p, m)
	}
	buf, columns := w.buf, p.columns
	for t := range w.tape {
		e := &w.tape[t]
		c := &columns[e.field]
		switch size := e.end - e.start; {
		case size == 1 && buf[e.start] == p.empty.single:
		case c.simple:
			present += c.required
			continue
		case c.limit >= 0: // mostly it is one, and else the conversion says what is wrong
			value, isNumber := int64(0), false
			if size-1 < 8 && int(e.start)+8 <= len(buf) { // as shortDigits does it, for a call takes longer
				value, isNumber = eightDigits(word(buf, int(e.start)), uint(size))
			} else {
				value, isNumber = shortDigits(buf[e.start:e.end])
			}
			if isNumber && value <= c.limit {
				e.flags |= converted
				e.value, e.nanos = value, 0
				present += c.required
				continue
			}
		}
		isPresent, ok := w.judgeCell(p, t, m)
		if !ok {
			return present, false
		}
		present += isPresent
	}
	return present, true
}

// judgeInTurn is judgeCells for a schema that wants the JSON in some cells, which comes on the tape behind its cell.
func (w *worker) judgeInTurn(p *part, m mask) (present int, ok bool) {
	w.apart = append(w.apart[:0], w.tape...)
	w.tape = w.tape[:0]
	for _, e := range w.apart {
		t := w.record(e.field, str, e.flags, int(e.start), int(e.end))
		isPresent, ok := w.judgeCell(p, t, m)
		if !ok {
			return present, false
		}
		present += isPresent
	}
	return present, true
}

// judgeCell judges the cell at t, which may not be text as it stands. It returns 1 if it is present and required, else 0; false: no
// schema is left.
func (w *worker) judgeCell(p *part, t int, m mask) (present int, ok bool) {
	e := &w.tape[t]
	if p.empty.has(w.buf[e.start:e.end]) {
		e.kind = null
		return 0, true
	}
	c := &p.columns[e.field]
	if c.judged && !w.judgeText(t, &w.fields[e.field], c, m) {
		return 0, false
	}
	if w.tape[t].flags&maybe != 0 {
		return 0, true
	}
	return c.required, true
}

// lackingCells returns the schemas that miss a field in the line on the tape. Its frame is there until the next line.
func (w *worker) lackingCells(m mask) mask {
	all := w.frame(w.nodes[0].words)
	for t := 0; t < len(w.tape); t = int(w.tape[t].next) {
		e := &w.tape[t]
		seen, bit := &all[e.field>>6], uint64(1)<<(e.field&63)
		seen.given |= bit
		if e.kind == null || e.flags&maybe != 0 {
			seen.absent |= bit
		}
	}
	return w.lacking(0, 0, m, all, 0, len(w.tape))
}

// judgeText judges the text at t, which is not null; false: no schema is left.
func (w *worker) judgeText(t int, f *field, c *textColumn, m mask) bool {
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

// mendCells makes UTF-8 of the cells on the tape that are none. Those in w.cells come in the order of the tape.
func (w *worker) mendCells() {
	known, k := len(w.cells), 0
	for t := range w.tape {
		e := &w.tape[t]
		c := cellAt(int(e.start), int(e.end))
		isKnown := k < known && w.cells[k].from == c.from && w.cells[k].to == c.to
		if isKnown {
			c = w.cells[k]
			k++
		}
		text := w.buf[e.start:e.end]
		if utf8.Valid(text) {
			continue
		}
		c.from = len(w.buf)
		w.buf, _ = decodeUTF8(w.buf, text)
		c.to = len(w.buf)
		if isKnown {
			w.cells[k-1] = c
		} else {
			w.cells = append(w.cells, c)
		}
		e.start, e.end = uint32(c.from), uint32(c.to)
		e.flags |= altered
	}
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
