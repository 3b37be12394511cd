package stream

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const beat = 10 * time.Second

func newEdge(position int64) *Edge {
	return NewEdge(EdgeState{Topic: "t", ID: ID{1}, Partition: 3, Position: position})
}

// look takes a sample that asks at a second and is answered one second later.
func look(e *Edge, second, end int64) {
	e.Sample(Sample{From: at(second), To: at(second + 1), End: end, Of: 4}, beat)
}

// sent is the clock of the next transaction, which commits.
func sent(t *testing.T, e *Edge) Clock {
	t.Helper()
	c, ok := e.Clock(7)
	if !ok {
		t.Fatal("there is no clock yet")
	}
	e.Commit()
	return c
}

// With a steady lag of a minute the clock follows a minute behind, sample by sample, and time has no gaps.
func TestEdgeQueuesSamples(t *testing.T) {
	e := newEdge(0)
	for second := int64(0); second <= 600; second += 10 {
		look(e, second, second) // one record a second
		if second < 60 {
			continue
		}
		e.Position = second - 60
		c := sent(t, e)
		if want := at(second - 60); !c.CaughtUpTo.Equal(want) {
			t.Fatalf("at %d the clock is %v, want %v", second, c.CaughtUpTo, want)
		}
		if second == 60 {
			want := Clock{Topic: "t", ID: ID{1}, Partition: 3, Of: 4, Paths: 1, CaughtUpTo: at(0), Gaps: []Gap{{To: at(0)}}, Version: 7}
			if diff := cmp.Diff(want, c); diff != "" {
				t.Error(diff)
			}
		} else if len(c.Gaps) > 0 {
			t.Fatalf("at %d the clock has gaps: %v", second, c.Gaps)
		}
	}
}

func TestEdgeHasNoClockBeforeItsFirstSampleIsPassed(t *testing.T) {
	e := newEdge(0)
	if _, ok := e.Clock(1); ok {
		t.Error("a clock without a sample")
	}
	look(e, 0, 5)
	e.Position = 4
	if _, ok := e.Clock(1); ok {
		t.Error("a clock before the sample was passed")
	}
	e.Position = 5
	if c, ok := e.Clock(1); !ok || !c.CaughtUpTo.Equal(at(0)) {
		t.Errorf("clock %v, %v; want one at the sample's question", c, ok)
	}
}

// An event appended between the question and the answer must not have arrived before it was there.
func TestEdgeArrival(t *testing.T) {
	e := newEdge(0)
	look(e, 0, 5)
	look(e, 10, 8)
	look(e, 20, 8)
	now := at(30)
	for _, test := range []struct {
		offset int64
		want   time.Time
	}{{0, at(1)}, {4, at(1)}, {5, at(11)}, {7, at(11)}, {8, now}} {
		if got := e.Arrival(test.offset, now); !got.Equal(test.want) {
			t.Errorf("offset %d arrived at %v, want %v", test.offset, got, test.want)
		}
	}
}

func TestEdgeGaps(t *testing.T) {
	tests := []struct {
		name string
		do   func(e *Edge)
		want []Gap
	}{
		{"sampled all the time", func(e *Edge) { look(e, 10, 0); look(e, 40, 0) }, nil},
		{"not sampled for long", func(e *Edge) { look(e, 10, 0); look(e, 41, 0) }, []Gap{gap(10, 41)}},
		{"records deleted unread", func(e *Edge) { look(e, 10, 50); e.Hole(40, at(15)) }, []Gap{gap(0, 11)}},
		{"records deleted that no sample covers", func(e *Edge) { look(e, 10, 50); e.Hole(60, at(15)); e.Position = 60 }, []Gap{gap(0, 15)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := newEdge(0)
			look(e, 0, 0)
			sent(t, e)
			test.do(e)
			if diff := cmp.Diff(test.want, sent(t, e).Gaps, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
			if again := sent(t, e).Gaps; len(again) > 0 {
				t.Errorf("sent twice: %v", again)
			}
		})
	}
}

// A gap that waits goes out with the clock, whatever happens in between: transactions without clocks, aborts, a crash.
func TestEdgeGapsAreNeverLost(t *testing.T) {
	e := newEdge(0)
	look(e, 0, 0)
	sent(t, e)
	look(e, 100, 0)
	if got := e.CatchUp(); !got.Equal(at(100)) {
		t.Fatalf("caught up to %v", got)
	}
	e.Commit() // a transaction that sends no clock
	if _, ok := e.Clock(7); !ok {
		t.Fatal("no clock")
	}
	e.Abort()
	restarted := NewEdge(stored(t, e.Next()))
	for name, e := range map[string]*Edge{"after an abort": e, "after a crash": restarted} {
		if diff := cmp.Diff([]Gap{gap(0, 100)}, sent(t, e).Gaps); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// A sample that comes while a transaction is open belongs to the next one.
func TestEdgeSampleWithinTransaction(t *testing.T) {
	for _, end := range []string{"commit", "abort"} {
		t.Run(end, func(t *testing.T) {
			e := newEdge(0)
			look(e, 0, 0)
			e.Clock(7)
			kept := e.Next()
			look(e, 100, 0)
			want := []Gap{gap(0, 100)}
			if end == "commit" {
				e.Commit()
			} else {
				e.Abort()
				want = []Gap{{To: at(0)}, gap(0, 100)}
			}
			if diff := cmp.Diff(want, sent(t, e).Gaps); diff != "" {
				t.Error(diff)
			}
			// A crash before the next commit restores what the transaction had kept: the gap comes again, not shorter.
			crashed := NewEdge(stored(t, kept))
			look(crashed, 110, 0)
			if diff := cmp.Diff([]Gap{gap(0, 110)}, sent(t, crashed).Gaps); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The sample that covers a record returns with the record: else what is read again would count as arrived at the poll.
func TestEdgeAbortGivesSamplesBack(t *testing.T) {
	e := newEdge(0)
	look(e, 0, 5)
	look(e, 10, 9)
	e.Position = 5
	e.CatchUp()
	e.Abort()
	if e.Position != 0 || !e.CaughtUpTo.IsZero() {
		t.Errorf("position %d, caught up to %v; want the beginning", e.Position, e.CaughtUpTo)
	}
	if got := e.Arrival(4, at(60)); !got.Equal(at(1)) {
		t.Errorf("read again, it arrived at %v, want %v", got, at(1))
	}
	e.Position = 9
	if c := sent(t, e); !c.CaughtUpTo.Equal(at(10)) {
		t.Errorf("caught up to %v, want %v", c.CaughtUpTo, at(10))
	}
}

func TestEdgeChanged(t *testing.T) {
	e := newEdge(0)
	if e.Changed() {
		t.Error("changed, and nothing happened")
	}
	steps := []struct {
		name string
		do   func()
	}{
		{"a sample", func() { look(e, 0, 5) }},
		{"a position", func() { e.Position = 5 }},
		{"a clock that moves", func() { e.Clock(1) }},
		{"as many gaps, but others", func() { look(e, 100, 5); e.Clock(1); look(e, 200, 5) }},
	}
	for _, s := range steps {
		s.do()
		if !e.Changed() {
			t.Errorf("%s is no change", s.name)
		}
		next := e.Next()
		e.Commit()
		if diff := cmp.Diff(next, e.Next()); diff != "" {
			t.Errorf("%s: the commit holds something else: %s", s.name, diff)
		}
		if e.Changed() {
			t.Errorf("after %s: changed behind a commit", s.name)
		}
	}
}

// After a restart the queue is empty, so arrivals are later; the clock goes on where it stood, and never back.
func TestEdgeRestart(t *testing.T) {
	e := newEdge(0)
	look(e, 0, 5)
	e.Position = 5
	sent(t, e)
	e = NewEdge(stored(t, e.Next()))
	look(e, 20, 9)
	c := sent(t, e)
	if !c.CaughtUpTo.Equal(at(0)) || len(c.Gaps) > 0 || c.Of != 4 {
		t.Errorf("clock %+v, want the one before the restart", c)
	}
	e = NewEdge(stored(t, e.Next()))
	look(e, -5, 5) // another machine, whose clock is behind
	if c := sent(t, e); !c.CaughtUpTo.Equal(at(0)) {
		t.Errorf("the clock went back to %v", c.CaughtUpTo)
	}
}

// A partition that lags for days keeps a bounded queue; what it says becomes coarser, never early.
func TestEdgeQueueIsBounded(t *testing.T) {
	e := newEdge(0)
	const n = 3 * maxSamples
	for i := range int64(n) {
		look(e, 10*i, i+1)
	}
	if len(e.queue) > maxSamples {
		t.Errorf("%d samples wait", len(e.queue))
	}
	for i := int64(0); i < n; i += 97 {
		if got := e.Arrival(i, at(1e9)); got.Before(at(10*i+1)) || got.After(at(10*i+1).Add(n/100*beat)) {
			t.Fatalf("offset %d, there at %v, arrived at %v", i, at(10*i), got)
		}
	}
	e.Position = n
	if c := sent(t, e); !c.CaughtUpTo.Equal(at(10*(n-1))) || len(c.Gaps) != 1 {
		t.Errorf("clock %+v, want the newest sample, and the first gap only", c)
	}
}

// stored is a state as the changelog gives it back.
func stored(t *testing.T, s EdgeState) (back EdgeState) {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	return back
}
