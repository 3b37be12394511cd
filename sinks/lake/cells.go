package lake

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow/array"

	"panther/schemas"
)

// A structLike is a builder of fields: of a record or of a struct.
type structLike interface{ FieldBuilder(i int) array.Builder }

// A recordBuilder is an array.RecordBuilder as a structLike.
type recordBuilder struct{ *array.RecordBuilder }

func (r recordBuilder) FieldBuilder(i int) array.Builder { return r.Field(i) }

// cells fills the columns of a row one after the other.
type cells struct {
	b     structLike
	index []int // nil: in the order of the struct
	n     int
}

func (c *cells) next() array.Builder {
	i := c.n
	c.n++
	if c.index != nil {
		i = c.index[i]
	}
	return c.b.FieldBuilder(i)
}

// text appends a text; an empty one is null.
func (c *cells) text(s string) {
	if s == "" {
		c.next().AppendNull()
		return
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	c.must(s)
}

func (c *cells) must(s string) { c.next().(*array.StringBuilder).Append(s) }
func (c *cells) long(n int64)  { c.next().(*array.Int64Builder).Append(n) }
func (c *cells) yes(b bool)    { c.next().(*array.BooleanBuilder).Append(b) }

func (c *cells) time(t time.Time) { c.next().(*array.TimestampBuilder).Append(micros(t)) }

// sane appends a time; one that readers cannot represent, as the zero time, is null.
func (c *cells) sane(t time.Time) {
	if !sane(t) {
		c.next().AppendNull()
		return
	}
	c.time(t)
}

// position appends the place that makes the row different from all others.
func (c *cells) position(p schemas.Position) {
	c.must(p.Topic)
	c.must(p.TopicID.String())
	c.next().(*array.Int32Builder).Append(p.Partition)
	c.long(p.Offset)
	c.long(p.Line)
}

// object appends a struct, whose cells fill appends.
func (c *cells) object(fill func(c *cells)) {
	s := c.next().(*array.StructBuilder)
	s.Append(true)
	fill(&cells{b: s})
}

// list appends a list of n structs, the cells of the ith of which fill appends.
func (c *cells) list(n int, fill func(i int, c *cells)) {
	l := c.next().(*array.ListBuilder)
	l.Append(true)
	s := l.ValueBuilder().(*array.StructBuilder)
	for i := range n {
		s.Append(true)
		fill(i, &cells{b: s})
	}
}

// line appends the text of a line, and its bytes where they are not UTF-8.
func (c *cells) line(b []byte) {
	text, raw := c.next().(*array.StringBuilder), c.next().(*array.BinaryBuilder)
	if utf8.Valid(b) {
		text.BinaryBuilder.Append(b)
		raw.AppendNull()
		return
	}
	text.Append(strings.ToValidUTF8(string(b), "\uFFFD"))
	raw.Append(b)
}
