package classify

import (
	"encoding/binary"
	"math"
	"slices"
)

// A ColumnKind is what the values of a column are.
type ColumnKind uint8

// The kinds, with the type of Apache Arrow that each is.
const (
	TextColumn       ColumnKind = iota // utf8
	IntColumn                          // int32
	LongColumn                         // int64
	FloatColumn                        // float64
	BoolColumn                         // bool
	TimeColumn                         // timestamp in microseconds, UTC
	DictionaryColumn                   // dictionary of utf8, by int32: its only child has the texts, each once
	StructColumn                       // struct: one of its children for each field
	ListColumn                         // list: its only child has the elements
	NoColumn                           // nothing fills it: it is null in every row, whatever its type
)

// A Column holds values of many events, one a row, in the buffers of Apache Arrow: whoever has a library of Arrow makes an
// array of them without copying, once End was called: rows at the end that nobody filled are null. The zero Column holds texts.
type Column struct {
	Values  []byte // texts one behind the other; numbers, and rows of a dictionary, in little-endian; booleans as bits, the lowest first
	Offsets []byte // of texts and lists: where each begins, as int32 in little-endian, and one more where the last one ends
	Len     int    // rows
	Kind    ColumnKind
	marked  uint32 // rows that Valid has; all behind them are valid
	// Up to here is what most rows need, in one line of the processor's cache: all of it takes two, so that none begins within one.

	Nulls    int       // of the rows
	Valid    []byte    // a bit a row, the lowest first: 0 is null; empty if there is no null
	Children []*Column // of a struct, of a list and of a dictionary
	words    *words    // of a dictionary
}

// words are the texts that a dictionary has.
type words struct {
	rows map[string]int
	last int // the row of the text that came last; -1: none came. The next one is often the same
}

// NewColumn makes an empty column.
func NewColumn(k ColumnKind, children ...*Column) *Column {
	c := &Column{Kind: k, Children: children}
	c.Reset()
	return c
}

// Reset makes the column empty again, in the memory that it has: no array may use it any more.
func (c *Column) Reset() {
	c.Len, c.Nulls, c.marked = 0, 0, 0
	c.Valid, c.Offsets, c.Values = c.Valid[:0], c.Offsets[:0], c.Values[:0]
	if c.Kind == TextColumn || c.Kind == ListColumn {
		c.Offsets = append(c.Offsets, 0, 0, 0, 0)
	}
	for _, child := range c.Children {
		child.Reset()
	}
	if c.words != nil {
		clear(c.words.rows)
		c.words.last = -1
	}
}

// Size returns the bytes of memory that the column has.
func (c *Column) Size() int {
	n := cap(c.Valid) + cap(c.Offsets) + cap(c.Values)
	for _, child := range c.Children {
		n += child.Size()
	}
	return n
}

// Grow makes room for a number of rows: all of it but for what has no fixed size, as texts and elements.
func (c *Column) Grow(rows int) {
	c.Valid = slices.Grow(c.Valid, rows/8+1)
	switch c.Kind {
	case TextColumn, ListColumn:
		c.Offsets = slices.Grow(c.Offsets, 4*rows)
	case IntColumn, DictionaryColumn:
		c.Values = slices.Grow(c.Values, 4*rows)
	case LongColumn, FloatColumn, TimeColumn:
		c.Values = slices.Grow(c.Values, 8*rows)
	case BoolColumn:
		c.Values = slices.Grow(c.Values, rows/8+1)
	case StructColumn:
		for _, child := range c.Children {
			child.Grow(rows)
		}
	}
}

// End fills a column with nulls up to a number of rows, and what is in it as far as it goes, and makes Valid whole.
func (c *Column) End(rows int) {
	c.pad(rows)
	if c.Nulls > 0 {
		c.mark()
	}
	for _, child := range c.Children {
		if c.Kind == StructColumn {
			child.End(c.Len)
		} else {
			child.End(child.Len)
		}
	}
}

// pad appends nulls up to a number of rows.
func (c *Column) pad(rows int) {
	n := rows - c.Len
	if n <= 0 {
		return
	}
	c.mark()
	c.Len, c.Nulls, c.marked = rows, c.Nulls+n, uint32(rows)
	for more := (rows+7)/8 - len(c.Valid); more > 0; more-- {
		c.Valid = append(c.Valid, 0)
	}
	switch c.Kind {
	case TextColumn, ListColumn:
		end := binary.LittleEndian.Uint32(c.Offsets[len(c.Offsets)-4:])
		for range n {
			c.endAt(end)
		}
	case IntColumn, DictionaryColumn:
		c.Values = appendZeros(c.Values, 4*n)
	case LongColumn, FloatColumn, TimeColumn:
		c.Values = appendZeros(c.Values, 8*n)
	case BoolColumn:
		c.Values = appendZeros(c.Values, (rows+7)/8-len(c.Values))
	}
}

// padTo is pad, small enough to become part of its callers: mostly nothing is to be done.
func (c *Column) padTo(rows int) {
	if c.Len < rows {
		c.pad(rows)
	}
}

func appendZeros(b []byte, n int) []byte {
	for ; n > len(zeros); n -= len(zeros) {
		b = append(b, zeros[:]...)
	}
	return append(b, zeros[:n]...)
}

// mark notes of the rows behind the last null that they are valid: all of them at once, for a row at a time takes longer.
func (c *Column) mark() {
	for at := int(c.marked); at < c.Len; {
		place, bit := at>>3, at&7
		if bit == 0 {
			c.Valid = append(c.Valid, 0)
		}
		n := min(8-bit, c.Len-at)
		c.Valid[place] |= byte(1<<n-1) << bit
		at += n
	}
	c.marked = uint32(c.Len)
}

// isNull reports whether a row is null.
func (c *Column) isNull(row int) bool { return row < int(c.marked) && c.Valid[row>>3]>>(row&7)&1 == 0 }

// AppendNull appends a row that is null.
func (c *Column) AppendNull() { c.pad(c.Len + 1) }

// AppendText appends a row to a column of texts, or to a dictionary. The text is UTF-8.
func (c *Column) AppendText(text []byte) { addText(c, text) }

// AppendString is AppendText of a string.
func (c *Column) AppendString(text string) { addText(c, text) }

func addText[T []byte | string](c *Column, text T) {
	if c.Kind == DictionaryColumn {
		c.AppendInt(int64(wordOf(c, text)))
		return
	}
	if free := cap(c.Values) - len(c.Values); len(text) > free {
		c.Values = slices.Grow(c.Values, max(len(text), len(c.Values))) // twice as much: append would take less, and copy more often
	}
	c.Values = append(c.Values, text...)
	c.Len++
	c.endAt(uint32(len(c.Values)))
}

// endAt notes where a text or list ends: in place, as no function of package binary does it.
func (c *Column) endAt(n uint32) {
	c.Offsets = append(c.Offsets, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
}

// appendFrom is AppendText for what stands in buf from one place to another, with padding behind it: 16 bytes at a time, which for
// long texts is not the fastest way.
func (c *Column) appendFrom(buf []byte, from, to int) {
	n, size := len(c.Values), to-from
	if c.Kind != TextColumn || n+size+16 > cap(c.Values) || to+16 > len(buf) || size > 96 {
		c.AppendText(buf[from:to])
		return
	}
	*(*[16]byte)(c.Values[n : n+16]) = [16]byte(buf[from : from+16]) // as appendShort does it
	for i := 16; i < size; i += 16 {
		*(*[16]byte)(c.Values[n+i : n+i+16]) = [16]byte(buf[from+i : from+i+16])
	}
	c.Values = c.Values[:n+size]
	c.Len++
	c.endAt(uint32(len(c.Values)))
}

// wordOf returns the row of a text in a dictionary, which learns it if it is new.
func wordOf[T []byte | string](c *Column, text T) (row int) {
	if c.words == nil {
		c.words = &words{rows: map[string]int{}, last: -1}
	}
	known, texts := c.words, c.Children[0]
	if known.last >= 0 && string(text) == string(texts.textAt(known.last)) {
		return known.last
	}
	row, ok := known.rows[string(text)]
	if !ok {
		row = texts.Len
		known.rows[string(text)] = row
		addText(texts, text)
	}
	known.last = row
	return row
}

// Knows reports whether a dictionary has a text.
func (c *Column) Knows(text string) bool {
	if c.words == nil {
		return false
	}
	_, ok := c.words.rows[text]
	return ok
}

// Spell makes a column of texts of a dictionary.
func (c *Column) Spell() {
	texts, rows := c.Children[0], c.Values
	c.Kind, c.Offsets, c.Values = TextColumn, appendZeros(c.Offsets[:0], 4), make([]byte, 0, len(texts.Values))
	for i := range c.Len {
		if !c.isNull(i) {
			c.Values = append(c.Values, texts.textAt(int(binary.LittleEndian.Uint32(rows[4*i:])))...)
		}
		c.endAt(uint32(len(c.Values)))
	}
}

func (c *Column) textAt(row int) []byte {
	return c.Values[binary.LittleEndian.Uint32(c.Offsets[4*row:]):binary.LittleEndian.Uint32(c.Offsets[4*row+4:])]
}

// AppendInt appends a row to a column of integers or times.
func (c *Column) AppendInt(n int64) {
	c.Len++
	u := uint64(n) // the shifts of signed integers are eight stores, not one
	if c.Kind == IntColumn || c.Kind == DictionaryColumn {
		c.Values = append(c.Values, byte(u), byte(u>>8), byte(u>>16), byte(u>>24))
	} else {
		c.Values = append(c.Values, byte(u), byte(u>>8), byte(u>>16), byte(u>>24), byte(u>>32), byte(u>>40), byte(u>>48), byte(u>>56))
	}
}

func (c *Column) appendFloat(value float64) {
	c.Len++
	c.Values = binary.LittleEndian.AppendUint64(c.Values, math.Float64bits(value))
}

// AppendBool appends a row to a column of booleans.
func (c *Column) AppendBool(yes bool) {
	if c.Len&7 == 0 {
		c.Values = append(c.Values, 0)
	}
	if yes {
		c.Values[c.Len>>3] |= 1 << (c.Len & 7)
	}
	c.Len++
}

// BeginStruct begins a row of a column of structs: its children are filled next, and those that are not are null in it.
func (c *Column) BeginStruct() {
	for _, child := range c.Children {
		child.pad(c.Len)
	}
	c.Len++
}

// EndList ends a row of a column of lists, whose elements were appended to the child.
func (c *Column) EndList() {
	c.Len++
	c.endAt(uint32(c.Children[0].Len))
}
