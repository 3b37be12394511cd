package catalogue_test

import (
	"fmt"
	"strings"
	"testing"

	"panther/schemas/catalogue"
)

// many writes log types that have nothing in common, each with thousands of fields by way of a definition.
func many(n int) (text string, names []string) {
	var inner []string
	for i := range 60 {
		inner = append(inner, fmt.Sprintf("{name: inner_%d, type: int}", i))
	}
	for i := range n {
		name := fmt.Sprintf("Custom.Type%d", i)
		names = append(names, name)
		text += "---\nschema: " + name + "\ndefinitions: {D: {type: object, fields: [" + strings.Join(inner, ", ") + "]}}\nfields:\n"
		for k := range 60 {
			text += fmt.Sprintf("- {name: f_%d_%d, type: ref, target: D}\n", i, k)
		}
	}
	return text, names
}

// Log types that are too large together are a mistake of the source, or of the log type that makes them so.
func TestSourcesThatAreTooLarge(t *testing.T) {
	text, names := many(120)
	source := "---\nkind: LogSource\nname: large\ntopics: [t]\nlogTypes: [" + strings.Join(names, ", ") + "]\n"
	const want = `log source "large": compile the 120 log types of a source: Custom.Type`
	_, err := planOf(write(t, text+source), &catalogue.View{}, false)
	if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "give the source fewer log types") {
		t.Errorf("got %.500v", err)
	}

	small := ""
	for _, name := range names {
		small += "---\nschema: " + name + "\nfields: [{name: a, type: int}]\n"
	}
	before := plan(t, small+source, &catalogue.View{}).Apply(&catalogue.View{})
	_, err = planOf(write(t, text), before, false)
	if err == nil || !strings.Contains(err.Error(), `log source "large" of the catalogue has this log type: compile the 120 log types`) {
		t.Errorf("got %.500v", err)
	}
}
