package classify_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"panther/schemas/logtype"
)

// A drafter writes one schema, in YAML's flow style.
type drafter struct {
	generator
	definitions []string // that are written; each may refer to those before it
	paths       []string // to fields, for transformations
}

func (g generator) name() string {
	return pick(g, "a", "b", "c", "d", "e", "f", "id", "теxt", "x y", `q"uote`, "a_name_of_more_than_thirty_two_bytes", "twenty_four_bytes_long_x", "A",
		"a.b", `back\slash`, "\ufffd", "😀", "p_x", "sixteen_bytes_xy", "twenty_nine_bytes_long_xyz_x9")
}

var types = []string{"string", "string", "string", "int", "smallint", "bigint", "float", "boolean", "timestamp", "timestamp", "json", "object", "object", "array", "array", "ref"}

// value writes a value. outside is true where it is not within an array, nor within a definition.
func (d *drafter) value(depth int, outside bool) string {
	kind := pick(d.generator, types...)
	if depth <= 0 && (kind == "object" || kind == "array" || kind == "ref") {
		kind = "json"
	}
	text := "type: " + kind
	switch kind {
	case "string":
		text += d.rules()
	case "timestamp":
		text += d.times(outside)
	case "array":
		text += ", element: {" + d.value(depth-1, false) + pick(d.generator, "", "", ", description: one of them") + "}"
	case "object":
		text += ", fields: [" + strings.Join(d.fields(depth-1, 3, outside, "?"), ", ") + "]"
	case "ref":
		text += ", target: " + d.definition(depth-1, outside)
	}
	if (kind == "json" || kind == "object" || kind == "array") && d.chance(30) {
		text += ", isEmbeddedJSON: true"
	}
	return text
}

// definition returns the name of a definition, and writes it if need be.
func (d *drafter) definition(depth int, outside bool) string {
	if len(d.definitions) == 0 || d.chance(60) {
		text := "{" + d.value(depth, outside) + "}"
		d.definitions = append(d.definitions, text)
	}
	if d.chance(50) {
		return fmt.Sprintf("d%d", len(d.definitions)-1)
	}
	return fmt.Sprintf("d%d", d.IntN(len(d.definitions)))
}

// rules writes what a string may say besides its type.
func (d *drafter) rules() (text string) {
	masked := d.chance(8)
	switch {
	case masked:
		text = ", mask: " + pick(d.generator, "{type: redact}", `{type: redact, to: "**\u00e9*"}`, "{type: hash, salt: s}", "{type: hash}")
	case d.chance(45):
		names := []string{string(pick(d.generator, logtype.Indicators()...))}
		for d.chance(40) {
			names = append(names, string(pick(d.generator, logtype.Indicators()...)))
		}
		text = ", indicators: [" + strings.Join(names, ", ") + "]"
	}
	if d.chance(15) {
		text += ", validate: " + pick(d.generator, "{allow: [a, '5', '', 'true', 'é']}", "{deny: [x, 'true', '']}", "{ip: any}", "{ip: ipv4}", "{ip: ipv6}",
			"{cidr: any}", "{cidr: ipv4}", "{cidr: ipv6}", "{ip: any, deny: ['192.0.2.1']}", "{deny: ['-'], allow: [x, a.b.c]}")
	}
	return text
}

// times writes the formats of a timestamp.
func (d *drafter) times(outside bool) string {
	formats := []string{strconv.Quote(d.timeFormat())}
	for d.chance(45) {
		formats = append(formats, strconv.Quote(d.timeFormat()))
	}
	text := ", timeFormats: [" + strings.Join(formats, ", ") + "]"
	if len(formats) == 1 && d.chance(50) {
		text = ", timeFormat: " + formats[0]
	}
	if outside && d.chance(40) {
		text += ", isEventTime: true"
	}
	return text
}

// layouts of Go's package time.
var layouts = []string{"2006-01-02", "Jan _2 2006 15:04:05.000", "02 Jan 06 15:04 MST", "2006-01-02T15:04:05Z07:00", "Monday, 2 January 2006 3:04:05PM -0700", "2006.002 15h"}

// timeFormat returns a format: a directive of strftime stands in a pattern that has the day without it.
func (g generator) timeFormat() string {
	switch g.IntN(10) {
	case 0, 1:
		return "rfc3339"
	case 2, 3:
		return pick(g, "unix", "unix_ms", "unix_us", "unix_ns")
	case 4:
		return "layout=" + pick(g, layouts...)
	case 5, 6:
		return pick(g, "%Y-%m-%d %H:%M:%S", "%d/%b/%Y:%H:%M:%S %z", "%Y-%j", "%s", "%FT%T.%f", "%b %e %Y %l:%M %p")
	}
	all := logtype.Directives()
	return "%Y-%m-%d " + pick(g, "", "T", "%H:%M ") + "%" + string(all[g.IntN(len(all))].Letter) + pick(g, "", "", "|%"+string(all[g.IntN(len(all))].Letter))
}

// fields writes fields of an object, or of the schema. prefix is the path that leads to them; "?" is none.
func (d *drafter) fields(depth, most int, outside bool, prefix string) (fields []string) {
	var used []string // names of fields and of members
	for range 1 + d.IntN(most) {
		name, from := d.name(), ""
		if prefix == "" && strings.HasPrefix(name, "p_") {
			continue
		}
		if d.chance(8) {
			from = d.name()
		}
		member := from
		if member == "" || member == name {
			from, member = "", name
		}
		if slices.Contains(used, "f"+name) || slices.Contains(used, "m"+member) {
			continue
		}
		used = append(used, "f"+name, "m"+member)
		text := "{name: " + strconv.Quote(name)
		if from != "" {
			text += ", rename: {from: " + strconv.Quote(from) + "}"
		}
		if prefix != "?" {
			d.paths = append(d.paths, prefix+name)
		}
		value := ""
		if prefix != "?" && depth > 0 && d.chance(20) { // one that paths lead into
			value = "type: object, fields: [" + strings.Join(d.fields(depth-1, 3, outside, prefix+name+"."), ", ") + "]"
		} else {
			value = d.value(depth, outside)
		}
		text += ", " + value
		if d.chance(20) {
			text += ", required: true"
		}
		fields = append(fields, text+"}")
	}
	if len(fields) == 0 {
		return []string{"{name: zz, type: json}"}
	}
	return fields
}

// path returns a path to a field, or to what no field is.
func (d *drafter) path() string {
	if len(d.paths) > 0 && d.chance(75) {
		path := pick(d.generator, d.paths...)
		if d.chance(15) {
			path += "." + d.name()
		}
		return strconv.Quote(path)
	}
	return strconv.Quote(pick(d.generator, "zz", "unknown", "a.zz", "b.a", "c.d.e"))
}

// made writes fields that are made of others.
func (d *drafter) madeFields() (fields []string) {
	for i := range 4 {
		if !d.chance(25) {
			continue
		}
		value, how := d.value(1, true), ""
		switch d.IntN(3) {
		case 0:
			how = "copy: {from: " + d.path() + "}"
		case 1:
			paths := []string{d.path(), d.path()}
			for d.chance(30) {
				paths = append(paths, d.path())
			}
			how = "concat: {separator: " + pick(d.generator, `"-"`, `""`, `" "`, `"é\""`) + ", paths: [" + strings.Join(paths, ", ") + "]}"
		default:
			how = "split: {from: " + d.path() + ", separator: " + pick(d.generator, `"."`, `"-"`, `":"`, `"a"`) + ", index: " + pick(d.generator, "0", "1", "2") + "}"
		}
		fields = append(fields, fmt.Sprintf("{name: made%d, %s, %s%s}", i, value, how, pick(d.generator, "", "", ", required: true")))
		d.paths = append(d.paths, fmt.Sprintf("made%d", i))
	}
	return fields
}

// schema writes the document and parses it; nil: the language refuses it.
func (d *drafter) schema(number int, parser string, fields []string) (*logtype.Schema, string) {
	text := fmt.Sprintf("schema: My.Type%d\n%sfields: [%s]\n", number, parser, strings.Join(fields, ", "))
	if len(d.definitions) > 0 {
		text += "definitions:\n"
		for i, def := range d.definitions {
			text += fmt.Sprintf("  d%d: %s\n", i, def)
		}
	}
	s, err := logtype.Parse("generated", []byte(text))
	if err != nil {
		return nil, text
	}
	return s, text
}

// jsonSchema makes a schema of JSON lines.
func (g generator) jsonSchema(number int) made {
	for {
		d := &drafter{generator: g}
		fields := d.fields(3, 6, true, "")
		if g.chance(50) {
			fields = append(fields, d.madeFields()...)
		}
		if s, text := d.schema(number, "", fields); s != nil {
			return made{s, text, func(g generator) string { return g.object(s.Fields, 4, g.chance(60)) }}
		}
	}
}
