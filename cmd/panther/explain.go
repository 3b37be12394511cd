package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"panther/schemas/classify"
	"panther/schemas/envelope"
	"panther/schemas/explain"
	"panther/sinks/lake/operator"
)

const explainHelp = `
Usage: panther explain [--log-type NAME]... [--schema FILE]... [--source NAME [-f DIR]] [--all] [-o json] [LINE|-]

Says of a log line which schema it matches or, if none, why not: the line with the part that fails marked, the nearest schema
with all its reasons, every other candidate with its first one (--all: with all), and what to do. LINE stands in single quotes;
without it, or with -, lines are read from standard input, and each is explained. Of a --source the line is a record as its
producer sends it, with what is wrapped around lines; without -f the source is that of the pipeline's catalogue, and
fingerprints are those of alerts. With -o json there is one JSON object a line. It ends with 3 if a line matches no schema.

  panther explain --source okta -f examples/ '{"uuid": "1", "actor": "maria"}'
  tail -n 1 /var/log/nginx/access.log | panther explain --log-type Nginx.Access
`

// runExplain is `panther explain`.
func runExplain(ctx context.Context, p *program, args []string) error {
	f := p.flags("explain", explainHelp)
	w, choice, out := placeFlags(f), choiceFlags(f), outputFlag(f)
	all := f.Bool("all", false, "every reason of every schema; of a line that matches, also why the others do not")
	rest, err := parse(f, args)
	if err != nil {
		return err
	}
	if len(rest) > 1 {
		return usageError("the line has to be one argument: put it in single quotes, or send it to standard input")
	}
	found, err := w.choose(ctx, p, choice)
	if err != nil {
		return err
	}
	explainer, err := explain.New(found.source.ID, found.schemas)
	if err != nil {
		return usageError("%v", err)
	}
	e := &explaining{program: p, out: *out, all: *all, found: found, explainer: explainer,
		w: bufio.NewWriter(p.out), colour: operator.IsTerminal(p.out) && p.env("NO_COLOR") == ""}
	if len(rest) == 1 && rest[0] != "-" {
		e.record(0, []byte(rest[0]))
	} else if err := e.read(ctx); err != nil {
		return err
	}
	if err := errors.Join(e.err, e.w.Flush()); err != nil {
		return fmt.Errorf("write explanations: %w", err)
	}
	switch {
	case e.explained == 0:
		return usageError("there is no line to explain: standard input is empty")
	case e.failed > 0:
		return &exitError{code: exitProblems}
	}
	return nil
}

// choose finds the schemas; those of a source without a folder are in the pipeline's catalogue.
func (w *place) choose(ctx context.Context, p *program, c *choice) (chosen, error) {
	if c.source == "" || c.dir != "" {
		return c.find()
	}
	l, err := w.look(ctx, p)
	if err != nil {
		return chosen{}, usageError("log source %s is looked for in the catalogue of a pipeline; -f DIR looks in files; %v", c.source, err)
	}
	defer l.done()
	s, err := findSource(l.catalogue, c.source)
	if err != nil {
		return chosen{}, err
	}
	return chosen{s, l.catalogue.Candidates(s)}, nil
}

// An explaining is one run of the command.
type explaining struct {
	*program
	out       output
	all       bool
	colour    bool
	found     chosen
	explainer *explain.Explainer
	w         *bufio.Writer
	err       error // of writing

	explained, failed int
}

// read explains the lines of standard input.
func (e *explaining) read(ctx context.Context) error {
	if operator.IsTerminal(e.in) {
		fmt.Fprintln(e.program.err, "Reading lines from the terminal; Ctrl-D ends them.")
	}
	r, done, err := openLines(e.in, "-")
	if err != nil {
		return err
	}
	defer done()
	for number := 1; ; number++ {
		line, err := readLine(r)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read lines: %w", err)
		}
		if len(line) > 0 {
			e.record(number, line)
		}
		if r.Buffered() == 0 { // somebody may be watching
			e.err = errors.Join(e.err, e.w.Flush())
		}
		if err != nil || e.err != nil {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// record explains the lines of a record. Without a source it is one line, as it is.
func (e *explaining) record(number int, record []byte) {
	if e.found.source.Label == "" {
		e.line(number, classify.Line{Bytes: record}, nil)
		return
	}
	n := 0
	e.found.source.Stream().EachLine(record, func(x envelope.Line) bool {
		n++
		if !x.Skip {
			e.line(number, classify.Line{Bytes: x.Bytes, Header: x.Header, Envelope: x.Envelope, SourceID: e.found.source.ID, SourceLabel: e.found.source.Label}, &x)
		}
		return true
	})
	if n == 0 {
		fmt.Fprintf(e.program.err, "The record holds no line: by stream type %s its list is empty.\n", e.found.source.StreamType)
		e.explained++
	}
}

// line explains one line, number of the input; x says more of it, if it came in a record of a source.
func (e *explaining) line(number int, l classify.Line, x *envelope.Line) {
	l.RowID, l.ParseTime = "explained", e.time().UTC().Truncate(time.Second)
	var told *explain.Explanation
	if x != nil && x.Broken != nil {
		told = e.explainer.Broken(x.Bytes, *x.Broken)
		told.Advice = append(told.Advice, fmt.Sprintf("it is no record of stream type %s, as log source %s has it; to explain a line without what is wrapped around it, "+
			"name its type with --log-type in place of --source", e.found.source.StreamType, e.found.source.Label))
	} else {
		told = e.explainer.Explain(l, e.all)
	}
	if e.explained++; told.Failed() {
		e.failed++
	}
	if e.out == forMachines {
		j := json.NewEncoder(e.w)
		j.SetEscapeHTML(false)
		e.err = errors.Join(e.err, j.Encode(told))
		return
	}
	if e.explained > 1 {
		fmt.Fprintln(e.w)
	}
	if number > 0 {
		fmt.Fprintf(e.w, "line %d: ", number)
	}
	view := explanationView{Explanation: told, all: e.all, colour: e.colour}
	if e.found.source.ID == "" {
		view.fingerprintNote = ", which is another in alerts: a running pipeline adds the id of the source"
	}
	e.err = errors.Join(e.err, view.print(e.w))
}
