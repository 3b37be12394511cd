// Package verify holds schemas to their samples: a sample is a line with what shall become of it.
package verify

import (
	"fmt"
	"slices"
	"time"

	"panther/schemas"
	"panther/schemas/classify"
	"panther/schemas/logtype"
)

// A Result is what became of one sample.
type Result struct {
	Schema   string   `json:"schema"`
	Sample   string   `json:"sample"`
	Line     string   `json:"line"`
	Problems []string `json:"problems,omitempty"` // how that differs from what the sample says, in words; none: it does not
}

// Samples tries each sample of a schema. The first checker knows that schema alone. The second, which may be nil, knows others
// beside it: with them to choose from, a sample has still to find its own.
func Samples(s *logtype.Schema, alone, among classify.Checker) (results []Result) {
	for _, sample := range s.Samples {
		r := Result{Schema: s.Name, Sample: sample.Name, Line: sample.Line, Problems: problems(alone, sample)}
		if among != nil && len(r.Problems) == 0 {
			r.Problems = strangers(s, among, sample)
		}
		results = append(results, r)
	}
	return results
}

func check(c classify.Checker, s logtype.Sample) classify.Verdict {
	return c.Check(classify.Line{Bytes: []byte(s.Line), Header: s.Header, RowID: "sample", ParseTime: time.Unix(0, 0).UTC()})
}

// problems says how a sample differs from what it says, with its own schema alone.
func problems(c classify.Checker, sample logtype.Sample) []string {
	v := check(c, sample)
	switch {
	case v.Skipped:
		return []string{"the line is skipped, as a header or a comment"}
	case sample.Fails == "" && v.Schema == nil:
		return []string{"want an event: " + reasons(v.Candidates)}
	case sample.Fails == "" && sample.Event == nil:
		return nil
	case sample.Fails == "":
		return sample.Differences(v.Event)
	case v.Schema != nil:
		return []string{fmt.Sprintf("want %s, got an event", failure(sample.Fails, sample.Field))}
	}
	if r := v.Candidates[0].Reasons[0]; r.Code != sample.Fails || r.Field != sample.Field {
		text := fmt.Sprintf("want %s, got %s: %s", failure(sample.Fails, sample.Field), failure(r.Code, r.Field), classify.Words(r))
		if r.Code == sample.Fails && sample.Field == "" {
			text += fmt.Sprintf("; say in the sample where it fails, as field: %s", r.Field)
		}
		return []string{text}
	}
	return nil
}

// strangers says which other schemas take a sample.
func strangers(s *logtype.Schema, c classify.Checker, sample logtype.Sample) (problems []string) {
	v := check(c, sample)
	if v.Schema == nil {
		return nil
	}
	takers := append([]string{v.Schema.Name}, v.Ambiguous...)
	slices.Sort(takers)
	for _, name := range takers {
		if name != s.Name {
			problems = append(problems, "it matches "+name+" as well")
		}
	}
	if sample.Fails != "" && len(problems) > 0 {
		return []string{fmt.Sprintf("it fails, but it is an event of %s", v.Schema.Name)}
	}
	return problems
}

func reasons(candidates []schemas.Candidate) string {
	if len(candidates) == 0 {
		return "no schema was tried"
	}
	return classify.Summary(candidates[0])
}

func failure(code schemas.Code, field string) string {
	if field == "" {
		return string(code)
	}
	return fmt.Sprintf("%s at %s", code, field)
}
