package infer

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"panther/schemas/logtype"
)

// A Draft is a schema made from samples.
type Draft struct {
	Schema *logtype.Schema
	Text   string // the YAML document, with comments on what was guessed
	Notes  []Note
}

// A Note says what a person should look at.
type Note struct {
	Path string // of the field
	Text string
}

// Draft makes the schema of the lines so far, under a name as Vendor.LogType. It fails if there was no line, or no name in
// them that a field could have.
func (o *Observer) Draft(name string) (*Draft, error) {
	if o.lines == 0 {
		return nil, errors.New("there was no line to learn from")
	}
	var r resolver
	for limit := maxMembers; ; limit /= 2 {
		r = resolver{limit: limit, comments: map[string]string{}}
		fields := r.fields(o.root, "", 1)
		if total := sizeOf(fields); total > logtype.MaxFields && limit > 0 {
			continue
		}
		for sizeOf(fields) > logtype.MaxFields {
			fields = fields[:len(fields)-1]
		}
		if len(fields) == 0 {
			return nil, errors.New("no member of the lines has a name that a field can have")
		}
		r.chooseEventTime(fields)
		return o.draft(name, fields, r), nil
	}
}

func (o *Observer) draft(name string, fields []logtype.Field, r resolver) *Draft {
	lines := "lines"
	if o.lines == 1 {
		lines = "line"
	}
	s := &logtype.Schema{Name: name, Description: fmt.Sprintf("Inferred from %d %s.", o.lines, lines), Fields: fields}
	d := &Draft{Schema: s}
	if o.csv != nil {
		s.Parser = o.csv.parser()
	}
	for _, name := range slices.Sorted(maps.Keys(o.left)) {
		d.Notes = append(d.Notes, Note{name, "left out: " + o.left[name]})
	}
	if o.root.wide {
		d.Notes = append(d.Notes, Note{"", fmt.Sprintf("the lines have more than %d names; the others are left out", maxTop)})
	}
	d.Notes = append(d.Notes, r.notes...)
	d.Text = write(s, r.comments)
	return d
}

// A resolver gives types to shapes.
type resolver struct {
	limit    int // an object with more members is json
	notes    []Note
	comments map[string]string // by path
}

func (r *resolver) note(path, text string) {
	r.notes = append(r.notes, Note{path, text})
	r.comments[path] = text
}

// fields resolves the members of an object.
func (r *resolver) fields(s *shape, path string, depth int) (fields []logtype.Field) {
	for _, m := range s.members {
		at := m.name
		if path != "" {
			at = path + "." + m.name
		}
		f := logtype.Field{Name: m.name, Value: r.value(&m.shape, at, depth)}
		there := m.seen[filled]
		if f.Type == logtype.String || f.Type == logtype.JSON {
			there += m.seen[blank]
		}
		f.Required = there == s.objects
		fields = append(fields, f)
	}
	return fields
}

// value resolves one place.
func (r *resolver) value(s *shape, path string, depth int) logtype.Value {
	kinds := 0
	for _, n := range []int{s.objects, s.arrays, s.scalars()} {
		if n > 0 {
			kinds++
		}
	}
	switch {
	case kinds == 0 && s.cells:
		return logtype.Value{Type: logtype.String}
	case kinds == 0:
		r.note(path, "only null was seen")
		return logtype.Value{Type: logtype.JSON}
	case kinds > 1:
		r.note(path, "of several kinds: "+s.kinds())
		return logtype.Value{Type: logtype.JSON}
	case s.objects > 0:
		return r.object(s, path, depth)
	case s.arrays > 0:
		return r.array(s, path, depth)
	}
	return r.scalar(s, path)
}

func (r *resolver) object(s *shape, path string, depth int) logtype.Value {
	switch {
	case s.wide || len(s.members) > r.limit:
		r.note(path, "an object with many names")
	case depth >= logtype.MaxNesting:
		r.note(path, "nested too deep for a schema")
	case len(s.members) > 0:
		return logtype.Value{Type: logtype.Object, Fields: r.fields(s, path, depth+1)}
	case s.unnamed:
		r.note(path, "an object without a name that a field can have")
	default:
		r.note(path, "an object without members")
	}
	return logtype.Value{Type: logtype.JSON}
}

func (r *resolver) array(s *shape, path string, depth int) logtype.Value {
	switch {
	case depth >= logtype.MaxNesting:
		r.note(path, "nested too deep for a schema")
		return logtype.Value{Type: logtype.JSON}
	case s.element.objects+s.element.arrays+s.element.scalars()+s.element.nulls == 0:
		r.note(path, "an array without elements")
		return logtype.Value{Type: logtype.Array, Element: &logtype.Value{Type: logtype.JSON}}
	}
	element := r.value(s.element, path+"[]", depth+1)
	return logtype.Value{Type: logtype.Array, Element: &element}
}

// scalar resolves single values: bigint widens to float, both to string, and so do booleans beside others.
func (r *resolver) scalar(s *shape, path string) logtype.Value {
	if formats, open := s.times.formats(); len(formats) > 0 && s.booleans == 0 {
		if open {
			r.note(path, "the day may be the month: all samples can be read both ways")
		}
		return logtype.Value{Type: logtype.Timestamp, TimeFormats: formats}
	}
	switch {
	case s.texts == 0 && s.numbers() == 0 && s.booleans > 0:
		return logtype.Value{Type: logtype.Boolean}
	case s.texts > 0 || s.booleans > 0 || s.numbers() == 0:
	case s.large > 0:
		r.note(path, "numbers that neither bigint nor float holds")
	case s.cells && slices.Contains(s.looks.indicators(), logtype.AWSAccountID):
	case s.decimals > 0:
		return logtype.Value{Type: logtype.Float}
	default:
		return logtype.Value{Type: logtype.BigInt}
	}
	v := logtype.Value{Type: logtype.String}
	if s.booleans == 0 && (s.numbers() == 0 || s.cells) {
		v.Indicators = s.looks.indicators()
	}
	return v
}

// kinds says in words what was seen.
func (s *shape) kinds() string {
	var words []string
	for _, k := range []struct {
		n    int
		word string
	}{{s.objects, "objects"}, {s.arrays, "arrays"}, {s.texts + s.blanks, "texts"}, {s.numbers(), "numbers"}, {s.booleans, "booleans"}} {
		if k.n > 0 {
			words = append(words, k.word)
		}
	}
	return strings.Join(words, " and ")
}

// sizeOf counts fields and elements, as the language does.
func sizeOf(fields []logtype.Field) (n int) {
	for _, f := range fields {
		n += valueSize(f.Value)
	}
	return n
}

func valueSize(v logtype.Value) int {
	n := 1 + sizeOf(v.Fields)
	if v.Element != nil {
		n += valueSize(*v.Element)
	}
	return n
}

// eventTimes are names of fields that say when an event happened, the best first.
var eventTimes = []string{"@timestamp", "timestamp", "eventtime", "eventtimestamp", "time", "published", "ts", "datetime", "occurred",
	"starttime", "start", "createdat", "created", "date"}

// chooseEventTime marks the timestamp that says when an event happened: by its name, else the first that is required, else
// the first; of those in inner objects, where the top has none. Those in arrays are many, and so none.
func (r *resolver) chooseEventTime(fields []logtype.Field) {
	if !markEventTime(fields) {
		r.notes = append(r.notes, Note{"", "no field is a time: events will have the time of their arrival"})
	}
}

func markEventTime(fields []logtype.Field) bool {
	best, rank := -1, 0
	for i, f := range fields {
		if f.Type != logtype.Timestamp {
			continue
		}
		if n := eventTimeRank(f); best < 0 || n < rank {
			best, rank = i, n
		}
	}
	if best >= 0 {
		fields[best].IsEventTime = true
		return true
	}
	for _, f := range fields {
		if f.Type == logtype.Object && markEventTime(f.Fields) {
			return true
		}
	}
	return false
}

// eventTimeRank is the smaller the more likely a timestamp is that of its event.
func eventTimeRank(f logtype.Field) int {
	name := strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(f.Name))
	n := slices.Index(eventTimes, name)
	switch {
	case n >= 0 && f.Required:
		return n
	case n >= 0:
		return len(eventTimes) + n
	case f.Required:
		return 2 * len(eventTimes)
	}
	return 3 * len(eventTimes)
}
