package lake

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"panther/pipeline/stream"
	"panther/schemas/classify"
	"panther/schemas/logtype"
)

// compareEncoders encodes events by the engine and by the slow reader, and wants the same columns in a file.
func compareEncoders(t *testing.T, fields []iceberg.NestedField, lookup Lookup, rows []*row) {
	t.Helper()
	schema, err := table.SchemaToArrowSchema(iceberg.NewSchema(0, fields...), nil, true, false)
	must0(t, err)
	ours := newEventEncoder(newColumnSet(iceberg.NewSchema(0, fields...)), lookup)
	ours.encode(schema, rows).Release() // again, in the memory of the first time
	fast, slow := ours.encode(schema, rows), newRowEncoder(newColumnSet(iceberg.NewSchema(0, fields...)), lookup).encode(schema, rows)
	one := func(batch arrow.RecordBatch) []byte {
		return fileOf(t, schema, 1, func(int) arrow.RecordBatch { return batch })
	}
	fastFile, slowFile := one(fast), one(slow)
	if diff := cmp.Diff(statisticsOf(t, slowFile), statisticsOf(t, fastFile)); diff != "" {
		t.Fatalf("statistics (-want +got):\n%s", diff)
	}
	got, want := rowsOf(t, fastFile), rowsOf(t, slowFile)
	for i, f := range schema.Fields() {
		if array.Equal(got.Column(i), want.Column(i)) {
			continue
		}
		for k, r := range rows {
			if g, w := got.Column(i).ValueStr(k), want.Column(i).ValueStr(k); g != w {
				t.Fatalf("column %s, row %d: got %s, want %s, of %s", f.Name, k, g, w, r.Value)
			}
		}
		t.Fatalf("column %s differs: %s", f.Name, cmp.Diff(want.Column(i).String(), got.Column(i).String()))
	}
}

// stored returns what a reader of a file with these rows sees.
func stored(t *testing.T, batch arrow.RecordBatch) arrow.RecordBatch {
	t.Helper()
	return rowsOf(t, fileOf(t, batch.Schema(), 1, func(int) arrow.RecordBatch { return batch }))
}

func rowsOf(t *testing.T, written []byte) arrow.RecordBatch {
	t.Helper()
	tbl := read(t, written)
	columns := make([]arrow.Array, tbl.NumCols())
	for i := range columns {
		chunks := tbl.Column(i).Data().Chunks()
		if len(chunks) != 1 {
			t.Fatalf("column %d came in %d chunks", i, len(chunks))
		}
		columns[i] = chunks[0]
	}
	return array.NewRecordBatch(tbl.Schema(), columns, tbl.NumRows())
}

func read(t *testing.T, written []byte) arrow.Table {
	t.Helper()
	tbl, err := pqarrow.ReadTable(ctx, bytes.NewReader(written), nil, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	must0(t, err)
	return tbl
}

func rowOf(r stream.Record) *row {
	out := &row{Record: r}
	prepareEvent(out, start)
	return out
}

// Every sample of every log type that is built in.
func TestColumnsOfSamples(t *testing.T) {
	for _, s := range logtype.Builtins() {
		checker, err := classify.New([]*logtype.Schema{s})
		must0(t, err)
		var rows []*row
		for i, sample := range s.Samples {
			v := checker.Check(classify.Line{Bytes: []byte(sample.Line), RowID: "row", SourceID: "src-1", SourceLabel: "a \"label\"", ParseTime: start, Envelope: []byte(`{"a":[1]}`)})
			if v.Schema != nil {
				rows = append(rows, rowOf(event(eventsTopic, int64(i), s.Name, s.Version, string(v.Event))))
			}
		}
		fields := tableSchema(logColumns(s)).Fields()
		compareEncoders(t, fields, library{s.Name: {s}}.lookup, rows)
		if batch := encodeAll(t, fields, library{s.Name: {s}}.lookup, rows); batch.Column(indexOf(fields, colUnconverted)).NullN() != len(rows) {
			t.Errorf("%s: columns do not take all of an event: %v", s.Name, batch.Column(indexOf(fields, colUnconverted)))
		}
	}
}

func encodeAll(t *testing.T, fields []iceberg.NestedField, lookup Lookup, rows []*row) arrow.RecordBatch {
	schema, err := table.SchemaToArrowSchema(iceberg.NewSchema(0, fields...), nil, true, false)
	must0(t, err)
	return newEventEncoder(newColumnSet(iceberg.NewSchema(0, fields...)), lookup).encode(schema, rows)
}

// Tables that have seen several versions of a log type, and events that are of none of them: any JSON, bytes that are none.
func TestColumnsOfAnything(t *testing.T) {
	for seed := range uint64(300) {
		g := chance{rand.New(rand.NewPCG(seed, 2))}
		types := library{}
		var fields []iceberg.NestedField
		id := 0
		for version := int64(1); version <= 3; version++ {
			s := schemaOf("A.One", version, g.fields(3)...)
			types["A.One"] = append(types["A.One"], s)
			fields, _ = merge(fields, structOf(logColumns(s)).FieldList, func() int { id++; return id }, true)
		}
		var rows []*row
		n := 30 + 170*(seed%2) // many: enough to see which texts are often the same
		if seed%50 == 0 {
			n = 3000 // more than the Parquet writer takes at once
		}
		for i := range n {
			rows = append(rows, rowOf(event(eventsTopic, int64(i), "A.One", int64(g.IntN(5)), g.event(types["A.One"][g.IntN(3)].Fields))))
		}
		if compareEncoders(t, fields, types.lookup, rows); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// chance makes log types and events.
type chance struct{ *rand.Rand }

func (g chance) of(texts ...string) string { return texts[g.IntN(len(texts))] }

func (g chance) fields(depth int) (fields []logtype.Field) {
	for _, name := range []string{"a", "b", "B", "c.d", "line", "p_flags"} {
		if g.IntN(3) > 0 {
			fields = append(fields, logtype.Field{Name: name, Value: g.value(depth)})
		}
	}
	return fields
}

func (g chance) value(depth int) logtype.Value {
	v := logtype.Value{Type: logtype.Type(g.of("string", "int", "bigint", "float", "boolean", "timestamp", "json", "array", "object"))}
	switch {
	case depth == 0 && (v.Type == logtype.Array || v.Type == logtype.Object):
		v.Type = logtype.JSON
	case v.Type == logtype.Array:
		element := g.value(depth - 1)
		v.Element = &element
	case v.Type == logtype.Object:
		v.Fields = g.fields(depth - 1)
	}
	return v
}

func (g chance) event(fields []logtype.Field) string {
	switch g.IntN(40) {
	case 0:
		return g.of("", " ", "[]", "null", "{", "{}x", `{"a":1,}`, "\xff", `"x"`)
	case 1:
		return g.of(" {} ", "{}\n", `{"\u0061":1}`, "{\"\xff\":1}", `{"a":null,"a":1,"a":null}`, `{"zz":{"a":[1, 2]},"p_unconverted":{"x":1},"p_event_time":5,"p_parse_time":7}`, `{"":1,"":2}`)
	}
	return g.object(fields, 3)
}

func (g chance) object(fields []logtype.Field, depth int) string {
	var members []string
	for _, f := range fields {
		for g.IntN(5) > 0 && len(members) < 8 {
			members = append(members, strconv.Quote(f.Name)+":"+g.json(&f.Value, depth))
			if g.IntN(10) > 0 {
				break
			}
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

func (g chance) json(v *logtype.Value, depth int) string {
	if g.IntN(10) == 0 {
		v = &logtype.Value{Type: logtype.Type(g.of("string", "int", "float", "boolean", "timestamp", "array", "object", "json"))}
	}
	switch v.Type {
	case logtype.Object:
		return g.object(v.Fields, depth-1)
	case logtype.Array:
		element := v.Element
		if element == nil {
			element = &logtype.Value{Type: logtype.JSON}
		}
		var items []string
		for range g.IntN(4) {
			items = append(items, g.json(element, depth-1))
		}
		return "[" + strings.Join(items, ",") + "]"
	case logtype.Int, logtype.BigInt:
		return g.of("0", "-1", "2147483647", "-2147483649", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "1.0", `"5"`, `"+5"`, `""`, "null", "-0", "123456789012345678901234567890")
	case logtype.Float:
		return g.of("0", "-0", "0.1", "1e5", "-12.345678", "123456789012345678", "5e-324", "1e999", "999999999999999", "0.000001", "-0.5", `"7"`, `"1.5"`, "1.7976931348623157e308", "0.30000000000000004", fmt.Sprint(g.NormFloat64()), fmt.Sprintf("%.3f", g.NormFloat64()*1e6))
	case logtype.Boolean:
		return g.of("true", "false", "1", "0", `"true"`, `"T"`, `"no"`, "null")
	case logtype.Timestamp:
		return g.of(`"2026-03-01T08:15:30Z"`, `"2026-03-01T08:15:30.123456789Z"`, `"1969-12-31T23:59:59.9999999Z"`, `"0001-01-01T00:00:00Z"`, `"9999-12-31T23:59:59Z"`, `"2026-03-01T08:15:30.5+01:00"`, `"yesterday"`, "1700000000", `""`)
	case logtype.JSON:
		return g.of(`{"x":[1,{"y":"\u00e9"}]}`, `[]`, `{}`, `"text"`, "1.50", "true", "\"\xff\"", `{"a":1}`)
	}
	return g.of(`"x"`, `""`, `"\u00e9\n\""`, "\"\xff\xfe\"", `"\ud800"`, `"é"`, "1.50", "true", `{"a":[1,2]}`, `["x"]`, "[\"\xff\"]", "null")
}
