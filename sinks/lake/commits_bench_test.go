package lake

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"panther/pipeline/stream"
	"panther/schemas"
)

// BenchmarkCommits commits a few rows a minute to a folder, sees to the table every hour, and compares the last commits with those
// after the first hundred: PANTHER_COMMITS of them (500 if it says nothing; 10,000 are a week, and take some minutes). Time
// passes by a clock of its own, so files are as old as the benchmark is long, and go as soon as they may.
func BenchmarkCommits(b *testing.B) {
	commits := 500
	if n, err := strconv.Atoi(os.Getenv("PANTHER_COMMITS")); err == nil {
		commits = max(n, 300)
	}
	for b.Loop() {
		dir := b.TempDir()
		folder, err := OpenFolder(dir)
		must0(b, err)
		c := NewCatalog(folder)
		now := time.Now()
		clock := func() time.Time { return now }
		s := NewSink(c, library{}.lookup, Options{Now: clock})
		s.Assign(failuresTopic, 0)
		var spent []time.Duration
		for i := range commits {
			now = now.Add(time.Minute)
			spent = append(spent, commitTen(b, s, int64(i)*10, now))
			if i%60 == 59 {
				must0(b, c.Maintain(ctx, Upkeep{Now: clock}, func(Done) {}))
			}
		}
		early, late := median(spent[100:200]), median(spent[commits-100:])
		b.ReportMetric(early.Seconds()*1000, "early-cpu-ms")
		b.ReportMetric(late.Seconds()*1000, "late-cpu-ms")
		b.ReportMetric(late.Seconds()/early.Seconds(), "ratio")
		b.ReportMetric(megabytes(b, filepath.Join(dir, folderOf(FailuresTable), metadataDir)), "metadata-MB")
	}
}

// commitTen commits ten rows from an offset, and returns what that cost the processor.
func commitTen(b *testing.B, s *Sink, from int64, now time.Time) time.Duration {
	var records []stream.Record
	for i := range int64(10) {
		r := failure(failuresTopic, from+i, line600(from+i))
		f := r.Message.(schemas.Failure)
		f.ParseTime = now
		r.Message = f
		records = append(records, r)
	}
	began := processor()
	must0(b, s.Add(ctx, records))
	_, _, err := s.Flush(ctx, true)
	must0(b, err)
	return processor() - began
}

func median(times []time.Duration) time.Duration {
	times = slices.SortedFunc(slices.Values(times), cmp.Compare)
	return times[len(times)/2]
}

func megabytes(b *testing.B, dir string) float64 {
	files, err := os.ReadDir(dir)
	must0(b, err)
	bytes := int64(0)
	for _, f := range files {
		info, err := f.Info()
		must0(b, err)
		bytes += info.Size()
	}
	return float64(bytes) / (1 << 20)
}
