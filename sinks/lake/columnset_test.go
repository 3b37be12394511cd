package lake

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/iceberg-go/table"

	"panther/pipeline/stream"
	"panther/schemas"
)

// failuresSaying makes rows whose error and whose first reason say a text.
func failuresSaying(n int, text func(i int) string) (rows []*row) {
	for i := range n {
		r := failure(failuresTopic, int64(i), "x")
		f := r.Message.(schemas.Failure)
		f.Error = text(i)
		f.Candidates[0].Reasons[0].Got = f.Error
		r.Message = f
		rows = append(rows, &row{Record: r, at: start})
	}
	return rows
}

func failureEncoder(t *testing.T) (*fixedEncoder, *arrow.Schema) {
	fields := tableSchema(failureColumns())
	schema, err := table.SchemaToArrowSchema(fields, nil, true, false)
	must0(t, err)
	return fixedTables()[schemas.ClassificationFailures.Name].encoder(newColumnSet(fields)), schema
}

// In a file, texts that are often the same have a dictionary, others have none; in lists, too, and whatever the first rows are.
func TestDictionaries(t *testing.T) {
	enc, schema := failureEncoder(t)
	batch := enc.encode(schema, failuresSaying(4096, func(i int) string { return strconv.Itoa(max(i, 500)) }))
	dictionaries := dictionariesOf(t, batch)
	const reasons = "candidates.list.element.reasons.list.element."
	for name, want := range map[string]bool{"p_source_label": true, reasons + "code": true, "error": false, "got": false, colPayload: false, colRowID: false, colOffset: false} {
		if got := slices.Contains(dictionaries, name); got != want {
			t.Errorf("column %s has a dictionary: %t, want %t", name, got, want)
		}
	}
	back := stored(t, batch)
	if got, want := back.Schema().Field(0).Type, schema.Field(0).Type; !arrow.TypeEqual(got, want) {
		t.Errorf("a reader sees %v, want %v", got, want)
	}
	if again := dictionariesOf(t, back); slices.Contains(again, "error") || !slices.Contains(again, "code") {
		t.Errorf("written again, as when an hour is rewritten, dictionaries have %v", again)
	}
}

// What a row group becomes dictionaries by is in that row group: those beside it may be other.
func TestDictionariesOfLaterGroups(t *testing.T) {
	const rows = 1000
	same, different := func(int) string { return "same" }, func(i int) string { return "text " + strconv.Itoa(i) }
	for _, groups := range [][2]func(int) string{{same, different}, {different, same}} {
		enc, schema := failureEncoder(t)
		written := fileOf(t, schema, len(groups), func(g int) arrow.RecordBatch { return enc.encode(schema, failuresSaying(rows, groups[g])) })
		i := 0
		for _, chunk := range read(t, written).Column(0).Data().Chunks() {
			for k := range chunk.Len() {
				if got, want := chunk.ValueStr(k), groups[i/rows](i%rows); got != want {
					t.Fatalf("row %d: got %q, want %q", i, got, want)
				}
				i++
			}
		}
		if i != 2*rows {
			t.Errorf("got %d rows, want %d", i, 2*rows)
		}
	}
}

// A dictionary that is larger than it seemed it would be is none.
func TestLargeDictionaries(t *testing.T) {
	for _, c := range []struct {
		bytes int // of each text
		want  arrow.Type
	}{{100, arrow.DICTIONARY}, {1000, arrow.STRING}} {
		texts := make([]string, 4096)
		for i := range texts { // every other one is new: not those of the sample
			texts[i] = strconv.Itoa(i*(i%2)) + strings.Repeat("x", c.bytes)
		}
		set, schema := columnOfTexts(t)
		batch := batchOfTexts(set, schema, texts)
		if got := batch.Column(0).DataType().ID(); got != c.want {
			t.Errorf("texts of %d bytes become a column of type %s, want %s", c.bytes, got, c.want)
		}
		for i, column := 0, rowsOf(t, fileOf(t, schema, 1, func(int) arrow.RecordBatch { return batch })).Column(0); i < len(texts); i++ {
			if got := column.ValueStr(i); got != texts[i] {
				t.Fatalf("row %d is %.20q, want %.20q", i, got, texts[i])
			}
		}
	}
}

// The columns of a table are used again for the next commit, unless those of all tables have too much memory.
func TestColumnsAreKept(t *testing.T) {
	s := NewSink(NewCatalog(newMemory()), library{}.lookup, Options{})
	s.Assign(failuresTopic, 0)
	next := int64(0)
	commit := func() *columnSet {
		must0(t, s.Add(ctx, []stream.Record{failure(failuresTopic, next, "a line")}))
		next++
		_, _, err := s.Flush(ctx, true)
		must0(t, err)
		return s.buffers[folderOf(FailuresTable)].columns
	}
	first := commit()
	if again := commit(); first == nil || again != first {
		t.Errorf("after a commit there are columns %p, after the next one %p, want the same", first, again)
	}
	s.opt.Memory = 10 * int64(first.size()-1)
	if got := commit(); got != nil {
		t.Errorf("columns of %d bytes are kept, of %d that there are for all", got.size(), s.opt.Memory)
	}
}

// dictionariesOf returns the columns that have a dictionary in a file.
func dictionariesOf(t *testing.T, batch arrow.RecordBatch) (names []string) {
	r, err := file.NewParquetReader(bytes.NewReader(fileOf(t, batch.Schema(), 1, func(int) arrow.RecordBatch { return batch })))
	must0(t, err)
	for i := range r.MetaData().Schema.NumColumns() {
		column, err := r.MetaData().RowGroup(0).ColumnChunk(i)
		must0(t, err)
		if column.HasDictionaryPage() {
			names = append(names, r.MetaData().Schema.Column(i).Path())
		}
	}
	return names
}
