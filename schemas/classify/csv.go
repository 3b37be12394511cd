package classify

import (
	"bytes"
	"math/bits"
	"strings"
	"unicode/utf8"

	"panther/schemas/logtype"
)

// A csvSplitter cuts at delimiters.
type csvSplitter struct {
	*logtype.CSV
	fields   []int32 // of the columns; of those of the header, if the schema has none
	fieldsOf func(names []string) []int32
}

func (s *csvSplitter) text() *logtype.Text { return &s.Text }

func (s *csvSplitter) split(w *worker, line, header []byte) (fields []int32, ok bool) {
	fields = s.fields
	if s.Columns == nil {
		if fields, ok = s.columnsOf(w, line, header); !ok {
			return nil, false
		}
		w.repeated = true // a header may name a column twice
	}
	return fields, s.cells(w, line, len(fields))
}

// A headerLine is the header that a worker saw last, read: the lines of a file come one after the other.
type headerLine struct {
	of     *csvSplitter
	line   []byte
	fields []int32
	misfit misfit // if there are no fields
}

// columnsOf returns the fields of the columns that a header names.
func (s *csvSplitter) columnsOf(w *worker, line, header []byte) (fields []int32, ok bool) {
	if header == nil {
		w.misfit = misfit{end: len(line), expected: "a header line before it", got: "a line alone"}
		return nil, false
	}
	if h := &w.header; h.of != s || !bytes.Equal(h.line, header) {
		*h = s.readHeader(withoutEnd(header))
		h.of, h.line = s, bytes.Clone(header)
	}
	w.misfit = w.header.misfit
	w.misfit.end = len(line)
	return w.header.fields, w.header.fields != nil
}

func (s *csvSplitter) readHeader(header []byte) (h headerLine) {
	var own worker
	own.load(bytes.TrimPrefix(header, []byte("\ufeff")))
	if !s.cells(&own, own.buf[:own.size], -1) {
		h.misfit = misfit{expected: "a header line with " + own.misfit.expected, got: cut(header)}
		return h
	}
	names := make([]string, len(own.cells))
	for i, c := range own.cells {
		name, _ := decodeUTF8(nil, bytes.Trim(own.buf[c.from:c.to], " \t"))
		names[i] = string(name)
	}
	h.fields = s.fieldsOf(names)
	return h
}

// cells cuts a line into cells. There have to be as many as wanted, unless that is negative.
func (s *csvSplitter) cells(w *worker, line []byte, want int) bool {
	if !s.TrimSpace && want > 0 && s.plainCells(w, len(line), want) {
		return true
	}
	w.cells = w.cells[:0]
	for pos := 0; ; pos++ { // over the delimiter
		if pos = s.cell(w, line, pos); pos < 0 {
			return false
		}
		if pos == len(line) {
			break
		}
		if len(w.cells) == want {
			return s.tooMany(w, line, pos+1)
		}
	}
	if len(w.cells) != want && want >= 0 {
		w.misfit = misfit{end: len(line), cells: len(w.cells), columns: want}
		return false
	}
	return true
}

// plainCells is cells for what most lines are: so many cells as are wanted, of which none begins with a quote. false: it is otherwise.
func (s *csvSplitter) plainCells(w *worker, size, want int) bool {
	w.cells = fit(w.cells, want)
	b, cells, same := w.buf, w.cells, uint64(s.Delimiter)*lows
	n, start := 0, 0
	for i := 0; i < size; i += 8 {
		for found := zeroBytes(word(b, i) ^ same); found != 0; found &= found - 1 {
			end := i + bits.TrailingZeros64(found)>>3
			if end >= size {
				break
			}
			if n == want-1 || b[start] == '"' {
				return false
			}
			cells[n].set(start, end)
			n, start = n+1, end+1
		}
	}
	if n != want-1 || b[start] == '"' {
		return false
	}
	cells[n].set(start, size)
	return true
}

// tooMany counts the cells that are too many: each has to be well formed, for else that is the trouble.
func (s *csvSplitter) tooMany(w *worker, line []byte, pos int) bool {
	want := len(w.cells)
	n := want
	first := -1
	for ; ; pos++ {
		w.cells = w.cells[:want]
		if pos = s.cell(w, line, pos); pos < 0 {
			return false
		}
		if n++; first < 0 {
			first = w.cells[len(w.cells)-1].start
		}
		if pos == len(line) {
			break
		}
	}
	w.misfit = misfit{start: first, end: len(line), cells: n, columns: want}
	return false
}

// cell reads up to the next delimiter or the end, and returns its place; -1: the cell is not well formed.
func (s *csvSplitter) cell(w *worker, line []byte, pos int) int {
	pos = s.space(line, pos)
	if pos < len(line) && line[pos] == '"' {
		return s.quoted(w, line, pos)
	}
	end := s.delimiter(w.buf, pos, len(line))
	to := end
	if s.TrimSpace {
		to = pos + len(bytes.TrimRight(line[pos:to], " \t"))
	}
	w.addCell(pos, to)
	return end
}

// delimiter returns the place of the next delimiter at or behind i, or the end: cells are short, so by words.
func (s *csvSplitter) delimiter(b []byte, i, end int) int {
	same := uint64(s.Delimiter) * lows
	for ; i < end; i += 8 {
		x := word(b, i) ^ same
		if found := (x - lows) &^ x & highs; found != 0 {
			return min(i+bits.TrailingZeros64(found)>>3, end)
		}
	}
	return end
}

// quoted reads a value in quotes; a quote within it is doubled.
func (s *csvSplitter) quoted(w *worker, line []byte, start int) int {
	pos, from := start, -1 // of its text in the buffer, if it has doubled quotes
	for {
		end := bytes.IndexByte(line[pos+1:], '"')
		if end < 0 {
			w.misfit = misfit{start: start, end: len(line), expected: "a closing quote"}
			return -1
		}
		end += pos + 1
		doubled := end+1 < len(line) && line[end+1] == '"'
		if doubled && from < 0 {
			from = len(w.buf)
		}
		if from >= 0 {
			w.buf = append(w.buf, line[pos+1:end]...)
		}
		if !doubled {
			pos = end + 1
			break
		}
		w.buf = append(w.buf, '"')
		pos = end + 1
	}
	c := cell{start: start, end: pos, from: start + 1, to: pos - 1}
	if from >= 0 {
		c.from, c.to = from, len(w.buf)
	}
	w.cells = append(w.cells, c)
	behind := s.space(line, pos)
	if behind < len(line) && line[behind] != s.Delimiter {
		w.misfit = misfit{start: pos, end: behind + 1, expected: "a delimiter behind the closing quote"}
		return -1
	}
	return behind
}

// space skips white space before a value or behind a quote, if that does not belong to it.
func (s *csvSplitter) space(line []byte, pos int) int {
	for s.TrimSpace && pos < len(line) && line[pos] != s.Delimiter && (line[pos] == ' ' || line[pos] == '\t') {
		pos++
	}
	return pos
}

func (s *csvSplitter) isHeader(w *worker, line, header []byte, ok bool) bool {
	if s.Columns == nil {
		return header != nil && bytes.Equal(line, withoutEnd(header))
	}
	if !s.HasHeader || !ok {
		return false
	}
	for i, name := range s.Columns {
		c := w.cells[i]
		if name != "_" && !isColumnName(w.buf[c.from:c.to], name) {
			return false
		}
	}
	return true
}

// isColumnName compares without case, dashes, underscores and spaces.
func isColumnName(text []byte, name string) bool {
	i := 0
	for _, c := range text {
		switch {
		case c >= utf8.RuneSelf:
			return plainName(string(text)) == plainName(name)
		case c == '-' || c == '_' || c == ' ':
			continue
		}
		for i < len(name) && (name[i] == '-' || name[i] == '_' || name[i] == ' ') {
			i++
		}
		if i < len(name) && name[i] >= utf8.RuneSelf {
			return plainName(string(text)) == plainName(name)
		}
		if i == len(name) || lower(c) != lower(name[i]) {
			return false
		}
		i++
	}
	return plainName(name[i:]) == ""
}

func lower(c byte) byte {
	if c-'A' <= 25 {
		return c + 'a' - 'A'
	}
	return c
}

func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("-_ ", r) {
			return -1
		}
		return r
	}, strings.ToLower(s))
}

// isFirst reports whether the line is the header of its file, which need not match.
func isFirst(s splitter, l *Line) bool {
	csv, ok := s.(*csvSplitter)
	return ok && csv.HasHeader && l.Header != nil && bytes.Equal(withoutEnd(l.Bytes), withoutEnd(l.Header))
}
