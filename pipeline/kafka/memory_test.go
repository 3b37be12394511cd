package kafka

import (
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/stream"
)

// What brokers have acknowledged is let go, though its record is in memory that stays. What is large has an allocation of its own,
// which key, value and headers share.
func TestAcknowledgedRecordsAreLetGo(t *testing.T) {
	m, large := newMemory(), make([]byte, 1<<20)
	kr := m.record(stream.Record{Key: []byte("k"), Value: large, Headers: []stream.Header{{Key: "h", Value: []byte("v")}}}, 0)
	gone := make(chan struct{})
	runtime.AddCleanup(&kr.Value[len(large)/2], func(gone chan struct{}) { close(gone) }, gone)
	(&produced{}).done(kr, nil)
	runtime.GC()
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Error("a value of a megabyte is held that the broker has acknowledged")
	}
	runtime.KeepAlive(&m)
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
		{"large", stream.Record{Value: make([]byte, 100<<10)}},
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
