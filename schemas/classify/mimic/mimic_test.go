package mimic_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"panther/schemas/classify"
	"panther/schemas/classify/mimic"
	"panther/schemas/logtype"
)

// What is measured is of the types that it is said to be of, of the sizes that the goals are about, and the same every time.
func TestLinesAreWhatTheySay(t *testing.T) {
	g, again := mimic.New(1), mimic.New(1)
	for _, c := range []struct {
		logType     string
		line, twin  func() string
		least, most int
	}{
		{"AWS.CloudTrail", g.CloudTrail, again.CloudTrail, 1500, 1900},
		{"AWS.VPCFlow", g.VPCFlow, again.VPCFlow, 90, 130},
		{"Nginx.Access", g.Nginx, again.Nginx, 180, 220},
		{"not AWS.CloudTrail", g.BrokenTrail, again.BrokenTrail, 1500, 1900},
	} {
		lines := mimic.Lines(200, c.line)
		if diff := cmp.Diff(lines, mimic.Lines(200, c.twin)); diff != "" {
			t.Errorf("%s: %s", c.logType, diff)
		}
		name, broken := strings.CutPrefix(c.logType, "not ")
		schema, _ := logtype.Builtin(name)
		checker, err := classify.New([]*logtype.Schema{schema})
		if err != nil {
			t.Fatal(err)
		}
		size := 0
		for _, line := range lines {
			size += len(line)
			if v := checker.Check(classify.Line{Bytes: line}); (v.Schema == nil) != broken {
				t.Fatalf("want %s: %s", c.logType, line)
			}
		}
		if mean := size / len(lines); mean < c.least || mean > c.most {
			t.Errorf("%s: lines have %d bytes, want %d to %d", c.logType, mean, c.least, c.most)
		}
	}
}

func TestTypes(t *testing.T) {
	for _, n := range []int{1, 10, 30, 80} {
		types := mimic.Types(n)
		names := map[string]bool{}
		for _, s := range types {
			names[s.Name] = true
		}
		if len(types) != n || len(names) != n || !names["AWS.CloudTrail"] {
			t.Errorf("%d types, %d names, want %d with AWS.CloudTrail among them", len(types), len(names), n)
		}
	}
	if lines, err := mimic.New(1).Mixed(100, mimic.Types(30)); err != nil || len(lines) != 100 {
		t.Errorf("%d lines, %v", len(lines), err)
	}
}
