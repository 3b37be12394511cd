package lake

import (
	"context"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	iceio "github.com/apache/iceberg-go/io"
	"github.com/apache/iceberg-go/table"

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

// A line is a row once, also where the table's properties want no statistics: in which hour a file is does not hang on them.
func TestBackfillWithoutStatistics(t *testing.T) {
	s, err := logtype.Parse("door.yml", []byte("schema: Custom.Door\nfields: [{name: id, type: string}]\n"))
	must0(t, err)
	c := NewCatalog(newMemory())
	backfill(t, c, 0)
	tbl, err := c.LoadTable(ctx, LogTable(s.Name))
	must0(t, err)
	tx := tbl.NewTransaction()
	must0(t, tx.SetProperties(iceberg.Properties{table.DefaultWriteMetricsModeKey: "none", table.MetricsModeColumnConfPrefix + "." + colParseTime: "counts"}))
	_, err = tx.Commit(ctx)
	must0(t, err)
	backfill(t, c, 1)
	at := start.Truncate(time.Hour).Add(time.Hour)
	done, err := c.Backfill(ctx, Backfill{Schema: s, Hour: at, Rows: func() iter.Seq2[BackfillRow, error] {
		return func(yield func(BackfillRow, error) bool) {
			yield(BackfillRow{File: "doors.json", Line: 1, At: at, Event: []byte(`{"id":"1"}`)}, nil)
		}
	}})
	must0(t, err)
	if done.Known != 1 || done.Added != 0 {
		t.Errorf("a line that is there already: %+v", done)
	}
}
