package evolve

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"panther/schemas/logtype"
)

// parser compares how lines are cut into fields.
func (c *comparison) parser(old, new *logtype.Schema) {
	o, n := old.Parser, new.Parser
	switch {
	case o.Name() != n.Name():
		c.add(Change{What: fmt.Sprintf("parser %s -> %s", o.Name(), n.Name()), Level: Breaks, Lines: "all"})
	case o.CSV != nil && n.CSV != nil:
		c.csv(o.CSV, n.CSV)
		c.text(o.CSV.Text, n.CSV.Text, new.Fields)
	case o.FastMatch != nil && n.FastMatch != nil:
		c.patterns(o.FastMatch.Patterns, n.FastMatch.Patterns)
		c.text(o.FastMatch.Text, n.FastMatch.Text, new.Fields)
	case o.Regex != nil && n.Regex != nil:
		if o.Regex.Regexp.String() != n.Regex.Regexp.String() || !slices.Equal(o.Regex.Fields, n.Regex.Fields) {
			c.add(Change{What: "the pattern of regex", Level: Breaks, Lines: "those that it cuts otherwise, or not at all"})
		}
		c.text(o.Regex.Text, n.Regex.Text, new.Fields)
	case o.Script != nil && n.Script != nil && o.Script.Program.Source() != n.Script.Program.Source():
		c.add(Change{What: "the script", Level: Breaks, Lines: "those of which it makes something else"})
	}
}

func (c *comparison) csv(o, n *logtype.CSV) {
	if o.Delimiter != n.Delimiter {
		c.add(Change{What: fmt.Sprintf("delimiter %q -> %q", o.Delimiter, n.Delimiter), Level: Breaks, Lines: "all"})
	}
	switch {
	case len(o.Columns) == 0 && len(n.Columns) == 0:
	case len(o.Columns) == 0 || len(n.Columns) == 0:
		c.add(Change{What: "the columns are named in another place", Level: Breaks, Lines: "those whose header and columns differ"})
	case len(o.Columns) != len(n.Columns):
		c.add(Change{What: fmt.Sprintf("%d columns -> %d", len(o.Columns), len(n.Columns)), Level: Breaks, Lines: "all"})
	case !slices.Equal(o.Columns, n.Columns):
		c.add(Change{What: fmt.Sprintf("columns %s -> %s", strings.Join(o.Columns, ", "), strings.Join(n.Columns, ", ")), Level: Breaks,
			Lines: "those whose values do not fit the fields that they go to now"})
	}
	if o.HasHeader && !n.HasHeader {
		c.add(Change{What: "hasHeader no more", Level: Breaks, Lines: "headers are not skipped any more"})
	} else if n.HasHeader && !o.HasHeader {
		c.add(Change{What: "hasHeader", Level: Look, Lines: "those that repeat the names of the columns are skipped"})
	}
}

func (c *comparison) patterns(o, n []logtype.Pattern) {
	same := func(a, b logtype.Pattern) bool { return reflect.DeepEqual(a, b) }
	for i, p := range o {
		if !slices.ContainsFunc(n, func(q logtype.Pattern) bool { return same(p, q) }) {
			c.add(Change{What: fmt.Sprintf("pattern %d is gone: %s", i+1, patternText(p)), Level: Breaks, Lines: "those that no other pattern fits"})
		}
	}
	ahead := !slices.EqualFunc(o, n[:min(len(o), len(n))], same)
	for i, q := range n {
		if !slices.ContainsFunc(o, func(p logtype.Pattern) bool { return same(p, q) }) {
			change := Change{What: fmt.Sprintf("pattern %d is new: %s", i+1, patternText(q)), Level: Safe}
			if i < len(o) {
				change.Level, change.Lines = Breaks, "those that it fits before an older one does, where the values do not convert"
			}
			c.add(change)
			ahead = false // it has been told
		}
	}
	if ahead && len(o) == len(n) {
		c.add(Change{What: "patterns in another order", Level: Breaks, Lines: "those that several fit, where the values do not convert"})
	}
}

// patternText writes a pattern as a schema has it.
func patternText(p logtype.Pattern) string {
	var b strings.Builder
	for i, f := range p.Fields {
		b.WriteString(p.Literals[i] + "%{" + f + "}")
	}
	return b.String() + p.Literals[len(p.Fields)]
}

// text compares what the text formats have in common.
func (c *comparison) text(o, n logtype.Text, fields []logtype.Field) {
	if o.SkipPrefix != n.SkipPrefix {
		change := Change{What: fmt.Sprintf("skipPrefix %q -> %q", o.SkipPrefix, n.SkipPrefix), Level: Breaks,
			Lines: fmt.Sprintf("those that begin with %q are not skipped any more", o.SkipPrefix)}
		if o.SkipPrefix == "" {
			change.Level, change.Lines = Breaks, fmt.Sprintf("those that begin with %q are skipped", n.SkipPrefix)
		}
		c.add(change)
	}
	if o.TrimSpace != n.TrimSpace {
		c.add(Change{What: fmt.Sprintf("trimSpace %t -> %t", o.TrimSpace, n.TrimSpace), Level: Breaks, Lines: "those with white space around values, where they do not convert"})
	}
	required := slices.ContainsFunc(fields, func(f logtype.Field) bool { return f.Required })
	for _, v := range o.EmptyValues {
		if !slices.Contains(n.EmptyValues, v) {
			c.add(Change{What: fmt.Sprintf("%q is an empty value no more", v), Level: Breaks, Lines: "those that have it where a number, time or boolean is wanted"})
		}
	}
	for _, v := range n.EmptyValues {
		if slices.Contains(o.EmptyValues, v) {
			continue
		}
		change := Change{What: fmt.Sprintf("%q is an empty value", v), Level: Look, Lines: "fields that have it are absent"}
		if required {
			change.Level, change.Lines = Breaks, "those that have it in a required field"
		}
		c.add(change)
	}
}
