package infer

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"panther/schemas/logtype"
)

// A csvFormat is how lines of values between delimiters are cut.
type csvFormat struct {
	delimiter byte
	columns   []string
	dashes    bool // some values are "-", which stands for none
}

func (c *csvFormat) parser() logtype.Parser {
	p := &logtype.CSV{Delimiter: c.delimiter, Columns: c.columns, HasHeader: true}
	if c.dashes {
		p.EmptyValues = []string{noValue}
	}
	return logtype.Parser{CSV: p}
}

// noValue is how many writers of text say that there is no value.
const noValue = "-"

// delimiters are what values may stand between; the one that the header has most often is taken. If it has none of them, its names
// stand between spaces.
const delimiters = ",;\t|"

// CSV makes an Observer of lines of values between delimiters, whose names are in a header line. It finds out the delimiter.
func CSV(header []byte) (*Observer, error) {
	header = bytes.TrimPrefix(header, []byte("\ufeff"))
	c := &csvFormat{delimiter: delimiters[0]}
	for _, d := range []byte(delimiters) {
		if bytes.Count(header, []byte{d}) > bytes.Count(header, []byte{c.delimiter}) {
			c.delimiter = d
		}
	}
	if bytes.IndexByte(header, c.delimiter) < 0 && bytes.IndexByte(bytes.TrimSpace(header), ' ') > 0 {
		c.delimiter = ' '
	}
	names, err := c.split(header)
	if err != nil {
		return nil, fmt.Errorf("the header: %w", err)
	}
	o := JSON()
	o.csv = c
	for _, name := range names {
		name = strings.TrimSpace(strings.ToValidUTF8(name, "\ufffd"))
		why := logtype.FieldNameFlaw(name, true)
		if slices.Contains(c.columns, name) {
			why = "the name is there twice"
		}
		switch {
		case why != "" && name != "_":
			o.left[name] = why
			fallthrough
		case why != "":
			c.columns = append(c.columns, "_")
		default:
			c.columns = append(c.columns, name)
			o.root.add(name).cells = true
		}
	}
	if len(o.root.members) == 0 {
		return nil, errors.New("the header has no name that a field can have")
	}
	return o, nil
}

// csvLine looks at the values of a line.
func (o *Observer) csvLine(line []byte) error {
	values, err := o.csv.split(line)
	if err != nil {
		return err
	}
	if len(values) != len(o.csv.columns) {
		return fmt.Errorf("the line has %d columns, the header %d", len(values), len(o.csv.columns))
	}
	o.lines++
	o.root.objects++
	for i, value := range values {
		m := o.root.index[o.csv.columns[i]]
		switch {
		case m == nil:
		case value == noValue:
			o.csv.dashes = true
			m.nulls++
			m.seen[empty]++
		case value == "":
			m.text(value)
			m.seen[blank]++
		default:
			m.cell(value)
			m.seen[filled]++
		}
	}
	return nil
}

// split cuts a line as a checker does: a value that begins with a quote ends with one, any other at the next delimiter.
func (c *csvFormat) split(line []byte) (values []string, err error) {
	for rest := line; ; {
		value := rest
		if len(rest) > 0 && rest[0] == '"' {
			text, behind, err := quoted(rest)
			if err != nil {
				return nil, err
			}
			values, rest = append(values, text), behind
			if len(rest) > 0 && rest[0] != c.delimiter {
				return nil, fmt.Errorf("column %d: behind its closing quote stands %q", len(values), rest[0])
			}
		} else {
			if i := bytes.IndexByte(rest, c.delimiter); i >= 0 {
				value = rest[:i]
			}
			values, rest = append(values, string(value)), rest[len(value):]
		}
		if len(rest) == 0 {
			return values, nil
		}
		rest = rest[1:]
	}
}

// quoted takes a value in quotes, within which a quote is doubled, off the front of a line.
func quoted(line []byte) (text string, rest []byte, err error) {
	var b strings.Builder
	for rest = line[1:]; ; {
		i := bytes.IndexByte(rest, '"')
		if i < 0 {
			return "", nil, fmt.Errorf("a quote is opened and not closed: %.40q", line)
		}
		b.Write(rest[:i])
		if rest = rest[i+1:]; len(rest) == 0 || rest[0] != '"' {
			return b.String(), rest, nil
		}
		b.WriteByte('"')
		rest = rest[1:]
	}
}
