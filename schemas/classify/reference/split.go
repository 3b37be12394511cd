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

// splitText cuts a line into cells and returns them as the members of an object; or why it cannot. The end of the line, if
// the line still has it, does not count.
func splitText(p logtype.Parser, line []byte) (root *node, reason *schemas.Reason, skip bool) {
	line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	var names []string
	var cells []cell
	var text logtype.Text
	if p.CSV != nil {
		text, names = p.CSV.Text, p.CSV.Columns
		cells, reason = splitCSV(p.CSV, line)
		skip = p.CSV.HasHeader && isHeader(names, cells)
	} else {
		text = p.FastMatch.Text
		names, cells, reason = splitFastMatch(p.FastMatch, line)
	}
	if skip || text.SkipPrefix != "" && bytes.HasPrefix(line, []byte(text.SkipPrefix)) {
		return nil, &schemas.Reason{Code: schemas.NoPattern, Expected: "an event", Got: "a line to be skipped", Span: wholeLine(line)}, true
	}
	if reason != nil {
		return nil, reason, false
	}
	return textNode(text, names, cells, line), nil, false
}

// textNode makes an object of cells.
func textNode(text logtype.Text, names []string, cells []cell, line []byte) *node {
	root := &node{kind: object, raw: line, span: wholeLine(line)}
	for i, c := range cells {
		if names[i] == "_" {
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

// isHeader reports whether a line repeats the names of its columns, whatever their case and dashes.
func isHeader(columns []string, cells []cell) bool {
	plain := func(s string) string {
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune("-_ ", r) {
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

// splitCSV cuts a line at its delimiters.
func splitCSV(c *logtype.CSV, line []byte) (cells []cell, reason *schemas.Reason) {
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
	if len(cells) == len(c.Columns) {
		return cells, nil
	}
	span := wholeLine(line)
	if len(cells) > len(c.Columns) {
		span.Start = cells[len(c.Columns)].span.Start
	}
	return cells, &schemas.Reason{Code: schemas.CSVColumns, Expected: columns(len(c.Columns)), Got: columns(len(cells)), Span: span}
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
