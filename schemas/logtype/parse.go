package logtype

import (
	"fmt"
	"regexp"
	"strings"

	"panther/schemas"
	"panther/schemas/strict"
)

// NameRule says what names of log types look like.
const NameRule = "letters and digits, a capital first and two or more in each part, parts joined by dots"

var schemaName = regexp.MustCompile(`^[A-Z][A-Za-z0-9]+(\.[A-Z][A-Za-z0-9]+)*$`)

// IsName reports whether name may be that of a log type.
func IsName(name string) bool { return schemaName.MatchString(name) }

// Parse reads a file that holds one log-type schema. The error is a strict.Problems: every mistake, with its place and how to
// mend it. What the language has and this program does not do yet is a mistake as well, never ignored.
func Parse(file string, data []byte) (*Schema, error) {
	var problems strict.Problems
	docs := strict.Read(file, data, &problems)
	switch {
	case len(docs) == 0 && len(problems) == 0:
		problems.Add(strict.Problem{File: file, Text: "the file is empty", Hint: "a schema begins with schema: Vendor.LogType"})
	case len(docs) > 1:
		problems.Add(strict.Problem{File: file, Line: docs[1].Line, Text: "a second document", Hint: "give it a file of its own"})
	}
	var schema *Schema
	if len(docs) > 0 {
		schema = ParseNode(docs[0].Root)
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return schema, nil
}

// maxName is how long the name of a log type may be: catalogues of tables take 255 bytes, and add to it.
const maxName = 128

// ParseNode reads a schema at a place in a document, as package catalogue finds it among other entries. Mistakes go to the
// problems of the document; after any, the schema is of no use.
func ParseNode(root strict.Node) *Schema {
	s := &Schema{}
	root.Mapping(func(m *strict.Mapping) {
		name := m.Required("schema")
		switch s.Name = name.Text(); {
		case len(s.Name) > maxName:
			name.Problem(fmt.Sprintf("schema: a name of %d characters", len(s.Name)), fmt.Sprintf("%d are the most; tables are called by it", maxName))
		case name.IsText() && !IsName(s.Name):
			name.Problem(fmt.Sprintf("schema: %q is no name of a log type", s.Name),
				"write it as Vendor.LogType: "+NameRule)
		}
		s.Description = m.Optional("description").Text()
		s.ReferenceURL = m.Optional("referenceURL").Text()

		// Schemas that were written for Panther say these as well.
		if version := m.Optional("version"); version.Int() != 0 {
			version.Problem("the version of the language is 0", "leave the key out")
		}
		if discovery := m.Optional("fieldDiscoveryEnabled"); discovery.Bool() {
			discovery.Problem("fieldDiscoveryEnabled is not supported yet", "leave it out")
		}

		r := reader{definitions: map[string]*definition{}}
		for _, d := range optionalPairs(m.Optional("definitions")) {
			r.definitions[d.Key] = &definition{node: d.Value, name: d.Name}
		}
		fields := m.Required("fields")
		s.Fields, _ = r.fields(fields, true)
		if fields.Present() && len(s.Fields) == 0 && len(fields.List()) == 0 {
			fields.Problem("a schema needs at least one field", "")
		}
		r.unusedDefinitions()

		parser := m.Optional("parser")
		var expand []strict.Pair
		s.Parser, expand = readParser(parser)
		r.resolve(s.Fields, expand)
		reportSameMember(s.Fields, fields.List())
		checkText(s, fields, parser)
		for _, sample := range m.Optional("samples").List() {
			s.Samples = append(s.Samples, readSample(sample, s.Parser))
		}
	})
	return s
}

func optionalPairs(n strict.Node) []strict.Pair {
	if !n.Present() {
		return nil
	}
	return n.Pairs()
}

// sampleCodes lists the codes with which a sample may fail.
func sampleCodes() []string {
	return texts([]schemas.Code{schemas.RequiredMissing, schemas.TypeMismatch, schemas.OutOfRange, schemas.TimestampFormat,
		schemas.NotAllowed, schemas.ScriptError, schemas.NotJSON, schemas.TrailingData, schemas.TooDeep, schemas.LineTooLong, schemas.CSVColumns, schemas.NoPattern})
}

// texts returns names of any kind as texts.
func texts[T ~string](names []T) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = string(n)
	}
	return out
}

// readSample reads a line with what becomes of it.
func readSample(n strict.Node, p Parser) (s Sample) {
	n.Mapping(func(m *strict.Mapping) {
		s.Name = m.Required("name").Text()
		s.Line = strings.TrimSuffix(m.Required("line").Text(), "\n")
		if header := m.Optional("header"); header.Present() {
			s.Header = []byte(strings.TrimSuffix(header.Text(), "\n"))
			switch {
			case p.CSV == nil || !p.CSV.HasHeader:
				header.Problem("header: the parser reads none", "leave it out, or set hasHeader of csv")
			case header.IsText() && len(s.Header) == 0:
				header.Problem("the header is empty", `as "door,opened"`)
			}
		}
		s.Fails = schemas.Code(m.Optional("fails").OneOf(sampleCodes()...))
		event := m.Optional("event")
		s.Event = readEvent(event)
		if event.Present() && s.Fails != "" {
			event.Problem("event: the sample is said to fail", "leave one of the two out")
		}
		field := m.Optional("field")
		if s.Field = field.Text(); s.Field != "" && s.Fails == "" {
			field.Problem("field: the sample is not said to fail", "add fails: with the code")
		}
	})
	return s
}
