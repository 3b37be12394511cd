package notify

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"panther/pipeline/stream"
	"panther/schemas"
)

// A queue is what waits for one destination, and how many of its attempts are being made. It exists while it has work.
// All of it is guarded by the sink's mutex.
type queue struct {
	running int
	waiting []*attempt
}

// busyAfter is when the dispatcher may offer an attempt again that was not tried.
const busyAfter = 5 * time.Second

// take starts the attempt of a record, queues it, or answers it at once.
func (s *Sink) take(p *partition, r stream.Record) {
	p.next = r.Offset + 1
	if r.Message == nil && len(r.Value) == 0 {
		return // a tombstone asks for nothing
	}
	a := &attempt{partition: p, key: string(r.Key), offset: r.Offset, taken: time.Now(), done: make(chan struct{})}
	p.open = append(p.open, a)
	var err error
	if a.Attempt, err = decode(r); err != nil {
		s.answer(a, Answer{}, &PermanentError{err})
		return
	}
	q := s.queues[a.Destination]
	if q == nil {
		q = &queue{}
		s.queues[a.Destination] = q
	}
	switch {
	case q.running < s.o.InFlight:
		q.running++
		a.started = true
		go s.work(q, a)
	case len(q.waiting) < s.o.Queue:
		q.waiting = append(q.waiting, a)
	default:
		s.answer(a, Answer{}, busy("%d attempts are waiting already", len(q.waiting)))
	}
}

func busy(format string, args ...any) error {
	return &BusyError{After: busyAfter, Err: fmt.Errorf("not tried: "+format, args...)}
}

// decode returns the attempt that r asks for. Beside an error it holds what could be made out, for the receipt to find
// its delivery: the key names the destination and the alert, the number may be legible though the rest is not.
func decode(r stream.Record) (schemas.Attempt, error) {
	if a, ok := r.Message.(schemas.Attempt); ok {
		return a, nil
	}
	m, err := schemas.Attempts.Decode(r.Value)
	a, ok := m.(schemas.Attempt)
	if ok {
		return a, nil
	}
	a.Destination, a.Alert.ID, _ = strings.Cut(string(r.Key), "/")
	var legible struct {
		Number int `json:"number"`
	}
	if json.Unmarshal(r.Value, &legible) == nil {
		a.Number = legible.Number
	}
	return a, fmt.Errorf("the attempt at %s/%d@%d is not legible: %v", r.Topic, r.Partition, r.Offset, err)
}

// work makes an attempt, then those that wait behind it, until there are none.
func (s *Sink) work(q *queue, a *attempt) {
	for a != nil {
		answer, err := s.try(a)
		a = s.finish(q, a, answer, err)
	}
}

// finish answers an attempt and returns the next one of its queue; nil: the worker may go.
func (s *Sink) finish(q *queue, a *attempt, answer Answer, err error) *attempt {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := a.Destination
	// A call that was broken off because its partition went away says nothing about the destination: no receipt.
	if err == nil || a.partition.ctx.Err() == nil {
		s.answer(a, answer, err)
	}
	close(a.done)
	if len(q.waiting) == 0 {
		if q.running--; q.running == 0 && s.queues[id] == q {
			delete(s.queues, id)
		}
		return nil
	}
	next := q.waiting[0]
	q.waiting = slices.Delete(q.waiting, 0, 1)
	next.started = true
	return next
}

// answer gives an attempt its receipt.
func (s *Sink) answer(a *attempt, answer Answer, err error) {
	a.receipt = receipt(a.Attempt, answer, err, time.Now())
	s.signal()
}

// expire answers attempts that have waited too long, so that a dead destination does not hold back their partition.
func (s *Sink) expire(now time.Time) {
	for _, q := range s.queues {
		n := 0
		for n < len(q.waiting) && now.Sub(q.waiting[n].taken) >= s.o.MaxWait {
			s.answer(q.waiting[n], Answer{}, busy("waited for %s", duration(s.o.MaxWait)))
			n++
		}
		q.waiting = slices.Delete(q.waiting, 0, n)
	}
}

// drop takes a partition's attempts out of the queues.
func (s *Sink) drop(p *partition) {
	for _, q := range s.queues {
		q.waiting = slices.DeleteFunc(q.waiting, func(a *attempt) bool { return a.partition == p })
	}
}
