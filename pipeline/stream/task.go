package stream

import (
	"encoding/json"
	"fmt"
	"reflect"
	"runtime/debug"
	"slices"
	"time"
)

// A Task is a stage at work on one partition of its input: the states of its keys, their timers and clocks. It does no I/O:
// the runner (or a test driver) reads records to it, produces its Outputs and Changes in one transaction, and tells it
// whether that was committed. One goroutine owns it.
//
// Timers interleave with records in log order: before a record written at t the timers due at or before t fire.
type Task interface {
	// Restore takes one record of the changelog, in order; Start follows the last one.
	Restore(key, value []byte) error
	// Start makes the timers. owns tells whether a key belongs to this partition.
	Start(owns func(key string) bool)
	// SetCatalogue fixes what stages see, and delivers to them entries that are new, changed or gone since the version
	// that the changelog names.
	SetCatalogue(c Catalogue, now time.Time)
	// Process folds one record, after the timers that are due before it.
	Process(r Record)
	// Advance fires the timers that are due by the wall clock; now is a time up to which the input has been consumed.
	Advance(now time.Time)
	// NextTimer is when Advance has something to do, if nothing else happens; zero: never.
	NextTimer() time.Time
	// Moved tells the position of the task in its input; Position is the last one told, kept in the changelog.
	Moved(id ID, next int64)
	Position() (id ID, next int64, ok bool)
	// Version is the catalogue version delivered; the task must not see an older one.
	Version() int64
	// Hole tells that records of the input expired unread.
	Hole()
	// Outputs returns what was emitted since it was last called.
	Outputs() []Record
	// DeadLetters returns records that could not be handled, since it was last called.
	DeadLetters() []DeadLetter
	// Changes returns the changelog records of the open transaction: keys, and values that are nil for what is forgotten.
	Changes() ([]Record, error)
	// Commit and Abort end the transaction.
	Commit()
	Abort()
	// Len is the number of keys that have a state.
	Len() int
}

// A DeadLetter is a record that no stage can handle, and why.
type DeadLetter struct {
	Record Record
	Reason string
}

type task[S any] struct {
	stage   Stage[S]
	kind    string           // of the catalogue's entries that the stage receives; may be empty
	confirm func() Catalogue // reads the catalogue to its end; may be nil
	owns    func(key string) bool

	keys    map[string]*key[S]
	clocks  Clocks
	timers  timers[S]
	meta    meta
	started bool      // the changelog held a meta record: this partition was read before
	cat     Catalogue // its entries are delivered
	again   Catalogue // after an abort: its entries are to be delivered again

	outputs []Record
	dead    []DeadLetter
	undo    undo[S]
}

type key[S any] struct {
	name  string
	state S
	timer place[S]
}

// NewTask makes a task of a stage. kind names the catalogue's entries that it receives under their ids ("" for none).
// confirm, if not nil, reads the catalogue to its end: it is asked before timers that wait for clocks fire.
func NewTask[S any](s Stage[S], kind string, confirm func() Catalogue) Task {
	t := &task[S]{stage: s, kind: kind, confirm: confirm, keys: map[string]*key[S]{}}
	t.timers = timers[S]{wake: func(e *key[S]) Wake { return s.Wake(e.state) }, clocks: &t.clocks}
	return t
}

func (t *task[S]) SetCatalogue(c Catalogue, now time.Time) {
	t.again = nil
	t.adopt(c, now.UTC())
	t.settle()
}

// adopt makes c what stages see and hands them what changed: entries newer than the version delivered, and a tombstone for
// each state whose entry is gone.
func (t *task[S]) adopt(c Catalogue, now time.Time) {
	known := t.cat == c
	t.cat = c
	if t.kind == "" || known {
		return
	}
	entry := func(name string, e any) {
		t.fold(name, Record{Topic: CatalogueTopic, Key: []byte(name), Message: e, Time: now})
	}
	for _, name := range t.gone(c) {
		entry(name, nil)
	}
	for name, e := range c.Entries(t.kind) {
		if e.(Entry).ChangedAt() > t.meta.Version && t.owns(name) {
			entry(name, e)
		}
	}
	t.meta.Version = max(t.meta.Version, c.Version())
}

// gone lists the keys that have a state but no entry in c.
func (t *task[S]) gone(c Catalogue) (names []string) {
	for name := range t.keys {
		if _, ok := c.Get(t.kind + "/" + name); !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (t *task[S]) Process(r Record) {
	r.Time = r.Time.UTC() // what is written must not depend on where it is read
	t.clocks.Seen(r.Time)
	t.Advance(r.Time)
	if r.Header(HeaderClock) != "" {
		t.applyClocks(r)
	} else {
		t.fold(string(r.Key), r)
	}
	t.settle()
}

// applyClocks takes a clock record, all of it before any timer: the clocks of one source move together.
func (t *task[S]) applyClocks(r Record) {
	var clocks []Clock
	if err := json.Unmarshal(r.Value, &clocks); err != nil {
		t.dead = append(t.dead, DeadLetter{r, "clock record: " + err.Error()})
		return
	}
	moved := map[string]bool{}
	for _, c := range clocks {
		t.clocks.Apply(c, r.Time)
		moved[c.Topic] = true
	}
	for topic := range moved {
		t.timers.moved(topic)
	}
}

func (t *task[S]) Advance(now time.Time) {
	if t.again != nil {
		t.adopt(t.again, now.UTC())
		t.again = nil
	}
	t.meta.Now = later(t.meta.Now, now.UTC())
	t.settle()
}

func (t *task[S]) NextTimer() time.Time { return t.timers.next() }

// settle fires what is due. Before timers that wait for clocks it reads the catalogue to its end and asks again: everybody
// may still be on a version that an edit has overtaken.
func (t *task[S]) settle() {
	for {
		t.timers.elapse(t.meta.Now)
		if t.timers.silent() && t.confirm != nil {
			t.adopt(t.confirm(), t.meta.Now)
		}
		due := t.timers.take()
		if len(due) == 0 {
			return
		}
		for _, e := range due {
			t.tick(e)
		}
	}
}

func (t *task[S]) tick(e *key[S]) {
	before := t.stage.Wake(e.state)
	if !t.due(before) {
		t.timers.set(e)
		return
	}
	var next S
	var out []Record
	reason := guard(func() { next, out = t.stage.Tick(e.state, e.name, t.meta.Now, taskView[S]{t.cat, t}) })
	if reason == "" && reflect.DeepEqual(before, t.stage.Wake(next)) {
		reason = "still due after it fired"
	}
	if reason != "" { // it stays as it is until its next record
		b, _ := json.Marshal(e.state)
		t.dead = append(t.dead, DeadLetter{Record{Key: []byte(e.name), Value: b, Time: t.meta.Now}, "timer: " + reason})
		return
	}
	t.set(e.name, next)
	t.outputs = append(t.outputs, out...)
}

func (t *task[S]) due(w Wake) bool { return !w.IsZero() && !w.At.After(t.meta.Now) && t.clocks.Due(w) }

// fold gives r to the stage. A record on which it panics, and panics again, is a dead letter: no record stops a node.
func (t *task[S]) fold(name string, r Record) {
	var s, next S
	if e := t.keys[name]; e != nil {
		s = e.state
	}
	var out []Record
	process := func() { next, out = t.stage.Process(s, r, taskView[S]{t.cat, t}) }
	if guard(process) != "" {
		if reason := guard(process); reason != "" {
			t.dead = append(t.dead, DeadLetter{r, reason})
			return
		}
	}
	t.set(name, next)
	t.outputs = append(t.outputs, out...)
}

// guard runs f and returns what it panicked with, and where; "" if it did not.
func guard(f func()) (reason string) {
	defer func() {
		if p := recover(); p != nil {
			reason = fmt.Sprintf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	f()
	return ""
}

// set makes s the state of a key, and remembers what it was when the transaction began.
func (t *task[S]) set(name string, s S) {
	e := t.keys[name]
	if _, ok := t.undo.states[name]; !ok {
		var old S
		if e != nil {
			old = e.state
		}
		t.undo.states[name] = old
	}
	if isZero(s) {
		if e != nil {
			t.timers.drop(e)
			delete(t.keys, name)
		}
		return
	}
	if e == nil {
		e = &key[S]{name: name}
		t.keys[name] = e
	}
	e.state = s
	t.timers.set(e)
}

func isZero[S any](s S) bool { return reflect.ValueOf(&s).Elem().IsZero() }

func (t *task[S]) Moved(id ID, next int64) { t.meta.ID, t.meta.Next, t.started = id, next, true }

func (t *task[S]) Position() (ID, int64, bool) { return t.meta.ID, t.meta.Next, t.started }

func (t *task[S]) Version() int64 { return t.meta.Version }

func (t *task[S]) Hole() { t.clocks.Hole() }

func (t *task[S]) Outputs() (out []Record) {
	out, t.outputs = t.outputs, nil
	return out
}

func (t *task[S]) DeadLetters() (out []DeadLetter) {
	out, t.dead = t.dead, nil
	return out
}

func (t *task[S]) Len() int { return len(t.keys) }

// taskView is the View of a stage: the catalogue, and the clocks of its task.
type taskView[S any] struct {
	Catalogue
	t *task[S]
}

func (v taskView[S]) Due(w Wake) bool { return v.t.due(w) }
