package classify

import (
	"math/bits"

	"panther/schemas/logtype"
)

// A mask is a set of the schemas of a group, one a bit.
type mask = uint64

const (
	groupSize      = 63
	recorder  mask = 1 << groupSize // a schema that takes everything: with it among the candidates all that is known is recorded
)

// A Plan is the candidate schemas of a source, compiled. It is immutable, and shared by all who check lines of that source.
//
// Schemas of JSON lines are one part, so that a line is walked once for all of them; a schema of text is a part of its own.
type Plan struct {
	candidates []*logtype.Schema
	parts      []*part
}

// A part is the candidates whose fields are found in a line in one go.
type part struct {
	union
	split      splitter        // nil: lines are not text
	script     *logtype.Script // nil: no program makes an object of a line
	skipPrefix []byte          // of lines of text that are no events
	columns    []textColumn    // of the fields of a line of text
	empty      emptyTexts      // of a line of text
	present    int             // cells that a line of text has to have
	embeds     bool            // there is JSON in some cells
	members    []member        // the schemas of the part, in the source's order: that of groups and bits
}

// A member is one candidate of a part.
type member struct {
	schema    *logtype.Schema
	candidate int      // its place in the source's order
	head      string   // what stands between the fields of an event and its row id
	version   string   // likewise behind p_source_label
	places    []uint32 // by field: where emits has it; 0: the schema does not know it
	emits     []emit
}

// An emit is what most values of an event are written by: what the view of a field says, and no more, so that those of a schema,
// which lie together, take little of the processor's cache. The first, which has no view, is of all fields that a schema does not know.
type emit struct {
	*view
	special uint32 // what there is to do besides with a value that events have as lines do: its indicators, or one of the bits below
	odd     flags  // which of them, if they are not as expected, say that events do not have a value as lines do
	asIs    uint8  // the kinds, one a bit, of which events may have the bytes that lines have
	name    uint8  // how long "name": is in lines, 0 of an element; longName: or longer
}

const (
	opens    = 1 << 31 // an object or array is gone into
	tells    = 1 << 30 // a time may be that of the event
	expected = plainKey | canonical
	anyKind  = 1<<boolean | 1<<number | 1<<str | 1<<object | 1<<array // but null
	longName = 255
)

func (p *part) group(i int) (g int, bit mask) { return i / groupSize, 1 << (i % groupSize) }

// A union is the fields of several schemas as one tree: an object is a node, and its members are the fields that any of the
// schemas has there. What the schemas say of a field are masks: which know it, and which take which kinds of values.
type union struct {
	nodes    []node // the first is the line itself
	fields   []field
	names    []string // of fields
	literals []string // of fields: ,"name": as events write it
	convs    []conv
	groups   []group
	made     []derivation // in the order of the schemas, and within them of their fields
}

// A node is an object that some schema knows.
type node struct {
	first, count uint32 // its fields; those that some schema requires come first
	words        int    // of a bit set of them
	keys         keyTable
}

// A field is a member of a node, or, without a name, the elements of an array. It is what the walk reads.
type field struct {
	literal [4]uint64 // "name": in little-endian words
	length  uint8     // of literal; 0: it is longer, or a line writes it in another way
	cut     [3]uint8  // by how many bits each word of literal is longer than what counts of it
	index   uint32    // within its node
	id      uint32    // within the union
	child   int32     // the node of its value as an object; -1: nobody knows one
	element int32     // the field of its elements as an array; -1: nobody knows any
	rules
}

// Rules are what the schemas of a group say of a field. What is read of most fields comes first.
type rules struct {
	known    mask // schemas that have the field
	text     mask // of these, those that take a string without a look at it
	views    uint32
	convs    uint32 // the conversions left: union.convs[convs : convs+nConvs]
	nConvs   uint16
	shared   bool // all conversions give the same value, if they give any
	number   mask // those that take a number likewise
	boolean  mask // and a boolean
	json     mask // take any value
	object   mask // take an object, and look into it
	array    mask // likewise an array
	checked  mask // take a string, a number or a boolean, if its text is one of those allowed
	silent   mask // have it to make others of it, or made it of others: it is no known field
	embedded mask // take a string, and look into it as JSON
}

// A group is what up to 63 schemas say. The rules of the first group are in the fields.
type group struct {
	all      mask
	made     mask    // those that have fields that are made of others
	rules    []rules // by field; nil in the first group
	views    []view
	required []required // by node
}

// A view is a field as one schema has it, which events are written by.
type view struct {
	typ        typ
	required   bool
	eventTime  bool
	embedded   bool
	plain      bool   // a text that events have as lines do
	rank       uint32 // in the order of the schema, depth first
	conv       int32  // in union.convs; -1: none
	indicators uint32 // a bit set, by the place in logtype.Indicators
	literal    string // ,"name": if events have another name than lines; else empty
	field      *logtype.Field
}

// Required says which fields of a node schemas require: for each schema of the group a bit set of so many words.
type required struct {
	schemas mask
	words   int
	bits    []uint64
	firsts  []firstWord // of the schemas: the members that are required come first, so that it is mostly all
}

// A firstWord is the first word of what a schema requires.
type firstWord struct {
	schema mask
	wanted uint64
}

func (r *required) of(schema int) []uint64 { return r.bits[schema*r.words : (schema+1)*r.words] }

// A typ is a logtype.Type as a number.
type typ uint8

const (
	typString typ = iota
	typInt
	typSmallInt
	typBigInt
	typFloat
	typBoolean
	typTimestamp
	typArray
	typObject
	typJSON
	typSource // a value that a field is made of, which the schema does not have otherwise
)

var typeNames = [...]logtype.Type{logtype.String, logtype.Int, logtype.SmallInt, logtype.BigInt, logtype.Float, logtype.Boolean,
	logtype.Timestamp, logtype.Array, logtype.Object, logtype.JSON}

func (t typ) isInteger() bool { return t >= typInt && t <= typBigInt }

// rule returns what a group says of a field.
func (u *union) rule(g int, id uint32) *rules {
	if g == 0 {
		return &u.fields[id].rules
	}
	return &u.groups[g].rules[id]
}

// view returns a field as the schema of bit has it, which knows it.
func (u *union) view(g int, r *rules, bit mask) *view {
	return &u.groups[g].views[int(r.views)+bits.OnesCount64(r.known&(bit-1))]
}
