package lake

import (
	"slices"
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
	text    func(r *row) int                 // bytes of its payload; nil: it has none
}

// fixedTables are all of them, by the name of the topic that feeds them.
func fixedTables() map[string]*fixedTable {
	all := map[string]*fixedTable{}
	for _, f := range []fixedTable{
		{FailuresTable, schemas.ClassificationFailures, failureColumns, prepareFailure, fillFailure,
			func(r *row) int { return len(r.Message.(schemas.Failure).Payload) }},
		{ActivityTable, schemas.SourceActivity, activityColumns, prepareRecord[schemas.Activity], fillActivity, nil},
		{AlertsTable, schemas.Alerts, alertColumns, prepareRecord[schemas.Alert], fillAlert, nil},
	} {
		all[f.topic.Name] = &f
	}
	return all
}

// fixedEncoder fills a fixedTable, which may have more columns than this program knows.
type fixedEncoder struct {
	*fixedTable
	columns []*classify.Column // of the table
	cells   *cells             // the columns that this program knows, in its order
	payload *classify.Column   // the column of text; nil: there is none
}

func (f *fixedTable) encoder(fields []iceberg.NestedField) *fixedEncoder {
	e := &fixedEncoder{fixedTable: f, columns: emptyColumns(fields)}
	var known []*classify.Column
	for _, c := range f.columns() {
		i := indexOf(fields, c.name)
		if fields[i].Type.Equals(iceberg.PrimitiveTypes.Binary) {
			e.columns[i] = classify.NewColumn(classify.TextColumn) // in memory they are alike
		}
		if c.name == colPayload {
			e.payload = e.columns[i]
		}
		known = append(known, e.columns[i])
	}
	e.cells = newCells(known)
	return e
}

func (e *fixedEncoder) encode(schema *arrow.Schema, rows []*row) arrow.RecordBatch {
	resetColumns(e.columns, len(rows))
	if e.text != nil {
		n := 0
		for _, r := range rows {
			n += e.text(r)
		}
		e.payload.Values = slices.Grow(e.payload.Values, n)
	}
	for _, r := range rows {
		e.cells.n = 0
		e.fill(e.cells, r)
	}
	return batchOf(schema, e.columns, len(rows))
}
