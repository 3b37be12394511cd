package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"panther/schemas/strict"
	"panther/sinks/lake"
)

// rewrite is `panther lake rewrite`.
func (l *lakeCommand) rewrite(ctx context.Context) error {
	work := func(id []string) (lake.Rewritten, error) { return l.lake.Rewrite(ctx, id, l.upkeep) }
	return doEach(ctx, l, work, func(all []lake.Rewritten, err error) error {
		t := newTable("TABLE", "#HOURS", "#ROWS", "#FILES", "#BECAME", "#SIZE", "#BECAME")
		for _, r := range all {
			if r.Hours > 0 {
				t.add(r.Table, fmt.Sprint(r.Hours), fmt.Sprint(r.Rows), fmt.Sprint(r.FilesBefore), fmt.Sprint(r.FilesAfter), byteSize(r.BytesBefore), byteSize(r.BytesAfter))
			}
		}
		if len(t.rows) == 1 && err == nil {
			fmt.Fprintln(l.err, "There is nothing to rewrite: no hour that is over has several small files.")
			return nil
		}
		return errors.Join(err, t.print(l.out, ""))
	})
}

// doEach does work on each table that was named, or on all, and prints what became of those on which it did not go wrong: for
// machines, else by words, which also get the error of the others.
func doEach[T any](ctx context.Context, l *lakeCommand, work func(id []string) (T, error), words func(all []T, err error) error) error {
	all := []T{}
	err := l.each(ctx, func(id []string) error {
		done, err := work(id)
		if err == nil {
			all = append(all, done)
		}
		return err
	})
	switch {
	case err != nil && len(all) == 0:
		return err
	case l.output == forMachines:
		return errors.Join(err, printJSON(l.out, all))
	}
	return words(all, err)
}

// printPlan prints what was done, or is to be done, and how; err is of the tables that are not in it.
func (l *lakeCommand) printPlan(t *table, something bool, err error) error {
	if err = errors.Join(err, t.print(l.out, "")); err == nil || something {
		l.planned(l.err, something)
	}
	return err
}

// retain is `panther lake retain`.
func (l *lakeCommand) retain(ctx context.Context) error {
	keep, err := l.keeping()
	if err != nil {
		return err
	}
	l.upkeep.Keep = keep
	work := func(id []string) (lake.Dropped, error) { return l.lake.Retain(ctx, id, l.upkeep, !l.yes) }
	return doEach(ctx, l, work, func(all []lake.Dropped, err error) error {
		t := newTable("TABLE", "KEPT", "OUT IS WHAT CAME BEFORE", "#HOURS", "#FILES", "#ROWS", "#SIZE")
		files := 0
		for _, d := range all {
			before, kept := "-", "for ever"
			if !d.Before.IsZero() {
				before, kept = d.Before.Format("2006-01-02 15:04 MST"), strict.FormatDuration(keep(d.Table))
			}
			files += d.Files
			t.add(d.Table, kept, before, fmt.Sprint(d.Hours), fmt.Sprint(d.Files), fmt.Sprint(d.Rows), byteSize(d.Bytes))
		}
		return l.printPlan(t, files > 0, err)
	})
}

// keeping is how long tables are kept: by the flag, else by the configuration.
func (l *lakeCommand) keeping() (func(string) time.Duration, error) {
	if l.keep == "" {
		c, err := l.place.load(l.program)
		if err != nil {
			return nil, err
		}
		if len(c.Lake.Retention) == 0 {
			return nil, usageError("no table has a time to be kept for: give --keep, as 90d, or set lake.retention")
		}
		return lake.KeepBy(c.Lake.Retention), nil
	}
	d, err := strict.ParseDuration(l.keep)
	if err == nil && d < time.Hour {
		err = fmt.Errorf("%q is less than an hour", l.keep)
	}
	if err != nil {
		return nil, usageError("--keep: %v; want an hour or more, as 90d", err)
	}
	if len(l.tables) == 0 {
		return nil, usageError("--keep wants the names of tables: it is for those, and for no others")
	}
	return func(string) time.Duration { return d }, nil
}

// setOlderThan reads --older-than; 0 is no snapshot, however young.
func (l *lakeCommand) setOlderThan(text string) (err error) {
	if l.upkeep.OlderThan, err = time.ParseDuration(text); err != nil {
		l.upkeep.OlderThan, err = strict.ParseDuration(text)
	}
	return err
}

// expire is `panther lake expire`.
func (l *lakeCommand) expire(ctx context.Context) error {
	if l.upkeep.OlderThan <= 0 {
		l.upkeep.OlderThan = -1 // however young
	}
	work := func(id []string) (lake.Expired, error) { return l.lake.Expire(ctx, id, l.upkeep, !l.yes) }
	return doEach(ctx, l, work, func(all []lake.Expired, err error) error {
		t := newTable("TABLE", "#SNAPSHOTS", "#FILES", "#SIZE")
		something := false
		for _, e := range all {
			something = something || e.Snapshots+e.Files > 0
			t.add(e.Table, fmt.Sprint(e.Snapshots), fmt.Sprint(e.Files), byteSize(e.Bytes))
		}
		return l.printPlan(t, something, err)
	})
}
