package pipeline

import (
	"context"
	"time"

	"panther/pipeline/kafka"
	"panther/sinks/lake"
)

// upkeepTime is when the lake is seen to, after every full hour: the hour that is over has settled by then.
const upkeepTime = 12 * time.Minute

// jobs are the jobs that one process of the fleet runs at a time. A lake that may be a folder is seen to where it is written.
func (p Parts) jobs(writesLake bool) []kafka.Job {
	if p.Upkeep == nil || p.Lake == nil || !writesLake {
		return nil
	}
	return []kafka.Job{{Name: "lake-upkeep", Next: afterFullHour, Run: p.upkeep}}
}

// afterFullHour returns the next time at which an hour is over by upkeepTime.
func afterFullHour(now time.Time) time.Time {
	due := now.Truncate(time.Hour).Add(upkeepTime)
	if !due.After(now) {
		due = due.Add(time.Hour)
	}
	return due
}

// upkeep sees to all tables once.
func (p Parts) upkeep(ctx context.Context) (map[string]int, error) {
	did := map[string]int{"files_rewritten": 0, "files_removed": 0, "rows_dropped": 0, "snapshots_forgotten": 0}
	err := p.Lake.Maintain(ctx, *p.Upkeep, func(d lake.Done) {
		did["files_rewritten"] += d.Rewritten.FilesBefore
		did["files_removed"] += d.Expired.Files
		did["rows_dropped"] += int(d.Dropped.Rows)
		did["snapshots_forgotten"] += d.Expired.Snapshots
	})
	return did, err
}
