// Package stream is the vocabulary of the pipeline: records, topics, stages, clocks and the topology.
//
// Its one idea: a stage is a pure fold over the records of a key. It has no clock, no I/O and no error, so that the same
// log gives the same output whoever reads it, whenever, and however often it crashed. What is not pure (Kafka, time,
// goroutines) lives in package kafka, which runs what is described here. Read stage.go first, then task.go and clock.go.
//
// The package imports the standard library only.
package stream

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

// A Record is one record of a Kafka topic, read or to be written.
type Record struct {
	Topic     string
	TopicID   ID    // set on records read; a topic that is deleted and made again has another
	Partition int32 // set on records read; on records written the key decides
	Offset    int64 // set on records read
	Key       []byte
	Value     []byte    // the bytes on the wire; for records written: Message, encoded, if that is set
	Message   any       // Value decoded, for topics that have a type; nil is a tombstone
	Headers   []Header  // few; looked up by Header
	Time      time.Time // when it was written, by the writer's clock (the Kafka timestamp)
	Arrival   time.Time // when it is known to have been in its topic at the latest: see Edge.Arrival
}

// A Header is a named value beside a record's key and value.
type Header struct {
	Key   string
	Value []byte
}

// Header returns the value of the first header named key, or "".
func (r *Record) Header(key string) string {
	for _, h := range r.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

// Clone returns a record with its own memory of key, value and headers.
func (r *Record) Clone() Record {
	c := *r
	c.Key, c.Value, c.Headers = bytes.Clone(r.Key), bytes.Clone(r.Value), slices.Clone(r.Headers)
	for i := range c.Headers {
		c.Headers[i].Value = bytes.Clone(c.Headers[i].Value)
	}
	return c
}

// Send makes a record for topic t with a key and a message: the usual way in which a stage speaks.
func Send(t Topic, key string, message any) Record {
	return Record{Topic: t.Name, Key: []byte(key), Message: message}
}

// An ID is the id that Kafka gives to a topic when it is created.
type ID [16]byte

// String writes the id as 32 hexadecimal digits, not as Kafka's own tools do, which use base64.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// AppendText appends the id as 32 hexadecimal digits.
func (id ID) AppendText(b []byte) ([]byte, error) { return hex.AppendEncode(b, id[:]), nil }

// MarshalText is AppendText to nothing.
func (id ID) MarshalText() ([]byte, error) { return id.AppendText(nil) }

// UnmarshalText reads what MarshalText writes, and refuses what is shorter or longer.
func (id *ID) UnmarshalText(b []byte) error {
	if len(b) != hex.EncodedLen(len(id)) {
		return fmt.Errorf("topic id %q: want 32 hexadecimal digits", b)
	}
	if _, err := hex.Decode(id[:], b); err != nil {
		return fmt.Errorf("topic id %q: want 32 hexadecimal digits", b)
	}
	return nil
}

// A Partition names one partition of a topic.
type Partition struct {
	Topic string
	ID    ID
	Num   int32
}

// String is topic/number, as in logs.
func (p Partition) String() string { return fmt.Sprintf("%s/%d", p.Topic, p.Num) }
