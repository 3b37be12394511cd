package lake

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"panther/pipeline/stream"
)

func newTable(t *testing.T, c *Catalog) *table.Table {
	t.Helper()
	schema := tableSchema(failureColumns())
	tbl, err := c.CreateTable(ctx, FailuresTable, schema, hourly(schema), tableProperties())
	must0(t, err)
	return tbl
}

func set(ctxTable *table.Table, c *Catalog, value string) error {
	_, _, err := c.CommitTable(ctx, ctxTable.Identifier(), nil, []table.Update{table.NewSetPropertiesUpdate(iceberg.Properties{"k": value})})
	return err
}

// Of two commits upon the same version one wins, on a real disk, and the other one is told.
func TestCommitsOnDiskExcludeEachOther(t *testing.T) {
	folder, err := OpenFolder(t.TempDir())
	must0(t, err)
	c := NewCatalog(folder)
	tbl := newTable(t, c)
	newTable(t, NewCatalog(folder)) // is there already
	results := make(chan error, 40)
	for w := range 4 {
		go func() {
			mine := NewCatalog(folder)
			for i := range 10 {
				results <- set(tbl, mine, fmt.Sprint(w, i))
			}
		}()
	}
	won := 0
	for range 40 {
		switch err := <-results; {
		case err == nil:
			won++
		case !errors.Is(err, table.ErrCommitFailed) && !strings.Contains(err.Error(), "load the table and look"):
			t.Error(err)
		}
	}
	n, err := c.heads.(*fileHeads).latest(ctx, FailuresTable)
	must0(t, err)
	if n < won+1 || won == 0 {
		t.Errorf("%d commits won, the table is at version %d", won, n)
	}
	hint, err := os.ReadFile(folder.path(folderOf(FailuresTable) + "/metadata/version-hint.text"))
	if err != nil || len(hint) == 0 {
		t.Errorf("hint %q, %v", hint, err)
	}
	for _, e := range must1(t)(folder.List(ctx, folderOf(FailuresTable)+"/metadata")) {
		if strings.HasPrefix(e.Name, tmpPrefix) {
			t.Errorf("%s is left over", e.Name)
		}
	}
}

func must1(t *testing.T) func([]Entry, error) []Entry {
	return func(es []Entry, err error) []Entry {
		t.Helper()
		must0(t, err)
		return es
	}
}

// A writer that slept so long that its next version was made, left behind and removed by others has not committed.
func TestWriterThatSleptTooLong(t *testing.T) {
	store := newMemory()
	c := NewCatalog(store)
	tbl := newTable(t, c)
	asleep := true
	store.before = func(op, name string) (bool, error) {
		if asleep && op == "create" && strings.HasSuffix(name, "/v2.metadata.json") {
			asleep = false
			others := NewCatalog(store)
			for i := range 5 {
				must0(t, set(tbl, others, fmt.Sprint(i)))
			}
			must0(t, store.Remove(ctx, name)) // for its age
		}
		return true, nil
	}
	if err := set(tbl, c, "late"); err == nil {
		t.Fatal("the commit is said to have worked")
	}
	now, err := c.LoadTable(ctx, FailuresTable)
	must0(t, err)
	if got := now.Properties()["k"]; got != "4" {
		t.Errorf("the table has %q, want what the others wrote", got)
	}
}

// Snapshots are kept to a number; files of metadata go by age, and nothing that somebody could have needed within the last
// hour goes with them.
func TestTidy(t *testing.T) {
	store, c := newMemory(), clock{start}
	store.now = c.now
	cat := NewCatalog(store)
	s := NewSink(cat, library{}.lookup, Options{Now: c.now})
	s.Assign(failuresTopic, 0)
	var hourAgo table.Metadata
	for i := range int64(2*keepSnapshots + 5) {
		if i == 2*keepSnapshots-30 {
			tbl, err := cat.LoadTable(ctx, FailuresTable)
			must0(t, err)
			hourAgo = tbl.Metadata()
			c.t = c.t.Add(keepFiles + keepSlack + time.Minute)
		}
		must0(t, s.Add(ctx, []stream.Record{failure(failuresTopic, i, "x")}))
		_, _, err := s.Flush(ctx, true)
		must0(t, err)
	}
	expectProof(t, store, "panther_monitor.classification_failures", 2*keepSnapshots+5)
	tbl, err := cat.LoadTable(ctx, FailuresTable)
	must0(t, err)
	if n := len(tbl.Metadata().Snapshots()); n > keepSnapshots+6 {
		t.Errorf("the table has %d snapshots", n)
	}
	removed := 0
	for v := 1; v <= 2*keepSnapshots-30; v++ {
		if _, ok := store.files[versionFile(FailuresTable, v)]; !ok {
			removed++
		}
	}
	if removed < keepSnapshots-35 {
		t.Errorf("only %d versions of more than an hour ago were removed", removed)
	}
	for _, snap := range hourAgo.Snapshots() {
		if _, err := snap.Manifests(storeIO{ctx, store}); err != nil {
			t.Fatalf("a reader of an hour ago misses %v", err)
		}
	}
}

// Messages say what was being done, to which file, why not, and what to do.
func TestErrorsOfTheDisk(t *testing.T) {
	dir := t.TempDir()
	must0(t, os.WriteFile(dir+"/file", nil, 0o600))
	if _, err := OpenFolder(dir + "/file"); err == nil || !strings.Contains(err.Error(), "it is a file") {
		t.Errorf("a file as lake: %v", err)
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{&os.PathError{Op: "write", Path: "tmp", Err: syscall.ENOSPC}, "write /lake/x: no space left on device; the disk is full"},
		{&os.PathError{Op: "open", Path: "tmp", Err: os.ErrPermission}, "write /lake/x: permission denied; the user who runs panther"},
		{&os.LinkError{Op: "link", Old: "a", New: "b", Err: errors.ErrUnsupported}, "must have hard links"},
	} {
		if got := explain("write", "/lake/x", c.err); !strings.Contains(got.Error(), c.want) || !errors.Is(got, c.err.(interface{ Unwrap() error }).Unwrap()) {
			t.Errorf("%v: %v, want %s", c.err, got, c.want)
		}
	}
	if full := "/dev/full"; exists(full) { // a file that is always full
		f, err := os.OpenFile(full, os.O_WRONLY, 0)
		must0(t, err)
		defer f.Close()
		if err := explain("write", full, writeSynced(f, []byte("x"))); err == nil || !strings.Contains(err.Error(), "make room") {
			t.Errorf("a full disk: %v", err)
		}
	}
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// While the disk is full nothing is safe and nothing is lost; when there is room again it goes on.
func TestFullDisk(t *testing.T) {
	store := newMemory()
	s := NewSink(NewCatalog(store), library{}.lookup, Options{Memory: 2000})
	s.Assign(failuresTopic, 0)
	store.before = func(string, string) (bool, error) { return false, syscall.ENOSPC }
	must0(t, s.Add(ctx, []stream.Record{failure(failuresTopic, 0, "x"), failure(failuresTopic, 1, "x"), failure(failuresTopic, 2, "x")}))
	rest := []stream.Record{failure(failuresTopic, 3, "x"), failure(failuresTopic, 4, "x")}
	if err := s.Add(ctx, rest); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("more than the budget is taken: %v", err)
	}
	safe, _, err := s.Flush(ctx, true)
	if !errors.Is(err, syscall.ENOSPC) || safe[failuresTopic] != 0 {
		t.Errorf("safe %v, %v", safe, err)
	}
	store.before = nil
	must0(t, s.Add(ctx, rest))
	safe, _, err = s.Flush(ctx, true)
	must0(t, err)
	if safe[failuresTopic] != 5 {
		t.Errorf("safe is %v", safe)
	}
	expectProof(t, store, "panther_monitor.classification_failures", 5)
}
