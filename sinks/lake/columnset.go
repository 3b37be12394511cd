package lake

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/iceberg-go"

	"panther/schemas/classify"
)

// A columnSet is the columns of a table, which are filled a batch at a time. Where texts are often the same they become
// dictionaries, as they are in files: it is cheaper to make them here.
type columnSet struct {
	schema  *iceberg.Schema // of the table
	columns []*classify.Column
}

func newColumnSet(schema *iceberg.Schema) *columnSet {
	return &columnSet{schema: schema, columns: emptyColumns(schema.Fields())}
}

// batch makes a batch of rows, in the columns' memory. add appends row i; columns that it leaves out are null in that row.
func (s *columnSet) batch(schema *arrow.Schema, rows []*row, add func(r *row, i int)) arrow.RecordBatch {
	s.try(rows, add)
	s.reset(len(rows))
	for i, r := range rows {
		add(r, i)
	}
	fields, arrays := make([]arrow.Field, len(s.columns)), make([]arrow.Array, len(s.columns))
	for i, c := range s.columns {
		c.End(len(rows))
		spell(c)
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

// size returns the bytes of memory that the columns have.
func (s *columnSet) size() (n int) {
	for _, c := range s.columns {
		n += c.Size()
	}
	return n
}

// try fills the columns with some of the rows, from everywhere, to see which are no dictionaries.
func (s *columnSet) try(rows []*row, add func(r *row, i int)) {
	for _, c := range s.columns {
		beDictionary(c)
	}
	sample := min(trialRows, len(rows)/4)
	if sample == 0 {
		return
	}
	s.reset(sample)
	for i := range sample {
		add(rows[i*(len(rows)/sample)], i)
	}
	for _, c := range s.columns {
		beTexts(c, len(rows)/sample+1)
	}
}

// trialRows are enough to see whether texts are often the same.
const trialRows = 256

// beDictionary makes a column a dictionary that is one or was.
func beDictionary(c *classify.Column) {
	if c.Kind == classify.TextColumn && len(c.Children) > 0 {
		c.Kind = classify.DictionaryColumn
	}
	for _, child := range c.Children {
		beDictionary(child)
	}
}

// beTexts makes texts of a dictionary that has few texts twice, or that spell would make texts, and makes room for so many
// times the texts that are in it.
func beTexts(c *classify.Column, times int) {
	n := c.Len - c.Nulls
	if c.Kind == classify.DictionaryColumn && (n > trialRows/8 && mostly(c.Children[0].Len, n) || c.Knows("")) {
		c.Kind = classify.TextColumn
		c.Values = append(c.Values, c.Children[0].Values...)
	}
	if c.Kind == classify.TextColumn {
		c.Values = slices.Grow(c.Values[:0], min(len(c.Values)*times, groupBytes))
	}
	for _, child := range c.Children {
		beTexts(child, times)
	}
}

// dictionaryBytes are the most that dictionaries have, as those that the Parquet writer makes: one page holds all of it.
const dictionaryBytes = 1 << 20

// spell makes texts of a dictionary that is too large, or that has the empty text: the Parquet writer leaves that out when it
// notes the least text of a dictionary, and readers who look for it would leave out the file.
func spell(c *classify.Column) {
	if c.Kind == classify.DictionaryColumn && (c.Knows("") || len(c.Children[0].Values) > dictionaryBytes) {
		c.Spell()
	}
	for _, child := range c.Children {
		spell(child)
	}
}
