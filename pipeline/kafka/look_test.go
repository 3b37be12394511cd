package kafka

import (
	"context"
	"testing"
	"time"

	"panther/pipeline/stream"
)

// A runner that is asked looks at once whether it has read everything, and not when its next heartbeat comes.
func TestLook(t *testing.T) {
	for _, node := range []*stream.Node{countNode(), shelfNode(newShelf())} {
		t.Run(node.Name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, node)
			b.cfg.Heartbeat = time.Hour
			r := NewRunner(b.cfg, node, b.follower, NewMetrics())
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- r.Run(ctx) }()
			b.produce(3, 1, 2)
			b.read(countOut.Name, 6)
			since := time.Now()
			b.until("the look", func() bool {
				r.Look()
				return !r.CaughtUp().Before(since)
			})
			stop()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}
