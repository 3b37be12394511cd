package lake

import (
	"slices"
	"testing"

	"github.com/apache/iceberg-go"
	"github.com/google/go-cmp/cmp"

	"panther/pipeline/stream"
)

// Another engine has given the table of failures columns of its own, another order, in structs too, and other types. What has
// another type stays null, and all else comes in.
func TestTableOfAnotherEngine(t *testing.T) {
	c := NewCatalog(newMemory())
	fields := slices.Clone(tableSchema(failureColumns()).Fields())
	slices.Reverse(fields)
	candidates := structIn(t, fields, "candidates")
	reasons := structIn(t, candidates.FieldList, "reasons")
	for _, f := range [][]iceberg.NestedField{fields, candidates.FieldList, reasons.FieldList} {
		for _, name := range []string{"got", "span_start", "version"} {
			if i := indexOf(f, name); i >= 0 {
				f[i].Type = map[string]iceberg.Type{"got": longType, "span_start": boolType, "version": stringType}[name]
			}
		}
	}
	slices.Reverse(candidates.FieldList)
	reasons.FieldList = append([]iceberg.NestedField{{ID: 1001, Name: "note", Type: iceberg.PrimitiveTypes.Date}}, reasons.FieldList...)
	fields = append(fields, iceberg.NestedField{ID: 1002, Name: "extra", Type: &iceberg.ListType{ElementID: 1003, Element: stringType}})
	schema := iceberg.NewSchema(0, fields...)
	props := tableProperties()
	props[versionProperty] = "1"
	_, err := c.CreateTable(ctx, FailuresTable, schema, hourly(schema), props)
	must0(t, err)

	s := NewSink(c, library{}.lookup, Options{})
	s.Assign(failuresTopic, 0)
	for i := range int64(2) { // in the memory of the commit before
		must0(t, s.Add(ctx, []stream.Record{failure(failuresTopic, 2*i, "a line"), failure(failuresTopic, 2*i+1, "\xff")}))
		_, _, err = s.Flush(ctx, true)
		must0(t, err)
	}
	rows := rowsIn(t, c, nameOf(FailuresTable))
	if len(rows) != 4 {
		t.Fatalf("got %d rows, want 4", len(rows))
	}
	for _, row := range rows {
		got := map[string]string{}
		for _, name := range []string{"error", "expected", "got", "span_start", "span_end", "candidates", colSourceID} {
			if text, ok := row[name]; ok {
				got[name] = text
			}
		}
		want := map[string]string{"error": `port: want int, got "x"`, "expected": "int", "span_end": "11", colSourceID: "src-1",
			"candidates": `[{"reasons":[{"code":"type_mismatch","expected":"int","field":"port","got":null,"note":null,"span_end":11,"span_start":null}],"schema":"Edge.Log","version":null}]`}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// structIn finds the struct in a list.
func structIn(t *testing.T, fields []iceberg.NestedField, name string) *iceberg.StructType {
	t.Helper()
	return fields[indexOf(fields, name)].Type.(*iceberg.ListType).Element.(*iceberg.StructType)
}
