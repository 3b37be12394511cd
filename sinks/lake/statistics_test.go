package lake

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"panther/pipeline/stream"
)

// The footer says the truth of row groups that have empty texts, and of those beside them: all are made in one memory.
func TestStatisticsOfEmptyTexts(t *testing.T) {
	groups := [][]string{{"b", "c", "b"}, {"", "b", ""}, {"", ""}, {"d"}}
	set, schema := columnOfTexts(t)
	written := fileOf(t, schema, len(groups), func(g int) arrow.RecordBatch { return batchOfTexts(set, schema, groups[g]) })
	want := []string{
		`a: 3 values, 0 nulls, from "b" to "c" (true)`,
		`a: 3 values, 0 nulls, from "" to "b" (true)`,
		`a: 2 values, 0 nulls, from "" to "" (true)`,
		`a: 1 values, 0 nulls, from "d" to "d" (true)`,
	}
	if diff := cmp.Diff(want, statisticsOf(t, written)); diff != "" {
		t.Errorf("statistics (-want +got):\n%s", diff)
	}
	got := ""
	for _, chunk := range read(t, written).Column(0).Data().Chunks() {
		got += chunk.String()
	}
	if want := `["b" "c" "b"]["" "b" ""]["" ""]["d"]`; got != want && got != `["b" "c" "b" "" "b" "" "" "" "d"]` {
		t.Errorf("got rows %s, want %s", got, want)
	}
}

// columnOfTexts makes the columns of a table that has one.
func columnOfTexts(t *testing.T) (*columnSet, *arrow.Schema) {
	fields := iceberg.NewSchema(0, iceberg.NestedField{ID: 1, Name: "a", Type: stringType})
	schema, err := table.SchemaToArrowSchema(fields, nil, true, false)
	must0(t, err)
	return newColumnSet(fields), schema
}

func batchOfTexts(set *columnSet, schema *arrow.Schema, texts []string) arrow.RecordBatch {
	rows := make([]*row, len(texts))
	for i, text := range texts {
		rows[i] = &row{Record: stream.Record{Key: []byte(text)}}
	}
	return set.batch(schema, rows, func(r *row, _ int) { set.columns[0].AppendText(r.Key) })
}

// fileOf writes row groups, each of which is made when it is written.
func fileOf(t *testing.T, schema *arrow.Schema, groups int, group func(i int) arrow.RecordBatch) []byte {
	t.Helper()
	var f *parquetFile
	for i := range groups {
		batch := group(i)
		if f == nil {
			var err error
			f, err = new(Catalog).newParquetFile(schema, batch)
			must0(t, err)
		}
		must0(t, f.Write(batch))
	}
	must0(t, f.Close())
	return f.buf.Bytes()
}

// statisticsOf returns what the footer of a file says of the columns of each row group: readers leave files out by it.
func statisticsOf(t *testing.T, written []byte) (said []string) {
	t.Helper()
	r, err := file.NewParquetReader(bytes.NewReader(written))
	must0(t, err)
	for g := range r.NumRowGroups() {
		for i := range r.MetaData().Schema.NumColumns() {
			chunk, err := r.MetaData().RowGroup(g).ColumnChunk(i)
			must0(t, err)
			s, err := chunk.Statistics()
			must0(t, err)
			if s == nil { // of no rows
				continue
			}
			column := r.MetaData().Schema.Column(i)
			says := fmt.Sprintf("%s: %d values, %d nulls", column.Path(), s.NumValues(), s.NullCount())
			if column.MaxRepetitionLevel() == 0 { // in lists the library knows no bounds of texts that come as they are, if as many lists are empty
				says += fmt.Sprintf(", from %q to %q (%t)", s.EncodeMin(), s.EncodeMax(), s.HasMinMax())
			}
			said = append(said, says)
		}
	}
	return said
}
