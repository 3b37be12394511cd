package logtype

import (
	"fmt"
	"slices"

	"panther/schemas/strict"
)

// A maker is a field at the top of a schema that is made of other values, as the document has it. It becomes a Derived when all
// fields are read.
type maker struct {
	field     string
	stage     stage
	at        strict.Node   // of the transformation
	from      []strict.Node // the paths of what it is made of, or the template
	separator string
	index     int
}

// Bounds of what a schema makes every line be worked over with. Templates that are put into templates could grow without bound.
const (
	maxMade     = 200      // fields that are made of others
	maxPaths    = 500      // what all of them are made of, with templates put in
	maxLiterals = 64 << 10 // bytes of what stands between
)

// A stage is when a transformation takes place; it sees what those before it made.
type stage int

const (
	expandStage stage = iota
	copyStage
	concatStage
	splitStage
)

func (s stage) String() string { return [...]string{"expandFields", "copy", "concat", "split"}[s] }

// readRename reads the name that a field has in the line.
func readRename(m *strict.Mapping, name string) (from string) {
	m.Optional("rename").Mapping(func(r *strict.Mapping) {
		n := r.Required("from")
		from = n.Text()
		switch {
		case !n.IsText():
		case from == "":
			n.Problem("rename: from is empty", "it is the name that the field has in the line")
		case from == name:
			n.Problem(fmt.Sprintf("rename: the field is called %q already", name), "leave rename out")
		}
	})
	return from
}

// readTransformations reads what a field is made of. Only fields at the top can be made of others: within an array nobody
// knows which of its elements a path means.
func (r *reader) readTransformations(m *strict.Mapping, f Field, top bool) {
	var made []maker
	note := func(key string, s stage, read func(m *strict.Mapping, mk *maker)) {
		n := m.Optional(key)
		if !n.Present() {
			return
		}
		mk := maker{field: f.Name, stage: s, at: n}
		n.Mapping(func(m *strict.Mapping) { read(m, &mk) })
		made = append(made, mk)
	}
	note("copy", copyStage, func(m *strict.Mapping, mk *maker) { mk.from = []strict.Node{m.Required("from")} })
	note("concat", concatStage, readConcat)
	note("split", splitStage, readSplit)
	switch {
	case len(made) == 0:
		return
	case !top:
		made[0].at.Problem(fmt.Sprintf("%s within an object", made[0].stage), "only fields at the top can be made of others; move the field there")
		return
	case len(made) > 1:
		made[1].at.Problem(fmt.Sprintf("%s beside %s", made[1].stage, made[0].stage), "a field is made in one way; give the other a field of its own")
	case f.From != "":
		made[0].at.Problem(fmt.Sprintf("%s beside rename", made[0].stage), "a field that is made of others is no member of the line")
	}
	r.made = append(r.made, made[0])
}

func readConcat(m *strict.Mapping, mk *maker) {
	mk.separator = m.Optional("separator").Text()
	paths := m.Required("paths")
	mk.from = paths.List()
	if paths.IsList() && len(mk.from) < 2 {
		paths.Problem("concat needs two paths or more", "to take one value as it is, use copy")
	}
}

func readSplit(m *strict.Mapping, mk *maker) {
	mk.from = []strict.Node{m.Required("from")}
	separator := m.Required("separator")
	mk.separator = separator.Text()
	if separator.IsText() && mk.separator == "" {
		separator.Problem("split: the separator is empty", `as "," or "@"`)
	}
	index := m.Required("index")
	mk.index = index.Int()
	if mk.index < 0 || mk.index > MaxFields {
		index.Problem(fmt.Sprintf("split: there is no part %d", mk.index), "parts are counted from 0")
	}
}

// refuseTransformations says that a value without a name of its own cannot be made of others.
func refuseTransformations(m *strict.Mapping) {
	for _, key := range []string{"rename", "copy", "concat", "split"} {
		m.Refuse(key, fmt.Sprintf("%s of a value that has no name", key), "it is for fields")
	}
}

// resolve makes Derived of what was read, in the order in which transformations take place.
func (r *reader) resolve(fields []Field, expand []strict.Pair) {
	for _, pair := range expand {
		if slices.ContainsFunc(r.made, func(m maker) bool { return m.field == pair.Key }) {
			pair.Name.Problem(fmt.Sprintf("the field %q is made of others already", pair.Key), "a field is made in one way")
			continue
		}
		r.made = append(r.made, maker{field: pair.Key, stage: expandStage, at: pair.Name, from: []strict.Node{pair.Value}})
	}
	slices.SortStableFunc(r.made, func(a, b maker) int { return int(a.stage - b.stage) })
	if len(r.made) > maxMade {
		r.made[maxMade].at.Problem(fmt.Sprintf("more than %d fields that are made of others", maxMade), "leave some to those who read the events")
		return
	}
	p := pathReader{fields: fields, made: r.made, paths: maxPaths, literals: maxLiterals}
	for _, m := range r.made {
		f := p.field(m.field)
		if f == nil {
			known := make([]string, len(fields))
			for i, f := range fields {
				known[i] = f.Name
			}
			m.at.Problem(fmt.Sprintf("there is no field %q", m.field), strict.DidYouMean(m.field, known))
			continue
		}
		if f.Derived = p.derived(m); !p.count(f.Derived) {
			m.at.Problem(fmt.Sprintf("fields are made of more than %d values, or of more than %d bytes of text between them", maxPaths, maxLiterals),
				"templates count as often as they are put into others; make fewer")
			return
		}
	}
	for _, m := range r.made {
		if f := p.field(m.field); f != nil {
			p.check(m, f)
		}
	}
}

// derived resolves the paths of one transformation; nil if one of them is none.
func (p *pathReader) derived(m maker) *Derived {
	if m.stage == expandStage {
		return &Derived{Join: readTemplate(m.from[0])}
	}
	parts := make([]Derived, 0, len(m.from))
	for _, n := range m.from {
		if d, ok := p.read(n, m); ok {
			parts = append(parts, d)
		}
	}
	if len(parts) < len(m.from) || len(parts) == 0 {
		return &Derived{Copy: Path{""}} // a mistake was reported
	}
	first := parts[0]
	switch m.stage {
	case copyStage:
		return &first
	case splitStage:
		return &Derived{Split: &Split{Path: first.Copy, Join: first.Join, Separator: m.separator, Index: m.index}}
	}
	var join *Join
	for i, part := range parts {
		next, literal := part.Join, m.separator
		if next == nil {
			next = joinOf(part.Copy)
		}
		if i == 0 {
			literal = ""
		}
		if join = join.then(literal, next); len(join.Paths) > maxPaths || join.size() > maxLiterals {
			break // it is refused
		}
	}
	return &Derived{Join: join}
}

// count takes off what a field is made of from what all fields may be made of, and reports whether there was enough.
func (p *pathReader) count(d *Derived) bool {
	p.paths -= len(d.Paths())
	for _, join := range []*Join{d.Join, d.join()} {
		if join != nil {
			p.literals -= join.size()
		}
	}
	return p.paths >= 0 && p.literals >= 0
}

// readTemplate reads a text with fields in it, as "%{year}-%{month}".
func readTemplate(n strict.Node) *Join {
	text := n.Text()
	fields, literals, err := cutTemplate(text)
	switch {
	case err != nil:
		n.Problem(err.Error(), "")
		return &Join{Literals: []string{""}}
	case slices.Contains(fields, ""):
		n.Problem(fmt.Sprintf("the template %q has a field without a name", text), "as %{name}")
		return &Join{Literals: []string{""}}
	case n.IsText() && text == "":
		n.Problem("the template is empty", "as %{year}-%{month}-%{day}")
	}
	join := &Join{Literals: literals}
	for _, f := range fields {
		join.Paths = append(join.Paths, Path{f})
	}
	return join
}

// reportSameMember reports a member of the line that two fields want to be; places are where the fields stand.
func reportSameMember(fields []Field, places []strict.Node) {
	for i := range fields {
		f := &fields[i]
		j := slices.IndexFunc(fields[:i], func(g Field) bool { return g.Derived == nil && g.Member() == f.Member() })
		if f.Derived != nil || j < 0 || fields[j].Name == f.Name || i >= len(places) {
			continue
		}
		places[i].Problem(fmt.Sprintf("the fields %q and %q are both the member %q", fields[j].Name, f.Name, f.Member()), "copy it, to have it twice")
	}
}
