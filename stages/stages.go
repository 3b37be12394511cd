// Package stages holds the decisions of the pipeline, each a pure stage in a file of its own: what a line is (Classifier), when
// a source has fallen silent (Dropoff), what is trouble (Failures), what is shown (Meter), which alerts there are and who is told
// (Aggregator, Route), and how stubbornly (Dispatcher).
//
// A stage has no clock and does no I/O, so each is tested by scenarios in testdata that need neither Kafka nor Go to be read.
// Start with dropoff.go, the one that all the care about time is for; package stream says what a stage is.
package stages

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// hashID makes an id of 32 hexadecimal digits that is always the same for the same parts.
func hashID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// nanos is t for a state that must be small; 0 is the zero time.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func fromNanos(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
