package lake

import (
	"strings"
	"testing"
	"time"

	"github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"panther/pipeline/stream"
	"panther/schemas"
)

// inspected is what Inspect says of the failures: its counts, and problems.
func (m *maintained) inspect() *Inspection {
	m.t.Helper()
	in, err := m.cat.Inspect(ctx, FailuresTable)
	must0(m.t, err)
	return in
}

// Inspect sees each kind of damage, says which file it is in, and finds nothing wrong with what is whole.
func TestInspect(t *testing.T) {
	newest := func(m *maintained, suffix string) string {
		name := ""
		for n, f := range m.store.files {
			if strings.HasSuffix(n, suffix) && (name == "" || f.written.After(m.store.files[name].written)) {
				name = n
			}
		}
		return name
	}
	for _, c := range []struct {
		what  string
		spoil func(m *maintained, file string)
		want  string
	}{
		{"nothing", func(*maintained, string) {}, ""},
		{"a file is gone", func(m *maintained, file string) { delete(m.store.files, file) }, "file does not exist"},
		{"a file is cut off", func(m *maintained, file string) {
			f := m.store.files[file]
			f.data = f.data[:len(f.data)-10]
			m.store.files[file] = f
		}, "bytes, the table says"},
		{"bytes of a file are others", func(m *maintained, file string) {
			f := m.store.files[file]
			f.data = append([]byte(nil), f.data...)
			for i := range 200 {
				f.data[100+i] ^= 0x5a
			}
			m.store.files[file] = f
		}, ".parquet: "},
		{"the file of another one", func(m *maintained, file string) {
			for name, f := range m.store.files {
				if strings.HasSuffix(name, ".parquet") && name != file {
					m.store.files[file] = memoryFile{append([]byte(nil), f.data...), f.written}
				}
			}
		}, "the table says"},
		{"a manifest is none", func(m *maintained, _ string) {
			m.store.files[newest(m, ".avro")] = memoryFile{data: []byte("none")}
		}, "a manifest cannot be read"},
		{"the newest version is cut off", func(m *maintained, _ string) {
			m.cat = NewCatalog(m.store) // which remembers none
			m.store.files[newest(m, ".metadata.json")] = memoryFile{data: []byte(`{"format-version"`)}
		}, "its newest version cannot be read"},
		{"the newest version is none", func(m *maintained, _ string) {
			m.cat = NewCatalog(m.store)
			m.store.files[newest(m, ".metadata.json")] = memoryFile{data: []byte("none")}
		}, "its newest version cannot be read"},
		{"the newest version is empty", func(m *maintained, _ string) {
			m.cat = NewCatalog(m.store)
			m.store.files[newest(m, ".metadata.json")] = memoryFile{}
		}, "its newest version cannot be read"},
		{"a list of manifests is gone", func(m *maintained, _ string) { delete(m.store.files, newest(m, ".avro")) }, "a manifest is gone"},
	} {
		m := newMaintained(t)
		m.commit(3)
		m.clock.t = m.clock.t.Add(time.Minute)
		m.commit(50)
		c.spoil(m, newest(m, ".parquet"))
		in := m.inspect()
		if problems := strings.Join(in.Problems(), "\n"); !strings.Contains(problems, c.want) || (c.want == "") != in.OK() || (problems == "") != in.OK() {
			t.Errorf("%s: problems are %q, want %q", c.what, problems, c.want)
		}
		if c.want == "" && (in.Rows != 53 || in.Distinct != 53 || in.Files != 2 || in.Bytes == 0) {
			t.Errorf("%s: %+v", c.what, in)
		}
	}
}

// A row that is there twice is counted: here its file was added again, as nothing of ours does.
func TestInspectSeesRowsTwice(t *testing.T) {
	m := newMaintained(t)
	m.commit(3)
	other := NewSink(m.cat, library{}.lookup, Options{Now: m.clock.now})
	other.held = func(*table.Table, stream.Partition) int64 { return 0 }
	other.Assign(failuresTopic, 1)
	must0(t, other.Add(ctx, []stream.Record{failure(failuresTopic, 1, "again"), failure(failuresTopic, 2, "again")}))
	_, _, err := other.Flush(ctx, true)
	must0(t, err)
	in := m.inspect()
	if in.OK() || in.Rows != 5 || in.Distinct != 3 || !strings.Contains(strings.Join(in.Problems(), ""), "2 rows are there more than once") {
		t.Errorf("%d rows, %d distinct: %v", in.Rows, in.Distinct, in.Problems())
	}
}

// Every record that a topic still holds has its row; those of hours that retention has dropped are not missed, and records
// that are no rows, as clocks, neither.
func TestInspectExpectsRecords(t *testing.T) {
	m := newMaintained(t)
	var records []stream.Record
	activity := stream.Partition{Topic: schemas.SourceActivity.Name, ID: stream.ID{3}}
	m.sink.Assign(eventsTopic, 0)
	m.sink.Assign(activity, 0)
	for i := range int64(4) {
		f := failure(failuresTopic, i, "x")
		message := f.Message.(schemas.Failure)
		message.ParseTime = m.clock.t
		f.Message = message
		records = append(records, f, event(eventsTopic, i, "A.One", 1, `{"n":1}`),
			stream.Record{Topic: activity.Topic, TopicID: activity.ID, Offset: i, Time: start, Message: schemas.Activity{Source: "src-1"}})
		m.clock.t = m.clock.t.Add(time.Hour)
	}
	records = append(records, stream.Record{Topic: activity.Topic, TopicID: activity.ID, Offset: 4, Time: start}) // a clock
	must0(t, m.sink.Add(ctx, records))
	_, _, err := m.sink.Flush(ctx, true)
	must0(t, err)
	p := m.upkeep()
	p.Keep = KeepBy([]Retention{{nameOf(FailuresTable), 3 * time.Hour}})
	_, err = m.cat.Retain(ctx, FailuresTable, p, false)
	must0(t, err)

	late := event(eventsTopic, 9, "A.One", 1, `{"n":1}`)
	elsewhere := event(eventsTopic, 10, "A.Two", 1, `{"n":1}`)
	found := map[string][2]int64{}
	is := Inspections{}
	ids, err := m.cat.ListTables(ctx)
	must0(t, err)
	for _, id := range ids {
		is[nameOf(id)], err = m.cat.Inspect(ctx, id)
		must0(t, err)
	}
	for _, r := range append(records, late, elsewhere) {
		is.Expect(r, true)
	}
	for name, in := range is {
		found[name] = [2]int64{in.Records, in.Lost}
	}
	if diff := cmp.Diff(map[string][2]int64{"panther_monitor.classification_failures": {4, 0}, "panther_monitor.source_activity": {4, 0},
		"panther_logs.a_one": {5, 1}, "panther_logs.a_two": {1, 1}}, found); diff != "" {
		t.Error(diff)
	}
	if n := len(m.rows()); n != 3 {
		t.Errorf("%d failures are left, want the 3 of the last hours", n)
	}
	if problems := is["panther_logs.a_one"].Problems(); len(problems) != 1 || !strings.Contains(problems[0], "offset 9, line 0") {
		t.Errorf("problems are %q", problems)
	}
}
