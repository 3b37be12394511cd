package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"panther/schemas/catalogue"
	"panther/schemas/logtype"
	"panther/schemas/strict"
)

const getHelp = `
Usage: panther get sources|schemas|destinations [NAME] [-o json]

Shows what the catalogue holds: log sources, the schemas of log types, those built in among them, or destinations. With NAME
it shows that one; of a schema the document, which is a start for one of your own. Secrets are shown as references, never
resolved.

  panther get sources
  panther get schemas Nginx.Access > nginx.yml
`

// runGet is `panther get`.
func runGet(ctx context.Context, p *program, args []string) error {
	f := p.flags("get", getHelp)
	w, out := placeFlags(f), outputFlag(f)
	rest, err := parse(f, args)
	if err != nil {
		return err
	}
	kinds := map[string]func(*catalogue.View) listing{"sources": listSources, "schemas": listSchemas, "destinations": listDestinations}
	if len(rest) == 0 || len(rest) > 2 {
		return usageError("panther get wants what to show: %s, and then at most one name", strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
	}
	list, ok := kinds[rest[0]]
	if !ok {
		return usageError("there is nothing called %s to get; %s", rest[0], strict.DidYouMean(rest[0], slices.Sorted(maps.Keys(kinds))))
	}
	l, err := w.look(ctx, p)
	if err != nil {
		return err
	}
	defer l.done()
	entries := list(l.catalogue)
	if len(rest) == 2 {
		return entries.show(p.out, *out, rest[1])
	}
	if len(entries.entries) == 0 {
		fmt.Fprintf(p.err, "The catalogue holds no %s. `panther apply -f DIR` adds those of files.\n", rest[0])
	}
	return entries.print(p.out, *out)
}

// A listing is the entries of one kind.
type listing struct {
	kind    string // in the singular
	entries []entry
	table   *table // of a row for each entry
}

// An entry is one of the catalogue.
type entry struct {
	name  string
	value any    // for machines
	text  string // for people who ask for this one; empty: its row
}

func (l *listing) add(e entry, cells ...string) {
	l.entries = append(l.entries, e)
	l.table.add(append([]string{e.name}, cells...)...)
}

func (l *listing) print(w io.Writer, out output) error {
	switch {
	case out == forMachines:
		all := []any{}
		for _, e := range l.entries {
			all = append(all, e.value)
		}
		return printJSON(w, all)
	case len(l.entries) == 0:
		return nil
	}
	return l.table.print(w, "")
}

// show prints one entry.
func (l *listing) show(w io.Writer, out output, name string) error {
	var names []string
	for i, e := range l.entries {
		if names = append(names, e.name); e.name != name {
			continue
		}
		if out == forMachines {
			return printJSON(w, e.value)
		}
		if e.text != "" {
			_, err := io.WriteString(w, e.text)
			return err
		}
		one := &table{rows: [][]string{l.table.rows[0], l.table.rows[i+1]}, right: l.table.right}
		return one.print(w, "")
	}
	return unknown(l.kind, name, names)
}

// unknown tells that nothing has that name.
func unknown(kind, name string, known []string) error {
	hint := strict.DidYouMean(name, known)
	if hint == "" {
		hint = "see which there are without a name"
	}
	return usageError("there is no %s %q; %s", kind, name, hint)
}

func listSources(v *catalogue.View) listing {
	l := listing{kind: "log source", table: newTable("NAME", "TOPICS", "LOG TYPES", "ALARM", "FROM", "FILE")}
	for _, s := range v.Sources() {
		l.add(entry{name: s.Label, value: sourceForMachines{s, alarmForMachines(s.Alarm)}}, strings.Join(s.Topics, ", "), strings.Join(s.LogTypes, ", "), catalogue.FormatAlarm(s.Alarm), s.From, orNone(s.Origin))
	}
	return l
}

// A shownSchema is a log type for machines.
type shownSchema struct {
	catalogue.Schema
	Sources []string `json:"sources"` // labels of those that use it
}

func listSchemas(v *catalogue.View) listing {
	l := listing{kind: "log type", table: newTable("NAME", "#VERSION", "#FIELDS", "SOURCES", "FILE")}
	users := map[string][]string{}
	for _, s := range v.Sources() {
		for _, name := range s.LogTypes {
			users[name] = append(users[name], s.Label)
		}
	}
	applied := map[string]catalogue.Schema{}
	for _, s := range v.Schemas() {
		if _, newer := applied[s.Name]; !newer {
			applied[s.Name] = s
		}
	}
	for _, name := range v.LogTypes() {
		s, ok := applied[name]
		file := orNone(s.Origin)
		if !ok {
			text, _ := logtype.BuiltinText(name)
			s, file = catalogue.Schema{Name: name, Text: text}, "(built in)"
		}
		fields := 0
		if inForce, ok := v.Schema(name); ok {
			fields = len(listFields(nil, "", inForce.Fields)) // those within others too, as `panther schema list` counts
		}
		e := entry{name: name, value: shownSchema{s, append([]string{}, users[name]...)}, text: strings.TrimSpace(s.Text) + "\n"}
		l.add(e, strconv.FormatInt(s.Version, 10), strconv.Itoa(fields), orNone(strings.Join(users[name], ", ")), file)
	}
	return l
}

func listDestinations(v *catalogue.View) listing {
	l := listing{kind: "destination", table: newTable("NAME", "TYPE", "SENDS TO", "SEVERITIES", "ALERT TYPES", "FILE")}
	for _, d := range v.Destinations() {
		d = d.Shown()
		url, _ := d.Settings["url"].(string)
		l.add(entry{name: d.Label, value: newDestinationForMachines(d)}, d.Type, orNone(url), some(d.Severities), some(d.AlertTypes), orNone(d.Origin))
	}
	return l
}

// some writes a list, of which a cell shows the first few.
func some[T ~string](list []T) string {
	const few = 3
	var words []string
	for _, x := range list {
		words = append(words, string(x))
	}
	if n := len(words) - few; n > 1 {
		words = append(words[:few], fmt.Sprintf("and %d more", n))
	}
	return orNone(strings.Join(words, ", "))
}
