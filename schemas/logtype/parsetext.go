package logtype

import (
	"fmt"
	"slices"
	"strings"

	"panther/schemas/script"
	"panther/schemas/strict"
)

// Bounds of text formats: what a schema makes every line be compared with.
const (
	maxPatterns = 100
	maxPattern  = 8 << 10 // bytes
)

// readParser reads how lines become objects; the zero Node is JSON. expand are the fields that the parser puts together.
func readParser(n strict.Node) (p Parser, expand []strict.Pair) {
	n.Mapping(func(m *strict.Mapping) {
		if len(m.Keys()) == 0 {
			m.Problem("the parser is empty", "it is csv, fastmatch, regex or script; without any, lines are JSON objects")
		}
		m.Refuse("native", "the parser native is part of another program", "use csv, fastmatch, regex or script, or send JSON")
		set := ""
		read := func(key string, read func(m *strict.Mapping)) {
			n := m.Optional(key)
			if n.Present() && set != "" {
				n.Problem(fmt.Sprintf("%s beside %s", key, set), "a schema has one parser")
				return
			}
			n.Mapping(func(m *strict.Mapping) {
				set = key
				if key != "script" {
					expand = optionalPairs(m.Optional("expandFields"))
				}
				read(m)
			})
		}
		read("csv", func(m *strict.Mapping) { p.CSV = readCSV(m) })
		read("fastmatch", func(m *strict.Mapping) { p.FastMatch = readFastMatch(m) })
		read("regex", func(m *strict.Mapping) { p.Regex = readRegex(m) })
		read("script", func(m *strict.Mapping) { p.Script = readScript(m) })
	})
	return p, expand
}

func readText(m *strict.Mapping) Text {
	m.Optional("expandFields")
	return Text{
		SkipPrefix:  m.Optional("skipPrefix").Text(),
		EmptyValues: readList(m.Optional("emptyValues")),
		TrimSpace:   m.Optional("trimSpace").Bool(),
	}
}

func readScript(m *strict.Mapping) *Script {
	n := m.Required("function")
	if n.IsText() {
		program, err := script.Compile(n.Text())
		if err == nil {
			return &Script{Program: program}
		}
		n.Problem("the script: "+err.Error(), "")
	}
	return &Script{}
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
	for _, name := range columns.Texts() {
		if name == "" {
			name = "_"
		}
		c.Columns = append(c.Columns, name)
	}
	switch {
	case len(c.Columns) == 0 && columns.IsList():
		columns.Problem("the list of columns is empty", "name every column, or leave it out and set hasHeader")
	case len(c.Columns) == 0 && !c.HasHeader:
		m.Problem("csv needs columns", "name them, or set hasHeader if the first line of every file does")
	case len(c.Columns) > MaxFields:
		columns.Problem(fmt.Sprintf("%d columns", len(c.Columns)), fmt.Sprintf("%d are the most", MaxFields))
	}
	reportTwice(columns, c.Columns)
	return c
}

func readFastMatch(m *strict.Mapping) *FastMatch {
	f := &FastMatch{Text: readText(m)}
	match := m.Required("match")
	if match.IsList() && len(match.List()) == 0 || len(match.List()) > maxPatterns {
		match.Problem(fmt.Sprintf("a list of %d patterns", len(match.List())), fmt.Sprintf("it has from 1 to %d", maxPatterns))
	}
	for _, n := range match.List() {
		text := n.Text()
		if text == "" {
			if n.IsText() {
				n.Problem("the pattern is empty", "as %{host} - %{user}")
			}
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
		if name != "_" && name != "" && slices.Contains(names[:i], name) {
			at.Problem(fmt.Sprintf("the field %q is there twice", name), "write _ for what nobody wants")
		}
	}
}

// ParsePattern reads a pattern of fastmatch, as "%{host} - %{user} [%{time}]".
func ParsePattern(text string) (Pattern, error) {
	var p Pattern
	if len(text) > maxPattern {
		return p, fmt.Errorf("a pattern of %d bytes; %d are the most", len(text), maxPattern)
	}
	var err error
	if p.Fields, p.Literals, err = cutTemplate(text); err != nil {
		return p, err
	}
	if len(p.Fields) == 0 {
		return p, fmt.Errorf("the pattern %q has no field, as %%{name}", text)
	}
	for i, name := range p.Fields {
		if i > 0 && p.Literals[i] == "" {
			return p, fmt.Errorf("the pattern %q has nothing between %%{%s} and the next field: nobody can tell where it ends", text, p.Fields[i-1])
		}
		if name == "" {
			p.Fields[i] = "_"
		}
	}
	return p, nil
}

// cutTemplate cuts a text into fields, as %{name}, and the literals around them.
func cutTemplate(text string) (fields, literals []string, err error) {
	for rest := text; ; {
		literal, behind, found := strings.Cut(rest, "%{")
		literals = append(literals, literal)
		if !found {
			return fields, literals, nil
		}
		name, after, closed := strings.Cut(behind, "}")
		if !closed {
			return fields, literals, fmt.Errorf("the pattern %q has %%{ without }", text)
		}
		fields = append(fields, name)
		rest = after
	}
}

// checkText compares the fields of a schema of text with what its parser yields.
func checkText(s *Schema, fields, parser strict.Node) {
	if !s.Parser.IsText() {
		return
	}
	yields, known := s.Parser.yields()
	var wanted []string
	places := fields.List()
	for i := range s.Fields {
		f := &s.Fields[i]
		at := fields
		if len(places) == len(s.Fields) {
			at = places[i]
		}
		paths := []Path{{f.Member()}}
		if f.Derived != nil {
			paths = f.Derived.Paths()
		}
		for _, p := range paths {
			if p[0] == "" || f.Derived == nil && slices.Contains(wanted, p[0]) {
				continue // a name that is missing, or there twice, is told already
			}
			wanted = append(wanted, p[0])
			switch {
			case len(p) > 1:
				at.Problem(fmt.Sprintf("the parser yields texts, and %q leads into one", p), "")
			case known && !slices.Contains(yields, p[0]):
				at.Problem(fmt.Sprintf("the parser never yields %q", p[0]), strict.DidYouMean(p[0], yields))
			}
		}
		if (f.Derived == nil || f.Derived.Copy != nil) && (f.Type == Object || f.Type == Array) && !f.IsEmbeddedJSON {
			at.Problem(fmt.Sprintf("the field %q is text and can be no %s", f.Name, f.Type), "if the text holds JSON, add isEmbeddedJSON: true")
		}
	}
	for _, name := range yields {
		if !slices.Contains(wanted, name) {
			hint := "write _ for what nobody wants"
			if near := strict.Nearest(name, wanted); near != "" {
				hint = fmt.Sprintf("did you mean %q? ", near) + hint
			}
			parser.Problem(fmt.Sprintf("the parser yields %q, which is no field", name), hint)
		}
	}
}

// yields lists the fields that a parser of text can give, in order of their names; false if the lines say it themselves.
func (p Parser) yields() (names []string, known bool) {
	switch {
	case p.CSV != nil:
		names, known = p.CSV.Columns, len(p.CSV.Columns) > 0
	case p.FastMatch != nil:
		known = true
		for _, pattern := range p.FastMatch.Patterns {
			names = append(names, pattern.Fields...)
		}
	case p.Regex != nil:
		names, known = p.Regex.Fields, len(p.Regex.Fields) > 0
	}
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "_" || name == "" })
	slices.Sort(names)
	return slices.Compact(names), known
}
