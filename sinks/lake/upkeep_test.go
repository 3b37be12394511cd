package lake

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/logtype"
)

// A maintained lake is one in a memory store, with a clock that the test moves.
type maintained struct {
	t     *testing.T
	store *memStore
	clock clock
	cat   *Catalog
	sink  *Sink
	next  int64
}

func newMaintained(t *testing.T) *maintained {
	m := &maintained{t: t, store: newMemory(), clock: clock{start}}
	m.store.now = m.clock.now
	m.cat = NewCatalog(m.store)
	m.sink = NewSink(m.cat, library{"A.One": {schemaOf("A.One", 1, field("n", logtype.Int))}}.lookup, Options{Now: m.clock.now})
	m.sink.Assign(failuresTopic, 0)
	return m
}

func (m *maintained) upkeep() Upkeep { return Upkeep{Now: m.clock.now, OlderThan: -1, RetainLast: 1} }

// commit adds rows that were classified now, in a commit.
func (m *maintained) commit(rows int) {
	m.t.Helper()
	for range rows {
		m.add(fmt.Sprint("line ", m.next))
	}
	_, _, err := m.sink.Flush(ctx, true)
	must0(m.t, err)
}

func (m *maintained) add(line string) {
	m.t.Helper()
	r := failure(failuresTopic, m.next, line)
	f := r.Message.(schemas.Failure)
	f.ParseTime = m.clock.t
	r.Message = f
	must0(m.t, m.sink.Add(ctx, []stream.Record{r}))
	m.next++
}

func (m *maintained) load() *table.Table {
	m.t.Helper()
	tbl, err := m.cat.LoadTable(ctx, FailuresTable)
	must0(m.t, err)
	return tbl
}

// files returns the names of the table's files, by hour.
func (m *maintained) files() map[string]int {
	m.t.Helper()
	hours, err := filesByHour(ctx, m.load())
	must0(m.t, err)
	out := map[string]int{}
	for h, tasks := range hours {
		out[timeOf(h).Format("15h")] = len(tasks)
	}
	return out
}

func (m *maintained) rows() map[string]string {
	m.t.Helper()
	out := map[string]string{}
	for _, r := range rowsIn(m.t, m.cat, nameOf(FailuresTable)) {
		out[r["offset"]] = fmt.Sprint(r)
	}
	return out
}

// stored returns how many files of data there are, of the table or not.
func (m *maintained) stored(suffix string) (n int) {
	for name := range m.store.files {
		if strings.HasSuffix(name, suffix) {
			n++
		}
	}
	return n
}

// An hour that is over is rewritten, one that goes on is not; the rows and the offsets stay the same, and a second time there
// is nothing to do.
func TestRewrite(t *testing.T) {
	m := newMaintained(t)
	for range 4 {
		m.commit(3)
		m.clock.t = m.clock.t.Add(25 * time.Minute)
	}
	rows, offsets := m.rows(), m.load().Properties()
	if diff := cmp.Diff(map[string]int{"10h": 2, "11h": 2}, m.files()); diff != "" {
		t.Fatal(diff)
	}
	m.clock.t = start.Truncate(time.Hour).Add(2 * time.Hour) // 12:00: the hour from 11 has just ended
	done, err := m.cat.Rewrite(ctx, FailuresTable, m.upkeep())
	must0(t, err)
	if done.Hours != 1 || done.FilesBefore != 2 || done.FilesAfter != 1 || done.Rows != 6 {
		t.Errorf("done: %+v", done)
	}
	if diff := cmp.Diff(map[string]int{"10h": 1, "11h": 2}, m.files()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(rows, m.rows()); diff != "" {
		t.Error("the rows are not the same:\n", diff)
	}
	if diff := cmp.Diff(offsets, m.load().Properties()); diff != "" {
		t.Error("the properties are not the same:\n", diff)
	}
	if op := m.load().CurrentSnapshot().Summary.Operation; op != table.OpReplace {
		t.Errorf("the commit is a %s, want one that says that rows stay the same", op)
	}
	if done, err := m.cat.Rewrite(ctx, FailuresTable, m.upkeep()); err != nil || done.Hours != 0 {
		t.Errorf("again: %+v, %v", done, err)
	}
	m.commit(1)
	if diff := cmp.Diff(13, len(m.rows())); diff != "" {
		t.Error(diff)
	}
}

// Files of an hour are made no larger than wanted, and those that are large enough are left alone.
func TestRewriteIntoSeveralFiles(t *testing.T) {
	m := newMaintained(t)
	text := make([]byte, 3<<20) // so that rows are many row groups
	rand.NewChaCha8([32]byte{}).Read(text)
	for range 6 {
		for i := range 12 {
			m.add(hex.EncodeToString(text[i<<18:][:1<<18]))
		}
		m.commit(0)
	}
	p := m.upkeep()
	p.FileBytes = 6 << 20
	m.clock.t = m.clock.t.Add(2 * time.Hour)
	before := len(m.rows())
	done, err := m.cat.Rewrite(ctx, FailuresTable, p)
	must0(t, err)
	if done.FilesAfter < 2 || done.FilesAfter >= done.FilesBefore {
		t.Errorf("done: %+v", done)
	}
	if n := len(m.rows()); n != before {
		t.Errorf("%d rows, want %d", n, before)
	}
	if again, err := m.cat.Rewrite(ctx, FailuresTable, p); err != nil || again.Hours != 0 {
		t.Errorf("again: %+v, %v", again, err)
	}
}

// A writer that commits while an hour is rewritten is not disturbed, and does not disturb; and of two that rewrite the same
// hour one finds it done.
func TestRewriteAmongOthers(t *testing.T) {
	m := newMaintained(t)
	m.commit(2)
	m.commit(2)
	m.clock.t = m.clock.t.Add(2 * time.Hour)
	for _, c := range []struct {
		what string
		do   func()
		want map[string]int
	}{
		{"a writer", func() { m.commit(1) }, map[string]int{"10h": 1, "12h": 1}},
		{"another rewrite", func() {
			_, err := NewCatalog(m.store).Rewrite(ctx, FailuresTable, m.upkeep())
			must0(t, err)
		}, map[string]int{"10h": 1, "12h": 1}},
		{"retention", func() {
			p := m.upkeep()
			p.Keep = func(string) time.Duration { return time.Hour }
			_, err := NewCatalog(m.store).Retain(ctx, FailuresTable, p, false)
			must0(t, err)
		}, map[string]int{"12h": 1}},
	} {
		busy := true
		m.store.before = func(op, name string) (bool, error) {
			if op == "create" && stepOf(name) == "commit" && busy {
				busy = false
				c.do()
			}
			return true, nil
		}
		_, err := m.cat.Rewrite(ctx, FailuresTable, m.upkeep())
		must0(t, err)
		m.store.before = nil
		if diff := cmp.Diff(c.want, m.files()); diff != "" {
			t.Errorf("%s:\n%s", c.what, diff)
		}
		if c.what == "another rewrite" || c.what == "a writer" { // so that there is something to rewrite again
			m.late(start, 1)
		}
	}
}

// late adds rows in a commit that were classified at a time long ago.
func (m *maintained) late(at time.Time, rows int) {
	m.t.Helper()
	now := m.clock.t
	m.clock.t = at
	m.commit(rows)
	m.clock.t = now
}

// Whole hours go, as a whole and only when they are old enough; what was dropped is written down.
func TestRetain(t *testing.T) {
	m := newMaintained(t)
	for range 5 {
		m.commit(2)
		m.clock.t = m.clock.t.Add(time.Hour)
	}
	m.clock.t = m.clock.t.Add(-time.Hour) // 14:30
	p := m.upkeep()
	p.Keep = KeepBy([]Retention{{"panther_monitor.*", 24 * time.Hour}, {"panther_*.class*", 2*time.Hour + 59*time.Minute}, {"panther_logs.*", time.Hour}})
	want := Dropped{Table: nameOf(FailuresTable), Before: start.Truncate(time.Hour).Add(2 * time.Hour), Hours: 2, Files: 2, Rows: 4}
	for _, plan := range []bool{true, false} {
		got, err := m.cat.Retain(ctx, FailuresTable, p, plan)
		must0(t, err)
		if got.Bytes == 0 {
			t.Error("the hours have no bytes")
		}
		got.Bytes = 0
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("plan %t:\n%s", plan, diff)
		}
	}
	if diff := cmp.Diff(map[string]int{"12h": 1, "13h": 1, "14h": 1}, m.files()); diff != "" {
		t.Error(diff)
	}
	if got := droppedBefore(m.load()); !got.Equal(want.Before) {
		t.Errorf("the table says that rows before %s are out, want %s", got, want.Before)
	}
	if got, err := m.cat.Retain(ctx, FailuresTable, m.upkeep(), false); err != nil || got.Files != 0 {
		t.Errorf("a table that is kept for ever: %+v, %v", got, err)
	}
	p.Keep = func(string) time.Duration { return time.Minute }
	if _, err := m.cat.Retain(ctx, FailuresTable, p, false); err == nil || !strings.Contains(err.Error(), "want an hour or more") {
		t.Errorf("a minute: %v", err)
	}
}

// Maintain does everything, for every table, and one that goes wrong does not stop the others.
func TestMaintain(t *testing.T) {
	m := newMaintained(t)
	m.sink.Assign(eventsTopic, 0)
	for i := range int64(4) {
		must0(t, m.sink.Add(ctx, []stream.Record{event(eventsTopic, i, "A.One", 1, `{"n":1}`)}))
		m.commit(1)
	}
	m.clock.t = m.clock.t.Add(3 * time.Hour)
	damaged := ""
	for name := range m.store.files {
		if strings.HasPrefix(name, "panther_logs/a_one/data/") {
			damaged = name
		}
	}
	delete(m.store.files, damaged)
	var tables []string
	err := m.cat.Maintain(ctx, m.upkeep(), func(d Done) {
		tables = append(tables, fmt.Sprint(d.Rewritten.Table, " ", d.Rewritten.FilesBefore))
	})
	if err == nil || !strings.Contains(err.Error(), damaged) {
		t.Errorf("the error is %v; want that %s is gone", err, damaged)
	}
	slices.Sort(tables)
	if diff := cmp.Diff([]string{"panther_logs.a_one 0", "panther_monitor.classification_failures 4"}, tables); diff != "" {
		t.Error(diff)
	}
}
