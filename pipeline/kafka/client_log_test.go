package kafka

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// What goes wrong at every heartbeat is said once a minute, with how often it came, whatever its error says each time.
func TestRepeatedWarnings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		log, said := slog.New(slog.NewTextHandler(&out, nil)), repeats{}
		for range 3 {
			said.warn(log, "troubled", "topic", "a", "err", errors.New(time.Now().String()))
			said.warn(log, "troubled", "topic", "b", "err", errors.New(time.Now().String()))
			time.Sleep(30*time.Second + time.Millisecond)
		}
		for topic, want := range map[string]int{"topic=a": 2, "topic=b": 2, "repeated=0": 2, "repeated=1": 2} {
			if got := strings.Count(out.String(), topic); got != want {
				t.Errorf("%s stands %d times, want %d, in:\n%s", topic, got, want, out.String())
			}
		}
	})
}
