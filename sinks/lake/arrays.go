package lake

import (
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/iceberg-go"

	"panther/schemas/classify"
	"panther/schemas/logtype"
)

// emptyColumns makes columns for the fields of a table, or of a struct in it.
func emptyColumns(fields []iceberg.NestedField) []*classify.Column {
	columns := make([]*classify.Column, len(fields))
	for i, f := range fields {
		if columns[i] = emptyColumn(f.Type); slices.Contains(unlike, f.Name) && columns[i].Kind == classify.DictionaryColumn {
			columns[i] = columns[i].Children[0]
		}
	}
	return columns
}

func emptyColumn(t iceberg.Type) *classify.Column {
	switch t := t.(type) {
	case *iceberg.StructType:
		return classify.NewColumn(classify.StructColumn, emptyColumns(t.FieldList)...)
	case *iceberg.ListType:
		return classify.NewColumn(classify.ListColumn, emptyColumn(t.Element))
	}
	switch {
	case t.Equals(stringType):
		return classify.NewColumn(classify.DictionaryColumn, classify.NewColumn(classify.TextColumn))
	case t.Equals(intType):
		return classify.NewColumn(classify.IntColumn)
	case t.Equals(longType):
		return classify.NewColumn(classify.LongColumn)
	case t.Equals(iceberg.PrimitiveTypes.Float64):
		return classify.NewColumn(classify.FloatColumn)
	case t.Equals(boolType):
		return classify.NewColumn(classify.BoolColumn)
	case t.Equals(timeType):
		return classify.NewColumn(classify.TimeColumn)
	}
	return classify.NewColumn(classify.NoColumn) // a type that no log type has: another engine made the column
}

// eventAims says where the members of events of a version of a log type go. The table need not be of the same version.
func eventAims(fields []iceberg.NestedField, columns []*classify.Column, s *logtype.Schema) []classify.Aim {
	aims := aimsOf(fields, columns, logColumns(s))
	for i := range aims {
		if aims[i].Member == colParseTime || aims[i].Member == colUnconverted {
			aims[i].Into = nil // something else fills them
		}
	}
	return aims
}

// aimsOf aims the columns of a log type at those of a table. A value that does not fit into the column of its name may fit
// into an older column of that name.
func aimsOf(fields []iceberg.NestedField, columns []*classify.Column, cols []column) (aims []classify.Aim) {
	for _, c := range cols {
		i := indexOf(fields, c.name)
		if i < 0 || c.member == "" {
			continue
		}
		aim := classify.Aim{Member: c.member, Into: []classify.Into{into(fields[i].Type, columns[i], c)}}
		for j, f := range fields {
			if strings.HasPrefix(f.Name, c.name+kept) {
				aim.Into = append(aim.Into, into(f.Type, columns[j], c))
			}
		}
		aims = append(aims, aim)
	}
	return aims
}

func into(t iceberg.Type, column *classify.Column, c column) classify.Into {
	x := classify.Into{Column: column, JSON: c.json}
	for {
		l, ok := t.(*iceberg.ListType)
		if !ok {
			break
		}
		t, column = l.Element, column.Children[0]
	}
	if s, ok := t.(*iceberg.StructType); ok {
		x.Within = aimsOf(s.FieldList, column.Children, c.sub)
	}
	return x
}

var dictionaryType = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}

// fieldOf returns a field of a table with the type that it has in a column.
func fieldOf(f arrow.Field, c *classify.Column) arrow.Field {
	if c.Kind == classify.NoColumn {
		return f
	}
	switch t := f.Type.(type) {
	case *arrow.StringType:
		if c.Kind == classify.DictionaryColumn {
			f.Type = dictionaryType
		}
	case *arrow.ListType:
		f.Type = arrow.ListOfField(fieldOf(t.ElemField(), c.Children[0]))
	case *arrow.StructType:
		fields := make([]arrow.Field, t.NumFields())
		for i := range fields {
			fields[i] = fieldOf(t.Field(i), c.Children[i])
		}
		f.Type = arrow.StructOf(fields...)
	}
	return f
}

// arrayOf makes an array of a column, in the column's memory.
func arrayOf(t arrow.DataType, c *classify.Column) arrow.ArrayData {
	valid := memory.NewBufferBytes(c.Valid)
	if c.Nulls == 0 {
		valid = nil
	}
	buffers := []*memory.Buffer{valid}
	var children []arrow.ArrayData
	switch c.Kind {
	case classify.NoColumn:
		return array.MakeArrayOfNull(memory.DefaultAllocator, t, c.Len).Data()
	case classify.TextColumn:
		buffers = append(buffers, memory.NewBufferBytes(c.Offsets), memory.NewBufferBytes(c.Values))
	case classify.ListColumn:
		buffers = append(buffers, memory.NewBufferBytes(c.Offsets))
		children = append(children, arrayOf(t.(*arrow.ListType).Elem(), c.Children[0]))
	case classify.DictionaryColumn:
		words := arrayOf(arrow.BinaryTypes.String, c.Children[0]).(*array.Data)
		return array.NewDataWithDictionary(t, c.Len, append(buffers, memory.NewBufferBytes(c.Values)), c.Nulls, 0, words)
	case classify.StructColumn:
		for i, f := range t.(*arrow.StructType).Fields() {
			children = append(children, arrayOf(f.Type, c.Children[i]))
		}
	default:
		buffers = append(buffers, memory.NewBufferBytes(c.Values))
	}
	return array.NewData(t, c.Len, buffers, children, c.Nulls, 0)
}
