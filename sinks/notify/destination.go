// Package notify lets alerts out: it makes the attempts that the dispatcher asks for and answers each with a receipt.
//
// Its one idea: an attempt always gets a receipt, whatever happens to it, and no destination waits for another. When to try
// again is not decided here: the dispatcher does that, from the receipts. A destination is one file of this package and one
// line in build.go; read webhook.go for an example, sink.go for how attempts are taken and offsets become safe.
package notify

import (
	"context"
	"time"

	"panther/schemas"
)

// A Destination is where alerts go. Deliver makes one attempt and gives up when ctx ends. It may be called by several
// goroutines at once, and again with the same alert: what it sends carries a key by which the receiver knows a repeat.
//
// The error is a *PermanentError if trying again cannot help, a *BusyError if nothing was tried; after any other error it
// may work later. The Answer is what the destination said, also beside an error; its zero value: nothing.
//
// Neither the Answer nor the error ever holds a secret.
type Destination interface {
	Deliver(ctx context.Context, a schemas.Alert) (Answer, error)
}

// An Answer is what a destination said to an attempt, as its receipt shows it.
type Answer struct {
	StatusCode int           // of HTTP; 0: there was no answer, or none with a status
	Message    string        // in words, without secrets, cut to maxMessage bytes
	After      time.Duration // wait at least this long before the next attempt; 0: it did not say
}

// A PermanentError says that the same attempt will never work: somebody has to change something first.
type PermanentError struct{ Err error }

// Error is the cause's text: that it is permanent is for the receipt, not for people.
func (e *PermanentError) Error() string { return e.Err.Error() }

// Unwrap returns the cause, for errors.As.
func (e *PermanentError) Unwrap() error { return e.Err }

// A BusyError says that nothing was tried, and when to come back. It costs no retry.
type BusyError struct {
	After time.Duration
	Err   error // why
}

// Error says why nothing was tried.
func (e *BusyError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *BusyError) Unwrap() error { return e.Err }
