package lake

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	iceio "github.com/apache/iceberg-go/io"

	"panther/schemas/logtype"
)

// backfill puts a row into an hour.
func backfill(t *testing.T, c *Catalog, hour int) {
	t.Helper()
	s, err := logtype.Parse("door.yml", []byte("schema: Custom.Door\nfields: [{name: id, type: string}]\n"))
	must0(t, err)
	at := start.Truncate(time.Hour).Add(time.Duration(hour) * time.Hour)
	row := BackfillRow{File: "doors.json", Line: int64(hour), At: at, Event: fmt.Appendf(nil, `{"id":"%d"}`, hour)}
	done, err := c.Backfill(ctx, Backfill{Schema: s, Hour: at, Rows: func() iter.Seq2[BackfillRow, error] {
		return func(yield func(BackfillRow, error) bool) { yield(row, nil) }
	}})
	must0(t, err)
	if done.Added != 1 {
		t.Fatalf("hour %d: %+v", hour, done)
	}
}

// counted is a store that counts what is read.
type counted struct {
	Store
	opened atomic.Int64
}

func (s *counted) Open(ctx context.Context, name string) (iceio.File, error) {
	s.opened.Add(1)
	return s.Store.Open(ctx, name)
}

// What it takes to fill an hour does not grow with the hours that the table has: lists of files of other hours are not read.
func TestBackfillReadsOneHour(t *testing.T) {
	store := &counted{Store: newMemory()}
	c := NewCatalog(store)
	var reads []int64
	for hour := range 40 {
		store.opened.Store(0)
		backfill(t, c, hour)
		reads = append(reads, store.opened.Load())
	}
	if first, last := reads[2], reads[len(reads)-1]; last > first {
		t.Errorf("hour 3 of a table opens %d files, hour %d opens %d", first, len(reads), last)
	}
}

// A catalog that makes commits for days keeps the newest metadata of a table in memory, and no other.
func TestOldMetadataIsLetGo(t *testing.T) {
	c := NewCatalog(newMemory())
	backfill(t, c, 0)
	gone := make(chan int, 3)
	for hour := range cap(gone) {
		h, err := c.heads.Load(ctx, LogTable("Custom.Door"))
		must0(t, err)
		runtime.SetFinalizer(h.Meta, func(any) { gone <- hour })
		backfill(t, c, hour+1)
	}
	deadline := time.After(time.Minute)
	for range cap(gone) {
		for waiting := true; waiting; {
			runtime.GC()
			select {
			case <-gone:
				waiting = false
			case <-deadline:
				t.Fatal("metadata of earlier versions is still in memory")
			default:
			}
		}
	}
}
