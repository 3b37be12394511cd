package stream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// A Topic describes a topic of ours: what it holds and how Kafka keeps it.
type Topic struct {
	Name       string
	Key        string        // what the key is, in words
	Holds      string        // what a value is, in words
	Partitions int           // Bulk, Control or One
	Keep       time.Duration // retention; with Compact 0: for ever
	Compact    bool          // keep the newest record of each key
	History    time.Duration // with Compact: records that are no longer the newest are kept at least this long

	// Decode turns a value into the message that stages get. Nil: they get the bytes.
	Decode func(value []byte) (any, error)
}

// How many partitions a topic has on a cluster. The embedded broker gives each topic few.
const (
	Bulk    = 64 // raw lines, events and failures
	Control = 8  // summaries, signals, alerts
	One     = 1  // the catalogue: one order for all
)

// JSON is the Decode of a topic whose values are a T as JSON. It is strict about bytes behind the value, lenient about
// members that it does not know, so that an older reader survives a newer writer.
func JSON[T any](value []byte) (any, error) {
	if len(value) == 0 {
		return nil, nil // a tombstone
	}
	var m T
	d := json.NewDecoder(bytes.NewReader(value))
	if err := d.Decode(&m); err != nil {
		return nil, fmt.Errorf("decode %T: %w", m, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("decode %T: bytes behind the value at offset %d", m, d.InputOffset())
	}
	return m, nil
}

// Encode fills r.Value from r.Message, if there is one.
func (r *Record) Encode() error {
	if r.Message == nil {
		return nil
	}
	b, err := json.Marshal(r.Message)
	if err != nil {
		return fmt.Errorf("encode %T for topic %s: %w", r.Message, r.Topic, err)
	}
	r.Value = b
	return nil
}
