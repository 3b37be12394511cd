package explain_test

import (
	"fmt"
	"strings"
	"testing"

	"panther/schemas"
	"panther/schemas/classify"
	"panther/schemas/explain"
	"panther/schemas/logtype"
)

func explainer(t *testing.T, documents ...string) *explain.Explainer {
	t.Helper()
	var all []*logtype.Schema
	for _, d := range documents {
		s, err := logtype.Parse("x.yml", []byte(d))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	x, err := explain.New("source-1", all)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

const order = `
schema: My.Order
fields:
- {name: eventTime, type: timestamp, required: true, timeFormats: [rfc3339]}
- {name: port, type: int}
- {name: user, type: string}
- {name: detail, type: object, fields: [{name: accountId, type: string, required: true}]}
- {name: last.name, type: object, fields: [{name: x.y, type: string, required: true, rename: {from: "@xy"}}]}
- {name: secrets, type: array, element: {type: string, mask: {type: redact}}}
- {name: rows, type: array, element: {type: array, element: {type: int}}}
- {name: a, type: string}
- {name: a.b, type: int}
- {name: atlas, type: int}
- {name: full, type: string, concat: {paths: [first, place.last]}}
- {name: city, type: string, copy: {from: place.city}}
- {name: at, type: object, copy: {from: where}, fields: [{name: street, type: string, required: true}, {name: no, type: int}]}
`
const cells = "schema: My.Cells\nparser: {csv: {columns: [a, b], skipPrefix: '#'}}\nfields: [{name: a, type: string}, {name: b, type: int}]"

func line(text string) classify.Line { return classify.Line{Bytes: []byte(text)} }

func TestExplain(t *testing.T) {
	x := explainer(t, order, cells)
	e := x.Explain(line(`{"eventTime": "2026-03-01T08:15:30Z", "port": "http", "user": []}`), false)
	if !e.Failed() || len(e.Candidates) != 2 || e.Candidates[0].Schema != "My.Order" || len(e.Candidates[0].Reasons) != 2 ||
		e.Candidates[0].Reasons[0].Words != `field port: expected int, got string "http"` {
		t.Errorf("%+v", e)
	}
	if span := e.Span(); string(e.Line[span.Start:span.End]) != `"http"` {
		t.Errorf("%v", span)
	}
	if want := classify.Fingerprint("source-1", schemas.Candidate{Schema: "My.Order", Reasons: []schemas.Reason{{Code: schemas.TypeMismatch, Field: "port"}}}); e.Fingerprint != want {
		t.Errorf("fingerprint %s, want %s", e.Fingerprint, want)
	}
	e = x.Explain(line(`{"eventTime": "2026-03-01T08:15:30Z"}`), true)
	if e.Failed() || e.Schema != "My.Order" || !strings.HasPrefix(string(e.Event), `{"eventTime"`) || len(e.Candidates) != 1 || e.Candidates[0].Schema != "My.Cells" {
		t.Errorf("%+v", e)
	}
	if e = x.Explain(line("#x"), true); e.Failed() || !e.Skipped {
		t.Errorf("%+v", e)
	}
	if e = x.Broken([]byte("x"), schemas.Reason{Code: schemas.NotJSON, Expected: "a", Got: "b"}); !e.Failed() || len(e.Candidates) != 2 {
		t.Errorf("%+v", e)
	}
	if e = explainer(t).Explain(line("x"), true); !e.Failed() || !strings.Contains(e.Error, "no schema is configured") || e.Fingerprint == "" {
		t.Errorf("%+v", e)
	}
}

func TestAdvice(t *testing.T) {
	x := explainer(t, order)
	const time = `"eventTime": "2026-03-01T08:15:30Z"`
	for _, tt := range []struct{ line, want string }{
		{"\ufeff{" + time + "}", "byte order mark"},
		{"\x1f\x8b\x08abc", "gzip"},
		{"{\x00\"\x00a\x00\"\x00:\x001\x00}\x00", "UTF-16"},
		{`Mar  1 08:15:30 host app: {` + time + `}`, `from byte 26 on the line is a JSON object: something put "Mar  1 08:15:30 host app: " before it`},
		{strings.Repeat("\x80", 80) + `{` + time + `}`, `something put "` + strings.Repeat(`\x80`, 56) + `…" before it`},
		{strings.Repeat("x", 58) + `😀{` + time + `}`, `something put "` + strings.Repeat("x", 58) + `…" before it`},
		{`{` + time + `, "port": `, "it was cut"},
		{`{"EventTime": "x"}`, `the line has "EventTime"`},
		{`{"event_time": "x"}`, `the line has "event_time"`},
		{`{` + time + `, "detail": {"accountID": "1"}}`, `the line has "accountID"`},
		{`{"eventTime": 1772352930123}`, "written as unix_ms: add that to timeFormats of field eventTime"},
		{`{"eventTime": "01/Mar/2026:08:15:30 +0000"}`, "written as %d/%b/%Y:%H:%M:%S %z"},
		{`{` + time + `, "port": "http"}`, "make field port string"},
		{`{` + time + `, "port": 1.5}`, "make field port float"},
		{`{` + time + `, "port": 3000000000}`, "make field port bigint"},
		{`{` + time + `, "user": {}}`, "make field user json"},
		{`{"Records": [{` + time + `}]}`, "JsonArray"},
		{`{` + time + `, "port": 1e999}`, "make field port string"},
		{`{` + time + `, "last.name": {"@XY": "a"}}`, `the line has "@XY": names are compared letter by letter, and with their case; field last.name.x.y is the member "@xy"`},
		{`{` + time + `, "last.name": {"x.y": "a"}}`, `[field last.name.x.y is the member "@xy" of the line]`},
		{`{` + time + `, "secrets": ["a", {"b": 1}]}`, ""},
		{`{` + time + `, "secrets": "a"}`, ""},
		{`{` + time + `, "rows": [[1, "x"]]}`, "make field rows[0][1] string"},
		{`{` + time + `, "a.b": "x"}`, "make field a.b string"},
		{`{` + time + `, "atlas": "x"}`, "make field atlas string"},
		{`{` + time + `, "first": [], "place": {"last": "x"}}`, "field full is made of what the line has at first and at place.last: look there"},
		{`{` + time + `, "where": {"no": "x"}}`, "[field at is made of what the line has at where: look there]"},
		{`{` + time + `, "port": 1.` + strings.Repeat("5", 120) + `}`, "make field port float"},
		{`{` + time + `, "place": {"city": []}}`, "[field city is made of what the line has at place.city: look there]"},
		{`{` + time + `, "where": {"Street": "a"}}`, "[field at is made of what the line has at where: look there]"},
		{`{'eventTime': 'x'}`, "Python"},
		{`{` + time + `}}`, ""},
		{`{"x": 1}`, ""},
		{`hello`, ""},
	} {
		e := x.Explain(line(tt.line), false)
		got := fmt.Sprint(e.Advice)
		if !e.Failed() || !strings.Contains(got, tt.want) || tt.want == "" && len(e.Advice) > 0 {
			t.Errorf("%s: %s, want %s (%s)", tt.line, got, tt.want, e.Error)
		}
	}
}

// Whatever the bytes, there are words and no panic.
func FuzzExplain(f *testing.F) {
	f.Add([]byte(`{"eventTime": "01/Mar/2026:08:15:30 +0000", "detail": {"accountID": 1}}`))
	f.Add([]byte("\xff\x00{"))
	f.Add([]byte(strings.Repeat("\x80", 80) + "{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		e := explainer(t, order, cells).Explain(classify.Line{Bytes: b}, true)
		if e.Failed() && (e.Error == "" || len(e.Candidates) != 2) {
			t.Errorf("%+v", e)
		}
	})
}
