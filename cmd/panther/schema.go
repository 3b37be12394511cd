package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"panther/schemas/catalogue"
	"panther/schemas/logtype"
)

const schemaHelp = `
Usage: panther schema list [-f DIR] [-o json]
       panther schema show NAME|FILE [--fields] [-f DIR] [-o json]
       panther schema check FILE|DIR...
       panther schema test NAME|FILE|DIR... [--together] [-f DIR] [-o json]
       panther schema infer --name VENDOR.TYPE [--csv-header] [--samples N] [FILE|-]...
       panther schema diff OLD NEW [--drop] [--lines FILE]... [-f DIR] [-o json]
       panther schema jsonschema

Works with the schemas of log types, without a pipeline: those built in, those of files, and with -f those of the catalogue
files. check tells all mistakes of files. test runs their samples, and lines in files beside them (order.ndjson beside
order.yml). infer writes a schema that takes all lines of files. diff says what a change breaks: lines that match no more, and
columns of the lake. All end with 3 if they find something wrong. jsonschema is the language for editors, as a JSON Schema.

  panther schema infer --name Shop.Order orders.ndjson > order.yml
  panther schema diff Nginx.Access nginx.yml --lines access.log
`

// A schemaCommand is what flags of `panther schema` say.
type schemaCommand struct {
	*program
	out       output
	dir       string
	fields    bool
	together  bool
	name      string
	csvHeader bool
	samples   int
	drop      bool
	lines     texts
}

// runSchema is `panther schema`.
func runSchema(ctx context.Context, p *program, args []string) error {
	f := p.flags("schema", schemaHelp)
	out := outputFlag(f)
	o := f.Lookup("o")
	o.Usage = "of list, show, test and diff: " + o.Usage
	c := &schemaCommand{program: p}
	f.StringVar(&c.dir, "f", "", "the `folder` of the catalogue files, whose log types are known as well")
	f.BoolVar(&c.fields, "fields", false, "of show: a table of fields in place of the document")
	f.BoolVar(&c.together, "together", false, "of test: each sample also with all these schemas to choose from, where it has to find its own")
	f.StringVar(&c.name, "name", "", "of infer: the `name` of the log type, as Vendor.Type")
	f.BoolVar(&c.csvHeader, "csv-header", false, "of infer: lines are values between delimiters, and the first line of each file names them")
	f.IntVar(&c.samples, "samples", 0, "of infer: put the first `n` lines into the schema, as its samples")
	f.BoolVar(&c.drop, "drop", false, "of diff: fields may be removed")
	f.Var(&c.lines, "lines", "of diff: a `file` with lines to try both on; may be given several times")
	verb, rest, err := parseVerb(f, args)
	if err != nil {
		return err
	}
	c.out = *out
	switch {
	case verb == "list" && len(rest) == 0:
		return c.list()
	case verb == "show" && len(rest) == 1:
		return c.show(rest[0])
	case verb == "check" && len(rest) > 0:
		return c.check(rest)
	case verb == "test" && len(rest) > 0:
		return c.test(ctx, rest)
	case verb == "infer":
		return c.infer(ctx, rest)
	case verb == "jsonschema" && len(rest) == 0:
		_, err := p.out.Write(logtype.JSONSchema())
		return err
	case verb == "diff" && len(rest) == 2:
		return c.diff(ctx, rest[0], rest[1])
	}
	return wantsVerb("schema", verb, "list", "show NAME", "check FILE", "test FILE", "infer --name VENDOR.TYPE FILE", "diff OLD NEW", "jsonschema")
}

// builtIn is where the schemas of the program itself are from.
const builtIn = "(built in)"

// A foundSchema is a schema with its document.
type foundSchema struct {
	*logtype.Schema
	text string
	file string // or builtIn
}

// known returns the schemas that have names: those of the catalogue files, and those built in whose place they do not take.
func (c *schemaCommand) known() (all []foundSchema, err error) {
	if c.dir != "" {
		if all, err = schemasIn(c.dir); err != nil {
			return nil, err
		}
	}
	for _, s := range logtype.Builtins() {
		if !slices.ContainsFunc(all, func(own foundSchema) bool { return own.Name == s.Name }) {
			text, _ := logtype.BuiltinText(s.Name)
			all = append(all, foundSchema{s, text, builtIn})
		}
	}
	slices.SortFunc(all, func(a, b foundSchema) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// schemasIn reads the schemas of a file, or of a folder of catalogue files. All mistakes are told.
func schemasIn(path string) (all []foundSchema, err error) {
	files, err := catalogue.Parse(path)
	if err != nil {
		return nil, usageError("%v", err)
	}
	for _, entry := range files.Schemas {
		file := path
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			file = filepath.Join(path, filepath.FromSlash(entry.Origin))
		}
		s, err := logtype.Parse(file, []byte(entry.Text))
		if err != nil {
			return nil, usageError("%v", err) // cannot be: the whole file has no mistake
		}
		all = append(all, foundSchema{s, entry.Text, file})
	}
	return all, nil
}

// someSchemasIn is schemasIn of what has at least one.
func someSchemasIn(path string) ([]foundSchema, error) {
	all, err := schemasIn(path)
	if err == nil && len(all) == 0 {
		err = usageError("%s holds no log type; a schema begins with schema: Vendor.LogType", path)
	}
	return all, err
}

// find returns the schemas that a word of the command line means: a file or folder, if there is one, else a name.
func (c *schemaCommand) find(word string) ([]foundSchema, error) {
	if _, err := os.Stat(word); err == nil {
		return someSchemasIn(word)
	}
	all, err := c.known()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, s := range all {
		if s.Name == word {
			return []foundSchema{s}, nil
		}
		names = append(names, s.Name)
	}
	if strings.ContainsAny(word, `/\`) || strings.HasSuffix(word, ".yml") || strings.HasSuffix(word, ".yaml") {
		return nil, usageError("read schemas: there is no file %s", word)
	}
	return nil, unknownLogType(word, names)
}

// one returns the only schema that a word means.
func (c *schemaCommand) one(word string) (foundSchema, error) {
	all, err := c.find(word)
	if err == nil && len(all) > 1 {
		err = usageError("%s holds %d log types; name one of them, with -f %s", word, len(all), word)
	}
	if err != nil {
		return foundSchema{}, err
	}
	return all[0], nil
}

// check tells the mistakes of files.
func (c *schemaCommand) check(words []string) error {
	for _, word := range words {
		if _, err := os.Stat(word); err != nil {
			return usageError("check schemas: there is no file or folder %s", word)
		}
	}
	wrong := false
	for _, word := range words {
		all, err := schemasIn(word)
		switch {
		case err != nil:
			wrong = true
			fmt.Fprintln(c.program.out, printableLines(err.Error()))
		case len(all) == 0:
			wrong = true
			fmt.Fprintf(c.program.out, "%s: there is no log type in it; a schema begins with schema: Vendor.LogType\n", word)
		}
		for _, s := range all {
			fmt.Fprintf(c.program.out, "%s: %s has no mistakes: %s, %s\n", s.file, s.Name, plural(len(s.Fields), "field", "fields"), plural(len(s.Samples), "sample", "samples"))
			for _, text := range remarks(s.Schema) {
				fmt.Fprintf(c.program.out, "%s: %s: %s\n", s.file, s.Name, text)
			}
		}
	}
	if wrong {
		return &exitError{code: exitProblems}
	}
	return nil
}

// printableLines makes each line of a text printable.
func printableLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = printable(lines[i])
	}
	return strings.Join(lines, "\n")
}

// remarks says what is no mistake, and mostly not meant.
func remarks(s *logtype.Schema) (all []string) {
	required := slices.ContainsFunc(s.Fields, func(f logtype.Field) bool { return f.Required })
	if s.Parser == (logtype.Parser{}) && !required {
		all = append(all, "no field is required, so that it takes almost any JSON object, those of other types too")
	}
	if len(s.Samples) == 0 {
		all = append(all, "it has no samples: without them nobody knows that it takes what it should")
	}
	return all
}
