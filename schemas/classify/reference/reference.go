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
		skipped = trials[i].run(l, parsed) || skipped
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
func (t *trial) run(l classify.Line, parsed func() (*node, *schemas.Reason)) (skip bool) {
	line := l.Bytes
	if len(line) > classify.MaxLine {
		t.fail(schemas.Reason{Code: schemas.LineTooLong, Expected: fmt.Sprintf("at most %d bytes", classify.MaxLine),
			Got: "more", Span: wholeLine(line)})
		return false
	}
	var root *node
	var reason *schemas.Reason
	switch p := t.schema.Parser; {
	case p.Script != nil:
		root, reason = runScript(p.Script, withoutEnd(line))
	case p.IsText():
		root, reason, skip = splitText(p, withoutEnd(line), withoutEnd(l.Header))
	default:
		root, reason = parsed()
	}
	if reason != nil {
		t.fail(*reason)
	} else {
		t.object(t.schema.Fields, root, "")
	}
	if csv := t.schema.Parser.CSV; csv != nil && csv.HasHeader && l.Header != nil && bytes.Equal(withoutEnd(line), withoutEnd(l.Header)) {
		skip = len(t.reasons) > 0
	}
	return skip
}

// withoutEnd cuts off the end of a line, if the line still has it.
func withoutEnd(line []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
}

// runScript makes an object of a line. Nobody knows where in the line its values come from.
func runScript(s *logtype.Script, line []byte) (*node, *schemas.Reason) {
	whole := wholeLine(line)
	made, err := s.Program.Parse(line)
	if err != nil {
		return nil, &schemas.Reason{Code: schemas.ScriptError, Expected: "a dict from parse(log)", Got: cut([]byte(err.Error())), Span: whole}
	}
	return parse(made, 0, &whole)
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
