package reference_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"panther/schemas"
	"panther/schemas/classify"
	"panther/schemas/logtype"
)

// everything is a schema with a field of every type.
const everything = `
schema: My.Everything
fields:
- {name: s, type: string, indicators: [ip, domain, hostname, url, net_addr, md5, sha1, sha256, aws_arn, aws_account_id, aws_instance_id, aws_tag, trace_id, username, email, actor_id]}
- {name: i, type: int, required: true}
- {name: h, type: smallint}
- {name: l, type: bigint}
- {name: f, type: float}
- {name: b, type: boolean}
- {name: t, type: timestamp, timeFormats: [rfc3339, unix, "%Y-%m-%d"], isEventTime: true}
- {name: a, type: array, element: {type: array, element: {type: float}}}
- {name: o, type: object, fields: [{name: s, type: string, required: true}, {name: o, type: object, fields: [{name: i, type: int}]}]}
- {name: j, type: json}
- {name: e, type: object, isEmbeddedJSON: true, fields: [{name: i, type: int}, {name: e, type: array, isEmbeddedJSON: true, element: {type: string}}]}
`

// derived is a schema with a field of every way to be made, under rules and masks.
const derived = `
schema: My.Derived
fields:
- {name: id, type: int, rename: {from: i}}
- {name: user, type: object, fields: [{name: login, type: string, rename: {from: name}}, {name: pin, type: string, mask: {type: redact, to: "***"}}, {name: keys, type: array, element: {type: string, mask: {type: hash, salt: x}}}]}
- {name: kind, type: string, validate: {allow: [a, b]}}
- {name: net, type: array, element: {type: string, validate: {cidr: any}}}
- {name: src, type: string, validate: {ip: any}, indicators: [ip]}
- {name: s, type: string}
- {name: again, type: object, copy: {from: o}, fields: [{name: s, type: string, required: true}]}
- {name: who, type: string, copy: {from: user.login}, indicators: [username]}
- {name: hidden, type: string, copy: {from: user.pin}, mask: {type: hash}}
- {name: both, type: string, concat: {separator: "@", paths: [who, s]}}
- {name: at, type: timestamp, timeFormats: [rfc3339, unix], isEventTime: true, copy: {from: t}}
- {name: host, type: string, split: {from: both, separator: "@", index: 1}, indicators: [domain]}
- {name: e, type: array, isEmbeddedJSON: true, element: {type: int}, split: {from: e, separator: ";", index: 0}}
`

// Whatever the bytes: one verdict, well formed, and the same as each schema alone gives.
func FuzzCheck(f *testing.F) {
	all := append(logtype.Builtins(), schemaOf(f, everything), text(f, `{csv: {columns: [a, b, c], trimSpace: true, emptyValues: ["-"]}}`),
		text(f, `{fastmatch: {match: ['%{a} "%{b}" [%{c}]', "<%{a}'%{b}'%{c}'"], skipPrefix: "#"}}`), schemaOf(f, derived),
		text(f, `{regex: {match: ['^%{WORD:a}( %{INT:b})?(?: %{GREEDYDATA:c})?$'], trimSpace: true, emptyValues: ["-"]}}`),
		text(f, `{csv: {columns: [x, y, b], hasHeader: true, expandFields: {a: "%{x}-%{y}", c: "[%{y}]"}}}`),
		text(f, `{script: {function: "def parse(log):\n  e = json.decode(log)\n  e['a'] = log\n  e['c'] = [e, e]\n  return e"}}`))
	for i, s := range all {
		if s.Name == "My.Text" { // of several, and names tell them apart
			s.Name = fmt.Sprint("My.Text", i)
		}
		for _, sample := range s.Samples {
			f.Add([]byte(sample.Line))
		}
	}
	f.Add([]byte(`{"i":"1","s":5,"h":-0,"l":1e3,"f":"1e5","b":1,"t":1.5,"a":[[1,null],""],"o":{"s":"\ud800","o":null},"j":{"x":[1.0]},"e":"{\"i\":1,\"e\":\"[1]\"}","i":2}`))
	f.Add([]byte(`{"i":"1","user":{"name":"m","pin":"secret","keys":["k",null]},"kind":"a","net":["10.0.0.0/8"],"src":"::1","s":"x.example","o":{"s":1},"t":1,"e":"[1];2"}`))
	f.Add([]byte(`{"user":{"name":"m","name":null},"kind":"c","net":["x"],"src":"x","o":[],"s":{},"e":{}}`))
	f.Add([]byte("word 7 {}"))
	f.Add([]byte("#x\r\n"))
	f.Add([]byte(`x "7" [{}]`))
	f.Add([]byte(`{"j":` + strings.Repeat("[", 130)))
	f.Fuzz(func(t *testing.T, line []byte) {
		original := slices.Clone(line)
		v := check(string(line), all...)
		if !slices.Equal(line, original) {
			t.Fatal("the line was changed")
		}
		var matching []string
		skipped := false
		for _, s := range all {
			alone := check(string(line), s)
			wellFormed(t, line, alone)
			skipped = skipped || alone.Skipped
			if alone.Schema == nil {
				continue
			}
			matching = append(matching, s.Name)
			if s == v.Schema && string(v.Event) != string(alone.Event) {
				t.Errorf("the event depends on the other schemas:\n%s\n%s", v.Event, alone.Event)
			}
			if s.Parser == (logtype.Parser{}) && s.Name != "My.Everything" && s.Name != "My.Derived" {
				if again := check(string(alone.Event), s); again.Schema != s || own(t, again) != own(t, alone) {
					t.Errorf("the event is not of its own type, or changes:\n%s\n%s", alone.Event, again.Event)
				}
			}
		}
		wellFormed(t, line, v)
		got := v.Ambiguous
		if v.Schema != nil {
			got = append(slices.Clone(got), v.Schema.Name)
		}
		slices.Sort(got)
		slices.Sort(matching)
		if !slices.Equal(got, matching) || v.Skipped != (skipped && len(matching) == 0) {
			t.Errorf("together %v match (skipped %t), alone %v (%t)", got, v.Skipped, matching, skipped)
		}
	})
}

func wellFormed(t *testing.T, line []byte, v classify.Verdict) {
	t.Helper()
	if v.Schema != nil {
		if v.Skipped || v.Candidates != nil || !json.Valid(v.Event) || !utf8.Valid(v.Event) {
			t.Errorf("%+v\n%s", v, v.Event)
		}
		return
	}
	if v.Event != nil || v.Ambiguous != nil || v.Skipped != (len(v.Candidates) == 0) {
		t.Errorf("neither an event nor reasons: %+v", v)
	}
	for _, c := range v.Candidates {
		if len(c.Reasons) == 0 || len(c.Reasons) > classify.MaxReasons {
			t.Errorf("%d reasons of %s", len(c.Reasons), c.Schema)
		}
		for _, r := range c.Reasons {
			if r.Span.Start < 0 || r.Span.Start > r.Span.End || r.Span.End > len(line) || len(r.Got) > 100 || !utf8.ValidString(r.Got) || r.Code == "" {
				t.Errorf("%s: %+v", c.Schema, r)
			}
			if noJSON := r.Field == "" && (r.Code == schemas.NotJSON || r.Code == schemas.TrailingData); noJSON && json.Valid(line) {
				t.Errorf("encoding/json takes the line, and %s says %+v", c.Schema, r)
			}
		}
		if s := classify.Summary(c); s == "" {
			t.Error("no words")
		}
	}
}

// What a JSON parser must take and must refuse, by a suite that is no part of the project.
func TestJSONTestSuite(t *testing.T) {
	dir := os.Getenv("PANTHER_CORPUS")
	if dir == "" {
		t.Skip("PANTHER_CORPUS is not set: it names a folder with the files of JSONTestSuite in jsontestsuite")
	}
	files, err := filepath.Glob(filepath.Join(dir, "jsontestsuite", "[yn]_*.json"))
	if err != nil || len(files) < 200 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	s := schemaOf(t, "schema: My.Json\nfields: [{name: a, type: json}]\n")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		v := check(`{"a":`+string(data)+`}`, s)
		if takes := strings.HasPrefix(filepath.Base(file), "y_"); takes != (v.Schema != nil) {
			t.Errorf("%s: %.100q, %v", filepath.Base(file), data, v.Candidates)
		}
	}
}
