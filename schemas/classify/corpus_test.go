package classify_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"panther/schemas/classify"
	"panther/schemas/logtype"
)

// corpus returns the files of the corpus that match a pattern; without a corpus the test is skipped.
func corpus(t *testing.T, pattern string) []string {
	t.Helper()
	dir := os.Getenv("PANTHER_CORPUS")
	if dir == "" {
		t.Skip("PANTHER_CORPUS is not set: it names a folder with sample lines, and the files of JSONTestSuite in jsontestsuite")
	}
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files %s in %s: %v", pattern, dir, err)
	}
	return files
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Every line of the corpus with its own log type alone, and some of each file with all log types that are built in. Which lines
// are taken, and why the others are not, is said in package reference.
func TestCorpusLikeReference(t *testing.T) {
	all := newPair(t, logtype.Builtins()...)
	for _, pattern := range []string{"events/*.ndjson", "text/*.log", "zeek/*"} {
		for _, file := range corpus(t, pattern) {
			name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
			var alone *pair
			for _, s := range logtype.Builtins() {
				if strings.EqualFold(s.Name, name) {
					alone = newPair(t, s)
				}
			}
			header, _, _ := bytes.Cut(read(t, file), []byte("\n"))
			n := 0
			for line := range bytes.Lines(read(t, file)) {
				l := classify.Line{Bytes: line, Header: header}
				if n++; n <= 20 {
					all.checkLine(t, l)
				}
				if alone != nil {
					alone.checkLine(t, l)
				}
				if t.Failed() {
					t.Fatal(file)
				}
			}
		}
	}
}

// What a JSON parser must take and must refuse, by a suite that is no part of the project: as a line, as a value within one, and
// by Valid.
func TestJSONTestSuite(t *testing.T) {
	s, err := logtype.Parse("x.yml", []byte("schema: My.Json\nfields: [{name: a, type: json}, {name: e, type: json, isEmbeddedJSON: true}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	p, e := newPair(t, s), engineOf(t, s)
	count := map[byte]int{}
	for _, file := range corpus(t, "jsontestsuite/*.json") {
		base, data := filepath.Base(file), read(t, file)
		count[base[0]]++
		within := p.check(t, append(append([]byte(`{"a":`), data...), '}'))
		p.check(t, data)
		text, err := json.Marshal(string(data))
		if err != nil {
			t.Fatal(err)
		}
		p.check(t, append(append([]byte(`{"e":`), text...), '}'))
		valid := e.Valid(data)
		switch base[0] {
		case 'y', 'n':
			if takes := base[0] == 'y'; takes != (within.Schema != nil) || takes != valid {
				t.Errorf("%s: %.100q: as a value %v, valid %t", base, data, within.Candidates, valid)
			}
		default: // may be either; but nothing is valid that is none to encoding/json
			if valid && !json.Valid(data) || valid != (within.Schema != nil) {
				t.Errorf("%s: %.100q: valid %t, as a value %v", base, data, valid, within.Candidates)
			}
		}
	}
	if count['y'] != 95 || count['n'] != 188 {
		t.Errorf("%d files to be taken, %d to be refused: want 95 and 188", count['y'], count['n'])
	}
}
