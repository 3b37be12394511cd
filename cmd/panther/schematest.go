package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"panther/schemas"
	"panther/schemas/classify"
	"panther/schemas/logtype"
	"panther/schemas/verify"
)

// A testedSchema is what came of the samples of a schema, and of the lines beside its file.
type testedSchema struct {
	Schema  string          `json:"schema"`
	File    string          `json:"file"`
	Samples []verify.Result `json:"samples"`
	Beside  []besideResult  `json:"linesBeside,omitempty"`
}

// A besideResult is what came of a file of lines.
type besideResult struct {
	File   string   `json:"file"`
	Lines  int      `json:"lines"`
	Failed int      `json:"failed"`
	First  []string `json:"first,omitempty"` // of those that failed: where and why
}

// maxShown bounds what is shown of many failures alike.
const maxShown = 5

// test runs the samples of schemas.
func (c *schemaCommand) test(ctx context.Context, words []string) error {
	var all []foundSchema
	for _, word := range words {
		found, err := c.find(word)
		if err != nil {
			return err
		}
		all = append(all, found...)
	}
	var among classify.Checker
	if c.together {
		var together []*logtype.Schema
		for _, s := range all {
			together = append(together, s.Schema)
		}
		var err error
		if among, err = newChecker(together); err != nil {
			return err
		}
	}
	results := []testedSchema{}
	for _, s := range all {
		alone, err := newChecker([]*logtype.Schema{s.Schema})
		if err != nil {
			return err
		}
		r := testedSchema{Schema: s.Name, File: s.file, Samples: verify.Samples(s.Schema, alone, among)}
		beside, err := testBeside(ctx, s, alone)
		if err != nil {
			return err
		}
		r.Beside = beside
		results = append(results, r)
	}
	return c.tell(results)
}

// tell prints results, and ends with 3 if any sample is not as it says.
func (c *schemaCommand) tell(results []testedSchema) error {
	samples, wrong, lines, failed := 0, 0, 0, 0
	for _, r := range results {
		for _, s := range r.Samples {
			samples++
			if len(s.Problems) > 0 {
				wrong++
			}
		}
		for _, b := range r.Beside {
			lines += b.Lines
			failed += b.Failed
		}
	}
	if c.out == forMachines {
		if err := printJSON(c.program.out, results); err != nil {
			return err
		}
	} else {
		for _, r := range results {
			r.print(c.program.out)
		}
		fmt.Fprintf(c.program.out, "%s of %s: ", plural(samples, "sample", "samples"), plural(len(results), "log type", "log types"))
		fmt.Fprintf(c.program.out, "%d as they say, %d not\n", samples-wrong, wrong)
		if lines > 0 {
			fmt.Fprintf(c.program.out, "%s in files beside: %d match, %d do not\n", plural(lines, "line", "lines"), lines-failed, failed)
		}
	}
	if wrong+failed > 0 {
		return &exitError{code: exitProblems}
	}
	return nil
}

// print shows what is not as it should be; of what is, a line.
func (r testedSchema) print(w io.Writer) {
	if len(r.Samples) == 0 && len(r.Beside) == 0 {
		fmt.Fprintf(w, "none  %s has no samples: write some under samples:, each with a name and a line\n", r.Schema)
		return
	}
	state := "ok   "
	for _, s := range r.Samples {
		if len(s.Problems) > 0 {
			state = "WRONG"
		}
	}
	for _, b := range r.Beside {
		if b.Failed > 0 {
			state = "WRONG"
		}
	}
	fmt.Fprintf(w, "%s %s, %s\n", state, r.Schema, plural(len(r.Samples), "sample", "samples"))
	for _, s := range r.Samples {
		if len(s.Problems) == 0 {
			continue
		}
		line, _ := mark([]byte(s.Line), schemas.Span{}, lineWidth-4)
		fmt.Fprintf(w, "  %s\n    %s\n", printable(s.Sample), line)
		for _, text := range s.Problems {
			fmt.Fprint(w, wrap(printable(text), lineWidth, "    "))
		}
	}
	for _, b := range r.Beside {
		if b.Failed == 0 {
			continue
		}
		fmt.Fprintf(w, "  %s: %d of %s fail\n", b.File, b.Failed, plural(b.Lines, "line", "lines"))
		for _, text := range b.First {
			fmt.Fprint(w, wrap(printable(text), lineWidth, "    "))
		}
	}
}

// beside are the ends of names of files with lines.
var beside = []string{".ndjson", ".jsonl", ".log", ".csv", ".txt"}

// testBeside tries the lines of files that stand beside a schema's own: order.ndjson beside order.yml. Each has to match.
func testBeside(ctx context.Context, s foundSchema, checker classify.Checker) (results []besideResult, err error) {
	if s.file == builtIn {
		return nil, nil
	}
	stem := strings.TrimSuffix(s.file, filepath.Ext(s.file))
	for _, end := range beside {
		name := stem + end
		if _, err := os.Stat(name); err != nil {
			continue
		}
		b := besideResult{File: name}
		err := eachLine(ctx, nil, name, func(number int, line, header []byte) error {
			b.Lines++
			if v := checker.Check(classify.Line{Bytes: line, Header: header}); v.Schema == nil && !v.Skipped {
				if b.Failed++; b.Failed <= maxShown {
					b.First = append(b.First, fmt.Sprintf("line %d: %s", number, classify.Summary(v.Candidates[0])))
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		results = append(results, b)
	}
	return results, nil
}
