package lake

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"panther/schemas/classify"
)

// A columnSet is the columns of a table, which are filled a batch at a time. Where texts are often the same they become
// dictionaries, as they are in files: it is cheaper to make them here.
type columnSet struct {
	columns []*classify.Column
	tried   bool
}

// batch makes a batch of rows, in the columns' memory. add appends row i; columns that it leaves out are null in that row.
func (s *columnSet) batch(schema *arrow.Schema, rows []*row, add func(r *row, i int)) arrow.RecordBatch {
	if !s.tried {
		s.try(rows, add)
	}
	s.reset(len(rows))
	for i, r := range rows {
		add(r, i)
	}
	fields, arrays := make([]arrow.Field, len(s.columns)), make([]arrow.Array, len(s.columns))
	for i, c := range s.columns {
		c.End(len(rows))
		fields[i] = fieldOf(schema.Field(i), c)
		arrays[i] = array.MakeFromData(arrayOf(fields[i].Type, c))
	}
	meta := schema.Metadata()
	return array.NewRecordBatch(arrow.NewSchema(fields, &meta), arrays, int64(len(rows)))
}

func (s *columnSet) reset(rows int) {
	for _, c := range s.columns {
		c.Reset()
		c.Grow(rows)
	}
}

// try fills the columns with some of the first rows, from everywhere, to see which are no dictionaries. It is done once: the row
// groups of a file are of one kind.
func (s *columnSet) try(rows []*row, add func(r *row, i int)) {
	s.tried = true
	sample := min(trialRows, len(rows)/4)
	s.reset(sample)
	for i := range sample {
		add(rows[i*(len(rows)/sample)], i)
	}
	if sample > 0 {
		for _, c := range s.columns {
			settle(c, len(rows)/sample+1)
		}
	}
}

// trialRows are enough to see whether texts are often the same.
const trialRows = 256

// settle makes texts of a dictionary that has few texts twice, and room for so many times the texts that are in it.
func settle(c *classify.Column, times int) {
	if n := c.Len - c.Nulls; c.Kind == classify.DictionaryColumn && n > trialRows/8 && mostly(c.Children[0].Len, n) {
		*c = *c.Children[0]
	}
	if c.Kind == classify.TextColumn {
		c.Values = slices.Grow(c.Values, len(c.Values)*times)
	}
	for _, child := range c.Children {
		settle(child, times)
	}
}
