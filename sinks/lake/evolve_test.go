package lake

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"panther/pipeline/stream"
	"panther/schemas/logtype"
)

// A log type changes while its events are on their way: columns are added, widened, and change their type; events of older
// versions come late. No row and no value is lost, and nothing that was written is rewritten.
func TestColumnsFollowTheLogType(t *testing.T) {
	object := func(fields ...logtype.Field) logtype.Field {
		return logtype.Field{Name: "user", Value: logtype.Value{Type: logtype.Object, Fields: fields}}
	}
	types := library{"A.One": {
		schemaOf("A.One", 1, field("port", logtype.Int), field("n", logtype.Int), object(field("id", logtype.Int))),
		schemaOf("A.One", 2, field("port", logtype.String), field("n", logtype.BigInt), object(field("id", logtype.String), field("name", logtype.String))),
		schemaOf("A.One", 3, field("port", logtype.Int), field("n", logtype.BigInt), object(field("id", logtype.String), field("name", logtype.String)), field("new", logtype.Boolean)),
	}}
	store := newMemory()
	c := NewCatalog(store)
	s := NewSink(c, types.lookup, Options{})
	s.Assign(eventsTopic, 0)
	for i, step := range []struct {
		version int64
		body    string
	}{
		{1, `{"port":80,"n":1,"user":{"id":7}}`},
		{2, `{"port":"http","n":5000000000,"user":{"id":"x","name":"ann"}}`},
		{1, `{"port":81,"n":2,"user":{"id":8}}`},
		{3, `{"port":82,"n":3,"new":true}`},
		{2, `{"port":"smtp","n":4,"user":{"id":"y"}}`},
		{9, `{"port":83,"n":5}`}, // a version that this process does not know
	} {
		must0(t, s.Add(ctx, []stream.Record{event(eventsTopic, int64(i), "A.One", step.version, step.body)}))
		_, _, err := s.Flush(ctx, true)
		must0(t, err)
	}
	id, _ := Parse("panther_logs.a_one")
	tbl, err := c.LoadTable(ctx, id)
	must0(t, err)
	if len(tbl.Metadata().Schemas()) != 3 {
		t.Errorf("the table has had %d schemas, want one for each change", len(tbl.Metadata().Schemas()))
	}
	want := []map[string]string{
		{"port": "80", "n": "1", "user": `{"id":null,"id__int":7,"name":null}`},
		{"port__string": "http", "n": "5000000000", "user": `{"id":"x","id__int":null,"name":"ann"}`},
		{"port__string": "81", "n": "2", "user": `{"id":"8","id__int":null,"name":null}`},
		{"port": "82", "n": "3", "new": "true"},
		{"port__string": "smtp", "n": "4", "user": `{"id":"y","id__int":null,"name":null}`},
		{"port": "83", "n": "5"},
	}
	got := make([]map[string]string, len(want))
	for _, row := range rowsIn(t, c, "panther_logs.a_one") {
		i, _ := strconv.Atoi(row["offset"])
		got[i] = map[string]string{}
		for _, name := range []string{"port", "port__string", "n", "new", "user", colUnconverted} {
			if v, ok := row[name]; ok {
				got[i][name] = v
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMergeTypes(t *testing.T) {
	one := func(typ logtype.Type) []column {
		return fieldColumns([]logtype.Field{field("f", typ)}, map[string]bool{})
	}
	for _, c := range []struct {
		from, to logtype.Type
		want     string
	}{
		{logtype.Int, logtype.Int, "f:int"},
		{logtype.Int, logtype.BigInt, "f:long"},
		{logtype.BigInt, logtype.Int, "f:long"}, // an int fits
		{logtype.SmallInt, logtype.Int, "f:int"},
		{logtype.JSON, logtype.String, "f:string"},
		{logtype.Int, logtype.Float, "f__int:int f:double"},
		{logtype.String, logtype.Timestamp, "f__string:string f:timestamptz"},
		{logtype.Boolean, logtype.String, "f__boolean:boolean f:string"},
	} {
		id := 0
		next := func() int { id++; return id }
		have, _ := merge(nil, structOf(one(c.from)).FieldList, next, false)
		for _, retype := range []bool{true, false} {
			got := ""
			fields, changed := merge(have, structOf(one(c.to)).FieldList, next, retype)
			for _, f := range fields {
				got += fmt.Sprintf(" %s:%s", f.Name, f.Type)
			}
			want := " " + c.want
			if !retype && len(fields) == 1 && fields[0].Type.Equals(have[0].Type) {
				want = got
			}
			if got != want {
				t.Errorf("%s to %s, retype %v: %s, want %s", c.from, c.to, retype, got, want)
			}
			if changed == (len(fields) == 1 && fields[0].Type.Equals(have[0].Type)) {
				t.Errorf("%s to %s: changed is %v", c.from, c.to, changed)
			}
			have, _ = merge(nil, structOf(one(c.from)).FieldList, next, false)
		}
	}
}

func TestNamesOfColumns(t *testing.T) {
	cols := logColumns(schemaOf("A.One", 1, field("Host", logtype.String), field("host", logtype.String), field("a.b", logtype.String), field("line", logtype.String), field("p_row_id", logtype.String)))
	var names []string
	for _, c := range cols[len(eventColumns()):] {
		names = append(names, c.name)
	}
	if diff := cmp.Diff([]string{"Host", "host_", "a_b", "line_", "p_row_id_"}, names); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]string{"AWS.CloudTrail": "panther_logs/aws_cloudtrail", "../../etc": "panther_logs/unnamed_type", "": "panther_logs/unnamed_type"} {
		if got := folderOf(LogTable(name)); got != want {
			t.Errorf("table of %q is %s, want %s", name, got, want)
		}
	}
}

// A table says of itself what its columns mean, which of them is the id of a row, and how rows are best sorted, also after its
// columns have changed.
func TestTablesDescribeThemselves(t *testing.T) {
	c := NewCatalog(newMemory())
	for _, fields := range [][]logtype.Field{{field("port", logtype.Int)}, {field("port", logtype.String), field("host", logtype.String)}} {
		version := int64(len(fields))
		for i := range fields {
			fields[i].Description = "what it is"
		}
		tbl, err := c.Follow(ctx, schemaOf("A.One", version, fields...))
		must0(t, err)
		name := func(id int) string {
			f, _ := tbl.Schema().FindFieldByID(id)
			return f.Name
		}
		for _, f := range tbl.Schema().Fields() {
			if f.Doc == "" {
				t.Errorf("version %d: column %s has no description", version, f.Name)
			}
		}
		if ids := tbl.Schema().IdentifierFieldIDs; len(ids) != 1 || name(ids[0]) != colRowID {
			t.Errorf("version %d: the identifiers are %v", version, ids)
		}
		sorted := false
		for _, f := range tbl.SortOrder().Fields() {
			sorted = name(f.SourceID()) == colEventTime
		}
		if !sorted {
			t.Errorf("version %d: the order is %s", version, tbl.SortOrder())
		}
		if !ByHour(tbl) {
			t.Errorf("version %d: it is partitioned by %s", version, tbl.Spec())
		}
	}
}
