// Package compact back-fills JSON log data into the table of a log type: files of a folder or a bucket become Parquet, one set
// of files of the best size for each hour.
//
// Its one idea: rows are first sorted into hours, on disk, and then each hour is one commit that leaves out what the table has
// already. So it may be killed at any time and started again: hours that are done are found done, and a file that came
// meanwhile adds its own rows and no others. `panther compact` and the program compact are this package.
package compact

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"panther/schemas/logtype"
	"panther/sinks/lake"
)

// A Job is what is to be done.
type Job struct {
	Input   lake.Store // holds the files
	Prefix  string     // files whose names, below the input, begin otherwise are left out
	Array   string     // the member of an object that has the lines, as Records; empty: they stand alone, or in arrays
	Lake    *lake.Catalog
	Schema  *logtype.Schema
	Source  string // the id of the log source that rows name; may be empty
	Workers int    // files that are read at once
	DryRun  bool   // count only
	Temp    string // folder for rows on their way; they need room: about a tenth of the data

	Upkeep   lake.Upkeep
	Progress func(Result) // is told now and then how far it is; nil: nobody asks
}

// A Result is what was done, or in a dry run what would be.
type Result struct {
	Files  int      `json:"files"`  // read
	Others int      `json:"others"` // files whose names are of no kind that is read
	Bytes  int64    `json:"bytes"`  // as they are stored
	Lines  int64    `json:"lines"`  // in them
	Failed int64    `json:"failed"` // lines that do not match the schema; they are nowhere
	Why    []string `json:"why"`    // of the first of them
	Hours  int      `json:"hours"`  // of the table
	Added  int64    `json:"added"`  // rows
	Known  int64    `json:"known"`  // rows that were there already
	Made   int      `json:"made"`   // Parquet files
}

// Run does the job. Files that cannot be read do not stop it; they are in the error, with those hours that went wrong.
func (j Job) Run(ctx context.Context) (Result, error) {
	files, others, err := j.list(ctx)
	if err != nil {
		return Result{Why: []string{}}, err
	}
	s, err := newSpill(j.Temp)
	if err != nil {
		return Result{Why: []string{}}, err
	}
	defer s.remove()
	w := &work{Job: j, spill: s, result: Result{Others: others, Why: []string{}}}
	w.readAll(ctx, files)
	if err := s.end(); err != nil {
		return w.result, errors.Join(append(w.errs, err)...)
	}
	for _, hour := range s.hours() {
		if ctx.Err() != nil {
			break
		}
		w.hour(ctx, hour)
	}
	return w.result, w.end(ctx)
}

// end is what has gone wrong. Of work that was stopped it is no news that each part of it was.
func (w *work) end(ctx context.Context) error {
	if ctx.Err() == nil {
		return errors.Join(w.errs...)
	}
	errs := slices.DeleteFunc(w.errs, func(err error) bool { return errors.Is(err, ctx.Err()) })
	return errors.Join(append(errs, fmt.Errorf("stopped: %w; what is in the table stays, and the same call goes on", ctx.Err()))...)
}

// work is a job under way.
type work struct {
	Job
	spill *spill

	mu     sync.Mutex
	result Result
	errs   []error
	told   time.Time
}

// maxWhy bounds the failing lines that are told of.
const maxWhy = 10

// readAll reads files, several at once.
func (w *work) readAll(ctx context.Context, files []file) {
	next := make(chan file)
	var wait sync.WaitGroup
	for range max(w.Workers, 1) {
		wait.Go(func() {
			for f := range next {
				lines, err := w.read(ctx, f)
				w.note(func(r *Result) {
					r.Files++
					r.Bytes += f.size
					r.Lines += lines
				}, err)
			}
		})
	}
	for _, f := range files {
		if ctx.Err() != nil {
			break
		}
		next <- f
	}
	close(next)
	wait.Wait()
}

// note changes the result, and tells of it a few times a second.
func (w *work) note(change func(*Result), err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.result)
	if err != nil {
		w.errs = append(w.errs, err)
	}
	if now := time.Now(); w.Progress != nil && now.Sub(w.told) > 200*time.Millisecond {
		w.told = now
		w.Progress(w.result)
	}
}

// failed notes a line that is no row.
func (w *work) failed(where, why string) {
	w.note(func(r *Result) {
		if r.Failed++; len(r.Why) < maxWhy {
			r.Why = append(r.Why, where+": "+why)
		}
	}, nil)
}

// hour puts the rows of an hour into the table.
func (w *work) hour(ctx context.Context, hour int64) {
	at := time.Unix(hour*3600, 0).UTC()
	if w.DryRun {
		rows := int64(0)
		for _, err := range w.spill.rows(hour) {
			if err != nil {
				w.note(func(*Result) {}, err)
				return
			}
			rows++
		}
		w.note(func(r *Result) { r.Hours++; r.Added += rows }, nil)
		return
	}
	done, err := w.Lake.Backfill(ctx, lake.Backfill{Schema: w.Schema, Source: w.Source, Hour: at, Upkeep: w.Upkeep,
		Rows: func() rows { return w.spill.rows(hour) }})
	if err != nil {
		err = fmt.Errorf("hour %s: %w", at.Format("2006-01-02 15:00"), err)
	}
	w.note(func(r *Result) {
		if err == nil {
			r.Hours++
			r.Added, r.Known, r.Made = r.Added+done.Added, r.Known+done.Known, r.Made+done.Files
		}
	}, err)
}
