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

// poll returns the context of a poll that waits at most for d.
func (w *waker) poll(ctx context.Context, d time.Duration) (context.Context, func()) {
	ctx, cancel := context.WithTimeout(ctx, d)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cancel = cancel
	if w.woken {
		cancel()
	}
	return ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.cancel, w.woken = nil, false
		cancel()
	}
}
