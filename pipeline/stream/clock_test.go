package stream

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// tick is a clock of topic "t", which has one partition, read and written at a second.
func tick(second int64) Clock {
	return Clock{Topic: "t", ID: ID{1}, Of: 1, Paths: 1, CaughtUpTo: at(second), Version: 1}
}

// heard applies clocks one after the other, each written when it was read.
func heard(clocks ...Clock) *Clocks {
	c := &Clocks{}
	for _, k := range clocks {
		c.Apply(k, k.CaughtUpTo)
	}
	return c
}

func part(k Clock, partition, of int32) Clock {
	k.Partition, k.Of = partition, of
	return k
}

func path(k Clock, path, paths int32) Clock {
	k.Path, k.Paths = path, paths
	return k
}

func version(k Clock, v int64) Clock {
	k.Version = v
	return k
}

func again(k Clock, id byte) Clock {
	k.ID = ID{id}
	return k
}

func TestReading(t *testing.T) {
	tests := []struct {
		name   string
		clocks []Clock
		want   int64 // -1: none
	}{
		{"nothing heard", nil, -1},
		{"one partition", []Clock{tick(10), tick(20)}, 20},
		{"it never goes back", []Clock{tick(20), tick(10)}, 20},
		{"the least of two", []Clock{part(tick(10), 0, 2), part(tick(30), 1, 2), part(tick(20), 0, 2)}, 20},
		{"one not heard of holds it", []Clock{part(tick(10), 1, 2)}, -1},
		{"growth holds it", []Clock{tick(10), part(tick(20), 0, 2)}, -1},
		{"until the new one is heard of", []Clock{tick(10), part(tick(20), 0, 2), part(tick(15), 1, 2)}, 15},
		{"who has not heard of the growth does not undo it", []Clock{part(tick(20), 0, 2), tick(30)}, -1},
		{"the least of two paths", []Clock{path(tick(10), 0, 2), path(tick(30), 1, 2)}, 10},
		{"a path not heard of holds it", []Clock{path(tick(10), 0, 2)}, -1},
		{"partitions times paths", []Clock{path(part(tick(10), 0, 2), 0, 2), path(part(tick(20), 0, 2), 1, 2), path(part(tick(30), 1, 2), 0, 2)}, -1},
		{"a topic made anew replaces the old", []Clock{tick(50), again(tick(20), 2)}, 20},
		{"and waits for its own partitions", []Clock{tick(50), again(part(tick(60), 0, 2), 2)}, -1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ok := heard(test.clocks...).Reading("t")
			if ok != (test.want >= 0) || ok && !got.Equal(at(test.want)) {
				t.Errorf("got %v, %v; want second %d", got, ok, test.want)
			}
		})
	}
}

func TestSilent(t *testing.T) {
	gapped := tick(100)
	gapped.Gaps = []Gap{gap(50, 70)}
	more := tick(120)
	more.Gaps = []Gap{gap(100, 110)}
	tests := []struct {
		name   string
		clocks []Clock
		wake   Wake
		want   int64 // -1: the clock does not count
	}{
		{"since the last line", []Clock{tick(0), tick(100)}, Wake{Since: at(40)}, 60},
		{"a line ahead of the clock", []Clock{tick(0), tick(100)}, Wake{Since: at(140)}, 0},
		{"not before the clock was first seen", []Clock{tick(30), tick(100)}, Wake{Since: at(10)}, 70},
		{"gaps are left out", []Clock{tick(0), gapped}, Wake{Since: at(40)}, 40},
		{"gaps add up", []Clock{tick(0), gapped, more}, Wake{Since: at(40)}, 50},
		{"a clock without the version does not count", []Clock{tick(0), tick(100)}, Wake{Since: at(40), Version: 2}, -1},
		{"it counts from when the version came", []Clock{tick(0), version(tick(60), 2), version(tick(100), 2)}, Wake{Since: at(40), Version: 2}, 40},
		{"a newer version will do", []Clock{tick(0), version(tick(60), 5), version(tick(100), 5)}, Wake{Since: at(40), Version: 2}, 40},
		{"an old version counted all along", []Clock{tick(0), version(tick(60), 5), version(tick(100), 5)}, Wake{Since: at(40), Version: 1}, 60},
		{"the version fell back", []Clock{tick(0), version(tick(50), 2), version(tick(60), 1)}, Wake{Since: at(40), Version: 2}, -1},
		{"and came anew", []Clock{tick(0), version(tick(50), 2), version(tick(60), 1), version(tick(80), 2), tick(100)}, Wake{Since: at(40), Version: 1}, 60},
		{"counts anew", []Clock{tick(0), version(tick(50), 2), version(tick(60), 1), version(tick(80), 2), version(tick(100), 2)}, Wake{Since: at(40), Version: 2}, 20},
		{"of one partition only", []Clock{part(tick(0), 0, 2), part(tick(0), 1, 2), version(part(tick(60), 0, 2), 2)}, Wake{Since: at(0), Version: 2}, -1},
		{"the last partition decides", []Clock{part(tick(0), 0, 2), part(tick(0), 1, 2), version(part(tick(60), 0, 2), 2), version(part(tick(70), 1, 2), 2),
			version(part(tick(100), 0, 2), 2), version(part(tick(100), 1, 2), 2)}, Wake{Since: at(0), Version: 2}, 30},
		{"a topic made anew begins anew", []Clock{tick(0), tick(50), again(tick(60), 2), again(tick(100), 2)}, Wake{Since: at(0)}, 40},
		{"a partition added begins anew", []Clock{tick(0), part(tick(60), 0, 2), part(tick(60), 1, 2), part(tick(100), 0, 2), part(tick(90), 1, 2)}, Wake{Since: at(0)}, 30},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ok := heard(test.clocks...).Silent(test.wake, "t")
			if ok != (test.want >= 0) || ok && got != secs(test.want) {
				t.Errorf("got %v, %v; want %ds", got, ok, test.want)
			}
		})
	}
}

// An event at 1337 is summarised inside a hole; the first clock behind it reads 1332. The gap ends at the writing time of the
// first record behind the hole, here 1340.
func TestHole(t *testing.T) {
	c := heard(tick(0), tick(100))
	c.Hole()
	c.Seen(at(1340))
	c.Seen(at(1350))
	c.Apply(tick(1332), at(1350))
	c.Apply(tick(1400), at(1410))
	if d, _ := c.Silent(Wake{Since: at(50)}, "t"); d != secs(50+60) {
		t.Errorf("silent for %v, want 50s before the hole and 60s behind 1340", d)
	}
	c.Hole()
	c.Seen(at(1500))
	c.Apply(tick(1520), at(1530))
	if d, _ := c.Silent(Wake{Since: at(1400)}, "t"); d != 0 {
		t.Errorf("silent for %v, want nothing: the clock moved within the second hole", d)
	}
}

// A clock first heard of behind a hole has no hole of its own: it counts from its writing time anyway.
func TestHoleBeforeClock(t *testing.T) {
	c := &Clocks{}
	c.Hole()
	c.Seen(at(10))
	c.Apply(tick(20), at(25))
	c.Apply(tick(60), at(61))
	if d, _ := c.Silent(Wake{Since: at(0)}, "t"); d != secs(35) {
		t.Errorf("silent for %v, want 35s", d)
	}
}

func TestDueAsksEveryClock(t *testing.T) {
	other := tick(100)
	other.Topic = "u"
	c := heard(tick(0), tick(100))
	w := Wake{Clocks: []string{"t", "u"}, Since: at(40), For: secs(60)}
	if c.Due(w) {
		t.Error("due, and u was not heard of")
	}
	c.Apply(other, at(40))
	if !c.Due(w) {
		t.Error("both have shown 60s")
	}
	if w.For = secs(61); c.Due(w) {
		t.Error("61s have not passed")
	}
	if !c.Due(Wake{}) {
		t.Error("without clocks there is nothing to wait for")
	}
}

// Steps are bounded. What is dropped makes a source count later, never earlier.
func TestStepsAreBounded(t *testing.T) {
	c := heard(tick(0))
	for v := int64(2); v <= 3*maxSteps; v++ {
		c.Apply(version(tick(10*v), v), at(10*v))
	}
	for v := int64(1); v <= 3*maxSteps; v++ {
		since, ok := c.since(Wake{Version: v}, "t")
		if !ok || v > 1 && since.Before(at(10*v)) {
			t.Fatalf("version %d counts from %v, %v", v, since, ok)
		}
	}
	if n := len(c.topics["t"].Parts[0].Steps); n > maxSteps {
		t.Errorf("%d steps are kept", n)
	}
}

// An abort undoes everything, whatever was applied since begin; and what a state looks like survives its JSON.
func TestClocksAbort(t *testing.T) {
	draw := rand.New(rand.NewPCG(2, 2))
	c := &Clocks{}
	for range 300 {
		c.begin()
		before, hole := image(t, c), c.hole
		for range draw.IntN(5) {
			randomClock(draw, c)
		}
		if draw.IntN(2) == 0 {
			c.abort()
			if diff := cmp.Diff(before, image(t, c)); diff != "" || c.hole != hole {
				t.Fatalf("not undone: %s", diff)
			}
		}
		for name, clock := range c.topics {
			var restored topicClock
			if err := json.Unmarshal([]byte(image(t, c)[name]), &restored); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(clock.reading(), restored.reading(), cmp.AllowUnexported(reading{})); diff != "" {
				t.Fatalf("restored, it reads otherwise: %s", diff)
			}
		}
	}
}

func image(t *testing.T, c *Clocks) map[string]string {
	t.Helper()
	out := map[string]string{}
	for name, k := range c.topics {
		b, err := json.Marshal(k)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = string(b)
	}
	return out
}

// randomClock lets something happen to one of three topics; time goes on.
func randomClock(draw *rand.Rand, c *Clocks) (topic string, written time.Time) {
	seconds := int64(0)
	for _, t := range c.topics {
		for _, p := range t.Parts {
			seconds = max(seconds, int64(p.At.Sub(at(0))/time.Second))
		}
	}
	written = at(seconds + 10)
	if draw.IntN(20) == 0 {
		c.Hole()
		c.Seen(written)
	}
	k := tick(seconds + draw.Int64N(25) - 10)
	k.Topic = []string{"t", "u", "w"}[draw.IntN(3)]
	k = version(part(k, draw.Int32N(2), 2), 1+draw.Int64N(4))
	if draw.IntN(30) == 0 {
		k = again(k, 2)
	}
	if draw.IntN(5) == 0 {
		k.Gaps = []Gap{gap(seconds-draw.Int64N(30), seconds)}
	}
	c.Apply(k, written)
	return k.Topic, written
}

// The table of versions says what asking every partition says.
func TestStepsAgreeWithPartitions(t *testing.T) {
	draw := rand.New(rand.NewPCG(3, 3))
	c := &Clocks{}
	for range 2000 {
		topic, _ := randomClock(draw, c)
		w := Wake{Since: at(0), Version: draw.Int64N(6)}
		since, ok := c.since(w, topic)
		want, wantOK := w.Since, true
		for _, p := range c.topics[topic].Parts {
			i := slices.IndexFunc(p.Steps, func(s step) bool { return s.Version >= w.Version })
			if wantOK = wantOK && i >= 0; wantOK && w.Version > 0 {
				want = later(want, p.Steps[i].Written)
			}
		}
		if ok != wantOK || ok && !since.Equal(want) {
			t.Fatalf("version %d counts from %v, %v; the partitions say %v, %v", w.Version, since, ok, want, wantOK)
		}
	}
}

func TestClockRecord(t *testing.T) {
	want := []Clock{version(tick(5), 3), part(tick(7), 1, 2)}
	want[0].Gaps = []Gap{{To: at(1)}, gap(2, 3)}
	r, err := ClockRecord("activity", want)
	if err != nil {
		t.Fatal(err)
	}
	if r.Topic != "activity" || r.Header(HeaderClock) == "" || r.Header(HeaderVersion) != "3" {
		t.Errorf("record %+v; want a clock of version 3", r)
	}
	var got []Clock
	if err := json.Unmarshal(r.Value, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
