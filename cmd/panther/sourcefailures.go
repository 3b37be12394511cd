package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"panther/schemas"
	"panther/schemas/strict"
	"panther/sinks/lake"
)

// failingLines are the flags of `panther sources failures`.
type failingLines struct {
	since       string
	fingerprint string
	limit       int
	after       string
}

func failingFlags(f *flag.FlagSet) *failingLines {
	l := &failingLines{}
	f.StringVar(&l.since, "since", "", "of failures: of lines that came in this `time`, as 48h or \"2 days\"")
	f.StringVar(&l.fingerprint, "fingerprint", "", "of failures: of this `kind`, as alerts show it")
	f.IntVar(&l.limit, "limit", 10, "of failures: so many lines a page")
	f.StringVar(&l.after, "after", "", "of failures: the page behind this `cursor`, which the page before ends with")
	return l
}

// print shows a page of a source's failing lines, from the lake. It needs no broker.
func (l *failingLines) print(ctx context.Context, p *program, w *place, out output, source string) error {
	wanted := lake.Wanted{Source: source, Fingerprint: l.fingerprint}
	if l.since != "" {
		d, err := strict.ParseDuration(l.since)
		if err != nil || d <= 0 {
			return usageError("--since %s: want a time, as 48h or \"2 days\"", l.since)
		}
		wanted.Since = p.time().Add(-d)
	}
	if l.limit < 1 || l.limit > lake.MaxPage {
		return usageError("--limit %d: want 1 to %d", l.limit, lake.MaxPage)
	}
	c, err := w.openLake(ctx, p)
	if err != nil {
		return err
	}
	page, err := c.FailuresPage(ctx, wanted, l.limit, l.after)
	switch {
	case errors.Is(err, lake.ErrNoTable):
		page = lake.FailurePage{Failures: []schemas.Failure{}}
	case errors.Is(err, lake.ErrCursor):
		return usageError("%v", err)
	case err != nil:
		return err
	}
	if len(page.Failures) == 0 {
		fmt.Fprintf(p.err, "There are no failing lines of %s in the lake at %s, as they are asked for.\n", printable(source), c.Root())
	}
	if out == forMachines {
		return printJSON(p.out, page)
	}
	if err := printFailures(p.out, page.Failures, p.time()); err != nil {
		return err
	}
	if page.Next != "" {
		fmt.Fprintf(p.err, "There are more: --after %s\n", page.Next)
	}
	return nil
}

// printFailures shows lines with the part that fails marked, each under the reason why.
func printFailures(w io.Writer, failures []schemas.Failure, now time.Time) error {
	var b bytes.Buffer
	for i, f := range failures {
		if i > 0 {
			b.WriteByte('\n')
		}
		schema, reason := f.Nearest()
		fmt.Fprintf(&b, "%s  %s  %s\n", when(f.ParseTime, now), orNone(printable(schema.Schema)), printable(f.Error))
		line, marks := mark(f.Payload, reason.Span, lineWidth)
		fmt.Fprintf(&b, "  %s, partition %d, offset %d, fingerprint %s\n  %s\n", printable(f.Position.Topic), f.Position.Partition, f.Position.Offset, printable(f.Fingerprint), line)
		if marks != "" {
			fmt.Fprintf(&b, "  %s\n", marks)
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}
