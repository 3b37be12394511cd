package classify

import (
	"fmt"
	"slices"
	"strconv"

	"panther/schemas/logtype"
)

// A tree is a union while it is built: of one object.
type tree struct {
	members []*branch
	byName  map[string]*branch
	made    []*branch // of the line: fields that are made of others
}

// A branch is a field of a tree, and what each schema says of it.
type branch struct {
	name     string
	required bool // by some schema
	says     []saying
	child    *tree
	element  *branch
}

type saying struct {
	schema int
	rank   uint32
	field  *logtype.Field // nil: a value that a field is made of
	leads  bool           // such a value is in it
}

// A builder makes a union of schemas.
type builder struct {
	*union
	budget
	rank        uint32 // of the newest field of the schema that is read
	formats     map[string]timeFormat
	validations map[*logtype.Validate]*validation // fields that refer to one definition share theirs
}

// newUnion merges schemas. left bounds the bytes that it may take; it is lowered by what it takes.
func newUnion(schemas []*logtype.Schema, left *int) (*union, error) {
	b := &builder{union: &union{}, formats: map[string]timeFormat{}, validations: map[*logtype.Validate]*validation{}}
	b.budget = budget{left: *left - costOfSchema*len(schemas), schemas: len(schemas), ahead: max(1, (len(schemas)+groupSize-1)/groupSize)}
	root := b.tree()
	for i, s := range schemas {
		b.rank = 0
		b.addFields(root, i, s.Fields)
		b.addSources(root, i, s.Fields)
		if b.left < 0 {
			return nil, fmt.Errorf("%s and the log types before it have too many fields", s.Name)
		}
	}
	for from := 0; from < len(schemas) || from == 0; from += groupSize {
		n := min(groupSize, len(schemas)-from)
		b.groups = append(b.groups, group{all: recorder>>(groupSize-n) - 1})
	}
	b.node(root)
	b.derivations(root)
	*left = b.left
	return b.union, nil
}

func newTree() *tree { return &tree{byName: map[string]*branch{}} }

// member returns the branch of a name, and makes it if there is none.
func (b *builder) member(t *tree, name string) *branch {
	m := t.byName[name]
	if m == nil {
		m = b.branch(name)
		t.byName[name] = m
		t.members = append(t.members, m)
	}
	return m
}

func (b *builder) addFields(t *tree, schema int, fields []logtype.Field) {
	for i := range fields {
		f := &fields[i]
		b.rank++
		if f.Derived != nil {
			m := b.branch("")
			t.made = append(t.made, m)
			b.addField(m, saying{schema: schema, rank: b.rank, field: f})
			continue
		}
		m := b.member(t, f.Member())
		m.required = m.required || f.Required
		b.addField(m, saying{schema: schema, rank: b.rank, field: f})
		if b.left < 0 {
			return
		}
	}
}

func (b *builder) addField(m *branch, s saying) {
	b.say(m, s)
	if v := s.field.Validate; v != nil && b.validations[v] == nil {
		b.validations[v] = b.validation(v)
	}
	switch s.field.Type {
	case logtype.Object:
		if m.child == nil {
			m.child = b.tree()
		}
		b.addFields(m.child, s.schema, s.field.Fields)
	case logtype.Array:
		if m.element == nil {
			m.element = b.branch("")
		}
		b.addField(m.element, saying{schema: s.schema, rank: b.rank, field: &logtype.Field{Value: *s.field.Element}})
	}
}

// addSources adds the values that fields are made of.
func (b *builder) addSources(root *tree, schema int, fields []logtype.Field) {
	for i := range fields {
		if fields[i].Derived == nil {
			continue
		}
		for _, path := range fields[i].Derived.Paths() {
			b.path(path)
			t := root
			for k, name := range path {
				m := b.member(t, name)
				n := len(m.says)
				if n == 0 || m.says[n-1].schema != schema {
					b.say(m, saying{schema: schema})
					n++
				}
				if k == len(path)-1 {
					break
				}
				m.says[n-1].leads = true
				if m.child == nil {
					m.child = b.tree()
				}
				t = m.child
			}
		}
	}
}

// node lays a tree down and returns its place. Its fields stand together, those that somebody requires first.
func (b *builder) node(t *tree) int32 {
	ni := int32(len(b.nodes))
	slices.SortStableFunc(t.members, func(x, y *branch) int {
		switch {
		case x.required == y.required:
			return 0
		case x.required:
			return -1
		}
		return 1
	})
	names := make([]string, len(t.members))
	for i, m := range t.members {
		names[i] = m.name
	}
	first, all := len(b.fields), slices.Concat(t.members, t.made)
	b.nodes = append(b.nodes, node{first: uint32(first), count: uint32(len(all)), words: (len(all) + 63) / 64, keys: newKeyTable(names)})
	for _, m := range all {
		b.newField(m.name)
	}
	for g := range b.groups {
		b.groups[g].required = append(b.groups[g].required, b.requiredOf(g, t))
	}
	for i, m := range all {
		b.fields[first+i].index = uint32(i)
		b.fill(first+i, m)
	}
	return ni
}

func (b *builder) newField(name string) {
	f := field{id: uint32(len(b.fields)), child: -1, element: -1}
	literal := string(appendString(nil, name)) + ":"
	if name != "" && len(literal) <= 32 && literal == strconv.Quote(name)+":" {
		padded := make([]byte, 32)
		copy(padded, literal)
		for i := range f.literal {
			f.literal[i] = word(padded, 8*i)
		}
		f.length = uint8(len(literal))
	}
	for i := range f.cut {
		f.cut[i] = uint8(min(max(0, 64*(i+1)-8*len(literal)), 64))
	}
	b.fields = append(b.fields, f)
	b.names, b.literals = append(b.names, name), append(b.literals, ","+literal)
	for g := range b.groups[1:] {
		b.groups[1+g].rules = append(b.groups[1+g].rules, rules{})
	}
}

// requiredOf collects what the schemas of a group require of a tree.
func (b *builder) requiredOf(g int, t *tree) (r required) {
	for i, m := range t.members {
		if !m.required {
			break // those that are come first
		}
		r.words = i/64 + 1
	}
	for i, m := range t.members[:min(len(t.members), 64*r.words)] {
		for _, s := range m.says {
			if s.field == nil || !s.field.Required || s.schema/groupSize != g {
				continue
			}
			if r.bits == nil {
				r.bits = make([]uint64, groupSize*r.words)
			}
			r.schemas |= 1 << (s.schema % groupSize)
			r.of(s.schema % groupSize)[i/64] |= 1 << (i % 64)
		}
	}
	for left := r.schemas; left != 0; left &= left - 1 {
		r.firsts = append(r.firsts, firstWord{left & -left, r.of(lowest(left))[0]})
	}
	return r
}

// fill lays down what schemas say of a field, and what is below it.
func (b *builder) fill(id int, m *branch) {
	says, shared := m.says, m.isShared()
	for g := range b.groups {
		n := 0
		for n < len(says) && says[n].schema/groupSize == g {
			n++
		}
		r := b.rules(g, id, says[:n])
		r.shared = shared
		if g == 0 {
			b.fields[id].rules = b.recorded(r, m)
		} else {
			b.groups[g].rules[id] = r
		}
		says = says[n:]
	}
	if m.child != nil {
		child := b.node(m.child)
		b.fields[id].child = child
	}
	if m.element != nil {
		b.newField("")
		element := len(b.fields) - 1
		b.fields[id].element = int32(element)
		b.fill(element, m.element)
	}
}

// isShared reports whether all schemas that convert the field want the same value: integers of any size, or times of one format.
func (m *branch) isShared() bool {
	var first *logtype.Field
	for _, s := range m.says {
		f := s.field
		if f == nil || !typOf(f.Type).isConverted() {
			continue
		}
		if first == nil {
			first = f
		}
		sameFormats := slices.EqualFunc(f.TimeFormats, first.TimeFormats, func(a, b logtype.TimeFormat) bool { return a.String() == b.String() })
		if a, b := typOf(f.Type), typOf(first.Type); !sameFormats || a != b && !(a.isInteger() && b.isInteger()) {
			return false
		}
	}
	return true
}

// recorded adds the recorder, which knows all fields and takes all values.
func (b *builder) recorded(r rules, m *branch) rules {
	r.known |= recorder
	r.number |= recorder
	r.boolean |= recorder
	r.json |= recorder
	if m.child != nil {
		r.object |= recorder
	}
	if m.element != nil {
		r.array |= recorder
	}
	if slices.ContainsFunc(m.says, func(s saying) bool { return s.field != nil && s.field.IsEmbeddedJSON }) {
		r.embedded |= recorder
	} else {
		r.text |= recorder
	}
	return r
}

// rules makes masks of what the schemas of a group say of a field.
func (b *builder) rules(g, id int, says []saying) (r rules) {
	r.views, r.convs = uint32(len(b.groups[g].views)), uint32(len(b.convs))
	for _, s := range says {
		bit := mask(1) << (s.schema % groupSize)
		v := b.newView(id, s)
		r.known |= bit
		if v.embedded {
			r.embedded |= bit
		}
		if s.field == nil || s.field.Derived != nil {
			r.silent |= bit
		}
		if s.leads {
			r.object |= bit
		}
		switch v.typ {
		case typString:
			if s.field.Validate != nil {
				r.checked |= bit
				v.conv = b.conv(&r, bit, v.typ, s.field)
				break
			}
			r.text, r.number, r.boolean = r.text|bit, r.number|bit, r.boolean|bit
		case typJSON, typSource:
			r.number, r.boolean, r.json = r.number|bit, r.boolean|bit, r.json|bit
			if !v.embedded {
				r.text |= bit
			}
		case typObject:
			r.object |= bit
		case typArray:
			r.array |= bit
		case typBoolean:
			r.boolean |= bit
			v.conv = b.conv(&r, bit, v.typ, s.field)
		default:
			v.conv = b.conv(&r, bit, v.typ, s.field)
		}
		b.groups[g].views = append(b.groups[g].views, v)
	}
	return r
}

func (b *builder) newView(id int, s saying) view {
	f := s.field
	if f == nil {
		return view{typ: typSource, conv: -1}
	}
	v := view{typ: typOf(f.Type), required: f.Required, eventTime: f.IsEventTime, embedded: f.IsEmbeddedJSON, rank: s.rank, conv: -1, field: f}
	if literal := string(appendString([]byte{','}, f.Name)) + ":"; f.Name != "" && literal != b.literals[id] {
		v.literal = literal
	}
	v.plain = v.typ == typString && f.Mask == nil
	for _, i := range f.Indicators {
		v.indicators |= 1 << slices.Index(logtype.Indicators(), i)
	}
	return v
}

// conv returns the conversion of a field to a type, and adds the schema to it.
func (b *builder) conv(r *rules, bit mask, t typ, f *logtype.Field) int32 {
	sameFormat := func(a timeFormat, b logtype.TimeFormat) bool { return a.String() == b.String() }
	for i := int(r.convs); i < len(b.convs); i++ {
		c := &b.convs[i]
		if c.typ == t && c.validate == nil && f.Validate == nil && slices.EqualFunc(c.formats, f.TimeFormats, sameFormat) {
			c.schemas |= bit
			return int32(i)
		}
	}
	c := conv{schemas: bit, typ: t, formats: make([]timeFormat, 0, len(f.TimeFormats))}
	for _, f := range f.TimeFormats {
		compiled, ok := b.formats[f.String()]
		if !ok {
			compiled = compileTime(f)
			b.formats[f.String()] = compiled
		}
		c.formats = append(c.formats, compiled)
	}
	if f.Validate != nil {
		c.validate = b.validations[f.Validate]
	}
	r.nConvs++
	b.convs = append(b.convs, c)
	return int32(len(b.convs) - 1)
}

func typOf(t logtype.Type) typ { return typ(slices.Index(typeNames[:], t)) }
