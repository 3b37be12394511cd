package reference_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"panther/schemas"
	"panther/schemas/classify"
	"panther/schemas/classify/reference"
	"panther/schemas/logtype"
)

func schemaOf(t testing.TB, text string) *logtype.Schema {
	t.Helper()
	s, err := logtype.Parse("test.yml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// typed is a schema with one field, f, of a type; more is further keys of it.
func typed(t testing.TB, kind, more string) *logtype.Schema {
	t.Helper()
	text := "schema: Test.Type\nfields:\n- name: f\n  type: " + kind + "\n"
	for line := range strings.Lines(more) {
		text += "  " + line
	}
	return schemaOf(t, text)
}

func check(line string, candidates ...*logtype.Schema) classify.Verdict {
	return checkSample(logtype.Sample{Line: line}, candidates...)
}

func checkSample(s logtype.Sample, candidates ...*logtype.Schema) classify.Verdict {
	return reference.New(candidates).Check(classify.Line{
		Bytes: []byte(s.Line), Header: s.Header, RowID: "row", SourceID: "id", SourceLabel: "label", ParseTime: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC),
	})
}

// own returns the members of an event that are not of Panther Monitor's adding, as JSON text; "fails" for a failure.
func own(t testing.TB, v classify.Verdict) string {
	t.Helper()
	if v.Schema == nil {
		return "fails"
	}
	if !json.Valid(v.Event) {
		t.Fatalf("the event is no JSON: %s", v.Event)
	}
	before, _, _ := strings.Cut(string(v.Event), `"p_log_type"`)
	return strings.TrimSuffix(before, ",") + "}"
}

func TestConversions(t *testing.T) {
	for _, tt := range conversions() {
		t.Run(strings.TrimSpace(tt.kind+" "+tt.more+" "+tt.value), func(t *testing.T) {
			line := `{"g":1}`
			if tt.value != "" {
				line = `{"f": ` + tt.value + `, "g": 1}`
			}
			want := "{}"
			if tt.want == "fails" {
				want = tt.want
			} else if tt.want != "" {
				want = `{"f":` + tt.want + `}`
			}
			if got := own(t, check(line, typed(t, tt.kind, tt.more))); got != want {
				t.Errorf("%s\ngot  %s\nwant %s", line, got, want)
			}
		})
	}
}

func TestNamesAreCaseSensitive(t *testing.T) {
	s := schemaOf(t, "schema: My.Type\nfields:\n- {name: s, type: int}\n")
	if got := own(t, check(`{"S": "x"}`, s)); got != "{}" {
		t.Errorf("got %s; S is not s, so it is unknown and ignored", got)
	}
	if got := own(t, check(`{"\u0073": "1"}`, s)); got != `{"s":1}` {
		t.Errorf("got %s; an escaped name is the same name", got)
	}
}

func TestOddLinesAreFlagged(t *testing.T) {
	s := schemaOf(t, `
schema: My.Type
fields:
- {name: a, type: int}
- {name: b, type: string}
- {name: c, type: object, fields: [{name: d, type: int}]}
- {name: e, type: json}
- {name: f, type: json, isEmbeddedJSON: true}
`)
	for _, tt := range []struct{ name, line, own, flags string }{
		{"the last duplicate wins", `{"a":1,"b":"x","a":2}`, `{"b":"x","a":2}`, `"p_flags":["duplicate_keys"]`},
		{"the order of the line", `{"e":1,"z":1,"c":{"d":2},"b":"x","a":3}`, `{"e":1,"c":{"d":2},"b":"x","a":3}`, ""},
		{"a duplicate stands where the last one stands", `{"a":1,"e":1,"c":null,"b":"x","c":{"d":2},"a":3}`, `{"e":1,"b":"x","c":{"d":2},"a":3}`, `"p_flags":["duplicate_keys"]`},
		{"a last null wins too", `{"a":1,"a":null}`, `{}`, `"p_flags":["duplicate_keys"]`},
		{"a duplicate in an object", `{"c":{"d":1,"d":2}}`, `{"c":{"d":2}}`, `"p_flags":["duplicate_keys"]`},
		{"an unknown duplicate is nothing to us", `{"a":1,"z":1,"z":2}`, `{"a":1}`, ""},
		{"within json duplicates are kept", `{"e":{"z":1,"z":2}}`, `{"e":{"z":1,"z":2}}`, ""},
		{"invalid UTF-8", "{\"b\":\"x\xff\xfey\"}", `{"b":"x��y"}`, `"p_flags":["invalid_utf8"]`},
		{"half a surrogate pair", `{"b":"\ud800A\ud83d\ude00"}`, `{"b":"�A😀"}`, `"p_flags":["invalid_utf8"]`},
		{"a whole surrogate pair", `{"b":"\ud83d\ude00!"}`, `{"b":"😀!"}`, ""},
		{"an escaped backslash before ud800", `{"b":"\\ud800"}`, `{"b":"\\ud800"}`, ""},
		{"a name in json", "{\"e\":{\"\xff\":1}}", `{"e":{"�":1}}`, `"p_flags":["invalid_utf8"]`},
		{"in embedded JSON", "{\"f\":\"{\\\"k\\\":\\\"\xff\\\"}\"}", `{"f":{"k":"�"}}`, `"p_flags":["invalid_utf8"]`},
		{"invalid UTF-8 that is not in the event", "{\"a\":1,\"z\":\"\xff\"}", `{"a":1}`, ""},
		{"both", "{\"b\":\"\xff\",\"a\":1,\"a\":1}", `{"b":"�","a":1}`, `"p_flags":["duplicate_keys","invalid_utf8"]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := check(tt.line, s)
			if got := own(t, v); got != tt.own {
				t.Errorf("got  %s\nwant %s", got, tt.own)
			}
			if has := strings.Contains(string(v.Event), "p_flags"); has != (tt.flags != "") || !strings.Contains(string(v.Event), tt.flags) {
				t.Errorf("want the flags %s in %s", tt.flags, v.Event)
			}
		})
	}
	v := check(`{"a":"x","a":2}`, s)
	if v.Schema != nil {
		t.Errorf("every occurrence is checked, and the first one is no int; got %s", v.Event)
	}
}

func TestReasonsAndSpans(t *testing.T) {
	s := schemaOf(t, `
schema: My.Type
fields:
- {name: id, type: string, required: true}
- name: user
  type: object
  fields:
  - {name: name, type: string, required: true}
  - name: address
    type: array
    element: {type: object, fields: [{name: ip, type: string, required: true}, {name: port, type: int}]}
- {name: at, type: timestamp, timeFormats: [rfc3339, unix]}
- {name: body, type: object, isEmbeddedJSON: true, fields: [{name: n, type: int, required: true}]}
`)
	deep := `{"id":"1","user":` + strings.Repeat(`[`, 128) + strings.Repeat(`]`, 128) + `}`
	tests := []struct {
		name, line string
		want       []schemas.Reason // Span is looked up: marked[i] is the text that it has to cover
		marked     []string
	}{
		{"all reasons, in the order of the schema", `{"at": "yesterday", "user": {"address": [{"ip": {}}, {"ip":"::1", "port": "x"}, 7]}}`, []schemas.Reason{
			{Code: schemas.RequiredMissing, Field: "id", Expected: "string"},
			{Code: schemas.RequiredMissing, Field: "user.name", Expected: "string"},
			{Code: schemas.TypeMismatch, Field: "user.address[0].ip", Expected: "string", Got: "object"},
			{Code: schemas.TypeMismatch, Field: "user.address[1].port", Expected: "int", Got: `string "x"`},
			{Code: schemas.TypeMismatch, Field: "user.address[2]", Expected: "object", Got: "number 7"},
			{Code: schemas.TimestampFormat, Field: "at", Expected: "timestamp as rfc3339 or unix", Got: `string "yesterday"`},
		}, []string{"", `{"address": [{"ip": {}}, {"ip":"::1", "port": "x"}, 7]}`, "{}", `"x"`, "7", `"yesterday"`}},
		{"null", `{"id": null}`, []schemas.Reason{{Code: schemas.RequiredMissing, Field: "id", Expected: "string", Got: "null"}}, []string{"null"}},
		{"out of range", `{"id":"1","user":{"name":"n","address":[{"ip":"","port":99999999999}]}}`, []schemas.Reason{
			{Code: schemas.OutOfRange, Field: "user.address[0].port", Expected: "int from -2147483648 to 2147483647", Got: "number 99999999999"}}, []string{"99999999999"}},
		{"a time out of range", `{"id":"1","at":1e15}`, []schemas.Reason{
			{Code: schemas.OutOfRange, Field: "at", Expected: "timestamp as rfc3339 or unix", Got: "number 1e15"}}, []string{"1e15"}},
		{"a boolean for a time", `{"id":"1","at":true}`, []schemas.Reason{
			{Code: schemas.TypeMismatch, Field: "at", Expected: "timestamp", Got: "boolean true"}}, []string{"true"}},
		{"within embedded JSON", `{"id":"1","body":"{\"n\":{}}"}`, []schemas.Reason{
			{Code: schemas.TypeMismatch, Field: "body.n", Expected: "int", Got: "object"}}, []string{`"{\"n\":{}}"`}},
		{"embedded JSON that is none", `{"id":"1","body":"{\"n\":}"}`, []schemas.Reason{
			{Code: schemas.NotJSON, Field: "body", Expected: "JSON", Got: "}"}}, []string{`"{\"n\":}"`}},
		{"embedded JSON with more behind", `{"id":"1","body":"{} {}"}`, []schemas.Reason{
			{Code: schemas.TrailingData, Field: "body", Expected: "the end of the line", Got: "{}"}}, []string{`"{} {}"`}},
		{"syntax", `{"id": "1", oops}`, []schemas.Reason{{Code: schemas.NotJSON, Expected: "JSON", Got: "oops}"}}, []string{"o"}},
		{"cut off", `{"id": "1`, []schemas.Reason{{Code: schemas.NotJSON, Expected: "JSON", Got: "the end of the line within a value"}}, []string{""}},
		{"text", `hello`, []schemas.Reason{{Code: schemas.NotJSON, Expected: "a JSON object", Got: "hello"}}, []string{"hello"}},
		{"numbers", `2 3`, []schemas.Reason{{Code: schemas.NotJSON, Expected: "a JSON object", Got: "2 3"}}, []string{"2 3"}},
		{"empty", ``, []schemas.Reason{{Code: schemas.NotJSON, Expected: "a JSON object", Got: "an empty line"}}, []string{""}},
		{"an array", ` [1]`, []schemas.Reason{{Code: schemas.TypeMismatch, Expected: "a JSON object", Got: "array"}}, []string{"[1]"}},
		{"trailing data", `{"id":"1"} x`, []schemas.Reason{{Code: schemas.TrailingData, Expected: "the end of the line", Got: "x"}}, []string{"x"}},
		{"too deep behind the object", `{"id":"1"}` + deep, []schemas.Reason{{Code: schemas.TrailingData, Expected: "the end of the line", Got: cut100(deep)}}, []string{deep}},
		{"brackets in a text", `{"id":"\"` + strings.Repeat("[", 200) + `", x}`, []schemas.Reason{{Code: schemas.NotJSON, Expected: "JSON", Got: "x}"}}, []string{"x"}},
		{"too deep only behind a mistake", `{"id":,` + deep, []schemas.Reason{{Code: schemas.NotJSON, Expected: "JSON", Got: cut100(`,` + deep)}}, []string{","}},
		{"too deep before a mistake", deep[:len(deep)-20], []schemas.Reason{{Code: schemas.TooDeep, Expected: "at most 128 levels", Got: "more"}}, []string{"["}},
		{"too deep", deep, []schemas.Reason{{Code: schemas.TooDeep, Expected: "at most 128 levels", Got: "more"}}, []string{"["}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := check(tt.line, s)
			if v.Schema != nil {
				t.Fatalf("the line matches: %s", v.Event)
			}
			got := v.Candidates[0].Reasons
			for i := range got {
				if i < len(tt.marked) && tt.line[got[i].Span.Start:got[i].Span.End] != tt.marked[i] {
					t.Errorf("reason %d covers %q, want %q", i, tt.line[got[i].Span.Start:got[i].Span.End], tt.marked[i])
				}
				got[i].Span = schemas.Span{}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// cut100 is how reasons show what is longer than 100 bytes.
func cut100(s string) string { return s[:97] + "…" }

func TestBounds(t *testing.T) {
	s := schemaOf(t, "schema: My.Type\nfields:\n- {name: a, type: json}\n- {name: n, type: array, element: {type: int}}\n")
	nested := func(levels int) string {
		return `{"a":` + strings.Repeat("[", levels-1) + strings.Repeat("]", levels-1) + `}`
	}
	if v := check(nested(classify.MaxDepth), s); v.Schema == nil {
		t.Errorf("%d levels: %v", classify.MaxDepth, v.Candidates)
	}
	if v := check(nested(classify.MaxDepth+1), s); v.Schema != nil {
		t.Errorf("%d levels match", classify.MaxDepth+1)
	}
	pad := func(size int) string { return `{"a":"` + strings.Repeat("x", size-len(`{"a":""}`)) + `"}` }
	if v := check(pad(classify.MaxLine), s); v.Schema == nil {
		t.Errorf("a line of the largest size: %v", v.Candidates)
	}
	if v := check(pad(classify.MaxLine+1), s); v.Schema != nil || v.Candidates[0].Reasons[0].Code != schemas.LineTooLong {
		t.Errorf("a line too long: %v", v.Candidates)
	}
	v := check(`{"n":[`+strings.Repeat(`"x",`, 10_000)+`1]}`, s)
	if n := len(v.Candidates[0].Reasons); n != classify.MaxReasons {
		t.Errorf("10,000 wrong elements give %d reasons", n)
	}
	var many strings.Builder
	many.WriteString("schema: My.Many\nfields:\n")
	for i := range 2 * classify.MaxReasons {
		fmt.Fprintf(&many, "- {name: f%d, type: int, required: true}\n", i)
	}
	if n := len(check(`{}`, schemaOf(t, many.String())).Candidates[0].Reasons); n != classify.MaxReasons {
		t.Errorf("%d missing fields give %d reasons", 2*classify.MaxReasons, n)
	}
	v = check(`{"n":["`+strings.Repeat("\xff", 500)+`"]}`, s)
	if got := v.Candidates[0].Reasons[0].Got; len(got) > 100 || !strings.HasSuffix(got, "…") {
		t.Errorf("got of %d bytes: %s", len(got), got)
	}
}

func TestChoice(t *testing.T) {
	few := schemaOf(t, "schema: My.Few\nfields:\n- {name: a, type: int}\n")
	more := schemaOf(t, "schema: My.More\nfields:\n- {name: a, type: int}\n- {name: o, type: object, fields: [{name: b, type: int}]}\n")
	same := schemaOf(t, "schema: My.Same\nfields:\n- {name: a, type: int}\n")
	list := schemaOf(t, "schema: My.List\nfields:\n- {name: l, type: array, element: {type: object, fields: [{name: x, type: int}, {name: y, type: int}]}}\n")

	v := check(`{"a":1,"o":{"b":2}}`, few, more, same)
	if v.Schema != more || cmp.Diff([]string{"My.Few", "My.Same"}, v.Ambiguous) != "" {
		t.Errorf("most known fields win; got %v, ambiguous %v", v.Schema, v.Ambiguous)
	}
	if v := check(`{"a":1}`, same, few); v.Schema != same {
		t.Errorf("of equal ones the first wins; got %v", v.Schema)
	}
	if v := check(`{"a":1,"l":[{"x":1,"y":2}]}`, few, list); v.Schema != few {
		t.Errorf("what is within arrays does not count; got %v", v.Schema)
	}
	v = check(`{"a":"x","o":{"b":2}}`, few, more)
	if len(v.Candidates) != 2 || v.Candidates[0].Schema != "My.More" || v.Candidates[1].Schema != "My.Few" {
		t.Errorf("the nearest schema comes first; got %v", v.Candidates)
	}
	if v := check(`{}`); v.Schema != nil || v.Candidates != nil || v.Skipped {
		t.Errorf("without schemas: %v", v)
	}
}

func TestEvent(t *testing.T) {
	s := schemaOf(t, `
schema: Test.Event
fields:
- {name: seen, type: timestamp, timeFormat: unix, isEventTime: true}
- {name: at, type: timestamp, timeFormat: rfc3339, isEventTime: true}
- {name: src, type: string, indicators: [ip]}
- {name: hosts, type: array, element: {type: string, indicators: [hostname]}}
- {name: arn, type: string, indicators: [aws_arn]}
- {name: link, type: string, indicators: [url]}
- {name: peer, type: string, indicators: [net_addr]}
- {name: who, type: string, indicators: [email, username]}
- {name: hash, type: string, indicators: [md5, sha1, sha256]}
`)
	s.Version = 7
	line := `{"hosts":["10.0.0.2","b.example","b.example"],"at":"2026-01-02T03:04:05.1Z","src":"10.0.0.10","link":"https://u@a.example:8443/x",` +
		`"arn":"arn:aws:ec2:eu-west-1:123456789012:instance/i-0abc","peer":"[::1]:443","who":"a@b.example","hash":"0123456789abcdef0123456789abcdef"}`
	v := reference.New([]*logtype.Schema{s}).Check(classify.Line{Bytes: []byte(line), RowID: "r1", SourceID: "s1",
		SourceLabel: "edge", SourceFile: "s3://b/k", Envelope: []byte(`{"logGroup":"g"}`), ParseTime: time.Date(2026, 1, 2, 4, 0, 0, 5, time.FixedZone("", 3600))})
	const want = `{"hosts":["10.0.0.2","b.example","b.example"],"at":"2026-01-02T03:04:05.1Z","src":"10.0.0.10","link":"https://u@a.example:8443/x",` +
		`"arn":"arn:aws:ec2:eu-west-1:123456789012:instance/i-0abc","peer":"[::1]:443",` +
		`"who":"a@b.example","hash":"0123456789abcdef0123456789abcdef",` +
		`"p_log_type":"Test.Event","p_row_id":"r1","p_event_time":"2026-01-02T03:04:05.1Z","p_parse_time":"2026-01-02T03:00:00.000000005Z",` +
		`"p_source_id":"s1","p_source_label":"edge","p_schema_version":7,"p_source_file":"s3://b/k","p_header":{"logGroup":"g"},` +
		`"p_any_ip_addresses":["10.0.0.10","10.0.0.2","::1"],"p_any_domain_names":["a.example","b.example"],` +
		`"p_any_md5_hashes":["0123456789abcdef0123456789abcdef"],"p_any_aws_account_ids":["123456789012"],"p_any_aws_instance_ids":["i-0abc"],` +
		`"p_any_aws_arns":["arn:aws:ec2:eu-west-1:123456789012:instance/i-0abc"],"p_any_emails":["a@b.example"],"p_any_usernames":["a@b.example"]}`
	if diff := cmp.Diff(want, string(v.Event)); diff != "" {
		t.Error(diff)
	}
	if !v.EventTime.Equal(time.Date(2026, 1, 2, 3, 4, 5, 1e8, time.UTC)) {
		t.Errorf("event time %v", v.EventTime)
	}
	v = check(`{"at":"2026-01-02T03:04:05Z","seen":1}`, s)
	if v.EventTime.Unix() != 1 {
		t.Errorf("the first event time of the schema wins, whatever the order of the line; got %v", v.EventTime)
	}
	v = check(`{}`, s)
	if !v.EventTime.IsZero() || !strings.Contains(string(v.Event), `{"p_log_type":"Test.Event","p_row_id":"row","p_event_time":"2026-02-03T04:05:06Z"`) {
		t.Errorf("without a time of its own: %v %s", v.EventTime, v.Event)
	}
}
