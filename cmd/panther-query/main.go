//go:build cgo && !noduckdb && duckdb_arrow

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"panther/sinks/lake/query/wire"
)

func main() {
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, "panther-query is started by `panther query \"SELECT ...\"`; it takes no arguments")
		os.Exit(2)
	}
	out := bufio.NewWriterSize(os.Stdout, 1<<16)
	err := serve(os.Stdin, out)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "panther-query:", err)
		os.Exit(1)
	}
}

// serve answers one statement. An error is of the conversation; what is wrong with the statement is part of it.
func serve(in io.Reader, out *bufio.Writer) error {
	opened := make(chan opening, 1)
	go func() { // while panther looks up its tables
		d, err := open()
		opened <- opening{d, err}
	}()
	var s wire.Statement
	if err := expect(in, wire.Ask, &s); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(s.Limits.Millis)*time.Millisecond)
	defer cancel()
	o := <-opened
	if o.err != nil {
		return o.err
	}
	defer o.database.close()
	mistake := o.database.answer(ctx, &s, in, out)
	if mistake == nil {
		return nil
	}
	return wire.Write(out, wire.Problem, mistake)
}

type opening struct {
	database *database
	err      error
}

// expect reads a frame of a kind into v.
func expect(in io.Reader, kind wire.Kind, v any) error {
	got, body, err := wire.Read(in)
	if err != nil {
		return err
	}
	if got != kind {
		return fmt.Errorf("got a frame %c, want %c: panther and panther-query are of different versions", got, kind)
	}
	return json.Unmarshal(body, v)
}

// answer does the work of one statement.
func (d *database) answer(ctx context.Context, s *wire.Statement, in io.Reader, out *bufio.Writer) *wire.Mistake {
	if err := d.bound(ctx, s.Limits); err != nil {
		return broken(err)
	}
	c, mistake := d.check(ctx, s)
	if mistake != nil {
		return mistake
	}
	if err := send(out, wire.Need, wire.Needs{Tables: c.tables}); err != nil {
		return broken(err)
	}
	var tables []wire.Table
	if err := expect(in, wire.Tables, &tables); err != nil {
		return broken(err)
	}
	go func() { // nobody waits for the answer of a panther that has gone
		io.Copy(io.Discard, in)
		os.Exit(1)
	}()
	if err := d.load(ctx, tables); err != nil {
		return blame(d.mistake(ctx, c, err), tables)
	}
	if err := d.lock(ctx, tables); err != nil {
		return broken(err)
	}
	if err := confine(s.Limits); err != nil {
		return broken(err)
	}
	summary, err := d.stream(ctx, c, s.Limits, out)
	if err != nil {
		return blame(d.mistake(ctx, c, err), tables)
	}
	if err := send(out, wire.Done, summary); err != nil {
		return broken(err)
	}
	return nil
}

func send(out *bufio.Writer, kind wire.Kind, v any) error {
	if err := wire.Write(out, kind, v); err != nil {
		return err
	}
	return out.Flush()
}

func tooLong() *wire.Mistake {
	return &wire.Mistake{Reason: wire.TooLong, Text: "it took longer than it may", Position: -1, Hint: "ask for less, as a shorter time, or give it longer (--timeout)"}
}

// blame says that a file is to blame, not the statement, if that is what DuckDB complains of.
func blame(m *wire.Mistake, tables []wire.Table) *wire.Mistake {
	for _, t := range tables {
		for _, f := range t.Files {
			if strings.Contains(m.Text, f) {
				text := "a file of table " + t.Space + "." + t.Table + " cannot be read: " + m.Text
				return &wire.Mistake{Reason: wire.Broken, Text: text, Position: -1, Hint: "panther lake verify says what is damaged; a copy of a file on S3 may be removed, and comes again"}
			}
		}
	}
	return m
}

func broken(err error) *wire.Mistake {
	if errors.Is(err, context.DeadlineExceeded) {
		return tooLong()
	}
	return &wire.Mistake{Reason: wire.Broken, Text: err.Error(), Position: -1}
}
