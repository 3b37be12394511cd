package reference_test

import (
	"bufio"
	"os"
	"path/filepath"
	"testing"

	"panther/schemas/classify"
	"panther/schemas/logtype"
)

// Every sample of every log type that is built in: alone with its schema, and with all of them to choose from.
func TestSamplesOfBuiltins(t *testing.T) {
	for _, s := range logtype.Builtins() {
		good, bad := 0, 0
		for _, sample := range s.Samples {
			t.Run(s.Name+"/"+sample.Name, func(t *testing.T) { testSample(t, s, sample) })
			if sample.Fails == "" {
				good++
			} else {
				bad++
			}
		}
		if good < 2 || bad < 1 {
			t.Errorf("%s has %d samples of its type and %d that fail; want two and one", s.Name, good, bad)
		}
	}
}

func testSample(t *testing.T, s *logtype.Schema, sample logtype.Sample) {
	v := check(sample.Line, s)
	all := check(sample.Line, logtype.Builtins()...)
	if sample.Fails == "" {
		switch {
		case v.Schema == nil:
			t.Fatal(classify.Summary(v.Candidates[0]))
		case v.EventTime.IsZero():
			t.Error("no event time")
		case all.Schema != s:
			t.Errorf("with all types to choose from it is of type %v", all.Schema)
		case len(all.Ambiguous) > 0:
			t.Errorf("it is of type %v as well", all.Ambiguous)
		}
		own(t, v)
		return
	}
	if v.Schema != nil {
		t.Fatalf("it matches: %s", v.Event)
	}
	if r := v.Candidates[0].Reasons[0]; r.Code != sample.Fails || r.Field != sample.Field {
		t.Errorf("got %s at %q (%s), want %s at %q", r.Code, r.Field, classify.Summary(v.Candidates[0]), sample.Fails, sample.Field)
	}
	if all.Schema != nil {
		t.Errorf("with all types to choose from it is of type %s", all.Schema.Name)
	}
}

// The lines of a corpus that is no part of the project. Its events have been changed on their way, so that not all are on the
// wire format; floors are what is accepted today.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("PANTHER_CORPUS")
	if dir == "" {
		t.Skip("PANTHER_CORPUS is not set: it names a folder with sample lines in events/<LogType>.ndjson")
	}
	for _, tt := range []struct {
		file, logType string
		floor         int
	}{
		{"events/AWS.CloudTrail.ndjson", "AWS.CloudTrail", 225},
		{"events/Cloudflare.HttpRequest.ndjson", "Cloudflare.HttpRequest", 1},
		{"events/GitHub.Audit.ndjson", "GitHub.Audit", 52},
		{"events/Okta.SystemLog.ndjson", "Okta.SystemLog", 13},
		{"text/Apache.AccessCombined.log", "Nginx.Access", 2000},
	} {
		s, _ := logtype.Builtin(tt.logType)
		accepted, why := 0, map[string]int{}
		lines := readLines(t, filepath.Join(dir, tt.file))
		for _, line := range lines {
			v := check(line, s)
			if v.Schema != nil {
				accepted++
				continue
			}
			why[classify.Words(v.Candidates[0].Reasons[0])]++
		}
		t.Logf("%s: %d of %d lines accepted; else %v", tt.file, accepted, len(lines), why)
		if accepted < tt.floor {
			t.Errorf("%s: %d lines accepted, fewer than the %d that were", tt.file, accepted, tt.floor)
		}
	}
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
