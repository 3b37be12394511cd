package lake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"panther/pipeline/stream"
)

// Nothing goes that a reader of the last hour could need; what nobody needs goes in the end.
func TestExpire(t *testing.T) {
	m := newMaintained(t)
	for range 10 {
		m.commit(2)
	}
	m.clock.t = m.clock.t.Add(2 * time.Hour)
	_, err := m.cat.Rewrite(ctx, FailuresTable, m.upkeep())
	must0(t, err)
	m.commit(1)
	readers := map[time.Time]table.Metadata{}
	rows := m.rows()
	for round := range 40 {
		readers[m.clock.t] = m.load().Metadata()
		_, err := m.cat.Expire(ctx, FailuresTable, m.upkeep(), true)
		must0(t, err)
		if _, err := m.cat.Expire(ctx, FailuresTable, m.upkeep(), false); err != nil {
			t.Fatal(err)
		}
		m.clock.t = m.clock.t.Add(55 * time.Minute)
		for at, meta := range readers {
			if m.clock.t.Sub(at) < time.Hour {
				m.readAll(meta, fmt.Sprint("round ", round))
			}
		}
	}
	if diff := cmp.Diff(rows, m.rows()); diff != "" {
		t.Error(diff)
	}
	if n := m.stored(".parquet"); n != 2 {
		t.Errorf("%d files of data are left, want that of the hour from 10 and that of 12", n)
	}
	if n := len(m.load().Metadata().Snapshots()); n != 1 {
		t.Errorf("%d snapshots are left", n)
	}
	if n := m.stored(".avro"); n > 4 {
		t.Errorf("%d manifests and lists are left", n)
	}
}

// readAll reads whatever a version of the table refers to.
func (m *maintained) readAll(meta table.Metadata, why string) {
	m.t.Helper()
	tbl := m.cat.table(FailuresTable, Head{Meta: meta, Location: "/lake/x"})
	for _, s := range meta.Snapshots() {
		tasks, err := tbl.Scan(table.WithSnapshotID(s.SnapshotID)).PlanFiles(ctx)
		if err != nil {
			m.t.Fatalf("%s: a reader misses metadata: %v", why, err)
		}
		for _, task := range tasks {
			if _, ok := m.store.files[strings.TrimPrefix(task.File.FilePath(), "/lake/")]; !ok {
				m.t.Fatalf("%s: a reader misses %s", why, task.File.FilePath())
			}
		}
	}
}

// What a plan says is what is done, and a plan does nothing.
func TestExpirePlan(t *testing.T) {
	m := newMaintained(t)
	for range 12 {
		m.commit(1)
	}
	m.clock.t = m.clock.t.Add(48 * time.Hour)
	_, err := m.cat.Rewrite(ctx, FailuresTable, m.upkeep())
	must0(t, err)
	m.clock.t = m.clock.t.Add(48 * time.Hour)
	_, err = m.cat.Expire(ctx, FailuresTable, m.upkeep(), false) // snapshots go now, their files an hour later
	must0(t, err)
	m.clock.t = m.clock.t.Add(2 * time.Hour)
	before := maps.Clone(m.store.files)
	plan, err := m.cat.Expire(ctx, FailuresTable, m.upkeep(), true)
	must0(t, err)
	if len(before) != len(m.store.files) {
		t.Error("the plan has changed files")
	}
	done, err := m.cat.Expire(ctx, FailuresTable, m.upkeep(), false)
	must0(t, err)
	if diff := cmp.Diff(plan, done); diff != "" || done.Files < 12 {
		t.Errorf("plan and deed differ, or less than 12 files went:\n%s\n%+v", diff, done)
	}
	if diff := cmp.Diff(12, len(m.rows())); diff != "" {
		t.Error(diff)
	}
}

// A writer that slept at any step of its commit does not bring back what was removed meanwhile; also not if its files waited
// for a second try, and if its clock stood still.
func TestExpireFencesSleepers(t *testing.T) {
	for _, step := range []string{"manifest", "list", "commit"} {
		for _, tries := range []int{1, 2} {
			for _, still := range []bool{false, true} {
				sleep(t, step, tries, still)
			}
		}
	}
}

// sleep lets a writer sleep at a step of the last of some tries.
func sleep(t *testing.T, step string, tries int, still bool) {
	m := newMaintained(t)
	m.commit(1)
	now := m.clock.now
	if still {
		now = func() time.Time { return start }
	}
	other := of(failuresTopic, 2)
	sleeper := NewSink(NewCatalog(m.store), library{}.lookup, Options{Now: now})
	sleeper.wait = func(context.Context, int) error { return nil }
	sleeper.Assign(other, 100)
	left := tries
	m.store.before = func(_, name string) (bool, error) {
		at := stepOf(name)
		if strings.Contains(name, "/snap-") {
			at = "list"
		}
		if at != step || left == 0 {
			return true, nil
		}
		left--
		before := left
		left = 0
		if m.clock.t = m.clock.t.Add(time.Minute); before > 0 {
			m.commit(1)
		} else {
			for range 4 {
				m.clock.t = m.clock.t.Add(26 * time.Hour)
				_, err := m.cat.Expire(ctx, FailuresTable, m.upkeep(), false)
				must0(t, err)
			}
		}
		left = before
		return true, nil
	}
	must0(t, sleeper.Add(ctx, []stream.Record{failure(other, 100, "x")}))
	_, _, err := sleeper.Flush(ctx, true)
	must0(t, err)
	m.store.before = nil
	m.readAll(m.load().Metadata(), "after the sleeper")
	if n := len(m.rows()); n != 1+tries {
		t.Errorf("slept at the %s of try %d, clock standing still %t: %d rows, want that of the sleeper, and those of before", step, tries, still, n)
	}
}

// A snapshot may come late after its manifests were written, and go soon: who has loaded it reads on.
func TestExpireKeepsWhatCameLate(t *testing.T) {
	m := newMaintained(t)
	m.commit(1)
	m.clock.t = m.clock.t.Add(3 * time.Hour)
	m.store.before = func(op, name string) (bool, error) {
		if op == "create" && stepOf(name) == "commit" {
			m.clock.t = m.clock.t.Add(3 * time.Hour)
		}
		return true, nil
	}
	m.commit(1)
	m.store.before = nil
	reader := m.load().Metadata()
	for range 3 {
		m.clock.t = m.clock.t.Add(time.Minute)
		m.commit(1)
		_, err := m.cat.Expire(ctx, FailuresTable, m.upkeep(), false)
		must0(t, err)
		m.readAll(reader, "a minute later")
	}
}

// What a commit has left that never came to its end goes from an idle table, once, and then there is nothing more to do.
func TestExpireOrphans(t *testing.T) {
	m := newMaintained(t)
	m.commit(1)
	m.clock.t = m.clock.t.Add(time.Hour)
	m.store.before = func(op, name string) (bool, error) {
		if op == "create" {
			return false, errLost
		}
		return true, nil
	}
	m.add("never there")
	_, _, err := m.sink.Flush(ctx, true)
	if !errors.Is(err, errLost) {
		t.Fatalf("the commit: %v", err)
	}
	m.store.before = nil
	if n := m.stored(dataSuffix); n != 2 {
		t.Fatalf("%d files of data, want one, and one of the lost commit", n)
	}
	for range 5 {
		m.clock.t = m.clock.t.Add(25 * time.Hour)
		_, err := m.cat.Expire(ctx, FailuresTable, m.upkeep(), false)
		must0(t, err)
	}
	if n := m.stored(dataSuffix); n != 1 {
		t.Errorf("%d files of data are left", n)
	}
	if n := m.stored(".avro"); n != 2 {
		t.Errorf("%d manifests and lists are left, want one of each", n)
	}
	files := len(m.store.files)
	m.clock.t = m.clock.t.Add(25 * time.Hour)
	if done, err := m.cat.Expire(ctx, FailuresTable, m.upkeep(), false); err != nil || done.Files != 0 || len(m.store.files) != files {
		t.Errorf("an idle table with nothing to remove: %+v, %v; it has %d files, and had %d", done, err, len(m.store.files), files)
	}
	m.readAll(m.load().Metadata(), "in the end")
}
