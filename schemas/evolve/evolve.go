// Package evolve says what a change of a log type does: to lines, some of which may match no more, and to the columns of
// its table in the lake, which keep what they have.
//
// Its one idea: a schema is the set of lines that it takes, so a change is told by which lines leave that set, never by how
// the text changed. Compare does so from the schemas alone; a Trial counts what becomes of lines. Start with Compare.
package evolve

import (
	"fmt"
	"slices"
	"strings"

	"panther/schemas/logtype"
)

// A Level says how much a change matters.
type Level string

// The levels.
const (
	Safe   Level = "safe"   // whatever matched matches, and columns keep their meaning
	Look   Level = "look"   // nothing that the old schema said is taken back, but events differ, or what it did not look at counts
	Breaks Level = "breaks" // lines of the old schema fail, or a column begins anew
)

// A Change is one difference between two versions of a log type.
type Change struct {
	Path   string `json:"path,omitempty"` // of the field, as target[].id; empty: the schema as a whole
	What   string `json:"what"`           // as "type int -> string"
	Level  Level  `json:"level"`
	Lines  string `json:"lines,omitempty"`  // which lines match no more, or become another event
	Column string `json:"column,omitempty"` // what becomes of the column in the lake
}

// Options say what is agreed to.
type Options struct {
	Drop bool // fields may be removed
}

// Compare returns what differs, in the order of the old schema, what is new behind it. No change means that both take the
// same lines and make the same events of them; descriptions and samples do not count.
func Compare(old, new *logtype.Schema, o Options) []Change {
	c := &comparison{options: o}
	if old.Name != new.Name {
		c.add(Change{What: fmt.Sprintf("name %s -> %s", old.Name, new.Name), Level: Breaks,
			Column: "events go to the table of another log type"})
	}
	c.parser(old, new)
	c.fields("", old.Fields, new.Fields)
	return c.changes
}

// Worst returns the highest level of changes; Safe if there are none.
func Worst(changes []Change) Level {
	worst := Safe
	for _, c := range changes {
		if c.Level == Breaks || c.Level == Look && worst == Safe {
			worst = c.Level
		}
	}
	return worst
}

type comparison struct {
	options Options
	changes []Change
}

func (c *comparison) add(change Change) { c.changes = append(c.changes, change) }

// fields compares the members of an object.
func (c *comparison) fields(path string, old, new []logtype.Field) {
	var added []logtype.Field
	alike := map[string][]logtype.Field{} // these, by what their names have in common with others
	for _, f := range new {
		if indexOf(old, f.Name) < 0 {
			added = append(added, f)
			alike[plain(f.Name)] = append(alike[plain(f.Name)], f)
		}
	}
	for _, f := range old {
		at := join(path, f.Name)
		i := indexOf(new, f.Name)
		if i < 0 {
			c.removed(at, f, alike[plain(f.Name)])
			continue
		}
		if f.Required != new[i].Required {
			c.required(at, new[i].Required)
		}
		c.made(at, f, new[i])
		c.value(at, f.Value, new[i].Value)
	}
	for _, f := range added {
		c.added(join(path, f.Name), f)
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func indexOf(fields []logtype.Field, name string) int {
	return slices.IndexFunc(fields, func(f logtype.Field) bool { return f.Name == name })
}

// removed notes a field that is gone; alike are the new ones whose names differ from its in nothing but case and separators.
func (c *comparison) removed(at string, f logtype.Field, alike []logtype.Field) {
	change := Change{Path: at, What: "removed", Level: Breaks, Column: "stays, and is filled no more"}
	if c.options.Drop {
		change.Level = Look
	} else {
		change.Column += "; agree to that with --drop"
	}
	if i := slices.IndexFunc(alike, func(g logtype.Field) bool { return g.Type == f.Type }); i >= 0 {
		change.What += fmt.Sprintf("; %s is new and looks like it under another name", alike[i].Name)
	}
	c.add(change)
	c.eventTime(at, f.Value, logtype.Value{})
}

var separators = strings.NewReplacer("_", "", "-", "", ".", "", " ", "")

// plain is a name without what names that are alike differ in.
func plain(name string) string { return strings.ToLower(separators.Replace(name)) }

func (c *comparison) added(at string, f logtype.Field) {
	change := Change{Path: at, What: "added: " + string(f.Type), Level: Look, Column: "is new; rows that are there have no value"}
	if f.Type != logtype.JSON || f.IsEmbeddedJSON {
		change.Lines = "those that have it and not as " + string(f.Type) + ", which was not looked at"
	}
	if f.Type == logtype.JSON && !f.IsEmbeddedJSON {
		change.Level = Safe
	}
	if f.Required {
		change.What = "added: " + string(f.Type) + ", required"
		change.Level, change.Lines = Breaks, "those without it"
	}
	c.add(change)
	c.eventTime(at, logtype.Value{}, f.Value)
}

// eventTime notes that a value has the time of the event no more, or has it now.
func (c *comparison) eventTime(at string, old, new logtype.Value) {
	had, before := eventTime(old, at)
	has, now := eventTime(new, at)
	if had && has && before == now {
		return
	}
	if had {
		c.add(Change{Path: before, What: "is the time of the event no more", Level: Look, Lines: "all are of another p_event_time"})
	}
	if has {
		c.add(Change{Path: now, What: "is the time of the event", Level: Look, Lines: "those that have it are of another p_event_time, perhaps"})
	}
}

// eventTime finds the event time within a value.
func eventTime(v logtype.Value, at string) (bool, string) {
	if v.IsEventTime {
		return true, at
	}
	for _, f := range v.Fields {
		if has, inner := eventTime(f.Value, join(at, f.Name)); has {
			return true, inner
		}
	}
	return false, ""
}

func (c *comparison) required(at string, now bool) {
	if now {
		c.add(Change{Path: at, What: "required", Level: Breaks, Lines: "those without it"})
		return
	}
	c.add(Change{Path: at, What: "not required any more", Level: Safe})
}

// value compares what two values may be.
func (c *comparison) value(at string, old, new logtype.Value) {
	if old.Type != new.Type {
		c.retyped(at, old, new)
		return
	}
	switch old.Type {
	case logtype.Object:
		c.fields(at, old.Fields, new.Fields)
	case logtype.Array:
		c.element(at, old, new)
	case logtype.Timestamp:
		c.formats(at, old, new)
	}
	c.embedded(at, old, new)
	c.rules(at, old, new)
	c.indicators(at, old.Indicators, new.Indicators)
}

func (c *comparison) retyped(at string, old, new logtype.Value) {
	change := Change{Path: at, What: fmt.Sprintf("type %s -> %s", old.Type, new.Type), Level: Safe}
	if !takes(new, old) {
		change.Level, change.Lines = Breaks, "those where it is no "+string(new.Type)
	} else if old.Type == logtype.Timestamp {
		change.Level, change.Lines = Look, "times are kept as they are written"
	}
	became, note := column(old, new, at)
	change.Column = note
	if became == begunAnew {
		change.Level = Breaks
	}
	c.add(change)
	c.eventTime(at, old, new)
}

// order is how scalar types widen: a type takes all values of those before it.
var order = []logtype.Type{logtype.SmallInt, logtype.Int, logtype.BigInt, logtype.Float, logtype.String}

// takes reports whether values of one type are all values of another, which the first one becomes.
func takes(new, old logtype.Value) bool {
	switch {
	case new.Validate != nil:
		return false
	case new.Type == logtype.JSON && !new.IsEmbeddedJSON:
		return true
	case new.Type == logtype.JSON:
		return old.Type == logtype.Object || old.Type == logtype.Array
	case new.Type == logtype.String && (old.Type == logtype.Boolean || old.Type == logtype.Timestamp):
		return true
	}
	from, to := slices.Index(order, old.Type), slices.Index(order, new.Type)
	return from >= 0 && to >= from
}

func (c *comparison) element(at string, old, new logtype.Value) {
	before := len(c.changes)
	c.value(at+"[]", *old.Element, *new.Element)
	became, note := column(old, new, at)
	if became != begunAnew {
		return
	}
	for i := range c.changes[before:] { // what becomes of the elements becomes of the whole array
		if change := &c.changes[before+i]; change.Column != "" {
			change.Column = note
		}
	}
}

func (c *comparison) formats(at string, old, new logtype.Value) {
	names := func(v logtype.Value) (all []string) {
		for _, f := range v.TimeFormats {
			all = append(all, f.String())
		}
		return all
	}
	was, is := names(old), names(new)
	var lost []string
	for _, f := range was {
		if !slices.Contains(is, f) {
			lost = append(lost, f)
		}
	}
	what := fmt.Sprintf("time formats %s -> %s", strings.Join(was, ", "), strings.Join(is, ", "))
	switch {
	case len(lost) > 0:
		c.add(Change{Path: at, What: what, Level: Breaks, Lines: "those where it is written as " + strings.Join(lost, " or ")})
	case len(is) >= len(was) && slices.Equal(was, is[:len(was)]):
		if len(is) > len(was) {
			c.add(Change{Path: at, What: what, Level: Safe})
		}
	default:
		c.add(Change{Path: at, What: what, Level: Look, Lines: "times that two formats read are read by another one"})
	}
	c.eventTime(at, old, new)
}

func (c *comparison) embedded(at string, old, new logtype.Value) {
	if old.IsEmbeddedJSON == new.IsEmbeddedJSON {
		return
	}
	change := Change{Path: at, What: "isEmbeddedJSON", Level: Safe}
	switch {
	case !new.IsEmbeddedJSON && new.Type == logtype.JSON:
		change.What, change.Level, change.Lines = "isEmbeddedJSON no more", Look, "texts that hold JSON are kept as texts"
	case !new.IsEmbeddedJSON:
		change.What, change.Level, change.Lines = "isEmbeddedJSON no more", Breaks, "those where it is a text that holds JSON"
	case new.Type == logtype.JSON:
		change.Level, change.Lines = Breaks, "those where it is a text that is no JSON"
	}
	c.add(change)
}

func (c *comparison) indicators(at string, old, new []logtype.Indicator) {
	var gone, more []string
	for _, i := range old {
		if !slices.Contains(new, i) {
			gone = append(gone, string(i))
		}
	}
	for _, i := range new {
		if !slices.Contains(old, i) {
			more = append(more, string(i))
		}
	}
	if len(gone) > 0 {
		c.add(Change{Path: at, What: "indicators without " + strings.Join(gone, ", "), Level: Look, Lines: "searches in p_any_ columns do not find it any more"})
	}
	if len(more) > 0 {
		c.add(Change{Path: at, What: "indicators with " + strings.Join(more, ", "), Level: Safe})
	}
}
