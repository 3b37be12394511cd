package clocktest

import (
	"flag"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

var (
	from  = flag.Uint64("from", 1, "the first seed")
	count = flag.Uint64("schedules", 0, "how many schedules; 0: 300, or 60 with -short")
	only  = flag.String("faults", "", "comma-separated faults that strike in every schedule, and no others; empty: drawn from the seed")
	first = flag.Bool("first", false, "stop at the first objection")
	tell  = flag.Bool("story", false, "print what happens in the first schedule that is objected to, or in the only one")
)

// No false alarm and no missed one, whatever happens.
func TestSchedules(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	n := *count
	switch {
	case n == 0 && testing.Short():
		n = 60
	case n == 0:
		n = 300
	}
	most := uint64(5)
	if *first {
		most = 1
	}
	var mu sync.Mutex
	var next, alarms, objected atomic.Uint64
	next.Store(*from)
	work := func() {
		for objected.Load() < most {
			seed := next.Add(1) - 1
			if seed >= *from+n {
				return
			}
			w, found := try(seed, nil)
			alarms.Add(uint64(len(w.signals)))
			if len(found) > 0 {
				objected.Add(1)
				mu.Lock()
				t.Errorf("seed %d [%s]: %s", seed, w.faults, found[0])
				mu.Unlock()
			}
			if *tell && (len(found) > 0 || n == 1) {
				mu.Lock()
				fmt.Println(story(seed))
				mu.Unlock()
			}
		}
	}
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(work)
	}
	wait.Wait()
	if n >= 60 && alarms.Load() < n && objected.Load() == 0 {
		t.Errorf("%d schedules had only %d signals: they prove nothing", n, alarms.Load())
	}
	t.Logf("%d schedules, %d signals", n, alarms.Load())
}

// try runs a schedule and judges it. A panic is an objection too.
func try(seed uint64, trace func(string)) (w *world, found []violation) {
	w = newWorld(seed, parseFaults(*only))
	w.trace = trace
	defer func() {
		if p := recover(); p != nil {
			found = append(found, violation{"panic", w.now, fmt.Sprint(p, "\n", string(debug.Stack()))})
		}
	}()
	w.run()
	return w, w.judge()
}

func story(seed uint64) string {
	var lines []string
	w, found := try(seed, func(l string) { lines = append(lines, l) })
	for i, s := range w.catalogue[0].sources {
		if s != nil {
			lines = append(lines, fmt.Sprintf("%s at first: %+v", sourceID(i), *s))
		}
	}
	for _, v := range found {
		lines = append(lines, v.String())
	}
	return strings.Join(lines, "\n")
}

// A schedule follows from its seed alone.
func TestSeedsAreDeterministic(t *testing.T) {
	for _, seed := range []uint64{5, 8} {
		if a, b := story(seed), story(seed); a != b {
			t.Errorf("seed %d told two stories", seed)
		}
	}
}
