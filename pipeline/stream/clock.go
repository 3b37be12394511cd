package stream

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// HeaderClock marks a clock record: its value is a list of Clocks as JSON, written by the runner, not by a stage.
const HeaderClock = "clock"

// HeaderVersion names the catalogue version by which a record was made. A task does not handle it with an older catalogue.
const HeaderVersion = "version"

// A Clock says up to which time everything that was in a partition has been handled: a watermark that travels in the log.
//
// It is written by the runner of a node at the edge, as the last record of the transaction whose positions it describes,
// so that the life in that transaction always comes before the clock that passes it.
type Clock struct {
	Topic      string    `json:"topic"`
	ID         ID        `json:"id"`
	Partition  int32     `json:"partition"`
	Of         int32     `json:"of"`             // how many partitions the topic has
	Path       int32     `json:"path,omitempty"` // through which partition of a topic between it came; 0 if through none
	Paths      int32     `json:"paths"`          // over how many paths its writer writes; 1 if through none
	CaughtUpTo time.Time `json:"caughtUpTo"`
	Gaps       []Gap     `json:"gaps,omitempty"` // those since the record before
	Version    int64     `json:"version"`        // the catalogue version that its writer used
}

// VersionHeader makes the header that names a catalogue version.
func VersionHeader(version int64) Header {
	return Header{Key: HeaderVersion, Value: strconv.AppendInt(nil, version, 10)}
}

// ClockRecord makes the clock record for topic to; the runner sends it to every partition. It names the newest version of
// its clocks.
func ClockRecord(to string, clocks []Clock) (Record, error) {
	b, err := json.Marshal(clocks)
	if err != nil {
		return Record{}, fmt.Errorf("encode clocks for topic %s: %w", to, err)
	}
	var version int64
	for _, c := range clocks {
		version = max(version, c.Version)
	}
	return Record{Topic: to, Value: b, Headers: []Header{{Key: HeaderClock, Value: []byte("1")}, VersionHeader(version)}}, nil
}

// Clocks are the readings that a task has received: of each topic the clock of each partition on each path, and the gaps of
// all. Silence is measured on them, so a lagging or stopped pipeline never looks like a silent source.
//
// The zero value has heard of nothing. A task changes it in transactions: see begin and abort.
type Clocks struct {
	topics map[string]*topicClock
	hole   hole

	// What a transaction goes back to: the topics that it has changed, as they were, and nil for those that were not there.
	// A topic that is in here has been copied, so that it may be changed in place.
	before     map[string]*topicClock
	holeBefore hole
}

// A hole is a stretch of the task's own input that expired unread.
type hole struct {
	Count   int       `json:"count"`
	Written time.Time `json:"written,omitzero"` // of the first record behind it
}

type topicClock struct {
	ID    ID          `json:"id"`
	Of    int32       `json:"of"`
	Paths int32       `json:"paths"`
	Parts []partClock `json:"parts"` // by partition and path
	Gaps  []Gap       `json:"gaps"`

	sum *reading // of Parts; nil: to be summed up
}

type partClock struct {
	Partition int32     `json:"partition"`
	Path      int32     `json:"path"`
	At        time.Time `json:"at"`
	Holes     int       `json:"holes,omitempty"` // how many holes of the input lie before its latest record
	Steps     []step    `json:"steps"`
}

// A step is where a partition's clock began to speak for a catalogue version.
type step struct {
	Version int64     `json:"version"`
	Written time.Time `json:"written"`
}

// maxSteps bounds the steps kept. The first stays: sources older than all steps go by it.
const maxSteps = 64

// Hole tells that records of the task's input expired unread: what the next clocks say does not cover them.
func (c *Clocks) Hole() { c.hole = hole{Count: c.hole.Count + 1} }

// Seen tells when a record of the input was written; the first one behind a hole ends it.
func (c *Clocks) Seen(written time.Time) {
	if c.hole.Count > 0 && c.hole.Written.IsZero() {
		c.hole.Written = written
	}
}

// Apply takes a clock that was read in a record written at that time.
//
// A clock first seen, or seen behind a hole, counts only from that writing time: an event that it covers may have been
// summarised in a record that this task never read.
func (c *Clocks) Apply(k Clock, written time.Time) {
	t := c.change(k.Topic, k.ID)
	t.Of, t.Paths = max(t.Of, k.Of), max(t.Paths, k.Paths)
	i, seen := slices.BinarySearchFunc(t.Parts, k, func(p partClock, k Clock) int {
		if p.Partition != k.Partition {
			return int(p.Partition - k.Partition)
		}
		return int(p.Path - k.Path)
	})
	if !seen {
		t.Parts = slices.Insert(t.Parts, i, partClock{Partition: k.Partition, Path: k.Path, Holes: c.hole.Count})
		t.Gaps = addGap(t.Gaps, Gap{To: written})
	} else if p := t.Parts[i]; p.Holes < c.hole.Count {
		t.Parts[i].Holes = c.hole.Count
		t.Gaps = addGap(t.Gaps, Gap{From: p.At, To: later(c.hole.Written, k.CaughtUpTo)})
	}
	p := &t.Parts[i]
	p.At = later(p.At, k.CaughtUpTo)
	p.Steps = addStep(p.Steps, step{k.Version, written})
	for _, g := range k.Gaps {
		t.Gaps = addGap(t.Gaps, g)
	}
}

// change returns the clock of a topic to be changed: a copy, the first time in a transaction. A new id is a new topic.
func (c *Clocks) change(topic string, id ID) *topicClock {
	t := c.topics[topic]
	_, copied := c.before[topic]
	switch {
	case t == nil || t.ID != id:
		c.remember(topic, t)
		t = &topicClock{ID: id}
	case !copied:
		c.remember(topic, t)
		changed := *t
		changed.Parts = slices.Clone(t.Parts)
		t = &changed
	}
	t.sum = nil
	if c.topics == nil {
		c.topics = map[string]*topicClock{}
	}
	c.topics[topic] = t
	return t
}

func (c *Clocks) remember(topic string, t *topicClock) {
	if _, ok := c.before[topic]; ok {
		return
	}
	if c.before == nil {
		c.before = map[string]*topicClock{}
	}
	c.before[topic] = t
}

// begin starts a transaction: what is here now is what abort goes back to.
func (c *Clocks) begin() {
	clear(c.before)
	c.holeBefore = c.hole
}

// abort undoes what was changed since begin.
func (c *Clocks) abort() {
	for topic, t := range c.before {
		if t == nil {
			delete(c.topics, topic)
		} else {
			c.topics[topic] = t
		}
	}
	clear(c.before)
	c.hole = c.holeBefore
}

// addStep returns steps with s; if the version fell back, later versions count anew from when they come again.
func addStep(steps []step, s step) []step {
	n := len(steps)
	for n > 0 && steps[n-1].Version > s.Version {
		n--
	}
	if n > 0 && steps[n-1].Version == s.Version {
		return steps[:n:n]
	}
	steps = append(slices.Clone(steps[:n]), s)
	if len(steps) > maxSteps {
		steps = slices.Delete(steps, 1, 2)
	}
	return steps
}

// Reading is the clock of a topic: the least over all its partitions and paths. ok is false while one is not heard of yet.
func (c *Clocks) Reading(topic string) (at time.Time, ok bool) {
	t := c.topics[topic]
	if t == nil {
		return time.Time{}, false
	}
	r := t.reading()
	return r.at, r.whole
}

// since is from when silence of w counts on a topic: w.Since, but not before every partition's clock spoke for w.Version.
func (c *Clocks) since(w Wake, topic string) (since time.Time, ok bool) {
	steps := c.topics[topic].reading().steps
	i := spokeFor(steps, w.Version)
	if i == len(steps) {
		return w.Since, false
	}
	if w.Version == 0 { // inputs that never changed
		return w.Since, true
	}
	return later(w.Since, steps[i].Written), true
}

// Silent says how long a topic has been silent since w.Since, gaps left out; ok is false while its clock does not count.
func (c *Clocks) Silent(w Wake, topic string) (d time.Duration, ok bool) {
	at, ok := c.Reading(topic)
	if !ok {
		return 0, false
	}
	since, ok := c.since(w, topic)
	if !ok || !at.After(since) {
		return 0, ok
	}
	return listened(c.topics[topic].Gaps, since, at), true
}

// Due reports whether each clock of w has shown w.For. Without clocks it is true.
func (c *Clocks) Due(w Wake) bool {
	topic, _ := c.next(w)
	return topic == ""
}

// next finds a clock of w that is not there yet, and the reading at which it may be; a zero time: when it begins to count.
// With none it returns "".
func (c *Clocks) next(w Wake) (topic string, at time.Time) {
	for _, topic := range w.Clocks {
		d, ok := c.Silent(w, topic)
		if !ok {
			return topic, time.Time{}
		}
		if d < w.For {
			since, _ := c.since(w, topic)
			return topic, reaches(c.topics[topic].Gaps, since, w.For)
		}
	}
	return "", time.Time{}
}
