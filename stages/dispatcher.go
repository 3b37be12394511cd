package stages

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/strict"
)

// Dispatcher sees one alert through to one destination: one attempt at a time, in order, again after a while when it failed,
// until it is delivered, can never be, or is too late. The attempts themselves are made by notify, which answers each with a
// receipt; an attempt whose maker died comes again from its topic, so nothing but the age of the delivery needs a timer.
//
// What ended is forgotten. A receipt that comes again then finds no state, and is ignored.
type Dispatcher struct {
	Backoff time.Duration // before the second attempt; doubles with each; 0: DefaultBackoff
	Most    time.Duration // the longest; 0: DefaultMost
}

// How long a destination is left alone after a failed attempt.
const (
	DefaultBackoff = 30 * time.Second
	DefaultMost    = time.Hour
)

// Policy of a delivery that does not say.
const (
	defaultAttemptTimeout = 10 * time.Second
	defaultMaxAge         = 72 * time.Hour
)

// maxReceipts bounds the attempts that a status shows.
const maxReceipts = 20

// The states of a delivery.
const (
	deliveryPending   = "pending"
	deliveryDelivered = "delivered"
	deliveryFailed    = "failed"
)

// A Pending is a delivery that has not ended.
type Pending struct {
	Wanted   *schemas.Wanted   `json:"wanted,omitempty"`
	Number   int               `json:"number,omitempty"`  // of the current attempt, from 1
	NextAt   time.Time         `json:"nextAt,omitzero"`   // when it is to be made; zero: it is being made
	Deadline time.Time         `json:"deadline,omitzero"` // given up then
	Failed   int               `json:"failed,omitempty"`  // attempts that failed; a busy destination costs none
	Raised   bool              `json:"raised,omitempty"`  // ALERT_DELIVERY has been raised for it
	Receipts []schemas.Receipt `json:"receipts,omitempty"`
}

// Process takes a wish or a receipt.
func (d Dispatcher) Process(s Pending, r stream.Record, _ stream.View) (Pending, []stream.Record) {
	m, ok := r.Message.(schemas.Delivery)
	switch {
	case !ok:
	case m.Wanted != nil && s.Wanted == nil:
		return d.begin(m.Wanted, r)
	case m.Receipt != nil && s.Wanted != nil && s.NextAt.IsZero() && m.Receipt.Number == s.Number:
		return d.receipt(s, *m.Receipt, string(r.Key), r.Time)
	}
	return s, nil
}

func (d Dispatcher) begin(w *schemas.Wanted, r stream.Record) (Pending, []stream.Record) {
	age := cmp.Or(w.Policy.MaxAge, defaultMaxAge)
	s := Pending{Wanted: w, Number: 1, Deadline: r.Time.Add(age)}
	return s, []stream.Record{s.attempt(string(r.Key), r.Time), s.status(string(r.Key), deliveryPending)}
}

// receipt decides what follows from how the current attempt ended.
func (d Dispatcher) receipt(s Pending, got schemas.Receipt, key string, at time.Time) (Pending, []stream.Record) {
	s.Receipts = append(slices.Clone(s.Receipts), got)
	s.Receipts = s.Receipts[max(0, len(s.Receipts)-maxReceipts):]
	switch got.Outcome {
	case schemas.Delivered:
		return Pending{}, []stream.Record{s.status(key, deliveryDelivered)}
	case schemas.Busy:
		s.Number++
		s.NextAt = at.Add(cmp.Or(got.After, d.wait(key, 1)))
		return s, []stream.Record{s.status(key, deliveryPending)}
	case schemas.Permanent:
		s.Failed++
		return d.fail(s, key, at)
	}
	s.Failed++
	if s.Failed > s.Wanted.Policy.Retries {
		return d.fail(s, key, at)
	}
	s.NextAt = at.Add(max(d.wait(key, s.Failed), got.After))
	s.Number++
	out := []stream.Record{s.status(key, deliveryPending)}
	if !s.Raised && s.Failed >= s.threshold() {
		s.Raised = true
		out = append(out, s.trouble(key, at))
	}
	return s, out
}

// fail gives a delivery up. Whatever the threshold, somebody hears of an alert that nobody got.
func (Dispatcher) fail(s Pending, key string, at time.Time) (Pending, []stream.Record) {
	s.NextAt = time.Time{}
	out := []stream.Record{s.status(key, deliveryFailed)}
	if !s.Raised {
		out = append(out, s.trouble(key, at))
	}
	return Pending{}, out
}

// Wake is due at the next attempt, and at the deadline if there is none before.
func (Dispatcher) Wake(s Pending) stream.Wake {
	if !s.NextAt.IsZero() && s.NextAt.Before(s.Deadline) {
		return stream.Wake{At: s.NextAt}
	}
	return stream.Wake{At: s.Deadline}
}

// Tick makes the next attempt, or gives up.
func (d Dispatcher) Tick(s Pending, key string, now time.Time, _ stream.View) (Pending, []stream.Record) {
	if !now.Before(s.Deadline) {
		late := schemas.Receipt{AlertID: s.Wanted.Alert.ID, Destination: s.Wanted.Destination, // of no attempt: number 0
			Outcome: schemas.Permanent, Message: s.tooLate(), At: now}
		s.Receipts = append(slices.Clone(s.Receipts), late)
		return d.fail(s, key, now)
	}
	s.NextAt = time.Time{}
	return s, []stream.Record{s.attempt(key, now), s.status(key, deliveryPending)}
}

func (s Pending) tooLate() string {
	text := "given up after " + strict.FormatDuration(cmp.Or(s.Wanted.Policy.MaxAge, defaultMaxAge))
	if n := len(s.Receipts); n > 0 {
		text += "; the last answer was: " + s.Receipts[n-1].Message
	}
	return text
}

// wait is how long to wait after the nth failed attempt: doubling, and up to a fifth less, so that destinations which failed
// together are not asked together. The same delivery always waits the same.
func (d Dispatcher) wait(key string, n int) time.Duration {
	wait, most := cmp.Or(d.Backoff, DefaultBackoff), cmp.Or(d.Most, DefaultMost)
	for i := 1; i < n && wait < most; i++ {
		wait *= 2
	}
	wait = min(wait, most)
	h := fnv.New64a()
	fmt.Fprintf(h, "%s#%d", key, n)
	return wait - time.Duration(h.Sum64()%uint64(wait/5+1))
}

func (s Pending) threshold() int {
	return cmp.Or(s.Wanted.Policy.FailureThreshold, s.Wanted.Policy.Retries+1)
}

func (s Pending) attempt(key string, at time.Time) stream.Record {
	return stream.Send(schemas.Attempts, key, schemas.Attempt{Alert: s.Wanted.Alert, Destination: s.Wanted.Destination,
		Number: s.Number, Timeout: cmp.Or(s.Wanted.Policy.AttemptTimeout, defaultAttemptTimeout), At: at})
}

func (s Pending) status(key, state string) stream.Record {
	return stream.Send(schemas.DeliveryStatuses, key, schemas.DeliveryStatus{AlertID: s.Wanted.Alert.ID,
		Destination: s.Wanted.Destination, Label: s.Wanted.Label, State: state, Attempts: s.Receipts, NextAt: s.NextAt})
}

// trouble raises ALERT_DELIVERY for the destination.
func (s Pending) trouble(key string, at time.Time) stream.Record {
	last := s.Receipts[len(s.Receipts)-1]
	return send(schemas.Signal{
		Type:      schemas.AlertDelivery,
		Component: schemas.Component{Kind: schemas.Destination, ID: s.Wanted.Destination, Label: s.Wanted.Label},
		Verb:      schemas.Raise,
		Cause:     "delivery " + key,
		At:        at,
		Count:     1,
		Deliveries: []schemas.FailedDelivery{{AlertID: s.Wanted.Alert.ID, Title: s.Wanted.Alert.Title, Error: last.Message,
			StatusCode: last.StatusCode, Attempts: s.Failed, At: at}},
	})
}
