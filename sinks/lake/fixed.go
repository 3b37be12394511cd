package lake

import (
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"panther/pipeline/stream"
	"panther/schemas"
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
	index []int // of the table, by position in columns
	other []int // columns of the table that this program does not know
}

func (f *fixedTable) encoder(fields []iceberg.NestedField) *fixedEncoder {
	e := &fixedEncoder{fixedTable: f}
	for _, c := range f.columns() {
		e.index = append(e.index, indexOf(fields, c.name))
	}
	for i := range fields {
		if !slices.Contains(e.index, i) {
			e.other = append(e.other, i)
		}
	}
	return e
}

func (e *fixedEncoder) encode(schema *arrow.Schema, rows []*row) arrow.RecordBatch {
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	b.Reserve(len(rows))
	if e.text != nil {
		n := 0
		for _, r := range rows {
			n += e.text(r)
		}
		payload := slices.IndexFunc(e.columns(), func(c column) bool { return c.name == colPayload })
		b.Field(e.index[payload]).(*array.StringBuilder).ReserveData(n)
	}
	for _, r := range rows {
		e.fill(&cells{b: recordBuilder{b}, index: e.index}, r)
		for _, i := range e.other {
			b.Field(i).AppendNull()
		}
	}
	return b.NewRecordBatch()
}
