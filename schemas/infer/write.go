package infer

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"panther/schemas/logtype"
)

// write writes a schema as a YAML document, with comments by path.
func write(s *logtype.Schema, comments map[string]string) string {
	w := writer{comments: comments}
	fmt.Fprintf(&w.b, "schema: %s\n", s.Name)
	fmt.Fprintf(&w.b, "description: %s\n", quote(s.Description))
	if c := s.Parser.CSV; c != nil {
		fmt.Fprintf(&w.b, "parser:\n  csv:\n    delimiter: %s\n    hasHeader: %t\n    columns: [%s]\n", strconv.Quote(string(c.Delimiter)), c.HasHeader, quoteAll(c.Columns))
		if len(c.EmptyValues) > 0 {
			fmt.Fprintf(&w.b, "    emptyValues: [%s]\n", quoteAll(c.EmptyValues))
		}
	}
	w.b.WriteString("fields:\n")
	w.fields(s.Fields, "", "")
	return w.b.String()
}

type writer struct {
	b        strings.Builder
	comments map[string]string
}

// fields writes a list of fields, each line behind indent.
func (w *writer) fields(fields []logtype.Field, indent, path string) {
	for _, f := range fields {
		at := f.Name
		if path != "" {
			at = path + "." + f.Name
		}
		head := []string{"name: " + quote(f.Name), "type: " + string(f.Type)}
		if f.Required {
			head = append(head, "required: true")
		}
		w.value(f.Value, head, indent+"- ", indent+"  ", at)
	}
}

// value writes a value: on one line if nothing is within it. first stands before its first line, indent before the others.
func (w *writer) value(v logtype.Value, head []string, first, indent, path string) {
	head = attributes(v, head)
	comment := w.comment(path)
	if e := v.Element; e != nil && e.Type != logtype.Object && e.Type != logtype.Array {
		head = append(head, "element: {"+strings.Join(attributes(*e, []string{"type: " + string(e.Type)}), ", ")+"}")
		if comment == "" {
			comment = w.comment(path + "[]")
		}
		v.Element = nil
	}
	if v.Element == nil && len(v.Fields) == 0 {
		fmt.Fprintf(&w.b, "%s{%s}%s\n", first, strings.Join(head, ", "), comment)
		return
	}
	fmt.Fprintf(&w.b, "%s%s%s\n", first, strings.Join(head, "\n"+indent), comment)
	if v.Element != nil {
		fmt.Fprintf(&w.b, "%selement:\n", indent)
		w.value(*v.Element, []string{"type: " + string(v.Element.Type)}, indent+"  ", indent+"  ", path+"[]")
		return
	}
	fmt.Fprintf(&w.b, "%sfields:\n", indent)
	w.fields(v.Fields, indent, path)
}

// attributes adds to head what a value is besides its type.
func attributes(v logtype.Value, head []string) []string {
	if len(v.TimeFormats) == 1 {
		head = append(head, "timeFormat: "+quote(v.TimeFormats[0].String()))
	} else if len(v.TimeFormats) > 1 {
		var names []string
		for _, f := range v.TimeFormats {
			names = append(names, f.String())
		}
		head = append(head, "timeFormats: ["+quoteAll(names)+"]")
	}
	if v.IsEventTime {
		head = append(head, "isEventTime: true")
	}
	if len(v.Indicators) > 0 {
		var names []string
		for _, i := range v.Indicators {
			names = append(names, string(i))
		}
		head = append(head, "indicators: ["+strings.Join(names, ", ")+"]")
	}
	return head
}

func (w *writer) comment(path string) string {
	if c := w.comments[path]; c != "" {
		return "   # " + c
	}
	return ""
}

// plain is a text that YAML reads as a text without quotes, wherever it stands; words that mean something are no texts.
var (
	plain    = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)
	sentence = regexp.MustCompile(`^[A-Z][a-z]+( [A-Za-z0-9]+)*\.$`)
	meaning  = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off|true|false|null)$`)
)

// Quote writes a text in quotes as YAML has them. A text with double quotes in it, as JSON is, stands in single ones if it can.
func Quote(text string) string {
	quoted := strconv.Quote(text)
	if !strings.Contains(text, `"`) || strings.Contains(text, "'") || quoted != `"`+strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(text)+`"` {
		return quoted
	}
	return "'" + text + "'"
}

// quote writes a text as YAML has it, in quotes where it needs them.
func quote(text string) string {
	if (plain.MatchString(text) || sentence.MatchString(text)) && !meaning.MatchString(text) {
		return text
	}
	return strconv.Quote(text)
}

func quoteAll(texts []string) string {
	quoted := make([]string, len(texts))
	for i, t := range texts {
		quoted[i] = quote(t)
	}
	return strings.Join(quoted, ", ")
}
