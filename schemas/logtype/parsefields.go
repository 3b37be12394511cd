package logtype

import (
	"fmt"
	"slices"
	"strings"

	"panther/schemas/strict"
)

// MaxFields bounds a schema with its definitions put in: a few that refer to each other often could grow without bound.
const MaxFields = 5000

// maxTimeFormats bounds the formats in which one value is read.
const maxTimeFormats = 20

var types = []string{"string", "int", "smallint", "bigint", "float", "boolean", "timestamp", "array", "object", "json", "ref"}

// A reader reads the fields of one schema.
type reader struct {
	definitions map[string]*definition
	tooLarge    bool // it was said
	made        []maker
}

// A definition is a value that fields refer to by name. It is read when it is first needed.
type definition struct {
	name, node strict.Node
	value      Value
	size       size
	reading    bool // a reference to it now is a cycle
	read       bool
}

// A size says what a value amounts to with its definitions put in.
type size struct {
	fields    int
	height    int
	eventTime bool // there is one within
}

func (s *size) add(inner size) {
	s.fields += inner.fields
	s.height = max(s.height, inner.height)
	s.eventTime = s.eventTime || inner.eventTime
}

// fields reads a list of fields: those of the schema (top) or of an object.
func (r *reader) fields(list strict.Node, top bool) (fields []Field, total size) {
	for _, n := range list.List() {
		n.Mapping(func(m *strict.Mapping) {
			var f Field
			name := m.Required("name")
			f.Name = name.Text()
			f.Required = m.Optional("required").Bool()
			f.Description = m.Optional("description").Text()
			f.From = readRename(m, f.Name)
			r.readTransformations(m, f, top)
			var inner size
			f.Value, inner = r.value(m)
			total.add(inner)
			checkName(f.Name, name, top)
			if slices.ContainsFunc(fields, func(g Field) bool { return g.Name == f.Name }) {
				name.Problem(fmt.Sprintf("the field %q is there twice", f.Name), "names are compared with their case")
			}
			fields = append(fields, f)
		})
	}
	if !top {
		reportSameMember(fields, list.List())
	}
	return fields, total
}

func checkName(name string, n strict.Node, top bool) {
	if why := FieldNameFlaw(name, top); n.Present() && why != "" {
		n.Problem(fmt.Sprintf("the field %.30q: %s", name, why), "")
	}
}

// FieldNameFlaw says why a name cannot be one of a field; empty: it can. The fields of an event itself are at the top.
func FieldNameFlaw(name string, top bool) string {
	switch {
	case name == "":
		return "the name is empty"
	case name == "_":
		return "the name stands for what nobody wants"
	case top && strings.HasPrefix(name, "p_"):
		return "names that begin with p_ are for what Panther Monitor adds to events"
	case len(name) > 255:
		return "the name has more than 255 bytes"
	case strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c == 0x7f }):
		return "the name has a control character"
	}
	return ""
}

// value reads the keys of m that say what a value looks like.
func (r *reader) value(m *strict.Mapping) (v Value, total size) {
	typeNode := m.Required("type")
	name := typeNode.OneOf(types...)
	target, element, fields := m.Optional("target"), m.Optional("element"), m.Optional("fields")
	timeFormat, timeFormats := m.Optional("timeFormat"), m.Optional("timeFormats")
	eventTime, embedded, indicators := m.Optional("isEventTime"), m.Optional("isEmbeddedJSON"), m.Optional("indicators")
	validate, mask := m.Optional("validate"), m.Optional("mask")

	v.Type = Type(name)
	v.IsEventTime = eventTime.Bool()
	v.IsEmbeddedJSON = embedded.Bool()
	v.Indicators = readIndicators(indicators)
	v.Validate, v.Mask = readValidate(validate), readMask(mask)
	total.eventTime = v.IsEventTime
	if name != "" {
		only(target, "target", name, "ref")
		only(element, "element", name, "array")
		only(fields, "fields", name, "object")
		only(timeFormat, "timeFormat", name, "timestamp")
		only(timeFormats, "timeFormats", name, "timestamp")
		only(eventTime, "isEventTime", name, "timestamp")
		only(embedded, "isEmbeddedJSON", name, "json", "object", "array")
		only(indicators, "indicators", name, "string")
		only(validate, "validate", name, "string")
		only(mask, "mask", name, "string")
	}
	if v.Mask != nil && indicators.Present() {
		indicators.Problem("indicators of a masked field", "they would show its value in the p_any fields; leave one of the two out")
	}
	switch name {
	case "timestamp":
		v.TimeFormats = readTimeFormats(m, timeFormat, timeFormats)
	case "array":
		m.Required("element").Mapping(func(e *strict.Mapping) {
			refuseTransformations(e)
			var inner Value
			inner, total = r.value(e)
			e.Optional("description").Text()
			v.Element = &inner
			if total.eventTime {
				e.Problem("isEventTime within an array", "an event has one time; say which field it is outside of arrays")
				total.eventTime = false
			}
		})
	case "object":
		var list strict.Node
		if list = m.Required("fields"); list.Present() && len(list.List()) == 0 {
			list.Problem("an object needs at least one field", "an object of any content is of type json")
		}
		v.Fields, total = r.fields(list, false)
	case "ref":
		v, total = r.refer(m.Required("target"))
	}
	total.fields++
	total.height++
	r.bound(typeNode, &total)
	return v, total
}

// bound reports a value that is too deep, once: what holds it starts to count anew; and a schema that is too large.
func (r *reader) bound(at strict.Node, total *size) {
	if total.height > MaxNesting {
		at.Problem(fmt.Sprintf("fields are nested more than %d deep", MaxNesting), "make the inner ones json")
		total.height = 0
	}
	if total.fields > MaxFields {
		if !r.tooLarge {
			at.Problem(fmt.Sprintf("more than %d fields, with the definitions put in", MaxFields), "make the inner ones json")
		}
		r.tooLarge, total.fields = true, MaxFields+1 // no sum of them overflows
	}
}

// refer reads the definition that a value refers to.
func (r *reader) refer(target strict.Node) (Value, size) {
	name := target.Text()
	d, ok := r.definitions[name]
	switch {
	case name == "":
		if target.IsText() {
			target.Problem("target is empty", "it is the name of a definition")
		}
		return Value{}, size{}
	case !ok:
		known := make([]string, 0, len(r.definitions))
		for k := range r.definitions {
			known = append(known, k)
		}
		slices.Sort(known)
		target.Problem(fmt.Sprintf("there is no definition %q", name), strict.DidYouMean(name, known))
		return Value{}, size{}
	case d.reading:
		target.Problem(fmt.Sprintf("the definition %q contains itself", name), "make the inner one json")
		return Value{}, size{}
	case !d.read:
		d.reading = true
		d.node.Mapping(func(m *strict.Mapping) {
			refuseTransformations(m)
			m.Optional("description").Text()
			d.value, d.size = r.value(m)
		})
		d.reading, d.read = false, true
	}
	return d.value, d.size
}

// unusedDefinitions reads what nothing refers to, so that its mistakes are told as well.
func (r *reader) unusedDefinitions() {
	for _, d := range r.definitions {
		if !d.read {
			d.name.Problem("nothing refers to this definition", "leave it out")
		}
	}
}

// only reports a key that has no meaning for a type.
func only(n strict.Node, key, got string, of ...string) {
	if n.Present() && !slices.Contains(of, got) {
		n.Problem(fmt.Sprintf("%s has no meaning for the type %s", key, got), "it is for "+strings.Join(of, ", "))
	}
}

func readTimeFormats(m *strict.Mapping, one, several strict.Node) (formats []TimeFormat) {
	nodes := several.List()
	switch {
	case one.Present() && several.Present():
		one.Problem("timeFormat beside timeFormats", "put it on the list")
	case one.Present():
		nodes = []strict.Node{one}
	case len(nodes) == 0:
		m.Problem("a timestamp needs timeFormat or timeFormats", `as rfc3339, unix_ms, or "%Y-%m-%d %H:%M:%S"`)
	}
	if len(nodes) > maxTimeFormats {
		several.Problem(fmt.Sprintf("a list of %d time formats", len(nodes)), fmt.Sprintf("%d are the most", maxTimeFormats))
		nodes = nil
	}
	for _, n := range nodes {
		text := n.Text()
		if !n.IsText() {
			continue
		}
		f, err := ParseTimeFormat(text)
		if err != nil {
			hint := ""
			if !strings.ContainsAny(text, "%=") {
				hint = strict.DidYouMean(text, []string{"rfc3339", "unix", "unix_ms", "unix_us", "unix_ns", "layout=...", "%Y-%m-%d %H:%M:%S"})
			}
			n.Problem(err.Error(), hint)
			continue
		}
		formats = append(formats, f)
	}
	return formats
}

func readIndicators(list strict.Node) (indicators []Indicator) {
	for _, n := range list.List() {
		if i := n.OneOf(texts(Indicators())...); i != "" {
			indicators = append(indicators, Indicator(i))
		}
	}
	return indicators
}
