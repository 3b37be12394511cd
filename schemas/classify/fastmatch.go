package classify

import (
	"bytes"
	"math/bits"
	"strings"

	"panther/schemas/logtype"
)

// A matchSplitter cuts at the literals of fastmatch.
type matchSplitter struct {
	*logtype.FastMatch
	patterns []matchPattern
	most     int // fields that a pattern has
}

type matchPattern struct {
	*logtype.Pattern
	literals []literal
	fields   []int32
	quotes   []byte // what stands on both sides of each field; 0: no quote
	doubled  int    // how many double quotes the literals have
	shared   int    // the first fields, which the pattern before it cuts alike
}

// A literal is a text that stands between fields.
type literal struct {
	text  []byte
	head  uint64 // its first eight bytes
	cut   uint   // bits of head that are of no byte
	first uint64 // eight times its first byte
}

func newLiteral(text string) literal {
	var head [8]byte
	n := copy(head[:], text)
	return literal{[]byte(text), word(head[:], 0), uint(64 - 8*n), uint64(head[0]) * lows}
}

// standsAt reports whether b has it at i, and padding behind that.
func (l *literal) standsAt(b []byte, i int) bool {
	return (word(b, i)^l.head)<<l.cut == 0 && (len(l.text) <= 8 || string(b[i+8:i+len(l.text)]) == string(l.text[8:]))
}

func newMatchSplitter(f *logtype.FastMatch, fieldsOf func(names []string) []int32) *matchSplitter {
	s := &matchSplitter{FastMatch: f}
	for i := range f.Patterns {
		p := matchPattern{Pattern: &f.Patterns[i], fields: fieldsOf(f.Patterns[i].Fields)}
		for _, text := range p.Literals {
			p.literals = append(p.literals, newLiteral(text))
			p.doubled += strings.Count(text, `"`)
		}
		for k := range p.Fields {
			p.quotes = append(p.quotes, quoteAround(p.Pattern, k))
		}
		if i > 0 {
			p.shared = p.sharedWith(&s.patterns[i-1])
		}
		s.patterns = append(s.patterns, p)
		s.most = max(s.most, len(p.fields))
	}
	return s
}

// sharedWith returns how many of the first fields have the same literals around them. The last one of a pattern is cut at the end
// of the line.
func (p *matchPattern) sharedWith(before *matchPattern) (n int) {
	for n < min(len(p.fields), len(before.fields))-1 && p.fields[n] == before.fields[n] &&
		p.Literals[n] == before.Literals[n] && p.Literals[n+1] == before.Literals[n+1] {
		n++
	}
	return n
}

func (s *matchSplitter) text() *logtype.Text                         { return &s.Text }
func (s *matchSplitter) isHeader(*worker, []byte, []byte, bool) bool { return false }

// split takes the first pattern that fits. If none does, the misfit is about the one that came furthest.
func (s *matchSplitter) split(w *worker, line, _ []byte) (ok bool) {
	furthest, done := -1, 0
	w.tape = fit(w.tape, s.most)
	escapes := bytes.IndexByte(line, '\\') >= 0
	for i := range s.patterns {
		p := &s.patterns[i]
		w.tape, w.cells = w.tape[:0], w.cells[:0]
		n, pos, ok := 0, 0, bytes.HasPrefix(line, p.literals[0].text)
		switch {
		case !ok:
		case escapes || s.TrimSpace:
			n, pos, ok = s.cut(w, p, line)
		default:
			n, pos, ok = p.plainCut(w, line, min(done, p.shared))
		}
		done = n
		if ok {
			w.between = p.doubled
			return true
		}
		if pos > furthest {
			furthest = pos
			w.misfit = misfit{start: pos, end: len(line), pattern: p.Pattern, cells: n}
		}
	}
	return false
}

// plainCut is cut for what most lines are: nothing is escaped, for there is no backslash, and nothing is trimmed. So many fields
// were done: the pattern before has left them where the tape will be.
func (p *matchPattern) plainCut(w *worker, line []byte, done int) (cells, at int, ok bool) {
	b, fields, literals := w.buf, p.fields, p.literals[1:]
	tape := w.tape[:len(fields)] // split has made room
	pos, k := len(p.literals[0].text), 0
	for i, field := range fields[:done] {
		if field >= 0 {
			pos = int(tape[k].end) + len(literals[i].text)
			k++
		} else {
			done = i // nothing says where it ends
			break
		}
	}
	for i := done; i < len(fields); i++ {
		l, field := &literals[i], fields[i]
		end, last := pos, len(line)-len(l.text)
		if i == len(fields)-1 {
			end = last
			if end < pos || !l.standsAt(b, end) {
				return i, pos, false
			}
		} else {
			found := firstZero(word(b, end) ^ l.first) // as indexFrom does it, for a call takes longer
			for ; found == 0 && end < last; found = firstZero(word(b, end) ^ l.first) {
				end += 8
			}
			if end += bits.TrailingZeros64(found) >> 3; end > last {
				return i, pos, false
			}
			if !l.standsAt(b, end) {
				if end = l.indexFrom(b, end+1, len(line)); end < 0 {
					return i, pos, false
				}
			}
		}
		if field >= 0 {
			tape[k].set(uint32(field), str, bare, pos, end, k+1)
			k++
		}
		pos = end + len(l.text)
	}
	w.tape = tape[:k]
	return len(fields), pos, true
}

// cut cuts a line by a pattern, with whose first literal it begins: into so many cells, up to a place.
func (s *matchSplitter) cut(w *worker, p *matchPattern, line []byte) (cells, at int, ok bool) {
	pos := len(p.literals[0].text)
	for i, field := range p.fields {
		end := p.cellEnd(w.buf, i, p.quotes[i], pos, len(line))
		if end < 0 {
			return i, pos, false
		}
		w.addCell(field, s.cell(w, line, p.quotes[i], pos, end))
		pos = end + len(p.literals[i+1].text)
	}
	return len(p.fields), pos, true
}

// cell is one of a line in which quotes may be escaped, or that is to be trimmed.
func (s *matchSplitter) cell(w *worker, line []byte, quote byte, start, end int) cell {
	if s.TrimSpace {
		start, end = trimmed(line, start, end)
	}
	c := cellAt(start, end)
	if quote != 0 && bytes.IndexByte(line[start:end], '\\') >= 0 {
		c.from = len(w.buf)
		w.buf = appendUnquoted(w.buf, line[start:end], quote)
		c.to = len(w.buf)
	}
	return c
}

// cellEnd returns where the value of field i ends that begins at pos: at the first place where the next literal stands; the last
// literal is the end of the line, which is at end. -1: it is not there.
func (p *matchPattern) cellEnd(b []byte, i int, quote byte, pos, end int) int {
	literal := &p.literals[i+1]
	if i == len(p.fields)-1 {
		at := end - len(literal.text)
		if at < pos || !literal.standsAt(b, at) || quote != 0 && isEscaped(b[pos:at]) {
			return -1
		}
		return at
	}
	for at := pos; ; at++ {
		if at = literal.indexFrom(b, at, end); at < 0 || quote == 0 || !isEscaped(b[pos:at]) {
			return at
		}
	}
}

// indexFrom returns where it stands first in b[i:end], which has padding behind it; -1: nowhere. Cells are short, so it looks
// by words; where its first byte is in several places before it stands there, package bytes is the one that is not slow.
func (l *literal) indexFrom(b []byte, i, end int) int {
	last := end - len(l.text)
	for tries := 4; i <= last; {
		found := firstZero(word(b, i) ^ l.first)
		if found == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(found) >> 3
		switch {
		case i > last:
			return -1
		case l.standsAt(b, i):
			return i
		}
		i++
		if tries--; tries == 0 {
			if at := bytes.Index(b[i:end], l.text); at >= 0 {
				return i + at
			}
			return -1
		}
	}
	return -1
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

// trimmed takes white space off both ends of a cell.
func trimmed(line []byte, start, end int) (int, int) {
	for start < end && (line[start] == ' ' || line[start] == '\t') {
		start++
	}
	for start < end && (line[end-1] == ' ' || line[end-1] == '\t') {
		end--
	}
	return start, end
}
