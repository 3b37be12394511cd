package classify

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"panther/schemas"
)

// A narrator puts the findings against one schema into words: in the order of its fields, and then in that of the line.
type narrator struct {
	*worker
	group   int
	bit     mask
	mine    []finding // sorted by entries
	reasons []schemas.Reason
}

func (w *worker) reasons(g int, bit mask) []schemas.Reason {
	n := &narrator{worker: w, group: g, bit: bit, mine: w.mine[:0]}
	for _, f := range w.findings {
		if f.schemas&bit != 0 {
			n.mine = append(n.mine, f)
		}
	}
	w.mine = n.mine
	if len(n.mine) == 0 {
		return nil
	}
	slices.SortStableFunc(n.mine, func(a, b finding) int { return cmp.Compare(a.entry, b.entry) })
	n.object(-1, "", 0, w.within)
	return n.reasons
}

func (n *narrator) fail(r schemas.Reason) { n.reasons = append(n.reasons, r) }

func (n *narrator) full() bool { return len(n.reasons) >= MaxReasons }

// touched reports whether there are findings in the entries from one to another.
func (n *narrator) touched(from, to int) bool {
	i, _ := slices.BinarySearchFunc(n.mine, from, func(f finding, t int) int { return int(f.entry) - t })
	return i < len(n.mine) && int(n.mine[i].entry) < to
}

// An item is a field of an object with something wrong: the value at an entry, or what is missing.
type item struct {
	rank  uint32
	entry int
	found finding // what is not wrongValue
	view  *view
}

// object tells what is wrong in the object at t; -1 is the line.
func (n *narrator) object(t int, path string, depth int, within *schemas.Span) {
	from, to := t+1, n.ofLine
	if t >= 0 {
		to = int(n.tape[t].next)
	}
	items := n.members(nil, from, to)
	if t < 0 {
		items = n.members(items, n.ofLine, len(n.tape))
	}
	for _, f := range n.mine {
		if f.what != wrongValue && int(f.entry) == t {
			v := n.viewOf(f.field)
			items = append(items, item{v.rank, math.MaxInt, f, v})
		}
	}
	slices.SortStableFunc(items, func(a, b item) int { return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.entry, b.entry)) })
	for _, it := range items {
		if n.full() {
			return
		}
		at := it.view.field.Name
		if path != "" {
			at = path + "." + at
		}
		switch it.found.what {
		case wrongValue:
			n.value(it.entry, it.view, at, depth+1, within)
		case noMember:
			n.missing(t, it, at, within)
		case tooMuch:
			n.fail(schemas.Reason{Code: schemas.LineTooLong, Field: at, Expected: fmt.Sprintf("at most %d bytes that are made of others", MaxMade), Got: "more"})
		case noText:
			source := int(it.found.source)
			span, got := n.place(source, within), n.describe(source)
			n.fail(schemas.Reason{Code: schemas.TypeMismatch, Field: at, Expected: "a text at " + n.pathTo(source), Got: got, Span: span})
		}
	}
}

// members adds those members between two entries that have something wrong.
func (n *narrator) members(items []item, from, to int) []item {
	for t := from; t < to; t = int(n.tape[t].next) {
		e := &n.tape[t]
		if n.rule(n.group, e.field).known&n.bit == 0 || !n.touched(t, int(e.next)) {
			continue
		}
		if v := n.viewOf(e.field); v.field != nil {
			items = append(items, item{rank: v.rank, entry: t, view: v})
		}
	}
	return items
}

func (n *narrator) viewOf(field uint32) *view {
	return n.view(n.group, n.rule(n.group, field), n.bit)
}

// missing tells that a required member is not there, or is absent.
func (n *narrator) missing(object int, it item, path string, within *schemas.Span) {
	r := schemas.Reason{Code: schemas.RequiredMissing, Field: path, Expected: string(it.view.field.Type)}
	if object >= 0 {
		r.Span = n.place(object, within)
	}
	from, to := object+1, n.ofLine
	if object >= 0 {
		to = int(n.tape[object].next)
	} else if it.view.field.Derived != nil {
		from, to = n.ofLine, len(n.tape)
	}
	for t := from; t < to; t = int(n.tape[t].next) {
		if n.tape[t].field != it.found.field {
			continue
		}
		r.Got, r.Span = "empty", n.place(t, within)
		if n.raw(t) == "null" {
			r.Got = "null"
		}
	}
	n.fail(r)
}

// value tells what is wrong with the value at an entry.
func (n *narrator) value(t int, v *view, path string, depth int, within *schemas.Span) {
	e := &n.tape[t]
	if v.embedded && e.kind == str {
		if within == nil {
			span := n.place(t, nil)
			within = &span
		}
		if e.flags&inner == 0 {
			from, to := n.decoded(e)
			r := n.diagnose(from, to, depth, within)
			n.buf = n.buf[:from]
			r.Field = path
			n.fail(*r)
			return
		}
		t++
		e = &n.tape[t]
	}
	switch {
	case v.typ == typObject && e.kind == object:
		n.object(t, path, depth, within)
	case v.typ == typArray && e.kind == array:
		n.elements(t, path, depth, within)
	default:
		code, expected := n.wrong(e, v)
		got := n.describe(t)
		if code == schemas.NotAllowed && v.field.Mask != nil {
			got = e.kind.String() + " (masked)"
		}
		n.fail(schemas.Reason{Code: code, Field: path, Expected: expected, Got: got, Span: n.place(t, within)})
	}
}

func (n *narrator) elements(t int, path string, depth int, within *schemas.Span) {
	i, to := 0, int(n.tape[t].next)
	v := n.viewOf(uint32(n.fields[n.tape[t].field].element))
	for t++; t < to && !n.full(); t = int(n.tape[t].next) {
		if n.touched(t, int(n.tape[t].next)) {
			n.value(t, v, fmt.Sprintf("%s[%d]", path, i), depth+1, within)
		}
		i++
	}
}

// wrong says what a schema expects of a value that is wrong.
func (n *narrator) wrong(e *entry, v *view) (code schemas.Code, expected string) {
	typ := string(v.field.Type)
	if v.conv < 0 || e.kind == object || e.kind == array {
		return schemas.TypeMismatch, typ
	}
	own := *e
	c := &n.convs[v.conv]
	result := c.convert(&own, n.textOf(e), false)
	switch {
	case v.typ == typString:
		expected, _ = v.field.Validate.Check(string(n.textOf(e)))
		return schemas.NotAllowed, expected
	case v.typ == typTimestamp && e.kind != boolean:
		var names []string
		for _, f := range v.field.TimeFormats {
			names = append(names, f.String())
		}
		code = schemas.TimestampFormat
		if result == outOfRange {
			code = schemas.OutOfRange
		}
		return code, "timestamp as " + strings.Join(names, " or ")
	case result == outOfRange && v.typ == typFloat:
		return schemas.OutOfRange, "float up to 1.8e308"
	case result == outOfRange:
		limit := limits[v.typ]
		return schemas.OutOfRange, fmt.Sprintf("%s from %d to %d", typ, -limit-1, limit)
	}
	return schemas.TypeMismatch, typ
}

// place is where the value of an entry stands.
func (n *narrator) place(t int, within *schemas.Span) schemas.Span {
	if within != nil {
		return *within
	}
	c := n.cellOf(&n.tape[t])
	return schemas.Span{Start: c.start, End: c.end}
}

// raw is the value as it stands in the line; of a text that was put together, itself.
func (n *narrator) raw(t int) string {
	e := &n.tape[t]
	c := n.cellOf(e)
	if c.made || e.flags&bare == 0 {
		return string(n.buf[e.start:e.end])
	}
	return string(n.buf[c.start:c.end])
}

// pathTo writes the path of a source, as schemas have it.
func (n *narrator) pathTo(source int) string {
	path := n.names[n.tape[source].field]
	for t := source - 1; t >= 0; t-- {
		if e := &n.tape[t]; int(e.next) > source {
			path = n.names[e.field] + "." + path
		}
	}
	return path
}

// describe says what a value is, and shows it unless it is large.
func (n *narrator) describe(t int) string {
	k := n.tape[t].kind
	if k == object || k == array || k == null {
		return k.String()
	}
	shown := n.raw(t)
	shown = shown[:min(len(shown), maxGot+utf8.UTFMax)]
	if k == str && !strings.HasPrefix(shown, `"`) { // of a line of text
		shown = `"` + shown + `"`
	}
	return cut([]byte(k.String() + " " + shown))
}
