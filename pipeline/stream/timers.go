package stream

import (
	"cmp"
	"container/heap"
	"math"
	"slices"
	"time"
)

// timers holds the keys of a task that wait for something. A key is in one place at a time: with the times, until its At has
// passed; with one clock that has not shown its silence yet, the one that it watches; or among those that are due.
//
// Watching one clock of several is enough: while that one is not there, the key is not due. So a clock that moves looks at
// the keys whose time on it has come, not at all of a million.
type timers[S any] struct {
	wake    func(e *key[S]) Wake
	clocks  *Clocks
	now     time.Time
	times   queue[S]
	watched map[string]*queue[S] // by topic; due never: the clock does not count yet
	ready   queue[S]             // due; those that waited for clocks counted apart
	waited  int
	placed  []*key[S] // since the transaction began: an abort places them again
}

// place is where a key waits. The zero value is nowhere.
type place[S any] struct {
	queue *queue[S]
	due   int64 // a time, or a reading of the clock watched: see instant
	index int32
	clock bool // in ready: it waited for clocks
}

// instant is t in nanoseconds, for heaps; what lies outside of the years 1678 to 2261 is before or after everything.
func instant(t time.Time) int64 {
	switch s := t.Unix(); {
	case s <= math.MinInt64/int64(time.Second):
		return math.MinInt64
	case s >= math.MaxInt64/int64(time.Second):
		return math.MaxInt64
	}
	return t.UnixNano()
}

// set puts e where its Wake says.
func (t *timers[S]) set(e *key[S]) {
	t.drop(e)
	t.placed = append(t.placed, e)
	w := t.wake(e)
	switch {
	case w.IsZero():
	case w.At.After(t.now):
		t.push(&t.times, e, w.At)
	case len(w.Clocks) == 0:
		t.push(&t.ready, e, w.At)
	default:
		topic, at := t.clocks.next(w)
		if topic == "" {
			e.timer.clock = true
			t.waited++
			t.push(&t.ready, e, w.At)
			return
		}
		if t.watched == nil {
			t.watched = map[string]*queue[S]{}
		}
		q := t.watched[topic]
		if q == nil {
			q = &queue[S]{}
			t.watched[topic] = q
		}
		t.push(q, e, at)
	}
}

func (t *timers[S]) push(q *queue[S], e *key[S], due time.Time) {
	e.timer.queue, e.timer.due = q, instant(due)
	heap.Push(q, e)
}

// drop takes e away from where it waits.
func (t *timers[S]) drop(e *key[S]) {
	if e.timer.queue != nil {
		heap.Remove(e.timer.queue, int(e.timer.index))
	}
	if e.timer.clock {
		t.waited--
	}
	e.timer = place[S]{}
}

// elapse makes due what waits for a time up to now.
func (t *timers[S]) elapse(now time.Time) {
	t.now = later(t.now, now)
	for len(t.times) > 0 && t.times[0].timer.due <= instant(t.now) {
		t.set(t.times[0])
	}
}

// moved looks again at the keys that watch a clock and whose time on it has come.
func (t *timers[S]) moved(topic string) {
	q := t.watched[topic]
	if q == nil {
		return
	}
	at, ok := t.clocks.Reading(topic)
	if !ok {
		return
	}
	var look []*key[S]
	for len(*q) > 0 && (*q)[0].timer.due <= instant(at) {
		e := (*q)[0]
		t.drop(e)
		look = append(look, e)
	}
	for _, e := range look { // not while the queue is being emptied: some go back to where they were
		t.set(e)
	}
}

// silent reports whether something is due that waited for clocks.
func (t *timers[S]) silent() bool { return t.waited > 0 }

// take removes and returns the keys that are due, by name: the same log gives the same order.
func (t *timers[S]) take() []*key[S] {
	due := t.ready
	t.ready = nil
	t.waited = 0
	for _, e := range due {
		e.timer = place[S]{}
	}
	t.placed = append(t.placed, due...)
	slices.SortFunc(due, func(a, b *key[S]) int { return cmp.Compare(a.name, b.name) })
	return due
}

// next is the earliest time that a key waits for.
func (t *timers[S]) next() time.Time {
	if len(t.times) == 0 {
		return time.Time{}
	}
	return t.wake(t.times[0]).At
}

// queue is a heap of keys by due.
type queue[S any] []*key[S]

func (q queue[S]) Len() int           { return len(q) }
func (q queue[S]) Less(i, j int) bool { return q[i].timer.due < q[j].timer.due }
func (q queue[S]) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].timer.index, q[j].timer.index = int32(i), int32(j)
}
func (q *queue[S]) Push(x any) {
	e := x.(*key[S])
	e.timer.index = int32(len(*q))
	*q = append(*q, e)
}
func (q *queue[S]) Pop() any {
	old := *q
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return e
}
