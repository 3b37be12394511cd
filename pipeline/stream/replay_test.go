package stream

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A script is a random log for a desk: each line is one step.
func script(draw *rand.Rand, n int) (steps []func(d *desk)) {
	clocks := &Clocks{}
	second := int64(0)
	for range n {
		second += draw.Int64N(15)
		now := second
		key := string(rune('a' + draw.IntN(6)))
		switch draw.IntN(12) {
		case 0, 1, 2:
			o := wakeAt(now - 20 + draw.Int64N(120))
			steps = append(steps, func(d *desk) { d.tell(now, key, o) })
		case 3, 4, 5:
			o := wakeBy(now-draw.Int64N(60), 1+draw.Int64N(120), []string{"t", "u", "w"}[draw.IntN(3):][:1]...)
			if draw.IntN(2) == 0 {
				o.Wake.Clocks = []string{"t", "u", "w"}[draw.IntN(3):]
			}
			if draw.IntN(3) == 0 {
				o.Wake.At = at(now + draw.Int64N(100))
			}
			o.Wake.Version = draw.Int64N(4)
			steps = append(steps, func(d *desk) { d.tell(now, key, o) })
		case 6:
			steps = append(steps, func(d *desk) { d.tell(now, key, order{Forget: true}) })
		case 7:
			steps = append(steps, func(d *desk) { d.tell(now, key, order{Panic: "boom"}) })
		case 8:
			steps = append(steps, (*desk).Hole)
		default:
			var ks []Clock
			for range 1 + draw.IntN(4) {
				randomClock(draw, clocks)
				for topic, c := range clocks.topics {
					if p := c.Parts[draw.IntN(len(c.Parts))]; topic != "" {
						k := Clock{Topic: topic, ID: c.ID, Partition: p.Partition, Of: c.Of, Paths: c.Paths, CaughtUpTo: at(now - draw.Int64N(30)), Version: p.Steps[len(p.Steps)-1].Version}
						if draw.IntN(6) == 0 {
							k.Gaps = []Gap{gap(now-40, now-20)}
						}
						ks = append(ks, k)
						break
					}
				}
			}
			steps = append(steps, func(d *desk) { d.clocks(now, ks...) })
		}
	}
	return steps
}

func newReader(t *testing.T) *desk {
	d := newDesk(t, nil)
	d.SetCatalogue(scripted, at(0))
	d.save()
	said(d.Task)
	return d
}

var scripted = v(1, entry{"a", 0}, entry{"b", 0}, entry{"c", 0}, entry{"d", 0}, entry{"e", 0}, entry{"f", 0})

// Whatever aborts and crashes, the same log gives the same words.
func TestAbortAndCrashAnywhere(t *testing.T) {
	for seed := range uint64(150) {
		draw := rand.New(rand.NewPCG(seed, 1))
		steps := script(draw, 60)
		straight := newReader(t)
		for i, step := range steps {
			step(straight)
			straight.Moved(ID{1}, int64(i+1))
		}
		want := said(straight.Task)
		straight.save()

		d := newReader(t)
		var got, pending []string
		committed := 0
		for i := 0; i < len(steps); {
			steps[i](d)
			i++
			d.Moved(ID{1}, int64(i))
			pending = append(pending, said(d.Task)...)
			switch draw.IntN(8) {
			case 0, 1:
				d.save()
				got, pending, committed = append(got, pending...), nil, i
			case 2:
				if d.Abort(); draw.IntN(2) == 0 {
					d.SetCatalogue(scripted, at(0))
				}
				pending, i = nil, committed
			case 3:
				d.restart()
				d.SetCatalogue(scripted, at(0))
				pending, i = nil, committed
			}
			d.DeadLetters()
		}
		d.save()
		if diff := cmp.Diff(want, append(got, pending...)); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
		if diff := cmp.Diff(straight.changelog, d.changelog); diff != "" {
			t.Fatalf("seed %d: another changelog: %s", seed, diff)
		}
	}
}

// The heaps wake who a look at every key after every record would wake.
func TestTimersAgreeWithBruteForce(t *testing.T) {
	woken := 0
	for seed := range uint64(200) {
		draw := rand.New(rand.NewPCG(seed, 2))
		d := newReader(t)
		real := d.Task.(*task[page])
		for i, step := range script(draw, 80) {
			step(d)
			for name, k := range real.keys {
				if w := (diary{}).Wake(k.state); real.due(w) {
					t.Fatalf("seed %d, step %d: %s is due and sleeps: %+v", seed, i, name, w)
				}
			}
			for _, l := range said(d.Task) {
				var key, word string
				fmt.Sscan(l, &key, &word)
				if word == "not" {
					t.Fatalf("seed %d, step %d: %s", seed, i, l)
				} else if word == "wakes" {
					woken++
				}
			}
			if at := d.NextTimer(); !at.IsZero() && !at.After(real.meta.Now) {
				t.Fatalf("seed %d, step %d: the next timer, %v, has passed", seed, i, at)
			}
			if draw.IntN(6) == 0 {
				d.save()
			} else if draw.IntN(10) == 0 {
				d.Abort()
			}
		}
	}
	if woken < 1000 {
		t.Errorf("only %d timers fired: this proves nothing", woken)
	}
}

// Times outside of what nanoseconds can count do not confuse the order.
func TestInstant(t *testing.T) {
	times := []time.Time{{}, time.Date(1600, 1, 1, 0, 0, 0, 0, time.UTC), at(0), at(1), time.Date(2400, 1, 1, 0, 0, 0, 0, time.UTC)}
	for i := 1; i < len(times); i++ {
		if instant(times[i-1]) > instant(times[i]) {
			t.Errorf("%v sorts behind %v", times[i-1], times[i])
		}
	}
}
