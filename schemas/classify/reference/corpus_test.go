package reference_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"panther/schemas"
	"panther/schemas/classify"
	"panther/schemas/logtype"
)

// leastAccepted is the share of a type's lines, in a corpus that it was not written from, that it has to take.
const leastAccepted = 0.85

var arrayIndex = regexp.MustCompile(`\[[0-9]+\]`)

// A corpusFile says which lines of a file are not taken as they stand. Where none is said of a file, all of them are.
type corpusFile struct {
	// Lines that somebody cut down to the members that mattered to them, or whose names came back from a lake in lower case.
	// Required members are missing; with names as the schema has them, and those of the type's first sample put in where there is
	// none, the line is taken: what is left of it is right.
	cut     int
	refused []refused // the others, each with its cause
	few     string    // why fewer than leastAccepted are right, where that is so
}

// refused are lines that are not taken for one reason.
type refused struct {
	lines int
	code  schemas.Code
	field string // positions in arrays left out, as target[].id
	why   string
}

// TestCorpus reads the lines of a corpus that is no part of the project. Its events have been changed on their way, so that
// not all are on the wire format; what is not taken is explained in corpusFiles. Lines of what has no schema are to be refused.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("PANTHER_CORPUS")
	if dir == "" {
		t.Skip("PANTHER_CORPUS is not set: it names a folder with sample lines in events/<LogType>.ndjson")
	}
	var files []string
	for _, pattern := range []string{"events/*.ndjson", "text/*.log", "zeek/*.ndjson"} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		t.Fatalf("%s has no lines", dir)
	}
	seen := map[string]bool{}
	for _, file := range files {
		base := filepath.Base(file)
		seen[base] = true
		t.Run(base, func(t *testing.T) {
			s, ok := builtinFold(strings.TrimSuffix(base, filepath.Ext(base)))
			if ok {
				testCorpusFile(t, s, file)
			}
			testCorpusOthers(t, s, file)
		})
	}
	for name := range corpusFiles {
		if !seen[name] {
			t.Errorf("%s is explained, and there is no such file", name)
		}
	}
}

// builtinFold finds a log type by its name, whatever the case of its letters.
func builtinFold(name string) (*logtype.Schema, bool) {
	for _, s := range logtype.Builtins() {
		if strings.EqualFold(s.Name, name) {
			return s, true
		}
	}
	return nil, false
}

func testCorpusFile(t *testing.T, s *logtype.Schema, file string) {
	want := corpusFiles[filepath.Base(file)]
	left := map[string]int{}
	explained := 0
	for _, r := range want.refused {
		left[string(r.code)+" "+r.field] += r.lines
		explained += r.lines
	}
	whole, cut, all := 0, 0, 0
	for i, line := range readLines(t, file) {
		v := check(line, s)
		if v.Skipped {
			continue
		}
		all++
		if v.Schema != nil {
			whole++
			continue
		}
		if completes(s, line, v.Candidates[0].Reasons) {
			cut++
			continue
		}
		r := v.Candidates[0].Reasons[0]
		key := string(r.Code) + " " + arrayIndex.ReplaceAllString(r.Field, "[]")
		if left[key]--; left[key] < 0 {
			t.Errorf("line %d is not explained: %s", i+1, classify.Summary(v.Candidates[0]))
		}
	}
	t.Logf("%d lines: %d taken, %d cut down, %d refused", all, whole, cut, all-whole-cut)
	for key, n := range left {
		if n > 0 {
			t.Errorf("%d lines more are explained as %q than there are", n, key)
		}
	}
	if cut != want.cut {
		t.Errorf("%d lines lack required members, and are right with them; want %d", cut, want.cut)
	}
	if enough := float64(whole+cut) >= leastAccepted*float64(all); enough != (want.few == "") {
		t.Errorf("%d of %d lines are taken; that this is too few is explained as %q", whole+cut, all, want.few)
	}
}

// testCorpusOthers looks for log types that take the lines of a file which is of another type, or of none.
func testCorpusOthers(t *testing.T, s *logtype.Schema, file string) {
	taken := map[string][]int{} // lines, by log type
	for i, line := range readLines(t, file) {
		v := check(line, logtype.Builtins()...)
		if v.Schema == nil {
			continue
		}
		for _, name := range append([]string{v.Schema.Name}, v.Ambiguous...) {
			if s == nil || name != s.Name && !isAmbiguous(s.Name, name) {
				taken[name] = append(taken[name], i+1)
			}
		}
	}
	for name, lines := range taken {
		t.Errorf("%s takes %d lines, as line %d", name, len(lines), lines[0])
	}
}

// completes reports whether a line lacks nothing but required members: with those of the first sample it is of the type.
func completes(s *logtype.Schema, line string, reasons []schemas.Reason) bool {
	var event, sample map[string]any
	if decodeJSON(line, &event) != nil || decodeJSON(s.Samples[0].Line, &sample) != nil {
		return false
	}
	if restoreNames(s.Fields, event) {
		text, err := json.Marshal(event)
		if err != nil {
			return false
		}
		v := check(string(text), s)
		if v.Schema != nil {
			return true
		}
		reasons = v.Candidates[0].Reasons
	}
	for _, r := range reasons {
		if r.Code != schemas.RequiredMissing || !put(event, sample, strings.Split(r.Field, ".")) {
			return false
		}
	}
	full, err := json.Marshal(event)
	return err == nil && check(string(full), s).Schema == s
}

// restoreNames gives members the names that the fields have, where only the case of letters tells them apart. It reports
// whether there were any.
func restoreNames(fields []logtype.Field, event map[string]any) (restored bool) {
	for _, f := range fields {
		if _, ok := event[f.Name]; !ok {
			for name, value := range event {
				if strings.EqualFold(name, f.Name) {
					event[f.Name], restored = value, true
					delete(event, name)
					break
				}
			}
		}
		if inner, ok := event[f.Name].(map[string]any); ok {
			restored = restoreNames(f.Fields, inner) || restored
		}
	}
	return restored
}

func decodeJSON(text string, into any) error {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	return d.Decode(into)
}

// put copies the member at a path from one object to another, where it is missing.
func put(to, from map[string]any, path []string) bool {
	value, ok := from[path[0]]
	if !ok {
		return false
	}
	if len(path) == 1 {
		to[path[0]] = value
		return true
	}
	inner, ok1 := to[path[0]].(map[string]any)
	within, ok2 := value.(map[string]any)
	return ok1 && ok2 && put(inner, within, path[1:])
}

// readLines returns the lines of a file.
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
	return lines
}
