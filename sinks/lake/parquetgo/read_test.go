package parquetgo

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"panther/sinks/lake"
	"panther/sinks/lake/laketest"
)

// Every file of a lake that has seen everything is read with its values and types: as they were written, and after each hour's
// files were made one.
func TestRead(t *testing.T) {
	folder, err := lake.OpenFolder(t.TempDir())
	must(t, err)
	c := lake.NewCatalog(folder)
	must(t, laketest.Write(t.Context(), c))
	before := check(t, c)
	later := lake.Upkeep{Now: func() time.Time { return laketest.Start.Add(1000 * time.Hour) }}
	for _, id := range []table.Identifier{lake.FailuresTable, lake.LogTable("A.One")} {
		done, err := c.Rewrite(t.Context(), id, later)
		if err != nil || done.Hours == 0 {
			t.Fatalf("%+v, %v", done, err)
		}
	}
	if after := check(t, c); after >= before {
		t.Errorf("%d files became %d", before, after)
	}
}

// check reads all there is, and returns how many files hold it.
func check(t *testing.T, c *lake.Catalog) (files int) {
	t.Helper()
	events, n := read(t, c, lake.LogTable("A.One"))
	var got []string
	for _, row := range events {
		maps.DeleteFunc(row, func(name string, _ any) bool {
			return !slices.Contains([]string{"port", "port__string", "n", "user", "list", "new"}, name)
		})
		got = append(got, asJSON(t, row))
	}
	var want []string
	for _, text := range laketest.Events {
		var row any
		must(t, json.Unmarshal([]byte(text), &row))
		want = append(want, asJSON(t, row))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	failures, m := read(t, c, lake.FailuresTable)
	if len(failures) != laketest.Failures {
		t.Errorf("%d failures, want %d", len(failures), laketest.Failures)
	}
	for i, row := range failures {
		want := map[string]any{"p_row_id": fmt.Sprintf("row-%d", i), "p_parse_time": laketest.FailureTime(i).UnixMicro(), "span_end": int64(11), "code": "type_mismatch"}
		got := map[string]any{}
		for name := range want {
			got[name] = row[name]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("row %d: %s", i, diff)
		}
		candidate := row["candidates"].([]any)[0].(map[string]any)
		if candidate["schema"] != "Edge.Log" {
			t.Errorf("row %d: candidate %v", i, candidate)
		}
		if raw, payload := row["payload_raw"], row["payload"]; (raw != nil) != (i == laketest.Failures-1) || raw == nil && payload != fmt.Sprintf(`{"port":"x%d"}`, i) {
			t.Errorf("row %d: payload %q, raw %q", i, payload, raw)
		}
	}
	return n + m
}

// read reads the rows of a table, in the order of their offsets.
func read(t *testing.T, c *lake.Catalog, id table.Identifier) (rows []map[string]any, files int) {
	t.Helper()
	at, err := c.LoadTable(t.Context(), id)
	must(t, err)
	fields := map[int32]iceberg.NestedField{}
	collect(fields, at.Schema().Fields())
	tasks, err := at.Scan().PlanFiles(t.Context())
	must(t, err)
	for _, task := range tasks {
		some := file{T: t, name: task.File.FilePath(), fields: fields}.rows()
		if int64(len(some)) != task.File.Count() {
			t.Errorf("%s: %d rows, want %d", task.File.FilePath(), len(some), task.File.Count())
		}
		rows = append(rows, some...)
	}
	slices.SortFunc(rows, func(a, b map[string]any) int { return int(a["offset"].(int64) - b["offset"].(int64)) })
	return rows, len(tasks)
}

// collect finds the fields of a schema by their ids, also those within.
func collect(fields map[int32]iceberg.NestedField, list []iceberg.NestedField) {
	for _, f := range list {
		fields[int32(f.ID)] = f
		t := f.Type
		if l, ok := t.(*iceberg.ListType); ok {
			t = l.Element
		}
		if s, ok := t.(*iceberg.StructType); ok {
			collect(fields, s.FieldList)
		}
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	must(t, err)
	return string(b)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
