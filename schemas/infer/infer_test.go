package infer_test

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"panther/schemas/classify"
	"panther/schemas/classify/reference"
	"panther/schemas/infer"
	"panther/schemas/logtype"
)

var update = flag.Bool("update", false, "rewrite golden files")

// The files in testdata say what is inferred: lines.ndjson or lines.csv, and behind it schema.yml, and notes for what was
// left out or guessed, or errors for what no schema can be made from. -update rewrites these.
func TestInfer(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			input := archive.Files[0]
			got := &txtar.Archive{Comment: archive.Comment, Files: append([]txtar.File{input}, inferred(t, input)...)}
			if *update {
				if err := os.WriteFile(file, txtar.Format(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(txtar.Format(archive)), string(txtar.Format(got))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// inferred is what becomes of the lines of a file.
func inferred(t *testing.T, input txtar.File) (files []txtar.File) {
	lines := strings.Split(strings.TrimSuffix(string(input.Data), "\n"), "\n")
	o := infer.JSON()
	if input.Name == "lines.csv" {
		var err error
		if o, err = infer.CSV([]byte(lines[0])); err != nil {
			return []txtar.File{{Name: "errors", Data: []byte(err.Error() + "\n")}}
		}
		lines = lines[1:]
	}
	var good []string
	var errs, notes bytes.Buffer
	for _, line := range lines {
		if err := o.Line([]byte(line)); err != nil {
			fmt.Fprintf(&errs, "%s: %v\n", line, err)
			continue
		}
		good = append(good, line)
	}
	d, err := o.Draft("My.Type")
	if err != nil {
		fmt.Fprintln(&errs, err)
	} else {
		files = append(files, txtar.File{Name: "schema.yml", Data: []byte(d.Text)})
		for _, n := range d.Notes {
			fmt.Fprintf(&notes, "%q: %s\n", n.Path, n.Text)
		}
		accepts(t, d, good)
	}
	for _, f := range []txtar.File{{Name: "notes", Data: notes.Bytes()}, {Name: "errors", Data: errs.Bytes()}} {
		if len(f.Data) > 0 {
			files = append(files, f)
		}
	}
	return files
}

// accepts holds a draft to its promise: its text is the schema, and takes every line that it was made from.
func accepts(t *testing.T, d *infer.Draft, lines []string) {
	t.Helper()
	parsed, err := logtype.Parse("draft.yml", []byte(d.Text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, d.Text)
	}
	if !reflect.DeepEqual(d.Schema, parsed) { // and not cmp.Diff, which takes for ever on values that are nested deep
		t.Fatalf("the text is another schema:\n%s", d.Text)
	}
	checker := reference.New([]*logtype.Schema{parsed})
	for _, line := range lines {
		v := checker.Check(classify.Line{Bytes: []byte(line), ParseTime: time.Unix(0, 0)})
		if v.Schema == nil && !v.Skipped {
			t.Fatalf("%s\n%.2000q\n%.2000s", classify.Summary(v.Candidates[0]), line, d.Text)
		}
	}
}

// Every log type of a corpus that is no part of the project: one half of its lines makes a schema, and it takes them all.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("PANTHER_CORPUS")
	if dir == "" {
		t.Skip("PANTHER_CORPUS is not set: it names a folder with sample lines in events/<LogType>.ndjson")
	}
	files, err := filepath.Glob(filepath.Join(dir, "events", "*.ndjson"))
	if err != nil || len(files) < 50 {
		t.Fatal(len(files), err)
	}
	times, indicators, unseen, taken := 0, 0, 0, 0
	for _, file := range files {
		o := infer.JSON()
		var learnt, others []string
		for i, line := range readLines(t, file) {
			if i%2 == 1 {
				others = append(others, line)
				continue
			}
			if err := o.Line([]byte(line)); err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			learnt = append(learnt, line)
		}
		d, err := o.Draft(strings.TrimSuffix(filepath.Base(file), ".ndjson"))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		accepts(t, d, learnt)
		walk(d.Schema.Fields, func(v logtype.Value) {
			indicators += len(v.Indicators)
			if v.Type == logtype.Timestamp {
				times++
			}
		})
		checker := reference.New([]*logtype.Schema{d.Schema})
		for _, line := range others {
			unseen++
			if checker.Check(classify.Line{Bytes: []byte(line)}).Schema != nil {
				taken++
			}
		}
	}
	t.Logf("%d types: %d timestamps, %d indicators; of %d lines that were not seen %d match", len(files), times, indicators, unseen, taken)
	if times < 100 || indicators < 200 {
		t.Errorf("only %d timestamps and %d indicators were found", times, indicators)
	}
}

func walk(fields []logtype.Field, see func(logtype.Value)) {
	for _, f := range fields {
		for v := &f.Value; v != nil; v = v.Element {
			see(*v)
			walk(v.Fields, see)
		}
	}
}

func readLines(t *testing.T, file string) (lines []string) {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, classify.MaxLine)
	for s.Scan() {
		lines = append(lines, s.Text())
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(lines, func(l string) bool { return l == "" })
}
