package verify_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"panther/schemas/classify/reference"
	"panther/schemas/logtype"
	"panther/schemas/verify"
)

const document = `
schema: My.Type
fields:
- {name: port, type: int, required: true}
- {name: user, type: string}
samples:
- {name: right, line: '{"port": "443", "user": "maria"}', event: {port: 443}}
- {name: another port, line: '{"port": 443, "user": "jo"}', event: {port: 80, user: maria}}
- {name: no event, line: '{"port": "x"}'}
- {name: rightly refused, line: '{"port": "x"}', fails: type_mismatch, field: port}
- {name: for another reason, line: '{}', fails: type_mismatch, field: port}
- {name: somewhere, line: '{"port": "x"}', fails: type_mismatch}
- {name: not refused, line: '{"port": 1}', fails: required_missing, field: port}
`

func schema(t *testing.T, text string) *logtype.Schema {
	s, err := logtype.Parse("x.yml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSamples(t *testing.T) {
	s := schema(t, document)
	got := map[string][]string{}
	for _, r := range verify.Samples(s, reference.New([]*logtype.Schema{s}), nil) {
		got[r.Sample] = r.Problems
	}
	want := map[string][]string{
		"right":              nil,
		"another port":       {"port: want 80, got 443", `user: want "maria", got "jo"`},
		"no event":           {`want an event: My.Type: field port: expected int, got string "x"`},
		"rightly refused":    nil,
		"for another reason": {"want type_mismatch at port, got required_missing at port: required field port is missing"},
		"somewhere":          {`want type_mismatch, got type_mismatch at port: field port: expected int, got string "x"; say in the sample where it fails, as field: port`},
		"not refused":        {"want required_missing at port, got an event"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Among others a sample has to find its own schema.
func TestAmong(t *testing.T) {
	s := schema(t, document)
	lax := schema(t, "schema: My.Lax\nfields: [{name: user, type: string}, {name: port, type: json}]")
	alone, among := reference.New([]*logtype.Schema{s}), reference.New([]*logtype.Schema{s, lax})
	got := map[string][]string{}
	for _, r := range verify.Samples(s, alone, among) {
		got[r.Sample] = r.Problems
	}
	if diff := cmp.Diff([]string{"it matches My.Lax as well"}, got["right"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"it fails, but it is an event of My.Lax"}, got["rightly refused"]); diff != "" {
		t.Error(diff)
	}
}

// The log types that are built in are as they say.
func TestBuiltins(t *testing.T) {
	for _, s := range logtype.Builtins() {
		for _, r := range verify.Samples(s, reference.New([]*logtype.Schema{s}), nil) {
			if len(r.Problems) > 0 {
				t.Errorf("%s: %s: %v", r.Schema, r.Sample, r.Problems)
			}
		}
	}
}

// A sample of a file with a header has it.
func TestHeaderOfSample(t *testing.T) {
	s := schema(t, `
schema: My.Rows
parser: {csv: {hasHeader: true}}
fields: [{name: port, type: int, required: true}]
samples:
- {name: right, header: "user,port", line: "maria,443", event: {port: 443}}
- {name: another column, header: "user,door", line: "maria,443", fails: required_missing, field: port}
- {name: alone, line: "maria,443", fails: csv_columns}
`)
	for _, r := range verify.Samples(s, reference.New([]*logtype.Schema{s}), nil) {
		if len(r.Problems) > 0 {
			t.Errorf("%s: %q", r.Sample, r.Problems)
		}
	}
}
