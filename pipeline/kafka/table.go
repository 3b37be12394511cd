package kafka

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Follow reads compacted topics from their start, and goes on reading them until Close. take gets every record in the order
// of its partition, from one goroutine at a time, and never while a condition of Wait is evaluated; a record without a value
// is a key that is gone. Follow returns once everything that was committed before the call was given to take.
func Follow(ctx context.Context, cfg Config, topics []string, take func(topic string, key, value []byte)) (*Following, error) {
	tail, err := newTail(ctx, cfg, topics, func(r *kgo.Record) { take(r.Topic, r.Key, r.Value) })
	if err != nil {
		return nil, err
	}
	return &Following{tail}, nil
}

// A Following is the reading that Follow began.
type Following struct{ tail *tail }

// Look calls f while take does not run.
func (f *Following) Look(look func()) {
	f.tail.mu.Lock()
	defer f.tail.mu.Unlock()
	look()
}

// Wait waits until cond holds. It is evaluated, while take does not run, now and after everything that was read.
func (f *Following) Wait(ctx context.Context, cond func() bool) error {
	return f.tail.wait(ctx, 0, cond)
}

// ToEnd waits until everything that was committed before the call was given to take.
func (f *Following) ToEnd(ctx context.Context) error { return f.tail.toEnd(ctx) }

// Close ends the reading.
func (f *Following) Close() { f.tail.close() }
