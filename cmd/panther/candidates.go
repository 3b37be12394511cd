package main

import (
	"flag"
	"maps"
	"slices"
	"strings"

	"panther/schemas/catalogue"
	"panther/schemas/classify"
	"panther/schemas/logtype"
	"panther/schemas/strict"
)

// newChecker makes what commands check lines with.
func newChecker(candidates []*logtype.Schema) (classify.Checker, error) {
	c, err := classify.New(candidates)
	if err != nil {
		return nil, usageError("%v", err)
	}
	return c, nil
}

// A choice is what flags say about the schemas that lines may have.
type choice struct {
	logTypes, schemaFiles texts
	source, dir           string
}

// choiceFlags adds the flags of a choice to f.
func choiceFlags(f *flag.FlagSet) *choice {
	c := &choice{}
	f.Var(&c.logTypes, "log-type", "a `log type`; may be given several times")
	f.Var(&c.schemaFiles, "schema", "a `file` with log types; may be given several times")
	f.StringVar(&c.source, "source", "", "the `label` of a log source, whose log types are taken")
	f.StringVar(&c.dir, "f", "", "the `folder` of the catalogue files, for their log sources and log types")
	return c
}

// texts is a flag that may be given several times.
type texts []string

func (t *texts) String() string { return strings.Join(*t, ", ") }

func (t *texts) Set(s string) error {
	*t = append(*t, s)
	return nil
}

// chosen is what a choice found: candidate schemas in order of preference, and the log source; its zero value if none is named.
type chosen struct {
	source  catalogue.LogSource
	schemas []*logtype.Schema
}

// find finds the schemas to choose from: those of schema files, of log types by name, and of a source.
func (c *choice) find() (found chosen, err error) {
	given := map[string]*logtype.Schema{}
	var names []string
	for _, file := range c.schemaFiles {
		all, err := someSchemasIn(file)
		if err != nil {
			return found, err
		}
		for _, s := range all {
			given[s.Name] = s.Schema
			names = append(names, s.Name)
		}
	}
	names = append(names, c.logTypes...)
	switch {
	case c.source != "" && c.dir == "":
		return found, usageError("--source takes a log source of the files that -f names: give both")
	case c.dir != "":
		if found.source, err = c.sourceOf(given); err != nil {
			return found, err
		}
		names = append(names, found.source.LogTypes...)
	}
	if len(names) == 0 {
		return found, usageError("name what the lines may be, with --log-type, --schema or --source; `panther schema list` lists the log types built in")
	}
	for _, name := range names {
		s, ok := given[name]
		if !ok {
			s, ok = logtype.Builtin(name)
		}
		if !ok {
			return found, unknownLogType(name, append(logtype.BuiltinNames(), slices.Sorted(maps.Keys(given))...))
		}
		if !slices.Contains(found.schemas, s) {
			found.schemas = append(found.schemas, s)
		}
	}
	return found, nil
}

func unknownLogType(name string, known []string) error {
	hint := strict.DidYouMean(name, known)
	if hint == "" {
		hint = "`panther schema list` lists those built in"
	}
	return usageError("there is no log type %q; %s", name, hint)
}

// sourceOf returns the source that is named, of the catalogue files, and adds the schemas of these files to given.
func (c *choice) sourceOf(given map[string]*logtype.Schema) (none catalogue.LogSource, err error) {
	files, err := catalogue.Parse(c.dir)
	if err != nil {
		return none, usageError("%v", err)
	}
	for _, entry := range files.Schemas {
		s, err := logtype.Parse(entry.Origin, []byte(entry.Text))
		if err != nil {
			return none, usageError("%v", err)
		}
		if given[s.Name] == nil {
			given[s.Name] = s
		}
	}
	if c.source == "" {
		return none, nil
	}
	var labels []string
	for _, s := range files.Sources {
		if s.Label == c.source {
			return s, nil
		}
		labels = append(labels, s.Label)
	}
	return none, usageError("%s has no log source %q; %s", c.dir, c.source, strict.DidYouMean(c.source, labels))
}
