// Package storetest says what every lake.Store does. The store of each kind passes it, in a test of its own package.
package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"panther/sinks/lake"
)

// Run tests a store that is empty.
func Run(t *testing.T, s lake.Store) {
	t.Run("a file is read as it was written", func(t *testing.T) { testRead(t, s) })
	t.Run("create never replaces, put does", func(t *testing.T) { testCreate(t, s) })
	t.Run("of many creators one wins", func(t *testing.T) { testRace(t, s) })
	t.Run("list and remove", func(t *testing.T) { testList(t, s) })
}

func testRead(t *testing.T, s lake.Store) {
	ctx := t.Context()
	data := make([]byte, 3<<20)
	for i := range data {
		data[i] = byte(i * i >> 7)
	}
	for _, size := range []int{0, 1, 1000, len(data)} {
		name := fmt.Sprintf("read/p_hour=2026-11-21-10/size %d.bin", size)
		must(t, s.Put(ctx, name, data[:size]))
		f, err := s.Open(ctx, name)
		must(t, err)
		if fi, err := f.Stat(); err != nil || fi.Size() != int64(size) {
			t.Errorf("%d bytes: Stat says %v, %v", size, fi, err)
		}
		if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, data[:size]) {
			t.Errorf("%d bytes: ReadAll gave %d, %v", size, len(got), err)
		}
		for _, at := range []int{0, 700, 700_000, size - 5, size} {
			part := make([]byte, 5000)
			n, err := f.ReadAt(part, int64(max(at, 0)))
			want := data[min(max(at, 0), size):min(max(at, 0)+len(part), size)]
			if !bytes.Equal(part[:n], want) || (err == io.EOF) != (len(want) < len(part)) {
				t.Errorf("%d bytes: ReadAt %d gave %d bytes, %v; want %d", size, at, n, err, len(want))
			}
			_, err = f.Seek(int64(max(at, 0)), io.SeekStart)
			must(t, err)
			if got, err := io.ReadAll(io.LimitReader(f, int64(len(part)))); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes: behind a Seek to %d Read gave %d bytes, %v; want %d", size, at, len(got), err, len(want))
			}
		}
		if end, err := f.Seek(0, io.SeekEnd); err != nil || end != int64(size) {
			t.Errorf("%d bytes: the end is at %d, %v", size, end, err)
		}
		must(t, f.Close())
	}
	if _, err := s.Open(ctx, "read/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func testCreate(t *testing.T, s lake.Store) {
	ctx := t.Context()
	must(t, s.Create(ctx, "create/one", []byte("first")))
	if err := s.Create(ctx, "create/one", []byte("second")); !errors.Is(err, lake.ErrExists) {
		t.Errorf("create in the place of another: %v, want lake.ErrExists", err)
	}
	expect(t, s, "create/one", "first")
	third := []byte("third")
	must(t, s.Put(ctx, "create/one", third))
	clear(third) // it is the caller's again
	expect(t, s, "create/one", "third")
}

func expect(t *testing.T, s lake.Store, name, want string) {
	t.Helper()
	f, err := s.Open(t.Context(), name)
	must(t, err)
	defer f.Close()
	if got, err := io.ReadAll(f); err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v; want %q", name, got, err, want)
	}
}

func testRace(t *testing.T, s lake.Store) {
	for round := range 10 {
		name := fmt.Sprintf("race/%d", round)
		errs := make([]error, 8)
		var wait sync.WaitGroup
		for i := range errs {
			wait.Go(func() { errs[i] = s.Create(t.Context(), name, []byte(fmt.Sprint("writer ", i))) })
		}
		wait.Wait()
		winner := -1
		for i, err := range errs {
			switch {
			case err == nil && winner >= 0:
				t.Fatalf("writers %d and %d both made %s", winner, i, name)
			case err == nil:
				winner = i
			case !errors.Is(err, lake.ErrExists):
				t.Errorf("writer %d: %v", i, err)
			}
		}
		expect(t, s, name, fmt.Sprint("writer ", winner))
	}
}

func testList(t *testing.T, s lake.Store) {
	ctx := t.Context()
	before := time.Now().Add(-time.Hour)
	must(t, s.Put(ctx, "list/a/b/c", []byte("123")))
	must(t, s.Put(ctx, "list/a/d", []byte("12")))
	must(t, s.Put(ctx, "list/ab", []byte("1")))
	list := func(dir string) []lake.Entry {
		t.Helper()
		es, err := s.List(ctx, dir)
		must(t, err)
		for i, e := range es {
			if !e.Dir && (e.Written.Before(before) || e.Written.After(before.Add(2*time.Hour))) {
				t.Errorf("%s was written at %s", e.Name, e.Written)
			}
			if e.Dir {
				es[i].Size = 0
			}
		}
		return es
	}
	for dir, want := range map[string][]lake.Entry{
		"list":      {{Name: "a", Dir: true}, {Name: "ab", Size: 1}},
		"list/a":    {{Name: "b", Dir: true}, {Name: "d", Size: 2}},
		"list/none": nil,
	} {
		if diff := cmp.Diff(want, list(dir), cmpopts.IgnoreFields(lake.Entry{}, "Written"),
			cmpopts.SortSlices(func(a, b lake.Entry) bool { return a.Name < b.Name })); diff != "" {
			t.Errorf("%s:\n%s", dir, diff)
		}
	}
	top := false
	for _, e := range list(".") {
		top = top || e.Name == "list" && e.Dir
	}
	if !top {
		t.Error("the top level has no folder list")
	}
	must(t, s.Remove(ctx, "list/a/d"))
	must(t, s.Remove(ctx, "list/a/d"))
	if es := list("list/a"); len(es) != 1 {
		t.Errorf("after its removal: %+v", es)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
