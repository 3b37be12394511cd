package stages_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"panther/pipeline/stream"
	"panther/pipeline/streamtest"
	"panther/schemas"
	"panther/schemas/catalogue"
	"panther/stages"
)

// watched restores the state of n sources, one in ten with a topic of its own, the others on the topic of raw lines. It returns the
// task, how long that took and what it takes of memory.
func watched(tb testing.TB, n int) (task stream.Task, took time.Duration, bytes uint64) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	task = stream.NewTask[stages.Watch](stages.Dropoff{}, catalogue.KindSource, nil)
	for i := range n {
		topic := "panther.raw-logs"
		if i%10 == 0 {
			topic = fmt.Sprintf("logs-of-%07d", i)
		}
		state := fmt.Appendf(nil, `{"t":%q,"a":3600000000000,"c":%d,"l":%d,"i":1,"v":1}`, topic, streamtest.Begin.UnixNano(), streamtest.Begin.UnixNano()+int64(i))
		key := fmt.Appendf(nil, "0190a7c2-7b1e-7000-%012d", i)
		start := time.Now()
		if err := task.Restore(key, state); err != nil {
			tb.Fatal(err)
		}
		took += time.Since(start)
	}
	start := time.Now()
	task.Start(func(string) bool { return true })
	took += time.Since(start)
	runtime.GC()
	runtime.ReadMemStats(&after)
	return task, took, after.HeapAlloc - before.HeapAlloc
}

// A million sources must fit into 250 MB, keys and timers included.
func TestDropoffStateIsSmall(t *testing.T) {
	const n = 100_000
	task, _, bytes := watched(t, n)
	if per := bytes / n; per > 250 {
		t.Errorf("%d bytes a source; want 250 at most", per)
	}
	runtime.KeepAlive(task)
}

// BenchmarkDropoffMillion restores a million sources; then a thousand of them fall silent at once.
func BenchmarkDropoffMillion(b *testing.B) {
	for b.Loop() {
		task, took, bytes := watched(b, 1_000_000)
		b.ReportMetric(took.Seconds(), "s/restore")
		b.ReportMetric(float64(bytes)/1e6, "MB")
		task.SetCatalogue(everything{&catalogue.View{}}, streamtest.Begin)
		clocks := func(at time.Time) {
			var all []stream.Clock
			for i := range 1000 {
				all = append(all, stream.Clock{Topic: fmt.Sprintf("logs-of-%07d", i*10), Of: 1, Paths: 1, CaughtUpTo: at, Version: 1})
			}
			r, err := stream.ClockRecord(schemas.SourceActivity.Name, all)
			if err != nil {
				b.Fatal(err)
			}
			r.Time = at
			task.Process(r)
		}
		clocks(streamtest.Begin)
		start := time.Now()
		clocks(streamtest.Begin.Add(2 * time.Hour))
		if n := len(task.Outputs()); n != 2000 {
			b.Fatalf("%d outputs, want a signal and a status of each of 1,000 sources", n)
		}
		b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms/1000-alarms")
	}
}

// everything is a catalogue in which every source is, unchanged.
type everything struct{ *catalogue.View }

func (everything) Version() int64 { return 1 }

func (everything) Get(key string) (any, bool) { return catalogue.LogSource{Label: key}, true }
