package reference

import (
	"bytes"
	"fmt"
	"slices"
	"sync"

	"panther/schemas"
	"panther/schemas/classify"
	"panther/schemas/logtype"
)

// New makes a Checker for the schemas of a source, in the source's order. It keeps nothing of the lines that it checks.
func New(candidates []*logtype.Schema) classify.Checker {
	return &checker{slices.Clone(candidates)}
}

type checker struct {
	candidates []*logtype.Schema
}

// Check tries every candidate on the line.
func (c *checker) Check(l classify.Line) classify.Verdict {
	parsed := sync.OnceValues(func() (*node, *schemas.Reason) { return parseLine(l.Bytes) })
	trials := make([]*trial, len(c.candidates))
	skipped := false
	for i, s := range c.candidates {
		trials[i] = &trial{schema: s}
		skipped = trials[i].run(l.Bytes, parsed) || skipped
	}
	var best *trial
	var matching []string
	for _, t := range trials {
		if len(t.reasons) > 0 {
			continue
		}
		matching = append(matching, t.schema.Name)
		if best == nil || t.event.matched > best.event.matched {
			best = t
		}
	}
	switch {
	case best != nil:
		v := classify.Verdict{Schema: best.schema, Event: best.finish(l), EventTime: best.event.time}
		v.Ambiguous = slices.DeleteFunc(matching, func(name string) bool { return name == best.schema.Name })
		return v
	case skipped:
		return classify.Verdict{Skipped: true}
	}
	return classify.Verdict{Candidates: nearestFirst(trials)}
}

func nearestFirst(trials []*trial) (candidates []schemas.Candidate) {
	slices.SortStableFunc(trials, func(a, b *trial) int { return b.event.matched - a.event.matched })
	for _, t := range trials {
		candidates = append(candidates, schemas.Candidate{Schema: t.schema.Name, Version: t.schema.Version, Reasons: t.reasons})
	}
	return candidates
}

// run tries the schema: afterwards there are reasons, or there is an event. It reports whether the schema says that the line
// is to be skipped; there is a reason then as well. parsed gives the line as a JSON object.
func (t *trial) run(line []byte, parsed func() (*node, *schemas.Reason)) (skip bool) {
	if len(line) > classify.MaxLine {
		t.fail(schemas.Reason{Code: schemas.LineTooLong, Expected: fmt.Sprintf("at most %d bytes", classify.MaxLine),
			Got: "more", Span: wholeLine(line)})
		return false
	}
	var root *node
	var reason *schemas.Reason
	if t.schema.Parser.IsText() {
		root, reason, skip = splitText(t.schema.Parser, line)
	} else {
		root, reason = parsed()
	}
	if reason != nil {
		t.fail(*reason)
		return skip
	}
	t.object(t.schema.Fields, root, "")
	return false
}

// parseLine reads a line that has to be a JSON object.
func parseLine(line []byte) (*node, *schemas.Reason) {
	root, reason := parse(line, 0, nil)
	if bytes.HasPrefix(bytes.TrimLeft(line, " \t\r\n"), []byte("{")) || reason != nil && reason.Code == schemas.TooDeep {
		return root, reason
	}
	if reason == nil {
		return nil, &schemas.Reason{Code: schemas.TypeMismatch, Expected: "a JSON object", Got: describe(root), Span: root.span}
	}
	got := "an empty line"
	if len(bytes.TrimSpace(line)) > 0 {
		got = cut(line)
	}
	return nil, &schemas.Reason{Code: schemas.NotJSON, Expected: "a JSON object", Got: got, Span: wholeLine(line)}
}
