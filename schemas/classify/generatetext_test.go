package classify_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"panther/schemas/logtype"
)

// A column is a value of a line of text while its schema is made.
type column struct {
	name  string // the member; "_": nobody wants it
	value *logtype.Value
}

// textFields writes fields of a schema of text, and returns the members that its parser has to yield.
func (d *drafter) textFields() (fields, members []string) {
	for range 1 + d.IntN(4) {
		name := d.name()
		if slices.Contains(d.paths, name) || name == "p_x" || strings.Contains(name, ".") {
			continue
		}
		value := d.value(2, true)
		if kind := strings.TrimPrefix(strings.SplitN(value, ",", 2)[0], "type: "); (kind == "object" || kind == "array") && !strings.HasSuffix(value, "isEmbeddedJSON: true") {
			value += ", isEmbeddedJSON: true"
		}
		member, text := name, "{name: "+strconv.Quote(name)
		if d.chance(15) && !slices.Contains(members, "old "+name) {
			member = "old " + name
			text += ", rename: {from: " + strconv.Quote(member) + "}"
		}
		text += ", " + value
		if d.chance(25) {
			text += ", required: true"
		}
		fields, members, d.paths = append(fields, text+"}"), append(members, member), append(d.paths, name)
	}
	return fields, members
}

// textSchema makes a schema of csv, fastmatch or regex.
func (g generator) textSchema(number int) made {
	for {
		d := &drafter{generator: g}
		fields, members := d.textFields()
		if len(members) == 0 {
			continue
		}
		options := ""
		if g.chance(25) {
			options += ", skipPrefix: " + pick(g, "'#'", "'x'", "'--'")
		}
		if g.chance(30) {
			options += ", emptyValues: [" + pick(g, "'-'", "'-', x", "''", "null, '-'", "'0', '12'") + "]"
		}
		if g.chance(40) {
			options += ", trimSpace: true"
		}
		if g.chance(20) {
			options += fmt.Sprintf(", expandFields: {joined: %q}", pick(g, "%{"+members[0]+"}", "<%{"+members[0]+"}|%{"+members[len(members)-1]+"}>",
				"%{"+members[0]+"}\"\\é"))
			fields = append(fields, "{name: joined, "+d.value(0, true)+"}")
		}
		if g.chance(30) {
			fields = append(fields, d.madeFields()...)
		}
		columns := g.columns(members)
		var parser string
		var line func(g generator, columns []column) string
		switch g.IntN(3) {
		case 0:
			parser, line = g.csv(columns, options)
		case 1:
			parser, line = g.fastMatch(columns, options)
		default:
			parser, line = g.regex(columns, options)
		}
		s, text := d.schema(number, "parser: "+parser+"\n", fields)
		if s == nil {
			continue
		}
		for i := range columns {
			for k := range s.Fields {
				if f := &s.Fields[k]; f.Derived == nil && f.Member() == columns[i].name {
					columns[i].value = &f.Value
				}
			}
		}
		return made{s, text, func(g generator) string { return line(g, columns) + pick(g, "", "", "", "\n", "\r\n", "\r") }}
	}
}

// columns puts members into an order, with columns between that nobody wants.
func (g generator) columns(members []string) (columns []column) {
	for _, m := range members {
		columns = append(columns, column{name: m})
	}
	for g.chance(25) {
		columns = append(columns, column{name: "_"})
	}
	g.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
	return columns
}

// cell makes the text of a value.
func (g generator) cell(v *logtype.Value) string {
	if v == nil || g.chance(10) {
		return pick(g, "x", "-", "12", "", "a", `"`, `\"`, "é", "\xff", " ", "null", "{}", `[1,"`, "'", "+007", "#")
	}
	text := g.fits(v, 3, g.chance(80))
	if strings.HasPrefix(text, `"`) {
		if plain, err := strconv.Unquote(text); err == nil && g.chance(90) {
			return plain
		}
		return strings.Trim(text, `"`)
	}
	return text
}

func names(columns []column, empty string) string {
	var quoted []string
	for _, c := range columns {
		if c.name == "_" {
			c.name = empty
		}
		quoted = append(quoted, strconv.Quote(c.name))
	}
	return strings.Join(quoted, ", ")
}

func (g generator) csv(columns []column, options string) (parser string, line func(g generator, columns []column) string) {
	delimiter := pick(g, ",", ",", " ", ";", "\t", "|")
	parser = fmt.Sprintf("{csv: {delimiter: %q", delimiter) + options
	named := g.chance(75)
	if named {
		parser += ", columns: [" + names(columns, pick(g, "_", "")) + "]"
	}
	if !named || g.chance(50) {
		parser += ", hasHeader: true"
	}
	header := func(g generator, columns []column) string {
		var cells []string
		for _, c := range columns {
			if c.name == "_" {
				c.name = pick(g, "", "_", "other", "a")
			}
			if g.chance(20) {
				c.name = pick(g, strings.ToUpper(c.name), strings.ReplaceAll(c.name, "_", "-"), " "+c.name, `"`+strings.ReplaceAll(c.name, `"`, `""`)+`"`)
			}
			cells = append(cells, c.name)
		}
		return strings.Join(cells, delimiter)
	}
	return parser + "}}", func(g generator, columns []column) string {
		if g.chance(8) {
			return pick(g, "", "", "\ufeff") + header(g, columns)
		}
		var cells []string
		for _, c := range columns {
			text := g.cell(c.value)
			if g.chance(25) || strings.ContainsAny(text, delimiter+`"`) && g.chance(90) {
				text = `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
			}
			cells = append(cells, g.space()+text+g.space())
		}
		if g.chance(5) {
			cells = append(cells, pick(g, "more", `"more`, ""))
		}
		return pick(g, "", "", "", "", "", "", "", "", "", "#") + strings.Join(cells, delimiter)
	}
}

func (g generator) fastMatch(columns []column, options string) (parser string, line func(g generator, columns []column) string) {
	var patterns []string
	var all [][]string // literals of each pattern
	for range 1 + g.IntN(2) {
		literals := []string{pick(g, "", "", "<", `"`, "é ")}
		text := literals[0]
		for i, c := range columns {
			text += "%{" + c.name + "}"
			literal := pick(g, " ", ",", `"`, `" "`, `"`, "'", "' ", " - ", "] [", `\"`)
			if i == len(columns)-1 {
				literal = pick(g, "", "", "]", `"`, "'")
			}
			literals = append(literals, literal)
			text += literal
		}
		patterns, all = append(patterns, strconv.Quote(text)), append(all, literals)
	}
	return "{fastmatch: {match: [" + strings.Join(patterns, ", ") + "]" + options + "}}", func(g generator, columns []column) string {
		literals := all[g.IntN(len(all))]
		text := literals[0]
		for i, c := range columns {
			cell := g.cell(c.value)
			if strings.HasSuffix(text, `"`) && g.chance(80) {
				cell = strings.ReplaceAll(strings.ReplaceAll(cell, `\`, `\\`), `"`, `\"`)
			}
			text += g.space() + cell + g.space() + literals[i+1]
		}
		return text
	}
}

func (g generator) regex(columns []column, options string) (parser string, line func(g generator, columns []column) string) {
	pattern := pick(g, "^", "")
	var literals []string
	definitions := ""
	inner, around := columns, "" // the first group may have the others in it
	if name := columns[0].name; len(columns) > 1 && name != "_" && strings.Trim(name, "abcdefiA_") == "" && g.chance(25) {
		inner, around = columns[1:], "(?P<"+name+">"
		pattern += around
	}
	for i, c := range inner {
		open, end := "", ""
		if g.chance(20) {
			open, end = "(?:", ")?"
		}
		group := "%{" + pick(g, "DATA", "NOTSPACE", "GREEDYDATA", "INT", "WORD", "QUOTEDSTRING", "MINE", "IPORHOST") + ":" + c.name + "}"
		if c.name != "_" && strings.Trim(c.name, "abcdefiA_") == "" && g.chance(50) {
			group = "(?P<" + c.name + ">" + pick(g, "[^,]*", `\S+`, `[a-z0-9.]*?`, "é|.*") + ")"
		}
		if strings.Contains(group, "MINE") {
			definitions = `, patternDefinitions: {MINE: "[^ ,]{0,40}|%{HALF}", HALF: "x+y?"}`
		}
		literal := ""
		if i > 0 {
			literal = pick(g, " ", ",", " - ", ": ")
		}
		literals = append(literals, literal)
		pattern += open + literal + group + end
	}
	if around != "" {
		pattern += ")"
	}
	pattern += pick(g, "$", "$", "")
	return fmt.Sprintf("{regex: {match: [%q]%s%s}}", pattern, definitions, options), func(g generator, columns []column) string {
		text := ""
		for i, c := range columns[len(columns)-len(inner):] {
			text += literals[i] + g.space() + g.cell(c.value)
		}
		return text
	}
}

// scripts are programs that make what they can of a line.
var scripts = []string{
	"def parse(log):\n  return json.decode(log)",
	"def parse(log):\n  e = {}\n  for i, part in enumerate(log.split(',')):\n    e['abcdef'[i]] = part\n  return e",
	"def parse(log):\n  e = json.decode(log)\n  e['a'] = log\n  e['b'] = [e.get('id'), 1.5, None, True]\n  e['c'] = {'a': log, 'zz': 12345678901234567890}\n  return e",
	"def parse(log):\n  return {'a': json.encode(log), 'b': log.strip(), 'c': len(log), 'd': log[:3], 'e': [log, log]}",
	"def parse(log):\n  e = {'id': int(log.split(' ')[0])}\n  e['f'] = '\"' + log + '\\\\x00\\n'\n  return e",
}

// scriptSchema makes a schema of a script.
func (g generator) scriptSchema(number int) made {
	for {
		d := &drafter{generator: g}
		fields := d.fields(2, 4, true, "")
		if g.chance(40) {
			fields = append(fields, d.madeFields()...)
		}
		if s, text := d.schema(number, fmt.Sprintf("parser: {script: {function: %q}}\n", pick(g, scripts...)), fields); s != nil {
			return made{s, text, func(g generator) string {
				if g.chance(60) {
					return g.object(s.Fields, 3, true)
				}
				return pick(g, "12 ", "") + g.cell(nil) + "," + g.cell(&s.Fields[0].Value) + pick(g, "", "\n", "\r\n")
			}}
		}
	}
}
