package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"panther/schemas/logtype"
)

// A listedSchema is a log type for machines.
type listedSchema struct {
	Name         string        `json:"name"`
	Description  string        `json:"description,omitempty"`
	ReferenceURL string        `json:"referenceURL,omitempty"`
	Parser       string        `json:"parser"`
	Samples      int           `json:"samples"`
	File         string        `json:"file"`
	Fields       []listedField `json:"fields"`
	Text         string        `json:"text,omitempty"`
}

// A listedField is a field, or an element of an array, at its path.
type listedField struct {
	Path        string              `json:"path"`
	Type        string              `json:"type"`
	Required    bool                `json:"required,omitempty"`
	Indicators  []logtype.Indicator `json:"indicators,omitempty"`
	Description string              `json:"description,omitempty"`
	EventTime   bool                `json:"isEventTime,omitempty"`
}

func listed(s foundSchema) listedSchema {
	return listedSchema{Name: s.Name, Description: s.Description, ReferenceURL: s.ReferenceURL, Parser: s.Parser.Name(), Samples: len(s.Samples),
		File: s.file, Fields: listFields(nil, "", s.Fields)}
}

// listFields lists fields with those within them.
func listFields(all []listedField, path string, fields []logtype.Field) []listedField {
	for _, f := range fields {
		at := f.Name
		if path != "" {
			at = path + "." + f.Name
		}
		l := listedField{Path: at, Required: f.Required, Description: f.Description}
		v := f.Value
		kind := string(v.Type)
		for v.Type == logtype.Array {
			v, at = *v.Element, at+"[]"
			kind += " of " + string(v.Type)
		}
		l.Type, l.Indicators, l.EventTime = kind, v.Indicators, v.IsEventTime
		all = listFields(append(all, l), at, v.Fields)
	}
	return all
}

// list shows the schemas that have names.
func (c *schemaCommand) list() error {
	known, err := c.known()
	if err != nil {
		return err
	}
	t := newTable("NAME", "PARSER", "#FIELDS", "#SAMPLES", "FILE")
	all := []listedSchema{}
	for _, s := range known {
		l := listed(s)
		all = append(all, l)
		t.add(l.Name, l.Parser, strconv.Itoa(len(l.Fields)), strconv.Itoa(l.Samples), l.File)
	}
	if c.out == forMachines {
		return printJSON(c.program.out, all)
	}
	return t.print(c.program.out, "")
}

// show shows a schema: its document as it is, or its fields.
func (c *schemaCommand) show(word string) error {
	s, err := c.one(word)
	if err != nil {
		return err
	}
	l := listed(s)
	switch {
	case c.out == forMachines:
		l.Text = s.text
		return printJSON(c.program.out, l)
	case !c.fields:
		_, err := io.WriteString(c.program.out, strings.TrimSpace(s.text)+"\n")
		return err
	}
	t := newTable("FIELD", "TYPE", "REQUIRED", "INDICATORS", "DESCRIPTION")
	for _, f := range l.Fields {
		required, kind := "", f.Type
		if f.Required {
			required = "required"
		}
		if f.EventTime {
			kind += " (event time)"
		}
		var indicators []string
		for _, i := range f.Indicators {
			indicators = append(indicators, string(i))
		}
		t.add(f.Path, kind, required, strings.Join(indicators, ", "), f.Description)
	}
	fmt.Fprintf(c.program.out, "%s, %s\n", l.Name, l.Parser)
	return t.print(c.program.out, "  ")
}
