// Package views shows compacted topics as tables: alerts, the status of sources, of deliveries.
//
// It is the one way in which commands, API and console read what the nodes know. A table is read into memory before Open
// returns, and follows its topic from then on. To change something, a message goes to the one writer of its key; Wait then
// tells when the effect has come.
package views

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"panther/pipeline/kafka"
	"panther/pipeline/stream"
)

// Views are topics as tables.
type Views struct {
	following *kafka.Following
	tables    map[string]*table
}

// A table is a topic, by key. It is read and written under the lock of the following.
type table struct {
	topic stream.Topic
	rows  map[string]any
	wrong map[string]error // rows that do not decode
}

// Open reads topics, and follows them until Close.
func Open(ctx context.Context, cfg kafka.Config, topics ...stream.Topic) (*Views, error) {
	v := &Views{tables: map[string]*table{}}
	names := make([]string, 0, len(topics))
	for _, t := range topics {
		if !t.Compact {
			return nil, fmt.Errorf("view topic %s: it is not compacted, so that it is no table", t.Name)
		}
		v.tables[t.Name] = &table{topic: t, rows: map[string]any{}, wrong: map[string]error{}}
		names = append(names, t.Name)
	}
	following, err := kafka.Follow(ctx, cfg, names, v.take)
	if err != nil {
		return nil, err
	}
	v.following = following
	return v, nil
}

// take puts a record into its table. A row that this program cannot read is not shown; Err tells of it.
func (v *Views) take(topic string, key, value []byte) {
	t, k := v.tables[topic], string(key)
	delete(t.wrong, k)
	if value == nil {
		delete(t.rows, k)
		return
	}
	if t.topic.Decode == nil {
		t.rows[k] = value
		return
	}
	row, err := t.topic.Decode(value)
	switch {
	case err != nil:
		t.wrong[k] = fmt.Errorf("topic %s, key %q: %w", topic, k, err)
		delete(t.rows, k)
	case row == nil: // an empty value: a tombstone too
		delete(t.rows, k)
	default:
		t.rows[k] = row
	}
}

// Get returns the row under key, of the type that topic decodes to.
func (v *Views) Get(topic stream.Topic, key string) (row any, ok bool) {
	v.following.Look(func() { row, ok = v.table(topic).rows[key] })
	return row, ok
}

// All returns the rows of topic as they stand, sorted by key.
func (v *Views) All(topic stream.Topic) iter.Seq2[string, any] {
	var rows map[string]any
	v.following.Look(func() { rows = maps.Clone(v.table(topic).rows) })
	return func(yield func(string, any) bool) {
		for _, key := range slices.Sorted(maps.Keys(rows)) {
			if !yield(key, rows[key]) {
				return
			}
		}
	}
}

// WaitUntil waits until cond holds of the tables. cond reads them through its argument.
func (v *Views) WaitUntil(ctx context.Context, cond func(get func(topic stream.Topic, key string) (any, bool)) bool) error {
	get := func(topic stream.Topic, key string) (any, bool) {
		row, ok := v.table(topic).rows[key]
		return row, ok
	}
	return v.following.Wait(ctx, func() bool { return cond(get) })
}

// ToEnd waits until everything that was committed before the call is in the tables.
func (v *Views) ToEnd(ctx context.Context) error { return v.following.ToEnd(ctx) }

// Err tells of the rows that this program cannot read; a newer one may have written them.
func (v *Views) Err() error {
	var errs []error
	v.following.Look(func() {
		for _, t := range v.tables {
			for _, key := range slices.Sorted(maps.Keys(t.wrong)) {
				errs = append(errs, t.wrong[key])
			}
		}
	})
	return errors.Join(errs...)
}

// Close ends the reading.
func (v *Views) Close() { v.following.Close() }

// table returns the table of a topic; to ask for one that was not opened is a mistake of the program.
func (v *Views) table(topic stream.Topic) *table {
	t := v.tables[topic.Name]
	if t == nil {
		panic(fmt.Sprintf("views: topic %s was not opened", topic.Name))
	}
	return t
}
