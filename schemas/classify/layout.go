package classify

import (
	"maps"
	"weak"

	"panther/schemas/logtype"
)

// A layout is where the values of a log type go, in a table that has a column for each of its fields: then a line's values come
// into columns as they stand on the tape, and all of them fit.
type layout struct {
	schema  *logtype.Schema
	logType []byte                   // its name, with padding
	slots   []slot                   // by the place in member.emits
	own     [len(ownMembers)]*Column // nil: it is not wanted
	sets    [maxSets]*Column         // of indicators; nil likewise
}

// A slot is a field and its column.
type slot struct {
	*view
	column     *Column
	indicators uint32
	known      flags // that most values have
	odd        flags // those that are to be as known, or else put looks at the value
	asIs       uint8 // the kinds, one a bit, whose values go into the column as content says
	content    content
	quotes     uint8 // how many of these are on both sides of a text
	typ        typ
	json       bool // it has texts, which say what the event has there
}

// A content is what a column has of most values of a field.
type content uint8

const (
	itsText  content = iota // the bytes of the line, but for quotes
	itsValue                // the entry's integer
	itsTime                 // the entry's time, which may be that of the event
)

// The members that all events have, beside the sets of indicators.
const (
	ownLogType = iota
	ownRowID
	ownEventTime
	ownParseTime
	ownSourceID
	ownSourceLabel
	ownVersion
	ownSourceFile
	ownHeader
	ownFlags
)

var ownMembers = [...]struct {
	name string
	kind ColumnKind
}{
	ownLogType:     {"p_log_type", TextColumn},
	ownRowID:       {"p_row_id", TextColumn},
	ownEventTime:   {"p_event_time", TimeColumn},
	ownParseTime:   {"p_parse_time", TimeColumn},
	ownSourceID:    {"p_source_id", TextColumn},
	ownSourceLabel: {"p_source_label", TextColumn},
	ownVersion:     {"p_schema_version", LongColumn},
	ownSourceFile:  {"p_source_file", TextColumn},
	ownHeader:      {"p_header", TextColumn},
	ownFlags:       {"p_flags", ListColumn},
}

// layouts are those of schemas of lines. Plans come and go, and each has its own layout of a log type: it is forgotten once
// nobody has the plan any more.
type layouts struct {
	all    map[weak.Pointer[member]]*layout // nil: there is none
	grown  int                              // how many there were when dead ones were last thrown away
	member *member                          // of the last line
	layout *layout                          // its layout
}

// layoutOf returns the layout of a schema; nil: some column is not there, or of another type, so that values may not fit.
func (f *Filler) layoutOf(p *part, m *member) *layout {
	y := &f.layouts
	if m == y.member {
		return y.layout
	}
	key := weak.Make(m)
	one, known := y.all[key]
	if !known {
		one = f.newLayout(p, m)
		y.add(key, one)
	}
	y.member, y.layout = m, one
	return one
}

func (y *layouts) add(key weak.Pointer[member], one *layout) {
	if len(y.all) > 2*y.grown {
		maps.DeleteFunc(y.all, func(key weak.Pointer[member], _ *layout) bool { return key.Value() == nil })
		y.grown = len(y.all) + 8
	}
	if y.all == nil {
		y.all = map[weak.Pointer[member]]*layout{}
	}
	y.all[key] = one
}

func (f *Filler) newLayout(p *part, m *member) *layout {
	y := &layout{schema: m.schema, logType: padded(m.schema.Name), slots: make([]slot, len(m.emits))}
	b := &layoutBuilder{part: p, layout: y, member: m, names: &f.names, taken: map[*Column]bool{}}
	if b.addOwn(f.wanted) && b.addNode(0, 0, f.wanted) {
		return b.layout
	}
	return nil
}

// A layoutBuilder makes a layout.
type layoutBuilder struct {
	*part
	*layout
	member *member
	names  *union // of the members that columns want
	taken  map[*Column]bool
}

// spotAt returns what becomes of a member of an object, and its field among those that columns want; nil: nobody says.
func (b *layoutBuilder) spotAt(node int32, wanted []spot, member string) (*spot, *field) {
	nd := &b.names.nodes[node]
	k := nd.keys.find([]byte(member), b.names.names[nd.first:])
	if k < 0 || !wanted[k].known {
		return nil, nil
	}
	return &wanted[k], &b.names.fields[int(nd.first)+k]
}

func (b *layoutBuilder) addOwn(wanted []spot) bool {
	for i, own := range ownMembers {
		if !b.addOne(wanted, own.name, own.kind, &b.own[i]) {
			return false
		}
	}
	for i, set := range logtype.IndicatorSets() {
		if !b.addOne(wanted, set, ListColumn, &b.sets[i]) {
			return false
		}
	}
	return true
}

// addOne finds the column of a member that all events have, which may be unwanted.
func (b *layoutBuilder) addOne(wanted []spot, member string, k ColumnKind, at **Column) bool {
	s, _ := b.spotAt(0, wanted, member)
	if s == nil || len(s.into) == 0 {
		return s != nil
	}
	c := s.into[0].column
	*at = c
	switch {
	case !b.take(c) || s.into[0].json && member != ownMembers[ownHeader].name: // as JSON a text has its quotes
		return false
	case k == ListColumn:
		return c.Kind == ListColumn && c.Children[0].takesText()
	}
	return c.Kind == k || k == TextColumn && c.takesText()
}

func (c *Column) takesText() bool { return c.Kind == TextColumn || c.Kind == DictionaryColumn }

// take reports whether a column was free: of two members that go to one, a row may have the second.
func (b *layoutBuilder) take(c *Column) bool {
	free := !b.taken[c]
	b.taken[c] = true
	return free
}

// addNode finds the columns of the fields of an object: a node of the part, and one of the members that columns want.
func (b *layoutBuilder) addNode(ni, node int32, wanted []spot) bool {
	nd := &b.nodes[ni]
	for id := nd.first; id < nd.first+nd.count; id++ {
		place := b.member.places[id]
		if place == 0 {
			continue
		}
		v := b.member.emits[place].view
		if v.typ == typSource {
			continue
		}
		s, f := b.spotAt(node, wanted, v.field.Name)
		if s == nil || len(s.into) == 0 || !b.add(id, f, s.into[0].column, &s.into[0]) {
			return false
		}
	}
	return true
}

// add gives a field, or the elements of one, a column, and what is in it.
func (b *layoutBuilder) add(id uint32, f *field, c *Column, into *target) bool {
	place := b.member.places[id]
	x := &b.slots[place]
	e := b.member.emits[place]
	v := *e.view // its own: those of a plan are one piece of memory
	*x = slot{view: &v, column: c, indicators: v.indicators, known: expected, odd: e.odd, typ: v.typ, json: into.json && c.takesText()}
	switch {
	case v.typ == typJSON && x.json:
		x.asIs = anyKind
	case x.json:
	case b.part.split != nil:
		x.ofCells()
	default:
		x.ofJSON()
	}
	if !b.take(c) {
		return false
	}
	if x.json {
		return true
	}
	switch x.typ {
	case typString:
		return c.takesText()
	case typInt, typSmallInt:
		return c.Kind == IntColumn || c.Kind == LongColumn
	case typBigInt:
		return c.Kind == LongColumn
	case typFloat:
		return c.Kind == FloatColumn
	case typBoolean:
		return c.Kind == BoolColumn
	case typTimestamp:
		return c.Kind == TimeColumn
	case typArray:
		return c.Kind == ListColumn && b.add(uint32(b.part.fields[id].element), &b.names.fields[f.element], c.Children[0], into)
	case typObject:
		return c.Kind == StructColumn && b.addNode(b.part.fields[id].child, f.child, into.within)
	}
	return false
}

// ofJSON says which values of JSON go into the column as they are, wherever the member's name stands.
func (x *slot) ofJSON() {
	x.odd &^= plainKey | canonical
	switch {
	case x.plain:
		x.asIs, x.quotes = 1<<str, 1
	case x.typ.isInteger():
		x.asIs, x.content, x.odd = 1<<number, itsValue, x.odd|fraction|long
	case x.typ == typTimestamp:
		x.asIs, x.content, x.known, x.odd = 1<<str|1<<number, itsTime, x.known|converted, x.odd|converted
	}
}

// ofCells says which cells of a line of text go into the column as they are.
func (x *slot) ofCells() {
	x.known, x.odd = bare, ^flags(0)
	switch {
	case x.plain:
		x.asIs = 1 << str
	case x.typ.isInteger():
		x.asIs, x.content, x.known = 1<<str, itsValue, bare|converted
	case x.typ == typTimestamp:
		x.asIs, x.content, x.known, x.odd = 1<<str, itsTime, bare|converted, ^canonical
	}
}
