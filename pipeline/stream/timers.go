package stream

import (
	"cmp"
	"container/heap"
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
	watched map[string]*queue[S] // by topic; due 0: the clock does not count yet
	ready   queue[S]             // due; those that waited for clocks counted apart
	waited  int
}

// timer is the place of a key. The zero value is nowhere.
type timer struct {
	queue any // *queue[S]
	index int
	due   int64 // nanoseconds: a time, or a reading of the clock watched
	clock bool  // in ready: it waited for clocks
}

// set puts e where its Wake says.
func (t *timers[S]) set(e *key[S]) {
	t.drop(e)
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
	e.timer.queue, e.timer.due = q, 0
	if !due.IsZero() {
		e.timer.due = due.UnixNano()
	}
	heap.Push(q, e)
}

// drop takes e away from where it waits.
func (t *timers[S]) drop(e *key[S]) {
	if q, ok := e.timer.queue.(*queue[S]); ok {
		heap.Remove(q, e.timer.index)
	}
	if e.timer.clock {
		t.waited--
	}
	e.timer = timer{}
}

// elapse makes due what waits for a time up to now.
func (t *timers[S]) elapse(now time.Time) {
	t.now = later(t.now, now)
	for len(t.times) > 0 && t.times[0].timer.due <= t.now.UnixNano() {
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
	for len(*q) > 0 && (*q)[0].timer.due <= at.UnixNano() {
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
	due := slices.Clone(t.ready)
	for _, e := range due {
		t.drop(e)
	}
	slices.SortFunc(due, func(a, b *key[S]) int { return cmp.Compare(a.name, b.name) })
	return due
}

// next is the earliest time that a key waits for.
func (t *timers[S]) next() time.Time {
	if len(t.times) == 0 {
		return time.Time{}
	}
	return time.Unix(0, t.times[0].timer.due)
}

// queue is a heap of keys by due.
type queue[S any] []*key[S]

func (q queue[S]) Len() int           { return len(q) }
func (q queue[S]) Less(i, j int) bool { return q[i].timer.due < q[j].timer.due }
func (q queue[S]) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].timer.index, q[j].timer.index = i, j
}
func (q *queue[S]) Push(x any) {
	e := x.(*key[S])
	e.timer.index = len(*q)
	*q = append(*q, e)
}
func (q *queue[S]) Pop() any {
	old := *q
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return e
}
