package lake

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/apache/iceberg-go/table"
)

// A reader has opened a table, and reads it for an hour.
type reader struct {
	at    time.Time
	table *table.Table
}

// keep is upkeep of a table by a worker: one of its steps.
func (w *worker) keep(s *simulation) {
	c := w.sink.catalog
	ids, err := c.ListTables(ctx)
	if err != nil || len(ids) == 0 {
		return
	}
	id := ids[s.rng.IntN(len(ids))]
	p := Upkeep{Now: s.clock.now, Settle: -1000 * time.Hour, RetainLast: 1 + s.rng.IntN(3), OlderThan: -1,
		wait: func(ctx context.Context, _ int) error { return ctx.Err() }}
	defer func() { w.busy = "" }()
	switch s.rng.IntN(5) {
	case 0, 1:
		w.busy = "rewrite"
		done, _ := c.Rewrite(ctx, id, p)
		s.note("rewritten", done.Hours)
	case 2:
		w.busy = "retention"
		p.Now = func() time.Time { return start.Add(10 * time.Hour) }
		p.Keep = func(string) time.Duration { return 9 * time.Hour } // the first hour goes
		done, err := c.Retain(ctx, id, p, false)
		if err == nil {
			s.note("dropped", done.Hours)
		}
	default:
		w.busy = "expiry"
		p.Now = func() time.Time { return s.clock.t.Add(s.hasty) }
		done, _ := c.Expire(ctx, id, p, false)
		s.note("removed", done.Files)
	}
	s.look()
}

func (s *simulation) note(what string, n int) {
	if n > 0 {
		s.seen[what]++
	}
}

// sleep lets time pass: what is under way anywhere has slept then.
func (s *simulation) sleep() {
	s.look()
	s.seen["slept"]++
	s.clock.t = s.clock.t.Add([]time.Duration{50 * time.Minute, 3 * time.Hour, 26 * time.Hour}[s.rng.IntN(3)])
}

// open opens a table to read.
func (s *simulation) open() {
	c := NewCatalog(s.store)
	ids, err := c.ListTables(ctx)
	if err != nil || len(ids) == 0 {
		return
	}
	if t, err := c.LoadTable(ctx, ids[s.rng.IntN(len(ids))]); err == nil {
		s.seen["opened"]++
		s.readers = append(s.readers, reader{s.clock.t, t})
	}
}

// look lets those read that opened a table within the last hour.
func (s *simulation) look() {
	still := s.readers[:0]
	for _, r := range s.readers {
		if s.clock.t.Sub(r.at) >= time.Hour {
			continue
		}
		still = append(still, r)
		tasks, err := r.table.Scan().PlanFiles(ctx)
		if err != nil {
			s.missed = append(s.missed, fmt.Sprintf("a reader of %s misses metadata: %v", nameOf(r.table.Identifier()), err))
		}
		for _, task := range tasks {
			if _, ok := s.store.files[strings.TrimPrefix(task.File.FilePath(), "/lake/")]; !ok {
				s.missed = append(s.missed, fmt.Sprintf("a reader of %s misses %s", nameOf(r.table.Identifier()), task.File.FilePath()))
			}
		}
	}
	s.readers = still
}

// droppedBefore returns the time before which retention has emptied a table.
func (s *simulation) droppedBefore(t *testing.T) func(id table.Identifier) time.Time {
	known := map[string]time.Time{}
	return func(id table.Identifier) time.Time {
		if at, ok := known[nameOf(id)]; ok {
			return at
		}
		tbl, err := NewCatalog(s.store).LoadTable(ctx, id)
		if errors.Is(err, ErrNoTable) {
			return time.Time{}
		}
		must0(t, err)
		known[nameOf(id)] = droppedBefore(tbl)
		return known[nameOf(id)]
	}
}
