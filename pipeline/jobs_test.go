package pipeline

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"panther/sinks/lake"
)

// The lake is seen to twelve minutes after every full hour, by processes that write it, unless that is switched off.
func TestLakeUpkeepIsDue(t *testing.T) {
	day := time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)
	for at, want := range map[time.Duration]time.Duration{
		0: 12 * time.Minute, 12*time.Minute - 1: 12 * time.Minute, 12 * time.Minute: 72 * time.Minute, 59 * time.Minute: 72 * time.Minute,
	} {
		if got := afterFullHour(day.Add(at)); !got.Equal(day.Add(want)) {
			t.Errorf("at %s: %s, want %s", at, got.Sub(day), want)
		}
	}
	folder, err := lake.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p := Parts{Lake: lake.NewCatalog(folder), Upkeep: &lake.Upkeep{}}
	if jobs := p.jobs(true); len(jobs) != 1 || jobs[0].Name != "lake-upkeep" {
		t.Errorf("jobs are %+v", jobs)
	}
	if len(p.jobs(false)) > 0 {
		t.Error("a process that does not write the lake sees to it")
	}
	did, err := p.upkeep(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"files_rewritten": 0, "files_removed": 0, "rows_dropped": 0, "snapshots_forgotten": 0}, did); diff != "" {
		t.Errorf("of an empty lake:\n%s", diff)
	}
	p.Upkeep = nil
	if len(p.jobs(true)) > 0 {
		t.Error("upkeep that was switched off runs")
	}
}
