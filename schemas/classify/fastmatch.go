package classify

import (
	"bytes"

	"panther/schemas/logtype"
)

// A matchSplitter cuts at the literals of fastmatch.
type matchSplitter struct {
	*logtype.FastMatch
	fields [][]int32 // by pattern
	quotes [][]byte  // by pattern: what stands on both sides of each field; 0: no quote
}

func (s *matchSplitter) text() *logtype.Text                         { return &s.Text }
func (s *matchSplitter) isHeader(*worker, []byte, []byte, bool) bool { return false }

// split takes the first pattern that fits. If none does, the misfit is about the one that came furthest.
func (s *matchSplitter) split(w *worker, line, _ []byte) (fields []int32, ok bool) {
	furthest := -1
	escapes := bytes.IndexByte(line, '\\') >= 0
	for i := range s.Patterns {
		w.cells = w.cells[:0]
		p := &s.Patterns[i]
		pos, ok := cutBy(w, p, s.quotes[i], escapes, line)
		if ok {
			if s.TrimSpace {
				w.trimCells()
			}
			return s.fields[i], true
		}
		if pos > furthest {
			furthest = pos
			w.misfit = misfit{start: pos, end: len(line), pattern: p, cells: len(w.cells)}
		}
	}
	return nil, false
}

// cutBy cuts a line by one pattern, up to pos. Without a backslash in it nothing is escaped.
func cutBy(w *worker, p *logtype.Pattern, quotes []byte, escapes bool, line []byte) (pos int, ok bool) {
	if !bytes.HasPrefix(line, []byte(p.Literals[0])) {
		return 0, false
	}
	pos = len(p.Literals[0])
	for i := range p.Fields {
		quote := quotes[i]
		if !escapes {
			quote = 0
		}
		length := cellLength(p, i, quote, line[pos:])
		if length < 0 {
			return pos, false
		}
		c := w.addCell(pos, pos+length)
		if quote != 0 && bytes.IndexByte(line[pos:pos+length], '\\') >= 0 {
			c.from = len(w.buf)
			w.buf = appendUnquoted(w.buf, line[pos:pos+length], quote)
			c.to = len(w.buf)
		}
		pos += length + len(p.Literals[i+1])
	}
	return pos, true
}

// cellLength returns the length of the value of field i at the beginning of rest: up to the first place where the next literal
// stands; the last literal is the end of the line. -1: it is not there.
func cellLength(p *logtype.Pattern, i int, quote byte, rest []byte) int {
	literal := p.Literals[i+1]
	if i == len(p.Fields)-1 {
		length := len(rest) - len(literal)
		if length < 0 || string(rest[length:]) != literal || quote != 0 && isEscaped(rest[:length]) {
			return -1
		}
		return length
	}
	for from := 0; ; from++ {
		at := 0
		if len(literal) == 1 {
			at = bytes.IndexByte(rest[from:], literal[0])
		} else {
			at = bytes.Index(rest[from:], []byte(literal))
		}
		if at < 0 {
			return -1
		}
		if from += at; quote == 0 || !isEscaped(rest[:from]) {
			return from
		}
	}
}

// quoteAround returns the quote that stands on both sides of field i; 0 if none does.
func quoteAround(p *logtype.Pattern, i int) byte {
	before, behind := p.Literals[i], p.Literals[i+1]
	if before == "" || behind == "" || before[len(before)-1] != behind[0] || behind[0] != '"' && behind[0] != '\'' {
		return 0
	}
	return behind[0]
}

// isEscaped reports whether b ends in an odd number of backslashes.
func isEscaped(b []byte) bool {
	n := len(b)
	for n > 0 && b[n-1] == '\\' {
		n--
	}
	return (len(b)-n)%2 == 1
}

// appendUnquoted takes the backslash off quotes and backslashes; any other stays.
func appendUnquoted(dst, b []byte, quote byte) []byte {
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+1 < len(b) && (b[i+1] == quote || b[i+1] == '\\') {
			i++
		}
		dst = append(dst, b[i])
	}
	return dst
}

// trimCells takes white space off the cells.
func (w *worker) trimCells() {
	for i := range w.cells {
		c := &w.cells[i]
		for c.from < c.to && (w.buf[c.from] == ' ' || w.buf[c.from] == '\t') {
			c.from++
			c.start++
		}
		for c.from < c.to && (w.buf[c.to-1] == ' ' || w.buf[c.to-1] == '\t') {
			c.to--
			c.end--
		}
	}
}
