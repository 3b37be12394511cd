package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"panther/schemas"
	"panther/schemas/catalogue"
	"panther/schemas/classify"
	"panther/schemas/classify/reference"
	"panther/schemas/logtype"
	"panther/schemas/strict"
)

const classifyHelp = `
Usage: panther classify [--log-type NAME]... [--schema FILE]... [--source NAME -f DIR] [--failures FILE] [FILE...]

Classifies log lines without a pipeline: lines in, events on stdout, failures on stderr or in --failures, both as JSON lines.
At the end it says on stderr how many there were of each and what failed. It ends with 3 if any line failed. Without FILE, or
with -, it reads standard input. Name the log types to choose from, in order of preference, by at least one of the flags.

  panther classify --log-type Nginx.Access /var/log/nginx/access.log
  panther classify --source "nginx edge" -f examples/ --failures failed.ndjson access.log`

// runClassify is `panther classify`.
func runClassify(ctx context.Context, p *program, args []string) error {
	var logTypes, schemaFiles texts
	f := p.flags("classify", classifyHelp)
	f.Var(&logTypes, "log-type", "a `log type`; may be given several times")
	f.Var(&schemaFiles, "schema", "a `file` with a log type; may be given several times")
	source := f.String("source", "", "the `label` of a log source of the catalogue files, whose log types are taken")
	dir := f.String("f", "", "the `folder` of the catalogue files")
	failures := f.String("failures", "", "the `file` to write failures to")
	files, err := parse(f, args)
	if err != nil {
		return err
	}
	c := &classification{in: p.in, events: bufio.NewWriter(p.out), failures: bufio.NewWriter(p.err), label: *source,
		byType: map[string]int{}, kinds: map[string]*failureKind{}}
	candidates, err := classifyCandidates(logTypes, schemaFiles, *source, *dir)
	if err != nil {
		return err
	}
	c.checker = reference.New(candidates)
	if *failures != "" {
		file, err := os.Create(*failures)
		if err != nil {
			return fmt.Errorf("write failures: %w", err)
		}
		defer file.Close()
		c.failures = bufio.NewWriter(file)
	}
	if len(files) == 0 {
		files = []string{"-"}
	}
	for _, name := range files {
		if err = c.file(ctx, name); err != nil {
			break
		}
	}
	if err := cmp.Or(err, c.flush()); err != nil {
		return err
	}
	c.summary(p.err)
	if c.failed > 0 {
		return &exitError{code: exitProblems}
	}
	return nil
}

// texts is a flag that may be given several times.
type texts []string

func (t *texts) String() string { return strings.Join(*t, ", ") }

func (t *texts) Set(s string) error {
	*t = append(*t, s)
	return nil
}

// classifyCandidates finds the schemas to choose from: those of schema files, of log types by name, and of a source.
func classifyCandidates(logTypes, schemaFiles []string, source, dir string) ([]*logtype.Schema, error) {
	given := map[string]*logtype.Schema{}
	var names []string
	for _, file := range schemaFiles {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, usageError("read a schema: %v", err)
		}
		s, err := logtype.Parse(file, data)
		if err != nil {
			return nil, usageError("the schema has mistakes:\n%v", err)
		}
		given[s.Name] = s
		names = append(names, s.Name)
	}
	names = append(names, logTypes...)
	if (source == "") != (dir == "") {
		return nil, usageError("--source takes a log source of the files that -f names: give both")
	}
	if source != "" {
		ofSource, err := sourceLogTypes(source, dir, given)
		if err != nil {
			return nil, err
		}
		names = append(names, ofSource...)
	}
	if len(names) == 0 {
		return nil, usageError("name what the lines may be, with --log-type, --schema or --source; `panther get schemas` lists the log types built in")
	}
	var candidates []*logtype.Schema
	for _, name := range names {
		s, ok := given[name]
		if !ok {
			s, ok = logtype.Builtin(name)
		}
		if !ok {
			hint := strict.DidYouMean(name, append(logtype.BuiltinNames(), slices.Sorted(maps.Keys(given))...))
			if hint == "" {
				hint = "`panther get schemas` lists those built in"
			}
			return nil, usageError("there is no log type %q; %s", name, hint)
		}
		if !slices.Contains(candidates, s) {
			candidates = append(candidates, s)
		}
	}
	return candidates, nil
}

// sourceLogTypes returns the log types of a source in catalogue files, and adds the schemas of these files to given.
func sourceLogTypes(label, dir string, given map[string]*logtype.Schema) ([]string, error) {
	files, err := catalogue.Parse(dir)
	if err != nil {
		return nil, usageError("%v", err)
	}
	for _, entry := range files.Schemas {
		s, err := logtype.Parse(entry.Origin, []byte(entry.Text))
		if err != nil {
			return nil, usageError("%v", err)
		}
		if given[s.Name] == nil {
			given[s.Name] = s
		}
	}
	var labels []string
	for _, s := range files.Sources {
		if s.Label == label {
			return s.LogTypes, nil
		}
		labels = append(labels, s.Label)
	}
	return nil, usageError("%s has no log source %q; %s", dir, label, strict.DidYouMean(label, labels))
}

// A classification is one run of the command.
type classification struct {
	checker          classify.Checker
	in               io.Reader // for the file "-"
	label            string    // of the source
	events, failures *bufio.Writer

	lines, failed, skipped int
	byType                 map[string]int          // events
	kinds                  map[string]*failureKind // by fingerprint
}

// A failureKind counts failures that are alike.
type failureKind struct {
	count int
	first string // where, and why
}

// file classifies the lines of a file; "-" is standard input.
func (c *classification) file(ctx context.Context, name string) error {
	in := c.in
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("read lines: %w", err)
		}
		defer file.Close()
		in = file
	}
	r := bufio.NewReaderSize(in, 64<<10)
	for number := int64(0); ; number++ {
		line, err := readLine(r)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read lines: %w", err)
		}
		if len(line) > 0 || err == nil {
			if err := c.line(name, number, line); err != nil {
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
	}
}

// readLine returns the next line without its end. Of a line that is too long it keeps enough to show that. The error is io.EOF
// behind the last line, which may come with it.
func readLine(r *bufio.Reader) (line []byte, err error) {
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part[:min(len(part), classify.MaxLine+3-len(line))]...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		return line, err
	}
}

// line classifies one line. Empty ones are passed over: many files end with one.
func (c *classification) line(file string, number int64, line []byte) error {
	c.lines++
	row, now := fmt.Sprintf("%s:%d", file, number+1), time.Now().UTC()
	if len(line) == 0 {
		c.skipped++
		return nil
	}
	l := classify.Line{Bytes: line, RowID: row, SourceLabel: c.label, ParseTime: now}
	if file != "-" {
		l.SourceFile = file
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
	return c.failure(schemas.Failure{RowID: row, Label: c.label, Payload: line, Position: schemas.Position{Object: l.SourceFile, Line: number},
		Arrival: now, ParseTime: now, Candidates: v.Candidates})
}

// A failureInFile is a failure whose line has no topic: its position is the line of a file, the first being 1.
type failureInFile struct {
	schemas.Failure
	Position inFile `json:"position"`
}

type inFile struct {
	File string `json:"file,omitempty"` // empty: standard input
	Line int64  `json:"line"`
}

func (c *classification) failure(f schemas.Failure) error {
	nearest, _ := f.Nearest()
	f.Error, f.Fingerprint = classify.Summary(nearest)+classify.Advice(f.Payload), classify.Fingerprint(f.Source, nearest)
	c.failed++
	kind := c.kinds[f.Fingerprint]
	if kind == nil {
		kind = &failureKind{first: f.RowID + ": " + f.Error}
		c.kinds[f.Fingerprint] = kind
	}
	kind.count++
	shown := failureInFile{f, inFile{f.Position.Object, f.Position.Line + 1}}
	if err := json.NewEncoder(c.failures).Encode(shown); err != nil {
		return fmt.Errorf("write failures: %w", err)
	}
	return nil
}

func (c *classification) flush() error {
	if err := c.events.Flush(); err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	if err := c.failures.Flush(); err != nil {
		return fmt.Errorf("write failures: %w", err)
	}
	return nil
}

// maxKinds bounds the kinds of failures that the summary names.
const maxKinds = 10

// summary says what there was: the counts, and the kinds of failures, the most frequent first.
func (c *classification) summary(w io.Writer) {
	events := 0
	var types []string
	for _, name := range slices.Sorted(maps.Keys(c.byType)) {
		events += c.byType[name]
		types = append(types, fmt.Sprintf("%s %d", name, c.byType[name]))
	}
	of := ""
	if len(types) > 0 {
		of = " (" + strings.Join(types, ", ") + ")"
	}
	fmt.Fprintf(w, "lines %d: events %d%s, failures %d, skipped %d\n", c.lines, events, of, c.failed, c.skipped)
	kinds := slices.SortedFunc(maps.Values(c.kinds), func(a, b *failureKind) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.first, b.first))
	})
	for i, k := range kinds {
		if i == maxKinds {
			fmt.Fprintf(w, "  and %s of failures\n", plural(len(kinds)-maxKinds, "more kind", "more kinds"))
			break
		}
		fmt.Fprintf(w, "  %d failed as %s\n", k.count, k.first)
	}
}
