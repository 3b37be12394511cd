package lake

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"sync"
	"testing"
	"time"

	"panther/pipeline/stream"
	"panther/schemas"
)

// BenchmarkMemory reads a topic of failing lines of 600 bytes as fast as it can, through a sink with the budget of
// 512 MiB, and reports what the process had of the system's memory at most, beyond what it had before, in MiB.
// PANTHER_ROWS says how many lines there are, a million if it is not set.
func BenchmarkMemory(b *testing.B) {
	rows := 1_000_000
	if n, err := strconv.Atoi(os.Getenv("PANTHER_ROWS")); err == nil {
		rows = n
	}
	const budget = 512 << 20
	folder, err := OpenFolder(b.TempDir())
	must0(b, err)
	b.ReportMetric(0, "ns/op") // it says nothing here
	for b.Loop() {
		runtime.GC()
		before, most := held(), watch()
		s := NewSink(NewCatalog(folder), library{}.lookup, Options{Memory: budget, FileBytes: budget}) // so that it is the budget that is reached
		at := heldFrom(b, folder)
		s.Assign(failuresTopic, at)
		for sent := 0; sent < rows; {
			var records []stream.Record
			for range min(1000, rows-sent) {
				records = append(records, asRead(b, failure(failuresTopic, at, line600(at))))
				at++
				sent++
			}
			must0(b, s.Add(ctx, records))
			_, _, err := s.Flush(ctx, sent == rows)
			must0(b, err)
		}
		peak := most()
		b.ReportMetric(float64(peak-before)/(1<<20), "MiB")
		b.ReportMetric(float64(peak-before-budget)/(1<<20), "MiB-beyond-budget")
	}
}

// asRead is a record as a runner hands it on: with what its bytes say, in memory of its own.
func asRead(b *testing.B, r stream.Record) stream.Record {
	value, err := json.Marshal(r.Message)
	must0(b, err)
	r.Value = value
	r.Message, err = schemas.ClassificationFailures.Decode(value)
	must0(b, err)
	return r
}

// heldFrom is where the table stands, in a second round.
func heldFrom(b *testing.B, folder Folder) int64 {
	t, err := NewCatalog(folder).LoadTable(ctx, FailuresTable)
	if err != nil {
		return 0
	}
	return heldOffset(t, failuresTopic)
}

// line600 is a line of 600 bytes, which is not the same as others.
func line600(n int64) string {
	line := fmt.Sprintf(`{"eventID":"%016x","msg":"`, uint64(n)*0x9e3779b97f4a7c15)
	for x := uint64(n); len(line) < 598; x = x*6364136223846793005 + 1442695040888963407 {
		line += []string{"denied", "request", "policy", "session", "token", "expired", "bucket", "object", "action", "timeout"}[x>>40%10] + " "
	}
	return line + `"}`
}

// held is what the process has of the system's memory.
func held() int64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64() - samples[1].Value.Uint64())
}

// watch looks at held until it is asked for the highest.
func watch() (most func() int64) {
	var peak int64
	var done sync.WaitGroup
	stop := make(chan struct{})
	done.Go(func() {
		for {
			peak = max(peak, held())
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	})
	return func() int64 {
		close(stop)
		done.Wait()
		return peak
	}
}
