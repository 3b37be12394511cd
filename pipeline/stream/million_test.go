package stream

import (
	"fmt"
	"iter"
	"runtime"
	"testing"
	"time"
)

// A watchman is a stage as large as the one that watches sources for silence, in as few words as the benchmark needs.
type watchman struct{}

type post struct {
	Topics    string        `json:"t,omitempty"`
	Threshold time.Duration `json:"a,omitempty"`
	Created   int64         `json:"c,omitempty"`
	Last      int64         `json:"l,omitempty"`
	Inputs    int64         `json:"i,omitempty"`
	Entry     int32         `json:"v,omitempty"`
	Firing    bool          `json:"f,omitempty"`
}

func (watchman) Process(p post, r Record, _ View) (post, []Record) { return p, nil }

func (watchman) Wake(p post) Wake {
	if p.Firing {
		return Wake{}
	}
	return Wake{Clocks: []string{p.Topics}, Since: time.Unix(0, max(p.Last, p.Created)), For: p.Threshold, Version: p.Inputs}
}

func (watchman) Tick(p post, key string, _ time.Time, _ View) (post, []Record) {
	p.Firing = true
	return p, say("%s", key)
}

// A crowd is a catalogue in which everybody is, and nobody has changed.
type crowd struct{}

func (crowd) Version() int64         { return 1 }
func (crowd) Get(string) (any, bool) { return nil, true }
func (crowd) Entries(string) iter.Seq2[string, any] {
	return func(func(string, any) bool) {}
}

// BenchmarkMillionKeys restores a million keys of one partition, and lets a thousand fall silent at once. It reports what they
// take in memory, and how long restore, the alarms, an abort of them and a change of the catalogue take.
func BenchmarkMillionKeys(b *testing.B) {
	const keys, silent, partitions = 1_000_000, 1000, 64
	var heap, restore, alarms, abort, edit float64
	for range b.N {
		before := heapInUse()
		d := NewTask(watchman{}, "source", nil)
		var reading time.Duration
		for i := range keys {
			last := at(3600 + int64(i%1800))
			if i%(keys/silent) == 0 {
				last = at(1800)
			}
			value := fmt.Appendf(nil, `{"t":"panther.raw-logs","a":%d,"c":%d,"l":%d,"i":1,"v":%d}`, time.Hour, at(0).UnixNano(), last.UnixNano(), 1+i%100)
			name := fmt.Appendf(nil, "0c9f1a52-7d31-4c44-9d4b-%012d", i)
			start := time.Now()
			if err := d.Restore(name, value); err != nil {
				b.Fatal(err)
			}
			reading += time.Since(start)
		}
		start := time.Now()
		d.Start(func(string) bool { return true })
		d.SetCatalogue(crowd{}, at(0))
		d.Commit()
		restore += (reading + time.Since(start)).Seconds()
		d.Process(crowdClocks(b, 10, partitions))
		d.Commit()
		heap += heapInUse() - before

		start = time.Now()
		d.Process(crowdClocks(b, 1800+3600, partitions))
		if n := len(d.Outputs()); n != silent {
			b.Fatalf("%d alarms, want %d", n, silent)
		}
		alarms += time.Since(start).Seconds()
		start = time.Now()
		d.Abort()
		abort += time.Since(start).Seconds()
		start = time.Now()
		d.SetCatalogue(&crowd{}, at(0))
		edit += time.Since(start).Seconds()
		runtime.KeepAlive(d)
	}
	n := float64(b.N)
	b.ReportMetric(heap/n/1e6, "MB")
	b.ReportMetric(restore/n, "s/restore")
	b.ReportMetric(alarms/n*1e3, "ms/alarms")
	b.ReportMetric(abort/n*1e3, "ms/abort")
	b.ReportMetric(edit/n*1e3, "ms/edit")
	b.ReportMetric(0, "ns/op")
}

func crowdClocks(b *testing.B, second int64, partitions int32) Record {
	var ks []Clock
	for p := range partitions {
		k := part(tick(second), p, partitions)
		k.Topic = "panther.raw-logs"
		ks = append(ks, k)
	}
	r, err := ClockRecord("in", ks)
	if err != nil {
		b.Fatal(err)
	}
	r.Time = at(second)
	return r
}

func heapInUse() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
