// Package explain says of one line which schema it matches and, if it matches none, why not and what to do about it.
//
// A checker's verdict has the facts; here they become what a person or a program is shown: every candidate schema with its
// reasons in words, the nearest first, the fingerprint by which alerts know the failure, and advice. Start with New.
package explain

import (
	"bytes"
	"encoding/json"
	"slices"

	"panther/schemas"
	"panther/schemas/classify"
	"panther/schemas/logtype"
)

// An Explanation is all that there is to say about one line.
type Explanation struct {
	Line        schemas.Line    `json:"line"`
	Schema      string          `json:"schema,omitempty"` // that it matches
	Version     int64           `json:"version,omitempty"`
	Ambiguous   []string        `json:"ambiguous,omitempty"` // the others that it matches as well
	Event       json.RawMessage `json:"event,omitempty"`
	Skipped     bool            `json:"skipped,omitempty"`     // a header or comment
	Error       string          `json:"error,omitempty"`       // why it matches none, in one sentence
	Fingerprint string          `json:"fingerprint,omitempty"` // of the failure
	Advice      []string        `json:"advice,omitempty"`
	Candidates  []Candidate     `json:"candidates,omitempty"` // that it does not match, the nearest first
}

// A Candidate is a schema that the line does not match.
type Candidate struct {
	Schema  string   `json:"schema"`
	Version int64    `json:"version"`
	Reasons []Reason `json:"reasons"`
}

// A Reason is a reason, and what it says in words.
type Reason struct {
	schemas.Reason
	Words string `json:"words"`
}

// Failed reports whether the line matches no schema.
func (e *Explanation) Failed() bool { return e.Schema == "" && !e.Skipped }

// Span returns the part of the line that is to blame: that of the first reason of the nearest schema that has one, for what is
// missing has none. The zero Span is nothing in particular.
func (e *Explanation) Span() schemas.Span {
	if !e.Failed() || len(e.Candidates) == 0 {
		return schemas.Span{}
	}
	for _, r := range e.Candidates[0].Reasons {
		if r.Span.End > r.Span.Start {
			return r.Span
		}
	}
	return schemas.Span{}
}

// An Explainer explains lines of one source.
type Explainer struct {
	source     string // its id
	candidates []*logtype.Schema
	checker    classify.Checker
}

// New makes an Explainer for the candidate schemas of a source, in the source's order. source is its id, which fingerprints are
// made of; empty if the lines are of none. The error says that the schemas are too large.
func New(source string, candidates []*logtype.Schema) (*Explainer, error) {
	checker, err := classify.New(candidates)
	return &Explainer{source: source, candidates: candidates, checker: checker}, err
}

// Explain explains a line. With others set, and a line that matches, it also says why the other candidates do not.
func (x *Explainer) Explain(line classify.Line, others bool) *Explanation {
	v := x.checker.Check(line)
	e := &Explanation{Line: line.Bytes, Skipped: v.Skipped, Ambiguous: v.Ambiguous}
	switch {
	case v.Schema != nil:
		e.Schema, e.Version, e.Event = v.Schema.Name, v.Schema.Version, bytes.Clone(v.Event)
		if others {
			e.Candidates = x.others(line, append(v.Ambiguous, v.Schema.Name))
		}
	case !v.Skipped:
		x.fail(e, v.Candidates)
	}
	return e
}

// Broken explains what is no line, because what was wrapped around lines is not as it should be.
func (x *Explainer) Broken(line []byte, why schemas.Reason) *Explanation {
	e := &Explanation{Line: line}
	var all []schemas.Candidate
	for _, s := range x.candidates {
		all = append(all, schemas.Candidate{Schema: s.Name, Version: s.Version, Reasons: []schemas.Reason{why}})
	}
	x.fail(e, all)
	return e
}

func (x *Explainer) fail(e *Explanation, candidates []schemas.Candidate) {
	e.Candidates = inWords(candidates)
	var nearest schemas.Candidate
	var schema *logtype.Schema
	if len(candidates) > 0 {
		nearest = candidates[0]
		for _, s := range x.candidates {
			if s.Name == nearest.Schema {
				schema = s
			}
		}
	}
	e.Error = classify.Summary(nearest)
	e.Fingerprint = classify.Fingerprint(x.source, nearest)
	e.Advice = advice(e.Line, nearest, schema)
}

// others tries the schemas that are not among those that match, each alone: a checker that has found one says nothing of them.
func (x *Explainer) others(line classify.Line, matching []string) (all []Candidate) {
	for _, s := range x.candidates {
		if slices.Contains(matching, s.Name) {
			continue
		}
		if alone, err := classify.New([]*logtype.Schema{s}); err == nil { // else they would be too large together as well
			all = append(all, inWords(alone.Check(line).Candidates)...)
		}
	}
	return all
}

func inWords(candidates []schemas.Candidate) (all []Candidate) {
	for _, c := range candidates {
		told := Candidate{Schema: c.Schema, Version: c.Version}
		for _, r := range c.Reasons {
			told.Reasons = append(told.Reasons, Reason{r, classify.Words(r)})
		}
		all = append(all, told)
	}
	return all
}
