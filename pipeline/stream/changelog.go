package stream

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Keys of the changelog that are not keys of the stage. No key of a stage begins with a zero byte.
const (
	metaKey   = "\x00meta"
	metaClock = "\x00clock/"
)

// meta is what the changelog keeps of a task beside its states and clocks.
type meta struct {
	ID      ID        `json:"id"`      // of the input topic
	Next    int64     `json:"next"`    // the offset to read next
	Version int64     `json:"version"` // of the catalogue, delivered
	Hole    hole      `json:"hole"`
	Now     time.Time `json:"now,omitzero"` // the latest time by the log
}

// undo is what an abort goes back to, and so also what the transaction has changed. The clocks have their own.
type undo[S any] struct {
	states  map[string]S
	meta    meta
	started bool
	cat     Catalogue
}

func (t *task[S]) begin() {
	t.undo = undo[S]{states: map[string]S{}, meta: t.meta, started: t.started, cat: t.cat}
	t.clocks.begin()
	t.timers.placed = nil
}

func (t *task[S]) Restore(k, value []byte) error {
	name := string(k)
	if err := t.restore(name, value); err != nil {
		return fmt.Errorf("state %q: %w", name, err)
	}
	return nil
}

func (t *task[S]) restore(name string, value []byte) error {
	topic, isClock := strings.CutPrefix(name, metaClock)
	switch {
	case isClock:
		c := &topicClock{}
		if t.clocks.topics == nil {
			t.clocks.topics = map[string]*topicClock{}
		}
		t.clocks.topics[topic] = c
		return json.Unmarshal(value, c)
	case name == metaKey:
		t.started, t.meta = true, meta{}
		return json.Unmarshal(value, &t.meta)
	case len(value) == 0:
		delete(t.keys, name)
		return nil
	}
	var s S
	if err := json.Unmarshal(value, &s); err != nil {
		return err
	}
	if e := t.keys[name]; e != nil {
		e.state = s
	} else {
		t.keys[name] = &key[S]{name: name, state: s}
	}
	return nil
}

func (t *task[S]) Start(owns func(key string) bool) {
	t.owns = owns
	t.clocks.hole = t.meta.Hole
	for _, e := range t.keys {
		t.timers.set(e)
	}
	t.begin()
}

func (t *task[S]) Changes() ([]Record, error) {
	var out []Record
	var errs []error
	add := func(name string, v any) {
		b, err := json.Marshal(v)
		if err != nil {
			errs = append(errs, fmt.Errorf("encode state %q: %w", name, err))
		}
		out = append(out, Record{Key: []byte(name), Value: b})
	}
	for _, name := range slices.Sorted(maps.Keys(t.undo.states)) {
		before := t.undo.states[name]
		switch e := t.keys[name]; {
		case e == nil && !isZero(before):
			out = append(out, Record{Key: []byte(name)})
		case e != nil && !reflect.DeepEqual(e.state, before):
			add(name, e.state)
		}
	}
	for _, topic := range slices.Sorted(maps.Keys(t.clocks.before)) {
		add(metaClock+topic, t.clocks.topics[topic])
	}
	t.meta.Hole = t.clocks.hole
	kept := t.meta
	kept.Now = t.undo.meta.Now // time that only passes is not worth a record
	if len(out) > 0 || kept != t.undo.meta {
		add(metaKey, t.meta)
	}
	return out, errors.Join(errs...)
}

func (t *task[S]) Commit() { t.begin() }

func (t *task[S]) Abort() {
	placed := slices.Clip(t.timers.placed) // what is placed again is appended to the other
	for name, s := range t.undo.states {
		e := t.keys[name]
		switch {
		case e == nil && !isZero(s):
			e = &key[S]{name: name, state: s}
			t.keys[name] = e
			placed = append(placed, e)
		case e != nil && isZero(s):
			t.timers.drop(e)
			delete(t.keys, name)
		case e != nil:
			e.state = s
		}
	}
	t.clocks.abort()
	t.outputs, t.dead = nil, nil
	t.meta, t.started = t.undo.meta, t.undo.started
	if t.cat != t.undo.cat {
		t.again, t.cat = t.cat, t.undo.cat
	}
	t.timers.now = t.meta.Now
	for _, e := range placed {
		if t.keys[e.name] == e {
			t.timers.set(e)
		}
	}
	t.begin()
}
