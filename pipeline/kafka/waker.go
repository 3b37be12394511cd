package kafka

import (
	"context"
	"sync"
	"time"
)

// A waker ends a poll early. A wake between two polls is not lost: it ends the next one.
type waker struct {
	mu     sync.Mutex
	cancel context.CancelFunc
	woken  bool
}

// wake ends the poll under way, or else the next one.
func (w *waker) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.woken = true
	if w.cancel != nil {
		w.cancel()
	}
}

// poll returns the context of a poll that waits at most for d. done must be called when it is over; it reports whether there
// was a wake, which counts as heard then.
func (w *waker) poll(ctx context.Context, d time.Duration) (polling context.Context, done func() (woken bool)) {
	ctx, cancel := context.WithTimeout(ctx, d)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cancel = cancel
	if w.woken {
		cancel()
	}
	return ctx, func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		cancel()
		woken := w.woken
		w.cancel, w.woken = nil, false
		return woken
	}
}
