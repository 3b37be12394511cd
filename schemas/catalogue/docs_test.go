package catalogue_test

import (
	"os"
	"regexp"
	"testing"

	"panther/schemas/classify"
	"panther/schemas/classify/reference"
	"panther/schemas/logtype"
)

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// The schemas in the documentation are schemas, and their samples are what they say.
func TestDocumentedSchemas(t *testing.T) {
	const page = "../../docs/schemas.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	blocks := yamlBlock.FindAllSubmatch(text, -1)
	if len(blocks) < 4 {
		t.Fatalf("%d examples in %s", len(blocks), page)
	}
	for _, block := range blocks {
		s, err := logtype.Parse(page, block[1])
		if err != nil {
			t.Errorf("%v in\n%s", err, block[1])
			continue
		}
		if len(s.Samples) < 2 {
			t.Errorf("%s has %d samples", s.Name, len(s.Samples))
		}
		for _, sample := range s.Samples {
			checkSample(t, s, sample)
		}
	}
}

// checkSample holds a sample to what it says.
func checkSample(t *testing.T, s *logtype.Schema, sample logtype.Sample) {
	t.Helper()
	v := reference.New([]*logtype.Schema{s}).Check(classify.Line{Bytes: []byte(sample.Line), Header: sample.Header})
	switch {
	case sample.Fails == "" && v.Schema == nil:
		t.Errorf("%s, %s: %s", s.Name, sample.Name, classify.Summary(v.Candidates[0]))
	case sample.Fails == "":
		for _, d := range sample.Differences(v.Event) {
			t.Errorf("%s, %s: %s", s.Name, sample.Name, d)
		}
	case v.Schema != nil:
		t.Errorf("%s, %s: want %s, it is an event", s.Name, sample.Name, sample.Fails)
	default:
		if r := v.Candidates[0].Reasons[0]; r.Code != sample.Fails || r.Field != sample.Field {
			t.Errorf("%s, %s: want %s at %q, got %s at %q", s.Name, sample.Name, sample.Fails, sample.Field, r.Code, r.Field)
		}
	}
}
