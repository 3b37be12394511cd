package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"panther/schemas"
	"panther/schemas/catalogue"
	"panther/schemas/classify"
	"panther/schemas/envelope"
	"panther/schemas/strict"
)

func typeNames() string {
	var names []string
	for _, t := range envelope.Types() {
		names = append(names, string(t))
	}
	return strings.Join(names, ", ")
}

// streamOf says how files hold lines: as the source does, unless the flags say otherwise.
func streamOf(of catalogue.LogSource, streamType, arrayField string) (envelope.Stream, error) {
	s := of.Stream()
	s.Unbounded = true
	if streamType != "" {
		s = envelope.Stream{Type: envelope.Type(streamType), Unbounded: true}
	}
	if arrayField != "" {
		s.ArrayField, s.Retain = arrayField, true
	}
	known := envelope.Types()
	for _, t := range known {
		if t == cmp.Or(s.Type, envelope.Auto) {
			if s.ArrayField != "" && t != envelope.JSONArray {
				return s, usageError("--array-field is for --stream-type JsonArray")
			}
			return s, nil
		}
	}
	return s, usageError("there is no stream type %q; %s", streamType, strict.DidYouMean(streamType, strings.Split(typeNames(), ", ")))
}

// file classifies the lines of a file; "-" is standard input.
func (c *classification) file(ctx context.Context, name string) error {
	r, done, err := openLines(c.in, name)
	if err != nil {
		return err
	}
	defer done()
	first, err := readLine(r)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read lines of %s: %w", name, err)
	}
	if !c.stream.ByLine(first) {
		return c.whole(name, first, r)
	}
	return c.byLine(ctx, name, first, err, r)
}

// byLine classifies a file line by line, so that it may be of any length, and still be written.
func (c *classification) byLine(ctx context.Context, name string, line []byte, err error, r *bufio.Reader) error {
	var header []byte
	for number := int64(0); ; number++ {
		if len(line) > 0 || err == nil {
			if header == nil && len(line) > 0 {
				header = bytes.Clone(line)
			}
			if err := c.record(name, number, line, header); err != nil {
				return err
			}
		}
		if err != nil {
			return nil
		}
		if r.Buffered() == 0 { // somebody may be watching
			if err := c.flush(); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if line, err = readLine(r); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read lines of %s: %w", name, err)
		}
	}
}

// record classifies the lines in a line of a file. Empty ones are passed over: many files end with one.
func (c *classification) record(file string, number int64, record, header []byte) error {
	if len(record) == 0 {
		c.lines++
		c.skipped++
		return nil
	}
	for x := range c.stream.Lines(record) {
		row := fmt.Sprintf("%s:%d", file, number+1)
		if x.Number > 0 {
			row += fmt.Sprintf(".%d", x.Number+1)
		}
		if x.Envelope == nil && bytes.Equal(x.Bytes, record) { // the line itself
			x.Header = header
		}
		if err := c.line(file, number, row, x); err != nil {
			return err
		}
	}
	return nil
}

// whole classifies a file whose lines cannot be found one by one.
func (c *classification) whole(name string, first []byte, r io.Reader) error {
	rest, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	record := append(append(first, '\n'), rest...)
	for x := range c.stream.Lines(record) {
		if err := c.line(name, x.Number, fmt.Sprintf("%s:%d", name, x.Number+1), x); err != nil {
			return err
		}
	}
	return nil
}

// line classifies one line.
func (c *classification) line(file string, number int64, row string, x envelope.Line) error {
	c.lines++
	if x.Skip {
		c.skipped++
		return nil
	}
	now := time.Now().UTC()
	l := classify.Line{Bytes: x.Bytes, Header: x.Header, Envelope: x.Envelope, RowID: row, SourceLabel: c.label, ParseTime: now}
	if file != "-" {
		l.SourceFile = file
	}
	f := schemas.Failure{RowID: row, Label: c.label, Payload: x.Bytes, Position: schemas.Position{Object: l.SourceFile, Line: number},
		Arrival: now, ParseTime: now, Envelope: x.Envelope}
	if x.Broken != nil {
		for _, s := range c.candidates {
			f.Candidates = append(f.Candidates, schemas.Candidate{Schema: s.Name, Version: s.Version, Reasons: []schemas.Reason{*x.Broken}})
		}
		return c.failure(f)
	}
	v := c.checker.Check(l)
	switch {
	case v.Skipped:
		c.skipped++
		return nil
	case v.Schema != nil:
		c.byType[v.Schema.Name]++
		if _, err := c.events.Write(append(v.Event, '\n')); err != nil {
			return fmt.Errorf("write events: %w", err)
		}
		return nil
	}
	f.Candidates = v.Candidates
	return c.failure(f)
}
