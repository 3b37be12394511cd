package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"panther/schemas"
	"panther/schemas/classify"
	"panther/schemas/envelope"
	"panther/schemas/logtype"
)

const classifyHelp = `
Usage: panther classify [--log-type NAME]... [--schema FILE]... [--source NAME -f DIR] [--stream-type TYPE] [--failures FILE] [FILE...]

Classifies log lines without a pipeline: lines in, events on stdout, failures on stderr or in --failures, both as JSON lines.
At the end it says on stderr how many there were of each and what failed. It ends with 3 if any line failed. Without FILE, or
with -, it reads standard input. Name the log types to choose from, in order of preference, by at least one of the flags.

How files hold lines is the stream type: that of the source, else Auto, which looks. Files may be packed by gzip.

  panther classify --log-type Nginx.Access /var/log/nginx/access.log
  panther classify --source "nginx edge" -f examples/ --failures failed.ndjson access.log
  panther classify --log-type AWS.CloudTrail --stream-type JsonArray --array-field Records trail.json.gz`

// runClassify is `panther classify`.
func runClassify(ctx context.Context, p *program, args []string) error {
	f := p.flags("classify", classifyHelp)
	choice := choiceFlags(f)
	streamType := f.String("stream-type", "", "how files hold lines: "+typeNames())
	arrayField := f.String("array-field", "", "of JsonArray: the `member` of an object that has the array")
	failures := f.String("failures", "", "the `file` to write failures to")
	files, err := parse(f, args)
	if err != nil {
		return err
	}
	c := &classification{in: p.in, events: bufio.NewWriter(p.out), failures: bufio.NewWriter(p.err), label: choice.source,
		byType: map[string]int{}, kinds: map[string]*failureKind{}}
	found, err := choice.find()
	if err != nil {
		return err
	}
	c.candidates = found.schemas
	if c.checker, err = newChecker(found.schemas); err != nil {
		return err
	}
	if c.stream, err = streamOf(found.source, *streamType, *arrayField); err != nil {
		return err
	}
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

// A classification is one run of the command.
type classification struct {
	checker          classify.Checker
	candidates       []*logtype.Schema
	stream           envelope.Stream
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
	f.Error, f.Fingerprint = classify.Why(nearest, f.Payload), classify.Fingerprint(f.Source, nearest)
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
		fmt.Fprintf(w, "  %d failed as %s\n", k.count, printable(k.first))
	}
}
