package reference_test

import (
	"fmt"
	"strings"
	"testing"

	"panther/schemas"
)

// What fields become that are renamed, made of others, masked or bound to rules.
func TestTransformations(t *testing.T) {
	const line = `{"id":7,"user":{"name":"maria","pin":"1234","tags":["a"]},"date":"2026-03-01","time":"08:15:30","mail":"maria@example.com","no":null,"Old":"x"}`
	for _, tt := range []struct{ name, fields, line, want string }{ // want: the event, or the first reason in words
		{"rename", `{name: new, type: string, rename: {from: Old}}`, line, `{"new":"x"}`},
		{"rename keeps the place of the member", "{name: new, type: string, rename: {from: Old}}\n- {name: id, type: int}", line, `{"id":7,"new":"x"}`},
		{"rename: the reason has the new name", `{name: new, type: int, rename: {from: Old}}`, line, `My.Type: field new: expected int, got string "x"`},
		{"rename: a member of the new name is nothing", `{name: id, type: string, rename: {from: Old}}`, line, `{"id":"x"}`},
		{"rename within an object", `{name: user, type: object, fields: [{name: login, type: string, rename: {from: name}}]}`, line, `{"user":{"login":"maria"}}`},
		{"copy", `{name: who, type: string, copy: {from: user.name}}`, line, `{"who":"maria"}`},
		{"copy of a renamed field", "{name: new, type: string, rename: {from: Old}}\n- {name: c, type: string, copy: {from: new}}", line, `{"new":"x","c":"x"}`},
		{"copy of an object", `{name: c, type: object, copy: {from: user}, fields: [{name: pin, type: int}]}`, line, `{"c":{"pin":1234}}`},
		{"copy stands behind", "{name: c, type: string, copy: {from: id}}\n- {name: mail, type: string}\n- {name: id, type: int}", line, `{"id":7,"mail":"maria@example.com","c":"7"}`},
		{"copy of nothing", `{name: c, type: string, copy: {from: user.none}}`, line, `{}`},
		{"copy of null", `{name: c, type: string, copy: {from: no}}`, line, `{}`},
		{"copy of nothing that is required", `{name: c, type: string, required: true, copy: {from: user.none}}`, line, `My.Type: required field c is missing`},
		{"copy of null that is required", `{name: c, type: string, required: true, copy: {from: no}}`, line, `My.Type: required field c is null`},
		{"copy that does not convert", `{name: c, type: int, copy: {from: user.name}}`, line, `My.Type: field c: expected int, got string "maria"`},
		{"concat", `{name: at, type: timestamp, timeFormat: "%Y-%m-%dT%H:%M:%S", isEventTime: true, concat: {separator: "T", paths: [date, time]}}`, line, `{"at":"2026-03-01T08:15:30Z"}`},
		{"concat without separator", `{name: c, type: string, concat: {paths: [id, user.name]}}`, line, `{"c":"7maria"}`},
		{"concat of a copy", "{name: who, type: string, copy: {from: user.name}}\n- {name: c, type: string, concat: {separator: \"/\", paths: [id, who]}}", line, `{"who":"maria","c":"7/maria"}`},
		{"concat lacks one", `{name: c, type: string, concat: {separator: "/", paths: [id, none]}}`, line, `{}`},
		{"concat of a list", `{name: c, type: string, concat: {separator: "/", paths: [id, user.tags]}}`, line, `My.Type: field c: expected a text at user.tags, got array`},
		{"split", `{name: host, type: string, indicators: [domain], split: {from: mail, separator: "@", index: 1}}`, line, `{"host":"example.com"}`},
		{"split of a concat", "{name: c, type: string, concat: {separator: \"/\", paths: [id, mail]}}\n- {name: s, type: string, split: {from: c, separator: \"/\", index: 1}}", line, `{"c":"7/maria@example.com","s":"maria@example.com"}`},
		{"split in place", `{name: mail, type: string, split: {from: mail, separator: "@", index: 0}}`, line, `{"mail":"maria"}`},
		{"split has no such part", `{name: s, type: string, split: {from: mail, separator: "@", index: 2}}`, line, `{}`},
		{"redact", `{name: user, type: object, fields: [{name: pin, type: string, mask: {type: redact, to: "***"}}]}`, line, `{"user":{"pin":"***"}}`},
		{"redact without a text", `{name: mail, type: string, mask: {type: redact}}`, line, `{"mail":"REDACTED"}`},
		{"hash", `{name: mail, type: string, mask: {type: hash, salt: s}}`, line, `{"mail":"90c804c5c96b0289d816362af6ddd0a15b439baa01c979fb4df5379f055b1dbf"}`},
		{"validate", `{name: mail, type: string, validate: {allow: ["a", "b"]}}`, line, `My.Type: not allowed: field mail: expected one of "a", "b", got string "maria@example.com"`},
		{"validate a masked field", `{name: mail, type: string, mask: {type: redact}, validate: {ip: any}}`, line, `My.Type: not allowed: field mail: expected an IP address, got string (masked)`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := outcome(t, check(tt.line, schemaOf(t, "schema: My.Type\nfields:\n- "+tt.fields+"\n")))
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// A value converts in the same way wherever it is taken from: as a member of another name, as a copy, from within an object.
func TestWhatIsMadeConvertsAlike(t *testing.T) {
	for _, tt := range conversions() {
		line, inner := `{"g":1}`, `{"o":{"g":1}}`
		if tt.value != "" {
			line, inner = `{"f": `+tt.value+`, "g": 1}`, `{"o":{"f": `+tt.value+`, "g": 1}}`
		}
		direct := check(line, typed(t, tt.kind, tt.more))
		for more, line := range map[string]string{"rename: {from: f}": line, "copy: {from: f}": line, "copy: {from: o.f}": inner} {
			s := schemaOf(t, "schema: Test.Type\nfields:\n- name: h\n  type: "+tt.kind+"\n  "+strings.ReplaceAll(tt.more, "\n", "\n  ")+"\n  "+more+"\n")
			v := check(line, s)
			if got, want := own(t, v), strings.Replace(own(t, direct), `"f":`, `"h":`, 1); got != want || v.EventTime != direct.EventTime {
				t.Errorf("%s of %s %s: got %s, want %s", more, tt.kind, line, got, want)
			}
			if v.Schema == nil {
				got, want := v.Candidates[0].Reasons[0], direct.Candidates[0].Reasons[0]
				if got.Field = strings.Replace(got.Field, "h", "f", 1); got.Code != want.Code || got.Field != want.Field || got.Expected != want.Expected || got.Got != want.Got {
					t.Errorf("%s of %s %s: got %+v, want %+v", more, tt.kind, line, got, want)
				}
			}
		}
	}
}

// A masked value stands in no event, and in no reason that is about it.
func TestMaskedValuesDoNotShow(t *testing.T) {
	s := schemaOf(t, `
schema: My.Type
fields:
- {name: pin, type: string, mask: {type: redact}, validate: {deny: [hunter2-denied]}}
- {name: keys, type: array, element: {type: string, mask: {type: hash, salt: x}, validate: {ip: any}}}
- {name: user, type: object, fields: [{name: pin, type: string, required: true, mask: {type: hash}}]}
- {name: body, type: object, isEmbeddedJSON: true, fields: [{name: pin, type: string, mask: {type: redact}, validate: {allow: [a]}}]}
- {name: copied, type: string, copy: {from: pin}, mask: {type: hash}, validate: {allow: [hunter2-allowed]}}
- {name: cut, type: string, split: {from: user.pin, separator: "2", index: 0}, mask: {type: redact}, validate: {deny: [hunter]}}
- {name: joined, type: string, concat: {paths: [pin, user.pin]}, mask: {type: redact}, validate: {ip: any}}
`)
	for _, line := range []string{
		`{"pin":"hunter2","unknown":"hunter2"}`,
		`{"pin":"hunter2-denied"}`,
		`{"pin":"hunter2-allowed"}`,
		`{"pin":"hunter2","pin":"hunter2-allowed","user":{"pin":"10.0.0.1"}}`,
		`{"pin":{"x":"hunter2"}}`,
		`{"keys":["hunter2","10.0.0.1",["hunter2"]]}`,
		`{"user":{"pin":"hunter2"},"keys":["::1"]}`,
		`{"user":{"pin":["hunter2"]}}`,
		`{"body":"{\"pin\":\"hunter2\"}"}`,
		`{"pin":"hunter2","user":{"pin":"hunter2"}}`,
	} {
		v := check(line, s)
		if strings.Contains(string(v.Event), "hunter2") {
			t.Errorf("%s: %s", line, v.Event)
		}
		for _, c := range v.Candidates {
			if text := fmt.Sprint(c.Reasons); strings.Contains(strings.ReplaceAll(text, `"hunter2-allowed"`, ""), "hunter2") && !strings.Contains(text, `none of "hunter2-denied"`) {
				t.Errorf("%s: %s", line, text)
			}
		}
	}
}

// Where the parts stand in the line that a reason about a made field is about.
func TestSpansOfWhatIsMade(t *testing.T) {
	s := schemaOf(t, `
schema: My.Type
fields:
- {name: c, type: int, copy: {from: o.x}}
- {name: j, type: int, concat: {separator: "-", paths: [b, a]}}
- {name: p, type: int, split: {from: a, separator: ",", index: 0}}
- {name: r, type: string, required: true, copy: {from: none.x}}
`)
	const line = `{"a": "x,y", "o": {"x": "z"}, "b": "w"}`
	want := []struct{ field, got, covers string }{
		{"c", `string "z"`, `"z"`}, {"j", `string "w-x,y"`, `"x,y", "o": {"x": "z"}, "b": "w"`}, {"p", `string "x"`, `"x,y"`}, {"r", "", ""},
	}
	reasons := check(line, s).Candidates[0].Reasons
	if len(reasons) != len(want) {
		t.Fatalf("%+v", reasons)
	}
	for i, r := range reasons {
		if r.Field != want[i].field || r.Got != want[i].got || line[r.Span.Start:r.Span.End] != want[i].covers {
			t.Errorf("%+v covers %q, want %+v", r, line[r.Span.Start:r.Span.End], want[i])
		}
	}
}

// What is made of others says nothing about how near a schema is, and a name on the way that is there twice is told.
func TestWhatIsMadeIsNoKnownField(t *testing.T) {
	much := schemaOf(t, "schema: My.Much\nfields:\n- {name: a, type: int}\n- {name: b, type: int, copy: {from: a}}\n- {name: c, type: object, copy: {from: o}, fields: [{name: x, type: int}]}\n")
	more := schemaOf(t, "schema: My.More\nfields:\n- {name: a, type: int}\n- {name: z, type: int, rename: {from: o2}}\n")
	if v := check(`{"a":1,"o":{"x":2},"o2":3}`, much, more); v.Schema != more {
		t.Errorf("got %s", v.Schema.Name)
	}
	v := check(`{"a":1,"o":{"x":2},"o":{"x":3}}`, much)
	if got := own(t, v); got != `{"a":1,"b":1,"c":{"x":3}}` || !strings.Contains(string(v.Event), `"p_flags":["duplicate_keys"]`) {
		t.Errorf("got %s", v.Event)
	}
	v = check(`{"a":"x"}`, much)
	if len(v.Candidates[0].Reasons) != 2 || v.Candidates[0].Reasons[0].Code != schemas.TypeMismatch {
		t.Errorf("got %+v", v.Candidates)
	}
}
