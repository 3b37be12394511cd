package reference

import (
	"fmt"
	"strings"

	"panther/schemas"
	"panther/schemas/classify"
	"panther/schemas/logtype"
)

// derived writes a field that is made of other values of the line. It is no known field: a schema that copies much is not
// nearer to the line.
func (t *trial) derived(f *logtype.Field, root *node, path string) outcome {
	matched := t.event.matched
	defer func() { t.event.matched = matched }()
	n, ok := t.make(f, root, path)
	switch {
	case !ok:
		return failed
	case n == nil:
		return t.field(f, nil, root, path)
	}
	return t.field(f, []*node{n}, root, path)
}

// make makes the value of a field as if it stood in the line; nil if there is none, false if it cannot be made.
func (t *trial) make(f *logtype.Field, root *node, path string) (*node, bool) {
	switch d := f.Derived; {
	case d.Join != nil:
		return t.join(d.Join, root, path)
	case d.Split != nil:
		return t.split(d.Split, root, path)
	}
	n := t.at(f.Derived.Copy, root)
	if n == nil {
		return nil, true
	}
	size := len(n.raw)
	if t.schema.Parser.IsText() {
		size = len(n.text) // without quotes
	}
	return n, t.takes(size, path)
}

// takes counts n bytes that are made, unless that is too much.
func (t *trial) takes(n int, path string) bool {
	if t.made+n > classify.MaxMade {
		t.fail(schemas.Reason{Code: schemas.LineTooLong, Field: path, Expected: fmt.Sprintf("at most %d bytes that are made of others", classify.MaxMade), Got: "more"})
		return false
	}
	t.made += n
	return true
}

// at finds the value at a path; nil if there is none. Of a name that is there twice the last one counts.
func (t *trial) at(path logtype.Path, root *node) *node {
	n := root
	for _, name := range path {
		var found *node
		for _, m := range n.members {
			if m.name != name {
				continue
			}
			t.event.duplicates = t.event.duplicates || found != nil
			found = m.value
		}
		if found == nil {
			return nil
		}
		n = found
	}
	return n
}

// textAt finds the text at a path: of a number or boolean, its bytes; nil if there is none, false if it is no text.
func (t *trial) textAt(path logtype.Path, root *node, field string) (*node, bool) {
	n := t.at(path, root)
	if n == nil || n.kind == null || n.kind == str {
		if n != nil && n.kind == null {
			n = nil
		}
		return n, true
	}
	if n.kind == object || n.kind == array {
		t.mismatch(schemas.TypeMismatch, field, "a text at "+path.String(), n)
		return nil, false
	}
	return &node{kind: str, raw: n.raw, span: n.span, depth: n.depth, text: string(n.raw)}, true
}

// join puts texts together; there is no value unless there are all of them.
func (t *trial) join(j *logtype.Join, root *node, field string) (*node, bool) {
	whole := &node{kind: str, depth: 1, text: j.Literals[0]}
	before := t.made
	for i, path := range j.Paths {
		n, ok := t.textAt(path, root, field)
		if n == nil {
			t.made = before
			return nil, ok
		}
		whole.text += n.text + j.Literals[i+1]
		if t.made = before; !t.takes(len(whole.text), field) {
			return nil, false
		}
		whole.altered = whole.altered || n.altered
		if i == 0 {
			whole.span = n.span
		}
		whole.span.Start = min(whole.span.Start, n.span.Start)
		whole.span.End = max(whole.span.End, n.span.End)
	}
	whole.raw = []byte(whole.text)
	return whole, true
}

// split takes a part of a text.
func (t *trial) split(s *logtype.Split, root *node, field string) (*node, bool) {
	var n *node
	var ok bool
	before := t.made
	if s.Join != nil {
		n, ok = t.join(s.Join, root, field)
	} else {
		n, ok = t.textAt(s.Path, root, field)
	}
	if n == nil {
		return nil, ok
	}
	parts := strings.Split(n.text, s.Separator)
	if s.Index >= len(parts) {
		return nil, true
	}
	part := parts[s.Index]
	if !t.takes(len(part), field) {
		t.made = before
		return nil, false
	}
	return &node{kind: str, raw: []byte(part), span: n.span, depth: 1, text: part, altered: n.altered}, true
}
