package strict

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// A Node is a place in a document: a cursor that reads what is there. The zero Node is a key that is not there; reading it
// gives zero values and reports nothing. A value of another kind gives a zero value too, and is reported.
type Node struct {
	file     string
	line     int    // lines before the document
	name     string // of the key, for messages
	yaml     *yaml.Node
	problems *Problems
}

const (
	aliasHint    = "aliases are not supported: write the value out"
	durationHint = "write it as 10s, 15m, 72h, 15 minutes or 1 day"
)

// Present reports whether there is anything.
func (n Node) Present() bool { return n.yaml != nil }

// IsText reports whether a text stands at n; asking is no mistake.
func (n Node) IsText() bool { return n.Present() && n.yaml.ShortTag() == "!!str" }

// IsList reports whether a list stands at n; asking is no mistake.
func (n Node) IsList() bool { return n.Present() && n.yaml.Kind == yaml.SequenceNode }

// IsMapping reports whether a mapping stands at n; asking is no mistake.
func (n Node) IsMapping() bool { return n.Present() && n.yaml.Kind == yaml.MappingNode }

// Position says where n stands, as file.yml:12:3; empty for the zero Node.
func (n Node) Position() string {
	if !n.Present() {
		return ""
	}
	return fmt.Sprintf("%s:%d:%d", n.file, n.line+n.yaml.Line, n.yaml.Column)
}

// Problem reports a mistake at n: what is wrong, and how to mend it. It may be called at any time, so that a value can be
// compared with what is read much later.
func (n Node) Problem(text, hint string) {
	if n.Present() {
		n.problems.Add(Problem{File: n.file, Line: n.line + n.yaml.Line, Column: n.yaml.Column, Text: text, Hint: hint})
	}
}

// Text returns a text. A number, true or a date is none, unless it stands in quotes.
func (n Node) Text() string {
	if !n.is(yaml.ScalarNode, "!!str", "a text") {
		return ""
	}
	return n.yaml.Value
}

// Scalar returns a text, number, truth value or date as it is written, for readers that know better what it should be.
func (n Node) Scalar() string {
	if n.Present() && n.yaml.Kind == yaml.ScalarNode && n.yaml.ShortTag() != "!!null" {
		return n.yaml.Value
	}
	n.is(yaml.ScalarNode, "!!str", "one value")
	return ""
}

// Texts returns a list of texts, without those that are none.
func (n Node) Texts() []string {
	var texts []string
	for _, item := range n.List() {
		if item.is(yaml.ScalarNode, "!!str", "a text") {
			texts = append(texts, item.yaml.Value)
		}
	}
	return texts
}

// OneOf returns a text that must be one of choices; empty if it is not.
func (n Node) OneOf(choices ...string) string {
	text := n.Text()
	if n.Present() && n.yaml.ShortTag() == "!!str" && !slices.Contains(choices, text) {
		n.Problem(fmt.Sprintf("%s: %q is not known", n.name, text), DidYouMean(text, choices))
		return ""
	}
	return text
}

// Bool returns true or false.
func (n Node) Bool() (b bool) {
	if n.is(yaml.ScalarNode, "!!bool", "true or false") {
		n.scalar(&b)
	}
	return b
}

// Int returns a whole number.
func (n Node) Int() (i int) {
	if n.is(yaml.ScalarNode, "!!int", "a whole number") {
		n.scalar(&i)
	}
	return i
}

// Float returns a number.
func (n Node) Float() (f float64) {
	if n.Present() && n.yaml.ShortTag() == "!!int" || n.is(yaml.ScalarNode, "!!float", "a number") {
		n.scalar(&f)
	}
	return f
}

// Duration returns a length of time, as ParseDuration reads it.
func (n Node) Duration() time.Duration {
	if !n.is(yaml.ScalarNode, "!!str", "a duration") {
		return 0
	}
	d, err := ParseDuration(n.yaml.Value)
	if err != nil {
		n.Problem(fmt.Sprintf("%s: %v", n.name, err), durationHint)
	}
	return d
}

// List returns the items of a list.
func (n Node) List() []Node {
	if !n.is(yaml.SequenceNode, "!!seq", "a list") {
		return nil
	}
	items := make([]Node, len(n.yaml.Content))
	for i, c := range n.yaml.Content {
		items[i] = n.at(c, fmt.Sprintf("%s[%d]", n.name, i))
	}
	return items
}

// Value returns whatever is there as JSON has it: nil, a bool, an int, a float64, a string, a []any or a map[string]any.
func (n Node) Value() any {
	if !n.Present() {
		return nil
	}
	switch n.yaml.Kind {
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range n.List() {
			list = append(list, item.Value())
		}
		return list
	case yaml.MappingNode:
		m := map[string]any{}
		for _, p := range n.Pairs() {
			m[p.Key] = p.Value.Value()
		}
		return m
	}
	switch n.yaml.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return n.Bool()
	case "!!int":
		return n.Int()
	case "!!float":
		return n.Float()
	}
	return n.Text()
}

// at moves the cursor to a node below n.
func (n Node) at(c *yaml.Node, name string) Node {
	below := Node{file: n.file, line: n.line, name: name, yaml: c, problems: n.problems}
	if c.Kind == yaml.AliasNode { // reported when the document was read
		below.yaml = nil
	}
	return below
}

// is reports whether n is present and of a kind and tag, and else says what was wanted.
func (n Node) is(kind yaml.Kind, tag, want string) bool {
	if !n.Present() {
		return false
	}
	if n.yaml.Kind == kind && n.yaml.ShortTag() == tag {
		return true
	}
	n.Problem(fmt.Sprintf("%s: want %s, got %s", n.name, want, n.describe()), n.wrongKindHint(kind, tag, want))
	return false
}

// scalar decodes a scalar of the right tag; a number may still be too large.
func (n Node) scalar(into any) {
	if err := n.yaml.Decode(into); err != nil {
		n.Problem(fmt.Sprintf("%s: the number %s is too large", n.name, n.yaml.Value), "")
	}
}

func digits(text string) bool { return strings.Trim(text, "+-0123456789") == "" }

// describe says in words what stands at n.
func (n Node) describe() string {
	switch n.yaml.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a mapping"
	}
	switch tag := n.yaml.ShortTag(); tag {
	case "!!null":
		return "nothing"
	case "!!bool":
		return n.yaml.Value
	case "!!int", "!!float":
		return "the number " + n.yaml.Value
	case "!!timestamp":
		return "the date " + n.yaml.Value
	case "!!str":
		return fmt.Sprintf("the text %q", n.yaml.Value)
	default:
		return "a value with the tag " + tag
	}
}

func (n Node) wrongKindHint(kind yaml.Kind, tag, want string) string {
	got := n.yaml.ShortTag()
	scalar, quoted := n.yaml.Kind == yaml.ScalarNode, n.yaml.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0
	switch {
	case scalar && got == "!!null":
		return "give it a value, or leave the key out"
	case strings.HasPrefix(want, "a duration"):
		return durationHint
	case tag == "!!int" && got == "!!float" && digits(n.yaml.Value):
		return "it is too large"
	case scalar && tag == "!!str" && strings.HasPrefix(got, "!!"):
		return fmt.Sprintf("put it in quotes: %q", n.yaml.Value)
	case scalar && kind == yaml.SequenceNode && quoted:
		return fmt.Sprintf("write ['%s']", strings.ReplaceAll(n.yaml.Value, "'", "''"))
	case scalar && kind == yaml.SequenceNode:
		return fmt.Sprintf("write [%s]", n.yaml.Value)
	case scalar && quoted:
		return "leave the quotes out"
	}
	return ""
}

// refuseAliases reports every alias and merge key of a document, once: following them would let a small file grow without
// bound, and a mistake would have two places.
func (n Node) refuseAliases() {
	for _, c := range n.yaml.Content {
		below := Node{file: n.file, line: n.line, yaml: c, problems: n.problems}
		if c.Kind == yaml.AliasNode {
			below.Problem("the alias *"+c.Value, aliasHint)
			continue
		}
		below.refuseAliases()
	}
}
