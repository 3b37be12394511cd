package kafka

import (
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/twmb/franz-go/pkg/kgo"

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

// A record is a copy: whoever made it makes the next one of the same bytes.
func TestMemoryCopiesRecords(t *testing.T) {
	m := newMemory()
	for _, x := range []struct {
		name string
		r    stream.Record
	}{
		{"all", stream.Record{Key: []byte("k"), Value: []byte("value"), Headers: []stream.Header{{Key: "a", Value: []byte("1")}, {Key: "b", Value: nil}, {Key: "c", Value: []byte("")}}}},
		{"no value", stream.Record{Key: []byte("k")}},
		{"empty key and value", stream.Record{Key: []byte(""), Value: []byte("")}},
		{"nothing", stream.Record{}},
		{"large", stream.Record{Value: make([]byte, 1<<20)}},
	} {
		t.Run(x.name, func(t *testing.T) {
			x.r.Topic = "t"
			want := &kgo.Record{Topic: "t", Partition: 3, Key: slices.Clone(x.r.Key), Value: slices.Clone(x.r.Value)}
			for _, h := range x.r.Headers {
				want.Headers = append(want.Headers, kgo.RecordHeader{Key: h.Key, Value: slices.Clone(h.Value)})
			}
			for range 3 { // the memory is what it was before
				got := m.record(x.r, 3)
				for _, b := range [][]byte{x.r.Key, x.r.Value} {
					for i := range b {
						b[i] ^= 0xff
					}
				}
				if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(kgo.Record{}, kgo.RecordAttrs{})); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				for _, b := range [][]byte{x.r.Key, x.r.Value} {
					for i := range b {
						b[i] ^= 0xff
					}
				}
				got.Offset, got.ProducerID, got.LeaderEpoch = 5, 6, 7 // as the client does
				m.reuse()
			}
		})
	}
}

// The client may hold records of a transaction that was not committed: it retries, or writes its last request. They stay as
// they are. Those of one that was committed make the next ones.
func TestMemoryIsReusedBehindCommitsOnly(t *testing.T) {
	for _, committed := range []bool{false, true} {
		r := NewRunner(Config{}, &stream.Node{Name: "counter"}, nil, NewMetrics())
		s := r.newSession()
		write := func(value string) *kgo.Record { return s.memory.record(stream.Record{Value: []byte(value)}, 0) }
		first := write("first")
		s.settle(&transaction{}, committed)
		second := write("other")
		if reused := string(first.Value) != "first"; reused != committed || reused != (first == second) {
			t.Errorf("committed %t: the first record is %q behind the second", committed, first.Value)
		}
	}
}
