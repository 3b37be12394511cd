package kafka

import (
	"runtime"
	"sync/atomic"
	"testing"

	"panther/pipeline/stream"
)

// A largeCounter counts as counter does, and says it in a megabyte.
type largeCounter struct {
	counter
	alive *atomic.Int64
}

func (c largeCounter) Process(n int, r stream.Record, _ stream.View) (int, []stream.Record) {
	value := make([]byte, 1<<20)
	c.alive.Add(1)
	runtime.AddCleanup(&value[0], func(alive *atomic.Int64) { alive.Add(-1) }, c.alive)
	return n + 1, []stream.Record{{Topic: countOut.Name, Key: r.Key, Value: value}}
}

// What brokers have acknowledged is let go, though records are made in pieces of memory that stay.
func TestAcknowledgedRecordsAreLetGo(t *testing.T) {
	var alive atomic.Int64
	node := &stream.Node{Name: "counter", Reads: []stream.Topic{countIn}, Writes: []stream.Topic{countOut}, Task: stream.Fold(largeCounter{alive: &alive}, "")}
	b := newBench(t, node)
	b.produce(1, 1, 25)
	b.start(node)
	b.read(countOut.Name, 25)
	for range 1000 {
		if runtime.GC(); alive.Load() <= 2 {
			return
		}
	}
	t.Errorf("%d values of a megabyte are held that the broker has acknowledged", alive.Load())
}
