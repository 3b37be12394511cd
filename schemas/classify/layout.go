package classify

import "panther/schemas/logtype"

// A layout is where the values of a log type go, in a table that has a column for each of its fields: then a line's values come
// into columns as they stand on the tape, and all of them fit.
type layout struct {
	member *member
	slots  []slot                   // by the place in member.emits
	own    [len(ownMembers)]*Column // nil: it is not wanted
	sets   [maxSets]*Column         // of indicators; nil likewise
}

// A slot is a field and its column.
type slot struct {
	emit
	column *Column
	json   bool // it has texts, which say what the event has there
}

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

// maxLayouts bounds the plans that a Filler keeps in memory: they come and go, and each has its own layout of a log type.
const maxLayouts = 100

// layoutOf returns the layout of a schema; nil: some column is not there, or of another type, so that values may not fit.
func (f *Filler) layoutOf(p *part, m *member) *layout {
	y, known := f.layouts[m]
	if known {
		return y
	}
	b := &layoutBuilder{part: p, layout: &layout{member: m, slots: make([]slot, len(m.emits))}, taken: map[*Column]bool{}}
	if b.addOwn(f.aims) && b.addNode(0, f.aims) {
		y = b.layout
	}
	if len(f.layouts) == maxLayouts {
		clear(f.layouts)
	}
	f.layouts[m] = y
	return y
}

// A layoutBuilder makes a layout.
type layoutBuilder struct {
	*part
	*layout
	taken map[*Column]bool
}

// aimAt returns what is wanted of a member; false: nobody says.
func aimAt(aims []Aim, member string) (into []Into, ok bool) {
	for _, a := range aims {
		if a.Member == member {
			into, ok = a.Into, true
		}
	}
	return into, ok
}

func (b *layoutBuilder) addOwn(aims []Aim) bool {
	for i, own := range ownMembers {
		if !b.addOne(aims, own.name, own.kind, &b.own[i]) {
			return false
		}
	}
	for i, set := range logtype.IndicatorSets() {
		if !b.addOne(aims, set, ListColumn, &b.sets[i]) {
			return false
		}
	}
	return true
}

// addOne finds the column of a member that all events have, which may be unwanted.
func (b *layoutBuilder) addOne(aims []Aim, member string, k ColumnKind, at **Column) bool {
	into, ok := aimAt(aims, member)
	if !ok || len(into) == 0 {
		return ok
	}
	c := into[0].Column
	*at = c
	if k == ListColumn {
		return b.take(c) && c.Kind == ListColumn && c.Children[0].takesText()
	}
	return b.take(c) && (c.Kind == k || k == TextColumn && c.takesText())
}

func (c *Column) takesText() bool { return c.Kind == TextColumn || c.Kind == DictionaryColumn }

// take reports whether a column was free: of two members that go to one, a row may have the second.
func (b *layoutBuilder) take(c *Column) bool {
	free := !b.taken[c]
	b.taken[c] = true
	return free
}

// addNode finds the columns of the fields of an object.
func (b *layoutBuilder) addNode(ni int32, aims []Aim) bool {
	nd := &b.nodes[ni]
	for id := nd.first; id < nd.first+nd.count; id++ {
		place := b.member.places[id]
		if place == 0 {
			continue
		}
		e := b.member.emits[place-1]
		if e.typ == typSource {
			b.slots[place-1].emit = e
			continue
		}
		into, _ := aimAt(aims, e.field.Name)
		if len(into) == 0 || !b.add(id, into[0].Column, &into[0]) {
			return false
		}
	}
	return true
}

// add gives a field, or the elements of one, a column, and what is in it.
func (b *layoutBuilder) add(id uint32, c *Column, into *Into) bool {
	place := b.member.places[id]
	x := &b.slots[place-1]
	*x = slot{b.member.emits[place-1], c, into.JSON && c.takesText()}
	x.plain = x.plain && !x.json
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
		return c.Kind == ListColumn && b.add(uint32(b.part.fields[id].element), c.Children[0], into)
	case typObject:
		return c.Kind == StructColumn && b.addNode(b.part.fields[id].child, into.Within)
	}
	return false
}
