// Package gluesync makes what AWS Glue says of the lake's tables agree with the schemas of log types and with the tables
// themselves. `panther gluesync` and the program gluesync are this package.
//
// Its one idea: a table is looked at, and each thing that is not as it should be is one sentence; then it is mended, and what
// is still said of it needs a person. So what is printed is always what was found, not what was attempted.
package gluesync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/apache/iceberg-go/table"

	"panther/schemas/logtype"
	"panther/sinks/lake"
	"panther/sinks/lake/catalogs"
)

// A Job is what is to be done.
type Job struct {
	Lake    *catalogs.GlueEntries
	Own     []*logtype.Schema // their tables are made where there are none
	BuiltIn []*logtype.Schema // theirs are looked at where there are any
	Prefix  string            // only tables, or log types, whose names begin with it
	Workers int               // tables that are looked at at once
	DryRun  bool              // mend nothing
}

// A Difference is one thing in which a table is not as it should be.
type Difference struct {
	Table  string `json:"table"`
	What   string `json:"what"`
	Mended bool   `json:"mended"`
}

// A Result is what was found and done.
type Result struct {
	Tables      int          `json:"tables"` // that were looked at
	Differences []Difference `json:"differences"`
}

// Left counts the differences that are still there.
func (r Result) Left() (n int) {
	for _, d := range r.Differences {
		if !d.Mended {
			n++
		}
	}
	return n
}

// Run does the job. A table that cannot be looked at does not stop it; it is in the error.
func (j Job) Run(ctx context.Context) (Result, error) {
	targets, err := j.targets(ctx)
	if err != nil {
		return Result{Differences: []Difference{}}, err
	}
	r := Result{Tables: len(targets), Differences: []Difference{}}
	var mu sync.Mutex
	var errs []error
	var wait sync.WaitGroup
	next := make(chan target)
	for range max(j.Workers, 1) {
		wait.Go(func() {
			for t := range next {
				found, err := j.sync(ctx, t)
				mu.Lock()
				r.Differences, errs = append(r.Differences, found...), append(errs, err)
				mu.Unlock()
			}
		})
	}
	for _, t := range targets {
		next <- t
	}
	close(next)
	wait.Wait()
	slices.SortStableFunc(r.Differences, func(a, b Difference) int { return cmp.Compare(a.Table, b.Table) })
	return r, errors.Join(errs...)
}

// A target is a table that is to be looked at.
type target struct {
	id     table.Identifier
	schema *logtype.Schema // nil: none is known, or the table is not one of a log type
	make   bool            // if there is none
}

func (t target) name() string { return strings.Join(t.id, ".") }

func (j Job) targets(ctx context.Context) (list []target, err error) {
	known := map[string]*logtype.Schema{}
	for _, s := range slices.Concat(j.BuiltIn, j.Own) { // one of the user's own wins
		known[strings.Join(lake.LogTable(s.Name), ".")] = s
	}
	all := map[string]target{}
	for _, s := range j.Own {
		t := target{id: lake.LogTable(s.Name), schema: s, make: true}
		all[t.name()] = t
	}
	named, err := j.Lake.ListTables(ctx)
	if err != nil {
		return nil, err
	}
	stored, err := j.Lake.Stored(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range slices.Concat(named, stored) {
		t := target{id: id}
		if _, ok := all[t.name()]; !ok {
			t.schema = known[t.name()]
			all[t.name()] = t
		}
	}
	for _, t := range all {
		if j.wants(t) {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b target) int { return cmp.Compare(a.name(), b.name()) })
	return list, nil
}

func (j Job) wants(t target) bool {
	names := []string{t.name(), t.id[1]}
	if t.schema != nil {
		names = append(names, t.schema.Name)
	}
	return slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, j.Prefix) })
}

// sync looks at a table, mends it, and looks again.
func (j Job) sync(ctx context.Context, t target) ([]Difference, error) {
	found, err := j.look(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("look at table %s: %w", t.name(), err)
	}
	var left []string
	if !j.DryRun && len(found) > 0 {
		if err = j.mend(ctx, t); err != nil {
			err = fmt.Errorf("mend table %s: %w", t.name(), err)
		}
		again, lerr := j.look(ctx, t)
		left, err = again, errors.Join(err, lerr)
	}
	var out []Difference
	for _, what := range found {
		out = append(out, Difference{t.name(), what, !j.DryRun && err == nil && !slices.Contains(left, what)})
	}
	return out, err
}

// look says what is not as it should be.
func (j Job) look(ctx context.Context, t target) ([]string, error) {
	at, err := j.Lake.LoadTable(ctx, t.id)
	if errors.Is(err, lake.ErrNoTable) {
		return j.lookForFiles(ctx, t)
	}
	if errors.Is(err, catalogs.ErrNotIceberg) {
		return []string{"Glue has under this name what is no table of Iceberg: remove it there, so that the lake can have the name"}, nil
	}
	if err != nil {
		return nil, err
	}
	var found []string
	if t.schema != nil {
		found = lake.Lacks(at, t.schema)
	}
	if !lake.ByHour(at) {
		found = append(found, "it is partitioned by "+partitioning(at)+", want the hour of p_parse_time: rows that others write to it may stand in the way of rewrites and retention")
	}
	entry, err := j.Lake.Differences(ctx, t.id)
	return append(found, entry...), err
}

// partitioning says on one line what a table is partitioned by.
func partitioning(t *table.Table) string {
	var by []string
	spec := t.Spec()
	for _, f := range spec.Fields() {
		name, _ := t.Schema().FindColumnName(f.SourceID())
		by = append(by, fmt.Sprintf("%s(%s)", f.Transform, name))
	}
	return cmp.Or(strings.Join(by, ", "), "nothing")
}

func (j Job) lookForFiles(ctx context.Context, t target) ([]string, error) {
	head, err := j.Lake.Forgotten(ctx, t.id)
	switch {
	case errors.Is(err, lake.ErrNoTable) && t.make:
		return []string{"Glue has no table, and nothing was written to it yet"}, nil
	case errors.Is(err, lake.ErrNoTable):
		return nil, nil
	case err != nil:
		return []string{"Glue has no table, though its files are there: " + err.Error()}, nil
	}
	return []string{fmt.Sprintf("Glue has no table, though its files are there: the newest version is %s", head.Location)}, nil
}

const mendTries = 10 // when somebody commits at the same time

// mend does what can be done. What cannot is found when the table is looked at again.
func (j Job) mend(ctx context.Context, t target) error {
	_, err := j.Lake.LoadTable(ctx, t.id)
	switch {
	case errors.Is(err, catalogs.ErrNotIceberg):
		return nil
	case errors.Is(err, lake.ErrNoTable):
		head, ferr := j.Lake.Forgotten(ctx, t.id)
		if ferr == nil {
			err = j.Lake.Register(ctx, t.id, head)
		} else if !errors.Is(ferr, lake.ErrNoTable) || !t.make {
			return nil
		}
	}
	if err != nil && !errors.Is(err, lake.ErrNoTable) {
		return err
	}
	if t.schema != nil {
		if _, err := j.Lake.Follow(ctx, t.schema); err != nil {
			return err
		}
	}
	for range mendTries {
		if err = j.Lake.Mend(ctx, t.id); !errors.Is(err, table.ErrCommitFailed) {
			return err
		}
	}
	return err
}
