package logtype

import (
	"fmt"
	"slices"
	"strings"

	"panther/schemas/strict"
)

// readParser reads how lines of text are cut into fields; the zero Node is JSON.
func readParser(n strict.Node) (p Parser) {
	n.Mapping(func(m *strict.Mapping) {
		for _, key := range []string{"regex", "script", "native"} {
			m.Refuse(key, fmt.Sprintf("the parser %s is not supported yet", key), "use csv or fastmatch, or send JSON")
		}
		csv, fastmatch := m.Optional("csv"), m.Optional("fastmatch")
		if csv.Present() && fastmatch.Present() {
			m.Problem("csv beside fastmatch", "a schema has one parser")
		}
		csv.Mapping(func(m *strict.Mapping) { p.CSV = readCSV(m) })
		fastmatch.Mapping(func(m *strict.Mapping) { p.FastMatch = readFastMatch(m) })
	})
	return p
}

func readText(m *strict.Mapping) Text {
	m.Refuse("expandFields", "expandFields is not supported yet", "leave it out")
	return Text{
		SkipPrefix:  m.Optional("skipPrefix").Text(),
		EmptyValues: m.Optional("emptyValues").Texts(),
		TrimSpace:   m.Optional("trimSpace").Bool(),
	}
}

func readCSV(m *strict.Mapping) *CSV {
	c := &CSV{Delimiter: ',', Text: readText(m)}
	if delimiter := m.Optional("delimiter"); delimiter.Present() {
		text := delimiter.Text()
		if len(text) != 1 || text[0] >= 0x80 || strings.Contains("\"\r\n", text) {
			delimiter.Problem(fmt.Sprintf("delimiter: %q is not one ASCII character", text), `as ",", " ", ";" or "\t"; never a quote or the end of a line`)
		} else {
			c.Delimiter = text[0]
		}
	}
	c.HasHeader = m.Optional("hasHeader").Bool()
	columns := m.Optional("columns")
	c.Columns = columns.Texts()
	if len(c.Columns) == 0 {
		m.Problem("csv needs columns", "a line is looked at alone, so the names of the columns cannot come from a header")
	}
	reportTwice(columns, c.Columns)
	return c
}

func readFastMatch(m *strict.Mapping) *FastMatch {
	f := &FastMatch{Text: readText(m)}
	for _, n := range m.Required("match").List() {
		text := n.Text()
		if text == "" {
			continue
		}
		pattern, err := ParsePattern(text)
		if err != nil {
			n.Problem(err.Error(), "")
			continue
		}
		reportTwice(n, pattern.Fields)
		f.Patterns = append(f.Patterns, pattern)
	}
	return f
}

func reportTwice(at strict.Node, names []string) {
	for i, name := range names {
		if name != "_" && slices.Contains(names[:i], name) {
			at.Problem(fmt.Sprintf("the field %q is there twice", name), "write _ for what nobody wants")
		}
	}
}

// ParsePattern reads a pattern of fastmatch, as "%{host} - %{user} [%{time}]".
func ParsePattern(text string) (Pattern, error) {
	var p Pattern
	rest := text
	for {
		literal, behind, found := strings.Cut(rest, "%{")
		p.Literals = append(p.Literals, literal)
		if !found {
			break
		}
		if literal == "" && len(p.Fields) > 0 {
			return p, fmt.Errorf("the pattern %q has nothing between %%{%s} and the next field: nobody can tell where it ends", text, p.Fields[len(p.Fields)-1])
		}
		name, after, closed := strings.Cut(behind, "}")
		if !closed {
			return p, fmt.Errorf("the pattern %q has %%{ without }", text)
		}
		if name == "" {
			name = "_"
		}
		p.Fields = append(p.Fields, name)
		rest = after
	}
	if len(p.Fields) == 0 {
		return p, fmt.Errorf("the pattern %q has no field, as %%{name}", text)
	}
	return p, nil
}

// checkText compares the fields of a schema of text with what its parser yields.
func checkText(s *Schema, fields, parser strict.Node) {
	if !s.Parser.IsText() {
		return
	}
	var yields []string
	if s.Parser.CSV != nil {
		yields = slices.Clone(s.Parser.CSV.Columns)
	} else {
		for _, p := range s.Parser.FastMatch.Patterns {
			yields = append(yields, p.Fields...)
		}
	}
	yields = slices.DeleteFunc(yields, func(name string) bool { return name == "_" })
	slices.Sort(yields)
	yields = slices.Compact(yields)
	places := fields.List()
	var known []string
	for i, f := range s.Fields {
		known = append(known, f.Name)
		at := fields
		if len(places) == len(s.Fields) {
			at = places[i]
		}
		switch {
		case !slices.Contains(yields, f.Name):
			at.Problem(fmt.Sprintf("the parser never yields the field %q", f.Name), strict.DidYouMean(f.Name, yields))
		case (f.Type == Object || f.Type == Array) && !f.IsEmbeddedJSON:
			at.Problem(fmt.Sprintf("the field %q is text and can be no %s", f.Name, f.Type), "if the text holds JSON, add isEmbeddedJSON: true")
		}
	}
	for _, name := range yields {
		if !slices.Contains(known, name) {
			hint := "write _ for what nobody wants"
			if near := strict.Nearest(name, known); near != "" {
				hint = fmt.Sprintf("did you mean %q? ", near) + hint
			}
			parser.Problem(fmt.Sprintf("the parser yields %q, which is no field", name), hint)
		}
	}
}
