package reference_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"panther/schemas/logtype"
)

// What the language's documentation says of values is what becomes of them.
func TestDocumentedConversions(t *testing.T) {
	for _, c := range logtype.Conversions() {
		for _, kind := range c.Types {
			name, more, _ := strings.Cut(kind, " ")
			switch name {
			case "timestamp":
				if more == "" {
					more = "rfc3339"
				}
				more = "timeFormat: " + more
			case "array":
				more = "element: {type: int}"
			case "object":
				more = "fields: [{name: a, type: int}]"
			}
			v := check(`{"f":`+c.Value+`}`, typed(t, name, more))
			want := `{"f":` + c.Event + `}`
			switch c.Event {
			case "absent":
				want = "{}"
			case "fails":
				want = "fails"
			}
			if got := own(t, v); got != want {
				t.Errorf("%s as %s: %s, documented is %s", c.Value, kind, got, want)
			}
		}
	}
}

// Each indicator collects what its documentation says, and the documentation names all of them and all columns.
func TestDocumentedIndicators(t *testing.T) {
	var documented []logtype.Indicator
	filled := map[string]bool{}
	for _, d := range logtype.IndicatorDocs() {
		documented = append(documented, d.Indicator)
		text, _ := json.Marshal(d.Example)
		v := check(`{"f":`+string(text)+`}`, typed(t, "string", "indicators: ["+string(d.Indicator)+"]"))
		var event map[string]any
		if err := json.Unmarshal(v.Event, &event); err != nil {
			t.Fatalf("%s: %v", d.Indicator, err)
		}
		any := false
		for _, set := range logtype.IndicatorSets() {
			if event[set] == nil {
				continue
			}
			any, filled[set] = true, true
			if !slices.Contains(d.Sets, set) {
				t.Errorf("%s of %q goes to %s, which is not documented", d.Indicator, d.Example, set)
			}
		}
		if !any {
			t.Errorf("%s of %q goes nowhere", d.Indicator, d.Example)
		}
	}
	if !slices.Equal(documented, logtype.Indicators()) {
		t.Errorf("documented are %v, there are %v", documented, logtype.Indicators())
	}
	for _, set := range logtype.IndicatorSets() {
		if !filled[set] {
			t.Errorf("no example fills %s", set)
		}
	}
}
