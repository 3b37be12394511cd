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

func (s *csvSplitter) split(w *worker, line, header []byte) (ok bool) {
	fields := s.fields
	if s.Columns == nil {
		if fields, ok = s.columnsOf(w, line, header); !ok {
			return false
		}
		w.repeated = true // a header may name a column twice
	}
	return !s.TrimSpace && len(fields) <= len(line)+1 && s.plainCells(w, len(line), fields) || s.cells(w, line, fields)
}

// A headerLine is the header that a worker saw last, as a splitter reads it: the lines of a file come one after the other.
type headerLine struct {
	line   []byte
	given  []byte // the same in the caller's memory, if it is so long that comparing them takes longer than the line
	fields []int32
	misfit misfit // if there are no fields
}

const (
	longHeader = 4096
	maxHeaders = 64 // that a worker keeps: plans come and go, and few sources have as many log types without columns
)

func (h *headerLine) is(header []byte) bool {
	return len(h.line) == len(header) && (len(h.given) > 0 && &h.given[0] == &header[0] || bytes.Equal(h.line, header))
}

// columnsOf returns the fields of the columns that a header names.
func (s *csvSplitter) columnsOf(w *worker, line, header []byte) (fields []int32, ok bool) {
	if header == nil {
		w.misfit = misfit{end: len(line), expected: "a header line before it", got: "a line alone"}
		return nil, false
	}
	h := w.headers[s]
	if h == nil || !h.is(header) {
		h = s.readHeader(withoutEnd(header))
		h.line = bytes.Clone(header)
		if w.headers == nil || len(w.headers) == maxHeaders {
			w.headers = map[*csvSplitter]*headerLine{}
		}
		w.headers[s] = h
	}
	if len(header) > longHeader {
		h.given = header
	}
	w.misfit = h.misfit
	w.misfit.end = len(line)
	return h.fields, h.fields != nil
}

func (s *csvSplitter) readHeader(header []byte) *headerLine {
	h := &headerLine{}
	var own worker
	own.load(bytes.TrimPrefix(header, []byte("\ufeff")))
	line, end := own.buf[:own.size], 0
	var names []string
	for pos := 0; end < len(line) || pos == 0; pos = end + 1 {
		var c cell
		if c, end = s.cell(&own, line, pos); end < 0 {
			h.misfit = misfit{expected: "a header line with " + own.misfit.expected, got: cut(header)}
			return h
		}
		name, _ := decodeUTF8(nil, bytes.Trim(own.buf[c.from:c.to], " \t"))
		names = append(names, string(name))
	}
	h.fields = s.fieldsOf(names)
	return h
}

// cells cuts a line into cells. There have to be as many as fields.
func (s *csvSplitter) cells(w *worker, line []byte, fields []int32) bool {
	n, extra := 0, 0 // extra: where the first one begins that is too many
	for pos, end := 0, -1; end < len(line); pos = end + 1 {
		var c cell
		if c, end = s.cell(w, line, pos); end < 0 {
			return false
		}
		switch {
		case n < len(fields):
			w.addCell(fields[n], c)
		case n == len(fields):
			extra = c.start
		}
		n++
	}
	if n != len(fields) {
		w.misfit = misfit{start: extra, end: len(line), cells: n, columns: len(fields)}
		return false
	}
	return true
}

// plainCells is cells for what most lines are: as many cells as fields, of which none begins with a quote. false: it is otherwise.
func (s *csvSplitter) plainCells(w *worker, size int, fields []int32) bool {
	b, last := w.buf, len(fields)-1
	tape := fit(w.tape, len(fields))
	k, n, start := 0, 0, 0 // of the cells, and of those on the tape
	for i := 0; i < size; i += 64 {
		found := marksOf64(b[i:], s.Delimiter)
		if rest := size - i; rest < 64 {
			found &= 1<<rest - 1
		}
		for ; found != 0; found &= found - 1 {
			end := i + bits.TrailingZeros64(found)
			if k >= last || b[start] == '"' {
				return false
			}
			if field := fields[k]; field >= 0 {
				tape[n].set(uint32(field), str, bare, start, end, n+1)
				n++
			}
			k, start = k+1, end+1
		}
	}
	if k != last || b[start] == '"' {
		return false
	}
	if field := fields[k]; field >= 0 {
		tape[n].set(uint32(field), str, bare, start, size, n+1)
		n++
	}
	w.tape = tape[:n]
	return true
}

// cell reads a cell, up to the next delimiter or the end of the line, which is at end; -1: it is not well formed.
func (s *csvSplitter) cell(w *worker, line []byte, pos int) (c cell, end int) {
	pos = s.space(line, pos)
	if pos < len(line) && line[pos] == '"' {
		return s.quoted(w, line, pos)
	}
	end = s.delimiter(w.buf, pos, len(line))
	if s.TrimSpace {
		return cellAt(pos, pos+len(bytes.TrimRight(line[pos:end], " \t"))), end
	}
	return cellAt(pos, end), end
}

// delimiter returns the place of the next delimiter at or behind i, or the end: cells are short, so by words.
func (s *csvSplitter) delimiter(b []byte, i, end int) int {
	same := uint64(s.Delimiter) * lows
	for ; i < end; i += 8 {
		if found := firstZero(word(b, i) ^ same); found != 0 {
			return min(i+bits.TrailingZeros64(found)>>3, end)
		}
	}
	return end
}

// quoted reads a value in quotes; a quote within it is doubled.
func (s *csvSplitter) quoted(w *worker, line []byte, start int) (c cell, end int) {
	pos, from := start, -1 // of its text in the buffer, if it has doubled quotes
	for {
		end := bytes.IndexByte(line[pos+1:], '"')
		if end < 0 {
			w.misfit = misfit{start: start, end: len(line), expected: "a closing quote"}
			return cell{}, -1
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
	c = cell{start: start, end: pos, from: start + 1, to: pos - 1}
	if from >= 0 {
		c.from, c.to = from, len(w.buf)
	}
	behind := s.space(line, pos)
	if behind < len(line) && line[behind] != s.Delimiter {
		w.misfit = misfit{start: pos, end: behind + 1, expected: "a delimiter behind the closing quote"}
		return cell{}, -1
	}
	return c, behind
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
	t := 0
	for i, name := range s.Columns {
		if s.fields[i] < 0 {
			continue
		}
		if e := &w.tape[t]; !isColumnName(w.buf[e.start:e.end], name) {
			return false
		}
		t++
	}
	return true
}

// isColumnName compares without case, dashes, underscores, spaces and the byte order mark that a file may begin with.
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
		if strings.ContainsRune("-_ \ufeff", r) {
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
