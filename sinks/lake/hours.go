package lake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

// Maintenance works on whole hours: a table's files lie in the hour in which their rows were classified, and once an hour
// is over hardly anything comes to it. Whatever maintenance does it does in a commit of its own, which changes files and
// never the offsets, fenced like that of a writer; a crash in the middle leaves files that no table refers to, and they go
// by their age. Two that maintain a table at once are two that want to take the same file out: one finds it gone.

// hourField is the field of the partition of every table: see hourly.
const hourField = 1000

// filesByHour returns the files that are the table now, by their hour; with options, those that may have what is asked for.
func filesByHour(ctx context.Context, t *table.Table, options ...table.ScanOption) (map[int64][]table.FileScanTask, error) {
	tasks, err := t.Scan(options...).PlanFiles(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the files of table %s: %w", nameOf(t.Identifier()), err)
	}
	hours := map[int64][]table.FileScanTask{}
	for _, task := range tasks {
		hour, ok := partitionHour(task.File)
		if !ok {
			return nil, fmt.Errorf("list the files of table %s: %s is in no hour: another program has changed how the table is partitioned", nameOf(t.Identifier()), task.File.FilePath())
		}
		hours[hour] = append(hours[hour], task)
	}
	return hours, nil
}

// filesOfHour returns the files of one hour. Only lists of files that may name some of that hour are read.
func filesOfHour(ctx context.Context, t *table.Table, hour int64) ([]table.FileScanTask, error) {
	parsed, begin, end := iceberg.Reference(colParseTime), timeOf(hour).UnixMicro(), timeOf(hour+1).UnixMicro()
	hours, err := filesByHour(ctx, t, table.WithRowFilter(iceberg.NewAnd(iceberg.GreaterThanEqual(parsed, iceberg.Timestamp(begin)), iceberg.LessThan(parsed, iceberg.Timestamp(end)))))
	return hours[hour], err
}

func partitionHour(f iceberg.DataFile) (int64, bool) {
	switch v := f.Partition()[hourField].(type) {
	case int32:
		return int64(v), true
	case int64:
		return v, true
	}
	return 0, false
}

// An exchange takes files out of a table and puts others in their place.
type exchange struct {
	old   []iceberg.DataFile
	fresh []iceberg.DataFile // hold the same rows as old; none: the rows go
	props iceberg.Properties // set in the same commit
	began time.Time          // before fresh was written
}

// errTaken says that somebody else has taken files out that an exchange wanted to take out.
var errTaken = errors.New("another process has replaced its files meanwhile")

// exchange makes x part of the table in one step. If others are faster it tries again upon what they made; whoever adds
// files meanwhile does not disturb it, nor it them. It returns errTaken, and has changed nothing, if an old file is gone.
func (c *Catalog) exchange(ctx context.Context, id table.Identifier, x exchange, p Upkeep) (*table.Table, error) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	again := retry{doing: "exchange files of table " + nameOf(id), wait: p.wait}
	for {
		t, err := c.LoadTable(ctx, id)
		if err != nil {
			return nil, err
		}
		done, err := x.look(ctx, t)
		if done || err != nil {
			return t, err
		}
		if len(x.fresh) > 0 && mayBeGone(t, x.began, p.Now()) {
			return nil, fmt.Errorf("exchange files of table %s: they were written %s ago, and may be removed any time; the next round writes them anew", nameOf(id), p.Now().Sub(x.began).Round(time.Minute))
		}
		if t, err = x.commit(ctx, t); err == nil {
			return t, nil
		}
		if err := again.after(ctx, err); err != nil {
			return nil, err
		}
	}
}

// look reports whether x is in the table already: then the answer to its commit was lost.
func (x exchange) look(ctx context.Context, t *table.Table) (done bool, err error) {
	tasks, err := t.Scan().PlanFiles(ctx)
	if err != nil {
		return false, fmt.Errorf("list the files of table %s: %w", nameOf(t.Identifier()), err)
	}
	live := map[string]bool{}
	for _, task := range tasks {
		live[task.File.FilePath()] = true
	}
	gone := 0
	for _, f := range x.old {
		if !live[f.FilePath()] {
			gone++
		}
	}
	switch {
	case gone == 0:
		return false, nil
	case gone == len(x.old) && len(x.fresh) > 0 && live[x.fresh[0].FilePath()]:
		return true, nil
	case gone == len(x.old) && len(x.fresh) == 0:
		return true, nil // whoever took them out, they are out
	}
	return false, errTaken
}

func (x exchange) commit(ctx context.Context, t *table.Table) (*table.Table, error) {
	tx := t.NewTransaction()
	if err := tx.AssertRefSnapshotID(""); err != nil {
		return nil, err
	}
	if len(x.fresh) == 0 {
		if err := tx.ReplaceDataFilesWithDataFiles(ctx, x.old, nil, nil, table.WithoutAutoNameMapping()); err != nil {
			return nil, err
		}
	} else {
		rewrite := tx.NewRewrite(nil)
		for _, f := range x.old {
			rewrite.DeleteFile(f)
		}
		for _, f := range x.fresh {
			rewrite.AddDataFile(f)
		}
		if err := rewrite.Commit(ctx); err != nil {
			return nil, err
		}
		if _, ok := t.Properties()[table.DefaultNameMappingKey]; !ok { // the library adds one, for files without ids; ours have ids
			if err := tx.RemoveProperties([]string{table.DefaultNameMappingKey}); err != nil {
				return nil, err
			}
		}
	}
	if len(x.props) > 0 {
		if err := tx.SetProperties(maps.Clone(x.props)); err != nil {
			return nil, err
		}
	}
	return tx.Commit(ctx)
}

// hoursOf returns how many whole hours are in a time.
func hoursOf(d time.Duration) int64 { return int64(d / time.Hour) }
