package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"panther/pipeline/stream"
)

// A shelf is a sink that keeps what it gets, and calls safe what a test lets it.
type shelf struct {
	mu      sync.Mutex
	from    map[stream.Partition]int64
	got     map[string]int // sequences by key/seq
	next    map[stream.Partition]int64
	fail    error // of the next Flush
	hold    bool  // nothing is safe, except at the end
	answers []stream.Record
	assigns int
}

func newShelf() *shelf {
	return &shelf{from: map[stream.Partition]int64{}, got: map[string]int{}, next: map[stream.Partition]int64{}}
}

func (s *shelf) Assign(p stream.Partition, from int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.assigns++
	s.from[p], s.next[p] = from, from
}

func (s *shelf) Revoke(_ context.Context, ps []stream.Partition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range ps {
		delete(s.next, p)
	}
}

func (s *shelf) Add(_ context.Context, rs []stream.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range rs {
		if m, ok := r.Message.(count); ok {
			s.got[string(r.Key)+"/"+string(rune('0'+m.Seq))]++
			s.answers = append(s.answers, stream.Send(countOut, m.Key, m))
		}
		s.next[stream.Partition{Topic: r.Topic, ID: r.TopicID, Num: r.Partition}] = r.Offset + 1
	}
	return nil
}

func (s *shelf) Flush(_ context.Context, last bool) (map[stream.Partition]int64, []stream.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.fail; err != nil {
		s.fail = nil
		return nil, nil, err
	}
	out := s.answers
	s.answers = nil
	if s.hold && !last {
		return nil, out, nil
	}
	return maps.Clone(s.next), out, nil
}

func (s *shelf) records() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.got)
}

func shelfNode(s *shelf) *stream.Node {
	return &stream.Node{Name: "shelf", Reads: []stream.Topic{countIn}, Writes: []stream.Topic{countOut}, Sink: func() (stream.Sink, error) { return s, nil }}
}

// committed adds up the group's offsets.
func (b *bench) committed(group string) (sum int64) {
	b.t.Helper()
	offsets, err := kadm.NewClient(b.client()).FetchOffsets(b.t.Context(), group)
	if err != nil {
		b.t.Fatal(err)
	}
	offsets.Each(func(o kadm.OffsetResponse) { sum += max(0, o.At) })
	return sum
}

func (b *bench) until(what string, ok func() bool) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatalf("%s: did not come", what)
		}
	}
}

func TestSinkOffsetsMoveOnlyPastWhatIsSafe(t *testing.T) {
	first := newShelf()
	first.hold = true
	b := newBench(t, shelfNode(first))
	b.produce(5, 1, 4)
	stop := b.start(shelfNode(first))
	b.until("all records", func() bool { return first.records() == 20 })
	if n := b.committed("panther.shelf"); n != 0 {
		t.Errorf("offsets of %d records were committed; none is safe", n)
	}
	b.checkAnswers(20)
	stop() // what it has is safe at its end
	if n := b.committed("panther.shelf"); n != 20 {
		t.Errorf("at its end the offsets of %d records were committed, want 20", n)
	}
	second := newShelf()
	b.produce(5, 5, 6)
	b.start(shelfNode(second))
	b.until("the records behind", func() bool { return second.records() == 10 })
}

// checkAnswers waits for n answers of a sink.
func (b *bench) checkAnswers(n int) {
	b.t.Helper()
	if got := b.read(countOut.Name, n); len(got) != n {
		b.t.Errorf("%d answers came, want %d", len(got), n)
	}
}

func TestFencedSinkBeginsAnew(t *testing.T) {
	s := newShelf()
	s.fail = fmt.Errorf("commit rows: %w", stream.ErrFenced)
	b := newBench(t, shelfNode(s))
	b.produce(5, 1, 4)
	b.start(shelfNode(s))
	b.until("all records", func() bool { return s.records() == 20 && b.committed("panther.shelf") == 20 })
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.assigns < 2*countIn.Partitions {
		t.Errorf("partitions were assigned %d times, want each of %d twice", s.assigns, countIn.Partitions)
	}
}

func TestSinkThatFailsTriesAgain(t *testing.T) {
	s := newShelf()
	s.fail = errors.New("the disk is full")
	b := newBench(t, shelfNode(s))
	b.produce(5, 1, 4)
	b.start(shelfNode(s))
	b.until("all records", func() bool { return s.records() == 20 && b.committed("panther.shelf") >= 20 })
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.assigns != countIn.Partitions {
		t.Errorf("partitions were assigned %d times, want each of %d once: nothing was lost", s.assigns, countIn.Partitions)
	}
}
