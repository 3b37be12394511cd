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

// fixedEncoder fills a fixedTable, which may have more columns than this program knows.
type fixedEncoder struct {
	set   *columnSet
	cells *cells // of the columns that this program knows, in its order
	fill  func(c *cells, r *row)
}

func (f *fixedTable) encoder(set *columnSet) *fixedEncoder {
	var known []*classify.Column
	for _, c := range f.columns() {
		i := indexOf(set.schema.Fields(), c.name)
		if c.typ.Equals(iceberg.PrimitiveTypes.Binary) {
			set.columns[i].Kind = classify.TextColumn // in memory they are alike
		}
		known = append(known, set.columns[i])
	}
	return &fixedEncoder{set: set, cells: newCells(known), fill: f.fill}
}

func (e *fixedEncoder) encode(schema *arrow.Schema, rows []*row) arrow.RecordBatch {
	return e.set.batch(schema, rows, func(r *row, _ int) {
		e.cells.n = 0
		e.fill(e.cells, r)
	})
}
