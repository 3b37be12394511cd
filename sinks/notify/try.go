package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"panther/schemas"
)

// defaultTimeout is for attempts that name none: every call to the world has one.
const defaultTimeout = 10 * time.Second

// try makes one attempt. The destination is built anew for each: it costs nothing beside the call, and a secret that was
// missing or has been replaced is found without a restart.
func (s *Sink) try(a *attempt) (Answer, error) {
	d, ok := s.find(a.Destination)
	if !ok {
		err := fmt.Errorf("destination %q is gone: the catalogue has no entry with this id", a.Destination)
		if a.Number <= 1 {
			// Who asks may know a newer catalogue than this process does. The second attempt is late enough to be sure.
			return Answer{}, err
		}
		return Answer{}, &PermanentError{err}
	}
	destination, err := s.build(d, s.o)
	if err != nil {
		return Answer{}, err
	}
	timeout := cmp.Or(max(a.Timeout, 0), defaultTimeout)
	ctx, cancel := context.WithTimeoutCause(a.partition.ctx, timeout, fmt.Errorf("no answer within %s", duration(timeout)))
	defer cancel()
	return deliver(ctx, destination, a.Alert)
}

// deliver calls the destination. A panic ends the attempt, not the process: it would come back with the record.
func deliver(ctx context.Context, d Destination, a schemas.Alert) (answer Answer, err error) {
	defer func() {
		if v := recover(); v != nil {
			cause := fmt.Sprintf("a %T", v) // not its text, which may hold a secret
			if e, ok := v.(runtime.Error); ok {
				cause = e.Error()
			}
			err = &PermanentError{fmt.Errorf("deliver alert %s: panic: %s; this is a defect of panther, please report it", a.ID, cause)}
		}
	}()
	return d.Deliver(ctx, a)
}

// receipt says how an attempt ended.
func receipt(a schemas.Attempt, answer Answer, err error, now time.Time) *schemas.Receipt {
	r := &schemas.Receipt{
		AlertID: a.Alert.ID, Destination: a.Destination, Number: a.Number, At: now,
		Outcome: schemas.Delivered, StatusCode: answer.StatusCode, Message: message(answer.Message), After: answer.After,
	}
	if err == nil {
		return r
	}
	text := err.Error()
	if answer.Message != "" {
		text += ": " + answer.Message
	}
	r.Outcome, r.Message = schemas.Retry, message(text)
	if busy, ok := errors.AsType[*BusyError](err); ok {
		r.Outcome, r.After = schemas.Busy, busy.After
	} else if _, ok := errors.AsType[*PermanentError](err); ok {
		r.Outcome = schemas.Permanent
	}
	return r
}
