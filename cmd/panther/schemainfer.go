package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"panther/schemas/classify"
	"panther/schemas/infer"
	"panther/schemas/logtype"
)

// An inference is one run of `panther schema infer`.
type inference struct {
	*schemaCommand
	observer *infer.Observer
	header   []byte // of csv
	samples  [][]byte
	left     int // lines that were left out
	hinted   bool
}

// fewLines is how many lines say little about which fields are always there.
const fewLines = 20

// infer writes a schema that takes all lines of files.
func (c *schemaCommand) infer(ctx context.Context, files []string) error {
	if !logtype.IsName(c.name) {
		return usageError("name the log type, as --name Shop.Order: " + logtype.NameRule)
	}
	if len(files) == 0 {
		files = []string{"-"}
	}
	i := &inference{schemaCommand: c, observer: infer.JSON()}
	for _, name := range files {
		if err := eachLine(ctx, c.in, name, func(number int, line, _ []byte) error { return i.line(name, number, line) }); err != nil {
			return err
		}
	}
	if more := i.left - maxShown; more > 0 {
		fmt.Fprintf(i.err, "and %s left out\n", plural(more, "more line is", "more lines are"))
	}
	d, err := i.observer.Draft(c.name)
	if err != nil {
		if i.left > 0 && !i.hinted {
			i.hint("lines are JSON objects or, with --csv-header, values between delimiters; for other text write a schema with a parser, beginning with one of those built in, as `panther schema show Nginx.Access`")
		}
		return &exitError{exitProblems, "no schema is written: " + err.Error()}
	}
	text := d.Text + i.sampleText()
	if _, err := io.WriteString(c.program.out, text); err != nil {
		return fmt.Errorf("write the schema: %w", err)
	}
	i.summary(d)
	if i.left > 0 {
		return &exitError{code: exitProblems}
	}
	return nil
}

// line looks at a line. One that is of no use is told and left out.
func (i *inference) line(file string, number int, line []byte) error {
	if plain := bytes.TrimPrefix(line, []byte("\ufeff")); number == 1 && len(plain) < len(line) {
		fmt.Fprintf(i.err, "%s begins with a byte order mark, which is left out; a line that is sent with it matches no schema\n", file)
		line = plain
	}
	if member := classify.Wrapper(line); member != "" && !i.hinted && !i.csvHeader {
		i.hint(fmt.Sprintf("the records are within an object: `jq -c '.%s[]' FILE` makes lines of them", member))
	}
	err := i.look(number, line)
	if err == nil {
		if len(i.samples) < i.schemaCommand.samples && !i.isHeader(number) && utf8.Valid(line) {
			i.samples = append(i.samples, bytes.Clone(line))
		}
		return nil
	}
	if i.left++; i.left > maxShown {
		return nil
	}
	fmt.Fprintf(i.err, "%s:%d: left out: %s\n", file, number, printable(err.Error()))
	trimmed := bytes.TrimSpace(line)
	if !i.hinted && !i.csvHeader && len(trimmed) > 0 && (trimmed[0] == '[' || len(trimmed) == 1) {
		i.hint("one JSON object has to be on one line: `jq -c '.[]?' FILE` makes such lines of an array, `jq -c . FILE` of objects that go over several lines")
	}
	return nil
}

func (i *inference) hint(text string) {
	i.hinted = true
	fmt.Fprint(i.err, wrap(text, lineWidth, "  "))
}

func (i *inference) isHeader(number int) bool { return i.csvHeader && number == 1 }

func (i *inference) look(number int, line []byte) error {
	switch {
	case !i.isHeader(number):
		return i.observer.Line(line)
	case i.header == nil:
		o, err := infer.CSV(line)
		if err != nil {
			return err
		}
		i.observer, i.header = o, bytes.Clone(line)
		return nil
	case !bytes.Equal(i.header, line):
		return fmt.Errorf("the header is another one than that of the first file")
	}
	return nil
}

// sampleText is the part of the document with samples.
func (i *inference) sampleText() string {
	if len(i.samples) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("samples:\n")
	for n, line := range i.samples {
		fmt.Fprintf(&b, "- name: line %d\n  line: %s\n", n+1, infer.Quote(string(line)))
	}
	return b.String()
}

// summary says what the schema was made of, and what a person should look at.
func (i *inference) summary(d *infer.Draft) {
	fmt.Fprintf(i.err, "%s has %s, from %s", d.Schema.Name, plural(len(d.Schema.Fields), "field", "fields"), plural(i.observer.Lines(), "line", "lines"))
	if i.left > 0 {
		fmt.Fprintf(i.err, "; %s left out", plural(i.left, "line is", "lines are"))
	}
	fmt.Fprintln(i.err, ". It is a draft: look at")
	if i.observer.Lines() < fewLines {
		fmt.Fprintf(i.err, "  required: of so few lines nobody can tell which fields are always there\n")
	}
	fmt.Fprintf(i.err, "  descriptions: there are none but a general one\n")
	for n, note := range d.Notes {
		if n == 2*maxShown {
			fmt.Fprintf(i.err, "  and %d other places, which have comments\n", len(d.Notes)-n)
			break
		}
		if note.Path != "" {
			fmt.Fprintf(i.err, "  %s: %s\n", printable(fmt.Sprintf("%.100s", note.Path)), note.Text)
		} else {
			fmt.Fprintf(i.err, "  %s\n", note.Text)
		}
	}
}
