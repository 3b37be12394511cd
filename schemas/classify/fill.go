package classify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"unicode/utf8"
)

// An Aim says where the values of a member of events go. Of several aims for one member the last one counts.
type Aim struct {
	Member string
	Into   []Into // the first that takes a value has it; none: the value is not wanted
}

// An Into is a column that a member may go into.
type Into struct {
	Column *Column
	JSON   bool  // texts hold JSON: a string has its quotes there; also of the texts in a list
	Within []Aim // of a struct, or of the structs in a list
}

// A Filler fills columns from events, as a Checker writes them, of one version of a log type, or from their lines: see AddMatched.
// Several may share their columns. It walks an event as it would walk a line whose only schema is the members that columns want.
// Nothing is lost: Add returns what no column takes. One goroutine uses a Filler.
type Filler struct {
	worker
	names   union // of the members
	wanted  []spot
	layouts layouts
	left    map[string]json.RawMessage
}

// A spot is what becomes of a member. The spots of an object are in the order of the fields of its node.
type spot struct {
	known bool
	into  []target
}

type target struct {
	column *Column
	json   bool
	within []spot
}

// NewFiller makes a Filler.
func NewFiller(aims []Aim) *Filler {
	f := &Filler{}
	f.spare = 60 // the line of an event was as deep as it may be, and what was around it is one level below p_header
	b := &builder{union: &f.names, budget: budget{left: math.MaxInt, ahead: 1}}
	b.groups = []group{{}}
	root := newTree()
	b.addAims(root, aims)
	b.node(root)
	f.unknown = uint32(len(b.fields)) // never 0: the elements of no array
	b.newField("")
	f.wanted = f.spots(0, aims)
	return f
}

// addAims adds members to a tree.
func (b *builder) addAims(t *tree, aims []Aim) {
	for _, a := range aims {
		m := b.member(t, a.Member)
		for _, into := range a.Into {
			b.addColumn(m, into.Column, into.Within)
		}
	}
}

func (b *builder) addColumn(m *branch, c *Column, within []Aim) {
	switch c.Kind {
	case StructColumn:
		if m.child == nil {
			m.child = newTree()
		}
		b.addAims(m.child, within)
	case ListColumn:
		if m.element == nil {
			m.element = &branch{}
		}
		b.addColumn(m.element, c.Children[0], within)
	}
}

// spots lays aims down in the order of the fields of a node.
func (f *Filler) spots(ni int32, aims []Aim) []spot {
	nd := &f.names.nodes[ni]
	spots := make([]spot, nd.count)
	for _, a := range aims {
		k := nd.keys.find([]byte(a.Member), f.names.names[nd.first:])
		spots[k] = spot{known: true}
		for _, into := range a.Into {
			t := target{column: into.Column, json: into.JSON}
			field, c := &f.names.fields[int(nd.first)+k], into.Column
			for c.Kind == ListColumn {
				field, c = &f.names.fields[field.element], c.Children[0]
			}
			if c.Kind == StructColumn {
				t.within = f.spots(field.child, into.Within)
			}
			spots[k].into = append(spots[k].into, t)
		}
	}
	return spots
}

// Add fills a row from an event; columns that it has nothing for stay shorter. What no column takes is left over, by its path
// in the event; a text that is no event at all is left over whole, as a string by the path "event".
func (f *Filler) Add(event []byte, row int) (left map[string]json.RawMessage) {
	f.left = nil
	f.load(event)
	f.reset(&f.names, nil)
	if f.walk(recorder); f.trouble != noTrouble {
		whole, _ := json.Marshal(string(event)) // of any string
		return map[string]json.RawMessage{"event": whole}
	}
	f.markDuplicates()
	f.putMembers(f.wanted, 0, len(f.tape), row)
	return f.left
}

// putMembers fills columns from the members of an object, which stand between two entries.
func (f *Filler) putMembers(wanted []spot, from, to, row int) {
	for t := from; t < to; t = int(f.tape[t].next) {
		e := &f.tape[t]
		if e.kind == null || e.flags&duplicate != 0 {
			continue
		}
		if e.field == f.unknown || !f.putMember(&wanted[f.fields[e.field].index], t, row) {
			f.leave(t)
		}
	}
}

// putMember puts the value of the entry at t into the first column that takes it.
func (f *Filler) putMember(s *spot, t, row int) bool {
	for i := range s.into {
		if x := &s.into[i]; x.column.Len <= row {
			if f.put(x, x.column, t, row) {
				return true
			}
		}
	}
	return s.known && len(s.into) == 0
}

// put puts the value of the entry at t into a row of a column, or nothing if the column does not take it.
func (f *Filler) put(x *target, c *Column, t, row int) bool {
	e := &f.tape[t]
	switch c.Kind {
	case StructColumn:
		if e.kind != object {
			return false
		}
		c.pad(row)
		c.Len++
		f.putMembers(x.within, t+1, int(e.next), row)
		return true
	case ListColumn:
		if e.kind != array {
			return false
		}
		c.pad(row)
		f.putElements(x, c.Children[0], t)
		c.EndList()
		return true
	}
	return f.putScalar(x, c, e, row)
}

// putElements puts the elements of the array at t into a column; those that it does not take are null there.
func (f *Filler) putElements(x *target, c *Column, t int) {
	for k, end := t+1, int(f.tape[t].next); k < end; k = int(f.tape[k].next) {
		row := c.Len
		if f.tape[k].kind == null {
			c.pad(row + 1)
		} else if !f.put(x, c, k, row) {
			c.pad(row + 1)
			f.leave(k)
		}
	}
}

// putScalar puts a value into a column that has no others in it.
func (f *Filler) putScalar(x *target, c *Column, e *entry, row int) bool {
	switch c.Kind {
	case TextColumn, DictionaryColumn:
		c.pad(row)
		f.putText(x, c, e)
		return true
	case NoColumn:
		return false
	}
	if e.kind == object || e.kind == array {
		return false
	}
	text := f.textOf(e)
	switch c.Kind {
	case IntColumn, LongColumn:
		conv := conv{typ: typBigInt}
		if c.Kind == IntColumn {
			conv.typ = typInt
		}
		n, r := conv.integer(e, text)
		if r != fits {
			return false
		}
		c.pad(row)
		c.AppendInt(n)
	case TimeColumn:
		at, _, r := instant{}, flags(0), mismatch
		if e.kind == str {
			at, _, r = parseRFC3339(text)
		}
		if r != fits {
			return false
		}
		c.pad(row)
		c.AppendInt(at.micros())
	case FloatColumn:
		value, ok := parseFloat(text)
		if !ok {
			return false
		}
		c.pad(row)
		c.appendFloat(value)
	case BoolColumn:
		if checkBoolean(text) != fits {
			return false
		}
		c.pad(row)
		c.AppendBool(isTrue(text))
	}
	return true
}

// putText puts what a value says into a column, or the value as JSON.
func (f *Filler) putText(x *target, c *Column, e *entry) {
	if e.kind == str && !x.json {
		if e.flags&(escaped|high) != 0 {
			c.AppendText(f.textOf(e))
		} else {
			c.AppendText(f.buf[e.start+1 : e.end-1])
		}
		return
	}
	value := f.buf[e.start:e.end]
	if !utf8.Valid(value) {
		value = bytes.ToValidUTF8(value, []byte(string(utf8.RuneError)))
	}
	c.AppendText(value)
}

// leave notes that no column takes the value at t.
func (f *Filler) leave(t int) {
	if f.left == nil {
		f.left = map[string]json.RawMessage{}
	}
	e := &f.tape[t]
	f.left[f.path(t)] = bytes.Clone(f.buf[e.start:e.end])
}

// path is the way from the event to an entry: a.b[2].c.
func (f *Filler) path(t int) string {
	var path []byte
	inArray, n := false, 0
	for at := 0; at <= t; {
		e := &f.tape[at]
		if int(e.next) <= t {
			at, n = int(e.next), n+1
			continue
		}
		switch {
		case inArray:
			path = fmt.Appendf(path, "[%d]", n)
		case len(path) > 0:
			path = append(path, '.')
			fallthrough
		default:
			path = append(path, f.nameOf(e)...)
		}
		inArray, n = e.kind == array, 0
		at++
	}
	return string(path)
}

func (f *Filler) nameOf(e *entry) string {
	if e.field != f.unknown {
		return f.union.names[e.field]
	}
	from := int(e.value) + 1
	to, _ := scanString(f.buf, from)
	name, _ := decode(nil, f.buf[from:to])
	return string(name)
}
