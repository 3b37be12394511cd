package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"panther/schemas/explain"
)

// An explanationView shows an explanation to people.
type explanationView struct {
	*explain.Explanation
	all    bool
	colour bool

	fingerprintNote string // what to know of it; may be empty
}

func (v explanationView) print(w io.Writer) error {
	var b bytes.Buffer
	switch {
	case v.Skipped:
		b.WriteString("skipped, as a header or a comment: neither an event nor a failure\n")
		v.printLine(&b)
	case !v.Failed():
		v.printMatch(&b)
	default:
		v.printFailure(&b)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// printMatch shows a line that is an event.
func (v explanationView) printMatch(b *bytes.Buffer) {
	fmt.Fprintf(b, "matches %s%s\n", v.Schema, version(v.Version))
	v.printLine(b)
	if len(v.Ambiguous) > 0 {
		fmt.Fprintf(b, "\nIt matches %s as well. The schema of which it has most fields is taken, then the first of the source.\n", strings.Join(v.Ambiguous, ", "))
	}
	b.WriteString("\nEvent\n")
	var indented bytes.Buffer
	if json.Indent(&indented, v.Event, "  ", "  ") != nil {
		indented.Write(v.Event)
	}
	for line := range strings.Lines(indented.String()) {
		b.WriteString(printable(strings.TrimSuffix("  "+strings.TrimPrefix(line, "  "), "\n")) + "\n")
	}
	v.printCandidates(b, "Why not the others", v.Candidates)
}

// printFailure shows a line that matches nothing.
func (v explanationView) printFailure(b *bytes.Buffer) {
	if len(v.Candidates) == 0 {
		fmt.Fprintf(b, "%s\n", v.Error)
		v.printLine(b)
		return
	}
	nearest := v.Candidates[0]
	fmt.Fprintf(b, "no schema matches; the nearest of %d is %s%s\n", len(v.Candidates), nearest.Schema, version(nearest.Version))
	v.printLine(b)
	b.WriteString("\nWhy not " + nearest.Schema + "\n")
	reasonTable(nearest.Reasons).print(b, "  ")
	v.printCandidates(b, "Why not the others", v.Candidates[1:])
	if len(v.Advice) > 0 {
		b.WriteString("\nWhat to do\n")
		for _, text := range v.Advice {
			b.WriteString(wrap(printable(text), lineWidth, "  "))
		}
	}
	fmt.Fprintf(b, "\nfingerprint %s%s\n", v.Fingerprint, v.fingerprintNote)
}

// printLine shows the line, the part that fails marked.
func (v explanationView) printLine(b *bytes.Buffer) {
	e := excerptOf(v.Line, v.Span(), lineWidth)
	marks := e.marks()
	if v.colour && e.failing != "" {
		e.failing = "\x1b[1;31m" + e.failing + "\x1b[0m"
	}
	fmt.Fprintf(b, "\n  %s\n", e.line())
	if marks != "" {
		fmt.Fprintf(b, "  %s\n", marks)
	}
}

// printCandidates shows each schema with its first reason, or all.
func (v explanationView) printCandidates(b *bytes.Buffer, title string, candidates []explain.Candidate) {
	if len(candidates) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", title)
	t := newTable("SCHEMA", "REASON")
	for _, c := range candidates {
		if v.all {
			name := c.Schema
			for _, r := range c.Reasons {
				t.addLong(name, r.Words)
				name = ""
			}
			continue
		}
		words := c.Reasons[0].Words
		if more := len(c.Reasons) - 1; more > 0 {
			words += fmt.Sprintf(" (and %s)", plural(more, "more reason", "more reasons"))
		}
		t.addLong(c.Schema, words)
	}
	t.print(b, "  ")
}

// reasonTable shows what keeps a line from a schema.
func reasonTable(reasons []explain.Reason) *table {
	t := newTable("CODE", "FIELD", "EXPECTED", "GOT", "BYTES")
	for _, r := range reasons {
		at := ""
		if r.Span.End > 0 {
			at = fmt.Sprintf("%d-%d", r.Span.Start, r.Span.End)
		}
		got := r.Got
		if got == "" {
			got = "nothing"
		}
		t.add(string(r.Code), orNone(r.Field), orNone(r.Expected), got, orNone(at))
	}
	return t
}

func version(v int64) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprintf(" of catalogue version %d", v)
}
