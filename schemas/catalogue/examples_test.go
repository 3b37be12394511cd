package catalogue_test

import (
	"os"
	"strings"
	"testing"

	"panther/schemas/catalogue"
)

const examples = "../../examples"

// The examples apply as they are, need no secret, and each of their sources knows its log types.
func TestExamples(t *testing.T) {
	plan, err := planOf(examples, &catalogue.View{}, true)
	if err != nil {
		t.Fatal(err)
	}
	view := checkSteady(t, examples, &catalogue.View{}, plan, true)
	for _, s := range view.Sources() {
		if len(view.Candidates(s)) != len(s.LogTypes) {
			t.Errorf("log source %q: log types %v, of which there are %d", s.Label, s.LogTypes, len(view.Candidates(s)))
		}
	}
	if len(view.Sources()) < 4 || len(view.Destinations()) != 1 {
		t.Errorf("%d sources and %d destinations", len(view.Sources()), len(view.Destinations()))
	}
	for _, d := range view.Destinations() {
		for name, value := range d.Settings {
			if text, _ := value.(string); catalogue.IsReference(text) {
				t.Errorf("destination %q: %s is the secret %s, which a new user does not have", d.Label, name, text)
			}
		}
	}
}

// The samples of the examples' log types are what they say.
func TestExampleSamples(t *testing.T) {
	plan, err := planOf(examples, &catalogue.View{}, true)
	if err != nil {
		t.Fatal(err)
	}
	view := plan.Apply(&catalogue.View{})
	for _, entry := range view.Schemas() {
		s, _ := view.Schema(entry.Name)
		for _, sample := range s.Samples {
			checkSample(t, s, sample)
		}
	}
}

// What the examples have in comments is right too.
func TestExamplesInComments(t *testing.T) {
	data, err := os.ReadFile(examples + "/destinations.yml")
	if err != nil {
		t.Fatal(err)
	}
	_, comments, ok := strings.Cut(string(data), "#\n# ---\n")
	if !ok {
		t.Fatal("no examples in comments")
	}
	text := strings.ReplaceAll("\n"+comments, "\n#", "\n")
	text = strings.ReplaceAll(text, "\n ", "\n") // the blank behind each #
	plan := plan(t, text, &catalogue.View{})
	if n := plan.Count(catalogue.Added); n != 2 {
		t.Errorf("%d destinations in comments:\n%s", n, plan)
	}
}
