package reference

import (
	"bytes"
	"fmt"

	"panther/schemas"
	"panther/schemas/logtype"
)

// splitFastMatch cuts a line by the first pattern that fits. If none does, the reason is about the one that came furthest.
func splitFastMatch(f *logtype.FastMatch, line []byte) (names []string, cells []cell, reason *schemas.Reason) {
	furthest := -1
	for _, p := range f.Patterns {
		m := matcher{Pattern: p, line: line}
		if m.match() {
			return p.Fields, trimmed(m.cells, f.TrimSpace), nil
		}
		if m.pos > furthest {
			furthest, reason = m.pos, m.reason()
		}
	}
	return nil, nil, reason
}

// A matcher cuts one line by one pattern.
type matcher struct {
	logtype.Pattern
	line  []byte
	pos   int // behind what is matched so far
	cells []cell
}

func (m *matcher) match() bool {
	if !bytes.HasPrefix(m.line, []byte(m.Literals[0])) {
		return false
	}
	m.pos = len(m.Literals[0])
	for i := range m.Fields {
		length := m.find(i)
		if length < 0 {
			return false
		}
		text := m.line[m.pos : m.pos+length]
		span := schemas.Span{Start: m.pos, End: m.pos + length}
		if m.quote(i) != 0 {
			text = unescape(text, m.quote(i))
		}
		m.cells = append(m.cells, cell{span, text})
		m.pos += length + len(m.Literals[i+1])
	}
	return true
}

// find returns the length of the value of field i: up to the next literal, the first there is; the last literal is the end of
// the line. -1: the literal is not there.
func (m *matcher) find(i int) int {
	rest, literal := m.line[m.pos:], []byte(m.Literals[i+1])
	if i == len(m.Fields)-1 {
		length := len(rest) - len(literal)
		if !bytes.HasSuffix(rest, literal) || m.quote(i) != 0 && escaped(rest[:length]) {
			return -1
		}
		return length
	}
	for from := 0; ; {
		at := bytes.Index(rest[from:], literal)
		if at < 0 {
			return -1
		}
		if from += at; m.quote(i) == 0 || !escaped(rest[:from]) {
			return from
		}
		from++
	}
}

// quote returns the quote that stands on both sides of field i; 0 if none does. Within quotes a backslash takes the meaning
// off a quote.
func (m *matcher) quote(i int) byte {
	before, behind := m.Literals[i], m.Literals[i+1]
	if before == "" || behind == "" || before[len(before)-1] != behind[0] || behind[0] != '"' && behind[0] != '\'' {
		return 0
	}
	return behind[0]
}

// escaped reports whether what follows b is escaped: b ends in an odd number of backslashes.
func escaped(b []byte) bool {
	return (len(b)-len(bytes.TrimRight(b, `\`)))%2 == 1
}

// unescape takes the backslash off quotes and backslashes; any other stays.
func unescape(b []byte, quote byte) []byte {
	text := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+1 < len(b) && (b[i+1] == quote || b[i+1] == '\\') {
			i++
		}
		text = append(text, b[i])
	}
	return text
}

// trimmed takes white space off the cells if it does not belong to them.
func trimmed(cells []cell, trim bool) []cell {
	for i := range cells {
		if c := &cells[i]; trim {
			left := bytes.TrimLeft(c.text, " \t")
			c.span.Start += len(c.text) - len(left)
			c.text = bytes.TrimRight(left, " \t")
			c.span.End -= len(left) - len(c.text)
		}
	}
	return cells
}

// reason says where the line leaves the pattern.
func (m *matcher) reason() *schemas.Reason {
	done := len(m.cells)
	r := &schemas.Reason{Code: schemas.NoPattern, Got: cut(m.line[m.pos:]), Span: schemas.Span{Start: m.pos, End: len(m.line)}}
	if m.pos == len(m.line) {
		r.Got = "the end of the line"
	}
	switch {
	case m.pos == 0 && m.Literals[0] != "":
		r.Expected = fmt.Sprintf("%q at the beginning", m.Literals[0])
	case done == len(m.Fields)-1:
		r.Expected = fmt.Sprintf("%s and then %q at the end", m.Fields[done], m.Literals[done+1])
	default:
		r.Expected = fmt.Sprintf("%s and then %q", m.Fields[done], m.Literals[done+1])
	}
	return r
}
