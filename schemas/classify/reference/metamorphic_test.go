package reference_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"panther/schemas"
	"panther/schemas/logtype"
)

// What must not matter: the order of members, white space, escapes in names and texts, members that no schema knows.
func TestWhatDoesNotMatter(t *testing.T) {
	changes := map[string]rewriting{
		"order":       {reverse: true},
		"white space": {space: " \t\r\n"},
		"escapes":     {escape: true},
		"unknown":     {unknown: `"zz_unknown":{"a":[1,"x"],"a":null}`},
		"all of them": {reverse: true, space: "\n", escape: true, unknown: `"zz_unknown":[]`},
	}
	for _, s := range logtype.Builtins() {
		if s.Parser != (logtype.Parser{}) { // no JSON
			continue
		}
		for _, sample := range s.Samples {
			before := check(sample.Line, s)
			for name, change := range changes {
				line := change.line(t, sample.Line)
				after := check(line, s)
				if !change.same(t, before.Event, after.Event) || before.EventTime != after.EventTime {
					t.Errorf("%s/%s: %s matters\n%s\n%s", s.Name, sample.Name, name, before.Event, after.Event)
				}
				if a, b := reasons(before.Candidates, sample.Line), reasons(after.Candidates, line); a != b {
					t.Errorf("%s/%s: %s matters\n%s\n%s", s.Name, sample.Name, name, a, b)
				}
			}
		}
	}
}

// reasons writes codes, fields and what was expected: spans and the bytes that were got do change.
func reasons(candidates []schemas.Candidate, line string) string {
	var out strings.Builder
	for _, c := range candidates {
		for _, r := range c.Reasons {
			kind, _, _ := strings.Cut(r.Got, " ")
			fmt.Fprintln(&out, c.Schema, r.Code, r.Field, r.Expected, kind)
			if r.Span.End > r.Span.Start && !json.Valid([]byte(line[r.Span.Start:r.Span.End])) {
				fmt.Fprintln(&out, "the span is not of a value:", line[r.Span.Start:r.Span.End])
			}
		}
	}
	return out.String()
}

// A rewriting writes a JSON object in another way that means the same.
type rewriting struct {
	reverse bool
	space   string // around every token
	escape  bool
	unknown string // a member to add to each object
}

// same compares events: to the byte, but for what json fields keep of the order and the members that were changed.
func (w rewriting) same(t *testing.T, a, b []byte) bool {
	if a == nil || b == nil || !w.reverse && w.unknown == "" {
		return string(a) == string(b)
	}
	return plain(t, a) == plain(t, b)
}

// plain writes an event with its members sorted, without those that were added.
func plain(t *testing.T, event []byte) string {
	var v any
	d := json.NewDecoder(bytes.NewReader(event))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	out, _ := json.Marshal(without(v))
	return string(out)
}

func without(v any) any {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "zz_unknown")
		for k := range v {
			v[k] = without(v[k])
		}
	case []any:
		for i := range v {
			v[i] = without(v[i])
		}
	}
	return v
}

func (w rewriting) line(t *testing.T, line string) string {
	d := json.NewDecoder(strings.NewReader(line))
	d.UseNumber()
	return w.value(t, d)
}

func (w rewriting) value(t *testing.T, d *json.Decoder) string {
	token, err := d.Token()
	if err != nil {
		t.Fatal(err)
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return w.space + w.scalar(token) + w.space
	}
	var items []string
	for d.More() {
		item := ""
		if delim == '{' {
			item = w.value(t, d) + ":"
		}
		items = append(items, item+w.value(t, d))
	}
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
	if delim == '[' {
		return w.space + "[" + strings.Join(items, ",") + w.space + "]" + w.space
	}
	if w.reverse {
		slices.Reverse(items)
	}
	if w.unknown != "" {
		items = append(items, w.unknown)
	}
	return w.space + "{" + strings.Join(items, ",") + w.space + "}" + w.space
}

func (w rewriting) scalar(token json.Token) string {
	if s, ok := token.(string); ok && w.escape {
		var out strings.Builder
		for _, c := range s {
			if c < 0x10000 {
				fmt.Fprintf(&out, `\u%04X`, c)
			} else {
				out.WriteRune(c)
			}
		}
		return `"` + out.String() + `"`
	}
	b, _ := json.Marshal(token)
	return string(b)
}
