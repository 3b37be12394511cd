package main

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// When the broker dies, people hear of it within seconds, and how many lines it had taken.
func TestBrokerWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var said []string
		var saidAfter time.Duration
		w := brokerWatch{sent: func() int64 { return 100 },
			taken: func() int64 { return min(40, int64(time.Since(began)/time.Second)*10) }, // 40 of them, then nothing
			say: func(text string) {
				said, saidAfter = append(said, text), time.Since(began)
			}}
		err := w.run(t.Context())
		if err == nil || !strings.Contains(err.Error(), "40 lines are acknowledged, 60 behind them are not") {
			t.Errorf("it ended with %v", err)
		}
		if took := time.Since(began); took != 34*time.Second {
			t.Errorf("gave up after %s", took)
		}
		if len(said) != 1 || saidAfter != 9*time.Second || !strings.Contains(said[0], "40 lines are acknowledged, 60 wait") {
			t.Errorf("said %q after %s", said, saidAfter)
		}
	})
}

// Where nothing waits for the broker, as when standard input is quiet, there is nothing to notice.
func TestBrokerWatchIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		w := brokerWatch{sent: func() int64 { return 7 }, taken: func() int64 { return 7 }, say: func(text string) { t.Error(text) }}
		if err := w.run(ctx); err != nil {
			t.Error(err)
		}
	})
}
