package lake

import (
	"strings"
	"time"
	"unicode/utf8"

	"panther/schemas"
	"panther/schemas/classify"
)

// cells fills the columns of a row, or of a struct in it, one after the other.
type cells struct {
	columns []*classify.Column
	within  []*cells // of the columns that are structs, or lists of them: their fields
	n       int
}

func (c *cells) next() *classify.Column {
	c.n++
	return c.columns[c.n-1]
}

// text appends a text; an empty one is null.
func (c *cells) text(s string) {
	if s == "" {
		c.null()
		return
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	c.must(s)
}

func (c *cells) null()         { c.next().AppendNull() }
func (c *cells) must(s string) { c.next().AppendString(s) }
func (c *cells) long(n int64)  { c.next().AppendInt(n) }
func (c *cells) yes(b bool)    { c.next().AppendBool(b) }

func (c *cells) time(t time.Time) { c.long(t.UnixMicro()) }

// sane appends a time; one that readers cannot represent, as the zero time, is null.
func (c *cells) sane(t time.Time) {
	if !sane(t) {
		c.null()
		return
	}
	c.time(t)
}

// position appends the place that makes the row different from all others.
func (c *cells) position(p schemas.Position) {
	c.must(p.Topic)
	c.must(p.TopicID.String())
	c.long(int64(p.Partition))
	c.long(p.Offset)
	c.long(p.Line)
}

// object appends a struct, whose cells fill appends.
func (c *cells) object(fill func(c *cells)) {
	s := c.next()
	fields := c.within[c.n-1]
	fields.begin(s)
	fill(fields)
}

// list appends a list of n structs, the cells of the ith of which fill appends.
func (c *cells) list(n int, fill func(i int, c *cells)) {
	l := c.next()
	fields := c.within[c.n-1]
	for i := range n {
		fields.begin(l.Children[0])
		fill(i, fields)
	}
	l.EndList()
}

// begin begins a struct with these cells.
func (c *cells) begin(s *classify.Column) {
	s.BeginStruct()
	c.n = 0
}

// line appends the text of a line, and its bytes where they are not UTF-8.
func (c *cells) line(b []byte) {
	if utf8.Valid(b) {
		c.next().AppendText(b)
		c.null()
		return
	}
	c.must(strings.ToValidUTF8(string(b), "\uFFFD"))
	c.next().AppendText(b)
}
