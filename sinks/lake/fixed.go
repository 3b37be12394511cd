package lake

import (
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/classify"
)

// A fixedTable is a table whose columns do not depend on log types. It is fed from one topic, a record a row.
type fixedTable struct {
	id      table.Identifier
	topic   stream.Topic
	columns func() []column
	prepare func(r *row, now time.Time) bool // sees to it that fill finds what it needs; false: the record is no row
	fill    func(c *cells, r *row)           // the cells in the order of columns
}

// fixedTables are all of them, by the name of the topic that feeds them.
func fixedTables() map[string]*fixedTable {
	all := map[string]*fixedTable{}
	for _, f := range []fixedTable{
		{FailuresTable, schemas.ClassificationFailures, failureColumns, prepareFailure, fillFailure},
		{ActivityTable, schemas.SourceActivity, activityColumns, prepareRecord[schemas.Activity], fillActivity},
		{AlertsTable, schemas.Alerts, alertColumns, prepareRecord[schemas.Alert], fillAlert},
	} {
		all[f.topic.Name] = &f
	}
	return all
}

// fixedEncoder fills a fixedTable, which may have more columns than this program knows, in another order.
type fixedEncoder struct {
	set    *columnSet
	cells  *cells             // of the columns that this program knows, in its order
	strays []*classify.Column // take what the table has no column for: see cellsOf
	fill   func(c *cells, r *row)
}

func (f *fixedTable) encoder(set *columnSet) *fixedEncoder {
	e := &fixedEncoder{set: set, fill: f.fill}
	e.cells = e.cellsOf(f.columns(), set.schema.Fields(), set.columns)
	return e
}

// cellsOf finds the columns that this program knows among those of a table, or of a struct in it. One to which another engine
// has given another type is null in every row.
func (e *fixedEncoder) cellsOf(known []column, fields []iceberg.NestedField, columns []*classify.Column) *cells {
	c := &cells{within: make([]*cells, len(known))}
	for i, want := range known {
		k := indexOf(fields, want.name)
		t, column := fields[k].Type, columns[k]
		if _, fits := mergeType(t, want.typ, nil, false); !fits {
			*column = *classify.NewColumn(classify.NoColumn)
			t, column = want.typ, emptyColumn(want.typ)
			e.strays = append(e.strays, column)
		}
		if t.Equals(iceberg.PrimitiveTypes.Binary) {
			column.Kind = classify.TextColumn // in memory they are alike
		}
		c.columns = append(c.columns, column)
		if l, ok := t.(*iceberg.ListType); ok {
			t, column = l.Element, column.Children[0]
		}
		if s, ok := t.(*iceberg.StructType); ok {
			c.within[i] = e.cellsOf(want.sub, s.FieldList, column.Children)
		}
	}
	return c
}

func (e *fixedEncoder) encode(schema *arrow.Schema, rows []*row) arrow.RecordBatch {
	for _, stray := range e.strays {
		stray.Reset()
	}
	return e.set.batch(schema, rows, func(r *row, _ int) {
		e.cells.n = 0
		e.fill(e.cells, r)
	})
}
