package logtype_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"panther/schemas/logtype"
)

const generatedMark = "Do not edit below. -->\n"

// The reference of docs/schemas.md is made of the tables of the code.
func TestGeneratedReference(t *testing.T) {
	generated(t, "../../docs/schemas.md", func(old []byte) []byte {
		head, _, found := bytes.Cut(old, []byte(generatedMark))
		if !found {
			t.Fatalf("docs/schemas.md has no line that ends with %q", generatedMark)
		}
		return append(append(bytes.Clone(head), generatedMark...), reference()...)
	})
}

// reference writes the reference as Markdown.
func reference() string {
	var b strings.Builder
	b.WriteString("\nKeys with * are needed; those that are for one type of values, if the value is of it.\n")
	for _, p := range logtype.Places() {
		writePlace(&b, p)
	}
	b.WriteString("\n### Types\n\n| type | takes |\n| --- | --- |\n")
	for _, d := range logtype.TypeDocs() {
		row(&b, code(d.Type), d.Takes)
	}
	b.WriteString("\n### Conversions\n\nWhat is not as one may expect. Each row is tried by a test.\n\n" +
		"| in the line | type | in the event | |\n| --- | --- | --- | --- |\n")
	for _, c := range logtype.Conversions() {
		event := c.Event
		if event != "absent" && event != "fails" {
			event = code(event)
		}
		row(&b, code(c.Value), codes(c.Types), event, c.Doc)
	}
	writeTimes(&b)
	b.WriteString("\n### Indicators\n\nThe values of all fields that mean the same are collected, so that one question finds an address wherever it stands. " +
		"A text\nthat is none of its kind, as `-`, goes nowhere.\n\n| indicator | columns | what goes there | example |\n| --- | --- | --- | --- |\n")
	for _, d := range logtype.IndicatorDocs() {
		row(&b, code(string(d.Indicator)), codes(d.Sets), d.Doc, code(d.Example))
	}
	b.WriteString("\n### Patterns for regex\n\n`%{NAME:field}` matches the pattern and makes what it matches a field; `%{NAME}` only matches it. " +
		"Put your own into\n`patternDefinitions`; one with the name of a pattern here goes before it.\n\n| pattern | matches |\n| --- | --- |\n")
	for _, g := range logtype.GrokPatterns() {
		row(&b, code(g.Name), g.Description)
	}
	return b.String()
}

func writePlace(b *strings.Builder, p logtype.PlaceDoc) {
	fmt.Fprintf(b, "\n### %s\n\n%s\n", heading(p.Place), p.Doc)
	defer writeNotes(b, p.Place)
	if p.Place == logtype.InElement || p.Place == logtype.InDefinition {
		return // the keys of fields
	}
	fmt.Fprintf(b, "\n| key | value | what it is | example |\n| --- | --- | --- | --- |\n")
	for _, k := range keysOf(p.Place) {
		name := code(k.Name)
		if k.Needed && k.Group == "" && k.Types == nil {
			name += " *"
		}
		doc := k.Doc
		if k.Types != nil {
			of := make([]string, len(k.Types))
			for i, t := range k.Types {
				of[i] = code(string(t))
			}
			doc = "Of " + strings.Join(of, ", ") + ": " + strings.ToLower(doc[:1]) + doc[1:]
			if k.Needed && k.Group == "" {
				name += " *"
			}
		}
		row(b, name, valueWords(k), doc, code(k.Example))
	}
}

// writeNotes writes what holds for several keys of a place.
func writeNotes(b *strings.Builder, p logtype.Place) {
	notes := groupNotes(p)
	if p == logtype.InElement || p == logtype.InDefinition {
		notes = append(notes, "It has the keys of a [field](#field) from `type` on.")
	}
	if len(notes) > 0 {
		fmt.Fprintf(b, "\n%s\n", strings.Join(notes, " "))
	}
}

// groupNotes says which keys exclude each other.
func groupNotes(p logtype.Place) (notes []string) {
	keys := keysOf(p)
	for i, k := range keys {
		if k.Group == "" || p != logtype.InField && slices.Contains(k.In, logtype.InField) ||
			slices.ContainsFunc(keys[:i], func(o logtype.Key) bool { return o.Group == k.Group }) {
			continue
		}
		var names []string
		for _, o := range keys {
			if o.Group == k.Group {
				names = append(names, code(o.Name))
			}
		}
		how := "At most one"
		if k.Needed {
			how = "Exactly one"
		}
		if k.Needed && k.Types != nil {
			how += " for `" + string(k.Types[0]) + "`"
		}
		notes = append(notes, fmt.Sprintf("%s of %s.", how, strings.Join(names, ", ")))
	}
	return notes
}

func heading(p logtype.Place) string {
	if p == logtype.InSchema || p == logtype.InField || p == logtype.InElement || p == logtype.InDefinition || p == logtype.InParser || p == logtype.InSample {
		return strings.ToUpper(string(p[:1])) + string(p[1:])
	}
	return code(string(p))
}

// valueWords says what the value of a key looks like, with a link to the keys in it.
func valueWords(k logtype.Key) string {
	into := fmt.Sprintf("[%s](#%s)", k.Into, k.Into)
	switch k.Kind {
	case logtype.KindMapping:
		return into
	case logtype.KindList:
		return "a list of " + into
	case logtype.KindNamed:
		return "names, each with a " + into
	case logtype.KindTexts:
		if k.Name == "indicators" {
			return "a list of [indicators](#indicators)"
		}
	case logtype.KindText:
		if k.Name == "timeFormat" {
			return "a [time format](#time-formats)"
		}
	case logtype.KindChoice:
		if k.Name == "type" && len(k.Choices) > 3 {
			return "a [type](#types)"
		}
		return codes(k.Choices)
	}
	if len(k.Choices) == 1 {
		return code(k.Choices[0])
	}
	return string(k.Kind)
}

func writeTimes(b *strings.Builder) {
	b.WriteString("\n### Time formats\n\n| format | reads |\n| --- | --- |\n")
	row(b, code("rfc3339"), "as 2026-03-01T08:15:30.5Z, with a T and a zone; any number of digits of a fraction")
	row(b, codes([]string{"unix", "unix_ms", "unix_us", "unix_ns"}), "a number, or a text with one, since 1970, in seconds, milliseconds, microseconds or nanoseconds; with a fraction or without")
	row(b, code(`"%Y-%m-%d %H:%M:%S"`), "a pattern: the letters below, and everything else as it stands")
	row(b, code("layout=2006-01-02 15:04"), "a layout of Go")
	b.WriteString("\nA format has a year, a month and a day. Without a zone a time is in UTC. Case does not count in names.\n\n| in a pattern | reads |\n| --- | --- |\n")
	for _, d := range logtype.Directives() {
		row(b, code("%"+string(d.Letter)), d.Doc)
	}
}

func row(b *strings.Builder, cells ...string) {
	for _, c := range cells {
		fmt.Fprintf(b, "| %s ", strings.ReplaceAll(c, "|", `\|`))
	}
	b.WriteString("|\n")
}

func code(text string) string {
	if text == "" {
		return ""
	}
	if strings.Contains(text, "`") {
		return "`` " + text + " ``"
	}
	return "`" + text + "`"
}

func codes(texts []string) string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = code(t)
	}
	return strings.Join(out, ", ")
}

// Every link within the page leads to a heading of it.
func TestLinksOfThePage(t *testing.T) {
	text, err := os.ReadFile("../../docs/schemas.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	anchors := map[string]bool{}
	for line := range strings.Lines(page) {
		if title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && strings.HasPrefix(line, "#") {
			anchors[strings.ReplaceAll(strings.ToLower(strings.Trim(strings.TrimSpace(strings.ReplaceAll(title, "`", "")), ".")), " ", "-")] = true
		}
	}
	n := 0
	for _, part := range strings.Split(page, "](#")[1:] {
		n++
		if anchor, _, _ := strings.Cut(part, ")"); !anchors[anchor] {
			t.Errorf("no heading #%s", anchor)
		}
	}
	if n < 20 {
		t.Errorf("%d links", n)
	}
}

// The directives that are documented are those that time formats know: each alone, beside a day.
func TestDirectivesAreDocumented(t *testing.T) {
	documented := map[byte]bool{}
	for _, d := range logtype.Directives() {
		documented[d.Letter] = d.Doc != ""
	}
	for c := byte('!'); c < 0x7f; c++ {
		_, err := logtype.ParseTimeFormat("%Y-%m-%d %" + string(c))
		if (err == nil) != documented[c] {
			t.Errorf("%%%c is documented: %v; known: %v", c, documented[c], err)
		}
	}
	if len(logtype.TypeDocs()) != len(choicesOf(t, "type")) {
		t.Errorf("%d types are documented of %d", len(logtype.TypeDocs()), len(choicesOf(t, "type")))
	}
	for _, d := range logtype.TypeDocs() {
		if !slices.Contains(choicesOf(t, "type"), d.Type) {
			t.Errorf("there is no type %s", d.Type)
		}
	}
}

func choicesOf(t *testing.T, name string) []string {
	t.Helper()
	for _, k := range keysOf(logtype.InField) {
		if k.Name == name {
			return k.Choices
		}
	}
	t.Fatalf("no key %s", name)
	return nil
}

// The bounds that the page names are those that schemas have.
func TestBoundsOfThePage(t *testing.T) {
	page, err := os.ReadFile("../../docs/schemas.md")
	if err != nil {
		t.Fatal(err)
	}
	thousands := func(n int) string {
		if n < 1000 {
			return fmt.Sprint(n)
		}
		return fmt.Sprintf("%d,%03d", n/1000, n%1000)
	}
	for what, n := range logtype.Bounds() {
		found := false
		for line := range strings.Lines(string(page)) {
			found = found || strings.Contains(line, what) && strings.Contains(line, thousands(n))
		}
		if !found {
			t.Errorf("the page does not say that %q are %s", what, thousands(n))
		}
	}
}
