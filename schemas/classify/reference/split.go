package reference

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"panther/schemas"
	"panther/schemas/logtype"
)

// A cell is a value of a line of text: where it stands, and what it says once quotes are taken off.
type cell struct {
	span schemas.Span
	text []byte
}

// splitText cuts a line into cells and returns them as the members of an object; or why it cannot. header is the first line
// of the file; nil if it is not known.
func splitText(p logtype.Parser, line, header []byte) (root *node, reason *schemas.Reason, skip bool) {
	var names []string
	var cells []cell
	var text logtype.Text
	switch {
	case p.CSV != nil:
		text = p.CSV.Text
		names, cells, reason, skip = splitRow(p.CSV, line, header)
	case p.FastMatch != nil:
		text = p.FastMatch.Text
		names, cells, reason = splitFastMatch(p.FastMatch, line)
	default:
		text = p.Regex.Text
		names, cells, reason = splitRegex(p.Regex, line)
	}
	if skip || text.SkipPrefix != "" && bytes.HasPrefix(line, []byte(text.SkipPrefix)) {
		return nil, &schemas.Reason{Code: schemas.NoPattern, Expected: "an event", Got: "a line to be skipped", Span: wholeLine(line)}, true
	}
	if reason != nil {
		return nil, reason, false
	}
	return textNode(text, names, cells, line), nil, false
}

// splitRow cuts a line of csv. The names of its cells are those that the schema has for columns, or else those of the header.
func splitRow(c *logtype.CSV, line, header []byte) (names []string, cells []cell, reason *schemas.Reason, skip bool) {
	if c.Columns != nil {
		cells, reason = splitCSV(c, line, len(c.Columns))
		return c.Columns, cells, reason, c.HasHeader && isHeader(c.Columns, cells)
	}
	fail := func(expected, got string) (n []string, cs []cell, r *schemas.Reason, skip bool) {
		return nil, nil, &schemas.Reason{Code: schemas.CSVColumns, Expected: expected, Got: got, Span: wholeLine(line)}, false
	}
	if header == nil {
		return fail("a header line before it", "a line alone")
	}
	titles, bad := splitCSV(c, bytes.TrimPrefix(header, []byte("\ufeff")), -1)
	if bad != nil {
		return fail("a header line with "+bad.Expected, cut(header))
	}
	for _, title := range titles {
		name, _ := decode(bytes.Trim(title.text, " \t"))
		if name == "" {
			name = "_"
		}
		names = append(names, name)
	}
	cells, reason = splitCSV(c, line, len(names))
	return names, cells, reason, bytes.Equal(line, header)
}

// textNode makes an object of cells.
func textNode(text logtype.Text, names []string, cells []cell, line []byte) *node {
	root := &node{kind: object, raw: line, span: wholeLine(line)}
	for i, c := range cells {
		if names[i] == "_" || names[i] == "" {
			continue
		}
		n := &node{kind: str, raw: line[c.span.Start:c.span.End], span: c.span, depth: 1}
		n.text, n.altered = decode(c.text)
		if slices.Contains(text.EmptyValues, n.text) {
			n.kind = null
		}
		root.members = append(root.members, member{name: names[i], value: n})
	}
	return root
}

// isHeader reports whether a line repeats the names of its columns, whatever their case and dashes, and with a byte order mark.
func isHeader(columns []string, cells []cell) bool {
	plain := func(s string) string {
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune("-_ \ufeff", r) {
				return -1
			}
			return r
		}, strings.ToLower(s))
	}
	if len(cells) != len(columns) {
		return false
	}
	for i, name := range columns {
		if name != "_" && plain(name) != plain(string(cells[i].text)) {
			return false
		}
	}
	return true
}

// splitCSV cuts a line at its delimiters. It has to have a number of columns, unless that is negative.
func splitCSV(c *logtype.CSV, line []byte, want int) (cells []cell, reason *schemas.Reason) {
	s := csvSplitter{CSV: c, line: line}
	for {
		cells = append(cells, s.cell())
		if s.reason != nil {
			return nil, s.reason
		}
		if s.pos == len(line) {
			break
		}
		s.pos++ // the delimiter
	}
	if len(cells) == want || want < 0 {
		return cells, nil
	}
	span := wholeLine(line)
	if len(cells) > want {
		span.Start = cells[want].span.Start
	}
	return cells, &schemas.Reason{Code: schemas.CSVColumns, Expected: columns(want), Got: columns(len(cells)), Span: span}
}

func columns(n int) string {
	if n == 1 {
		return "1 column"
	}
	return fmt.Sprintf("%d columns", n)
}

type csvSplitter struct {
	*logtype.CSV
	line   []byte
	pos    int
	reason *schemas.Reason
}

// cell reads up to the next delimiter or the end.
func (s *csvSplitter) cell() cell {
	s.space()
	start := s.pos
	if s.pos < len(s.line) && s.line[s.pos] == '"' {
		return s.quoted()
	}
	end := bytes.IndexByte(s.line[start:], s.Delimiter)
	if end < 0 {
		end = len(s.line) - start
	}
	s.pos = start + end
	text := s.line[start:s.pos]
	if s.TrimSpace {
		text = bytes.TrimRight(text, " \t")
	}
	return cell{schemas.Span{Start: start, End: start + len(text)}, text}
}

// quoted reads a value in quotes; a quote within it is doubled.
func (s *csvSplitter) quoted() cell {
	start := s.pos
	var text []byte
	for {
		end := bytes.IndexByte(s.line[s.pos+1:], '"')
		if end < 0 {
			return s.fail(start, len(s.line), `a closing quote`)
		}
		text = append(text, s.line[s.pos+1:s.pos+1+end]...)
		s.pos += end + 2
		if s.pos == len(s.line) || s.line[s.pos] != '"' {
			break
		}
		text = append(text, '"')
	}
	closed := s.pos
	s.space()
	if s.pos < len(s.line) && s.line[s.pos] != s.Delimiter {
		return s.fail(closed, s.pos+1, "a delimiter behind the closing quote")
	}
	return cell{schemas.Span{Start: start, End: closed}, text}
}

// space skips white space around a value, if that does not belong to it.
func (s *csvSplitter) space() {
	for s.TrimSpace && s.pos < len(s.line) && s.line[s.pos] != s.Delimiter && (s.line[s.pos] == ' ' || s.line[s.pos] == '\t') {
		s.pos++
	}
}

func (s *csvSplitter) fail(start, end int, expected string) cell {
	s.reason = &schemas.Reason{Code: schemas.CSVColumns, Expected: expected, Got: cut(s.line[start:]), Span: schemas.Span{Start: start, End: end}}
	return cell{}
}

// wholeLine is the span of all of a line.
func wholeLine(line []byte) schemas.Span { return schemas.Span{End: len(line)} }
