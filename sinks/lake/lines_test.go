package lake

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"panther/pipeline/stream"
	"panther/schemas"
)

// ofLine makes a record one of a line within its producer's record.
func ofLine(r stream.Record, line int64, header string) stream.Record {
	if f, ok := r.Message.(schemas.Failure); ok {
		f.Position.Line, f.Envelope = line, schemas.Envelope(header)
		r.Message = f
		return r
	}
	for i, h := range r.Headers {
		if h.Key == schemas.HeaderPosition {
			var p schemas.Position
			_ = json.Unmarshal(h.Value, &p)
			p.Offset, p.Line = 5, line
			r.Headers[i].Value, _ = json.Marshal(p)
		}
	}
	return r
}

// Several rows come from one record of the producer: they differ by their line, and the proof counts them apart. What was
// around a line is in p_header, of events and of failures.
func TestLinesOfOneRecord(t *testing.T) {
	store := newMemory()
	c := NewCatalog(store)
	s := NewSink(c, library{"A.One": {schemaOf("A.One", 1)}}.lookup, Options{})
	s.Assign(eventsTopic, 0)
	s.Assign(failuresTopic, 0)
	bad := failure(failuresTopic, 0, "x")
	must0(t, s.Add(ctx, []stream.Record{
		ofLine(event(eventsTopic, 0, "A.One", 1, `{"p_header":{"logGroup":"g"}}`), 0, ""),
		ofLine(event(eventsTopic, 1, "A.One", 1, `{"p_header":{"logGroup":"g"}}`), 1, ""),
		ofLine(bad, 2, `{"logGroup":"g"}`),
	}))
	_, _, err := s.Flush(ctx, true)
	must0(t, err)
	expectProof(t, store, "panther_logs.a_one", 2)
	var got []string
	for _, name := range []string{"panther_logs.a_one", "panther_monitor.classification_failures"} {
		for _, row := range rowsIn(t, c, name) {
			got = append(got, row["line"]+" "+row["p_row_id"]+" "+row["p_header"])
		}
	}
	slices.Sort(got)
	const id = "09000000000000000000000000000000-0-5-"
	want := []string{"0 " + id + `0 {"logGroup":"g"}`, "1 " + id + `1 {"logGroup":"g"}`, `2 row-0-0 {"logGroup":"g"}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A table of failures that an older version of the program made gets the columns that have come since.
func TestOldFailuresTable(t *testing.T) {
	c := NewCatalog(newMemory())
	old := slices.DeleteFunc(failureColumns(), func(col column) bool { return col.name == colHeader })
	props := tableProperties()
	props[versionProperty] = "1"
	schema := tableSchema(old)
	_, err := c.CreateTable(ctx, FailuresTable, schema, hourly(schema), props)
	must0(t, err)
	s := NewSink(c, library{}.lookup, Options{})
	s.Assign(failuresTopic, 0)
	must0(t, s.Add(ctx, []stream.Record{ofLine(failure(failuresTopic, 0, "x"), 0, `{"a":1}`)}))
	_, _, err = s.Flush(ctx, true)
	must0(t, err)
	if rows := rowsIn(t, c, "panther_monitor.classification_failures"); len(rows) != 1 || rows[0]["p_header"] != `{"a":1}` {
		t.Errorf("rows %v", rows)
	}
}
