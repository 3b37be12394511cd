package stream

import (
	"slices"
	"sort"
	"time"
)

// A Sample is a look at an input partition: taken between From and To, it saw the high watermark End in a topic of Of partitions.
type Sample struct {
	From time.Time // read before the question was asked
	To   time.Time // read after the answer came
	End  int64
	Of   int32
}

// An Edge keeps the clock of one input partition of a node that reads from the world: it turns samples and positions into
// CaughtUpTo, the newest sampled time whose high watermark the position has passed.
//
// Samples queue: with a steady lag of a minute a single one would make every step look like a gap.
type Edge struct {
	EdgeState
	committed EdgeState // what Abort goes back to: as of the last commit, but no sample is forgotten
	kept      EdgeState // what the changelog holds
	queue     []Sample  // those before head are behind the position, by a transaction that is still open
	head      int
	sent      int // gaps that the open transaction sends
}

// EdgeState is what the node's changelog keeps of an Edge. A sample queue lost in a crash only costs time.
type EdgeState struct {
	Topic      string    `json:"topic"`
	ID         ID        `json:"id"`
	Partition  int32     `json:"partition"`
	Began      time.Time `json:"began,omitzero"`  // when it was first read
	Position   int64     `json:"position"`        // the offset to read next, control records included
	Within     Place     `json:"within,omitzero"` // how much of the record at Position is done
	Of         int32     `json:"of,omitempty"`
	Last       time.Time `json:"last,omitzero"` // From of the latest sample
	CaughtUpTo time.Time `json:"caughtUpTo,omitzero"`
	Gaps       []Gap     `json:"gaps,omitempty"` // not sent yet
}

// maxSamples bounds the queue of a partition that lags for long. Beyond it every second sample goes: clock and arrivals
// become coarser, and an alarm later, never false.
const maxSamples = 4096

// NewEdge continues at a state read from the changelog, or at that of a partition never read.
func NewEdge(s EdgeState) *Edge { return &Edge{EdgeState: s, committed: s, kept: s} }

// Sample takes a sample. Time in which nobody took one, more than three heartbeats, is a gap.
func (e *Edge) Sample(s Sample, heartbeat time.Duration) {
	switch {
	case e.Last.IsZero():
		e.gap(Gap{To: s.From})
	case s.From.Sub(e.Last) > 3*heartbeat:
		e.gap(Gap{From: e.Last, To: s.From})
	}
	e.Last = s.From
	e.queue = append(e.queue, s)
	if len(e.queue)-e.head > maxSamples {
		e.thin()
	}
	e.committed.Last, e.committed.Gaps = e.Last, e.Gaps
}

// gap adds a gap to those that wait. They are not merged: the open transaction may be sending the first few.
func (e *Edge) gap(g Gap) { e.Gaps = append(slices.Clip(e.Gaps), g) }

// thin drops every second sample ahead of the position, but not the newest.
func (e *Edge) thin() {
	kept := slices.Clone(e.queue[:e.head])
	for i := len(e.queue) - 1; i >= e.head; i -= 2 {
		kept = append(kept, e.queue[i])
	}
	slices.Reverse(kept[e.head:])
	e.queue = kept
}

// Arrival is when the record at offset is known to have been in the partition at the latest: when the first sample that
// covers it had been answered, or now, when it was polled. It is never before it was appended.
func (e *Edge) Arrival(offset int64, now time.Time) time.Time {
	i := sort.Search(len(e.queue), func(i int) bool { return e.queue[i].End > offset })
	if i == len(e.queue) {
		return now
	}
	return e.queue[i].To
}

// Hole moves the position to start: records before it were deleted unread. The time that they covered is a gap.
func (e *Edge) Hole(start int64, now time.Time) {
	e.Position, e.Within = start, Place{}
	e.gap(Gap{From: e.CaughtUpTo, To: e.Arrival(start-1, now)})
}

// CatchUp moves CaughtUpTo to the position and returns it.
func (e *Edge) CatchUp() time.Time {
	for e.head < len(e.queue) && e.queue[e.head].End <= e.Position {
		e.CaughtUpTo, e.Of = later(e.CaughtUpTo, e.queue[e.head].From), e.queue[e.head].Of
		e.head++
	}
	return e.CaughtUpTo
}

// Clock catches up and returns the clock to send in the open transaction, with all gaps not sent yet: a gap goes out no later
// than the clock that passes it. ok is false before the first sample is passed. Who does not send it must call CatchUp
// instead, for the gaps count as sent. Commit or Abort must follow.
func (e *Edge) Clock(version int64) (c Clock, ok bool) {
	if e.CatchUp().IsZero() {
		return Clock{}, false
	}
	e.sent = len(e.Gaps)
	return Clock{Topic: e.Topic, ID: e.ID, Partition: e.Partition, Of: e.Of, Paths: 1, CaughtUpTo: e.CaughtUpTo, Gaps: e.Gaps, Version: version}, true
}

// Next is the state that the open transaction keeps in the changelog.
func (e *Edge) Next() EdgeState {
	s := e.EdgeState
	s.Gaps = s.Gaps[e.sent:]
	return s
}

// Changed reports whether Next differs from what the changelog holds.
func (e *Edge) Changed() bool {
	s, k := e.Next(), e.kept
	return s.Position != k.Position || s.Within != k.Within || s.Of != k.Of || !s.CaughtUpTo.Equal(k.CaughtUpTo) || !s.Last.Equal(k.Last) || !slices.Equal(s.Gaps, k.Gaps)
}

// Rest lets go of the samples behind the position, when there is no transaction: one that idles for days would keep them all.
func (e *Edge) Rest() {
	e.queue, e.head = e.queue[e.head:], 0
	e.committed = e.EdgeState
}

// Commit ends a transaction that holds Next.
func (e *Edge) Commit() {
	e.EdgeState = e.Next()
	e.queue, e.head, e.sent = e.queue[e.head:], 0, 0
	e.committed, e.kept = e.EdgeState, e.EdgeState
}

// Abort goes back to the last commit: samples taken off the queue return to it, gaps that were to be sent stay.
func (e *Edge) Abort() {
	e.EdgeState, e.head, e.sent = e.committed, 0, 0
}
