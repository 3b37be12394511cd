package stream

import (
	"slices"
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
	committed EdgeState
	queue     []Sample // those before head are behind the position, by a transaction that is still open
	head      int
	sent      int // gaps that the open transaction sends
}

// EdgeState is what the node's changelog keeps of an Edge. A sample queue lost in a crash only costs time.
type EdgeState struct {
	Topic      string    `json:"topic"`
	ID         ID        `json:"id"`
	Partition  int32     `json:"partition"`
	Position   int64     `json:"position"` // the offset to read next, control records included
	Of         int32     `json:"of,omitempty"`
	Last       time.Time `json:"last,omitzero"` // From of the latest sample
	CaughtUpTo time.Time `json:"caughtUpTo,omitzero"`
	Gaps       []Gap     `json:"gaps,omitempty"` // not sent yet
}

// NewEdge continues at a state read from the changelog, or at that of a partition never read.
func NewEdge(s EdgeState) *Edge { return &Edge{EdgeState: s, committed: s} }

// Sample takes a sample, between transactions. Time in which nobody took one, three heartbeats or more, is a gap.
func (e *Edge) Sample(s Sample, heartbeat time.Duration) {
	switch {
	case e.Last.IsZero():
		e.Gaps = append(slices.Clip(e.Gaps), Gap{To: s.From})
	case s.From.Sub(e.Last) > 3*heartbeat:
		e.Gaps = append(slices.Clip(e.Gaps), Gap{From: e.Last, To: s.From})
	}
	e.Last = s.From
	e.queue = append(e.queue, s)
	e.committed.Last, e.committed.Gaps = e.Last, e.Gaps
}

// Arrival is when the record at offset is known to have been in the partition at the latest: when the first sample that
// covers it had been answered, or now, when it was polled. It is never before it was appended.
func (e *Edge) Arrival(offset int64, now time.Time) time.Time {
	for _, s := range e.queue {
		if s.End > offset {
			return s.To
		}
	}
	return now
}

// Hole moves the position to start: records before it were deleted unread. The time that they covered is a gap.
func (e *Edge) Hole(start int64, now time.Time) {
	e.Position = start
	e.Gaps = append(slices.Clip(e.Gaps), Gap{From: e.CaughtUpTo, To: e.Arrival(start-1, now)})
}

// Clock moves CaughtUpTo to the position and returns the clock to send, with all gaps not sent yet. ok is false before the
// first sample is passed. Commit or Abort must follow.
func (e *Edge) Clock(version int64) (c Clock, ok bool) {
	for e.head < len(e.queue) && e.queue[e.head].End <= e.Position {
		e.CaughtUpTo, e.Of = e.queue[e.head].From, e.queue[e.head].Of
		e.head++
	}
	if e.CaughtUpTo.IsZero() {
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
	s, c := e.Next(), e.committed
	return s.Position != c.Position || !s.CaughtUpTo.Equal(c.CaughtUpTo) || !s.Last.Equal(c.Last) || len(s.Gaps) != len(c.Gaps)
}

// Commit ends a transaction that holds Next.
func (e *Edge) Commit() {
	e.EdgeState = e.Next()
	e.queue, e.head, e.sent = slices.Clone(e.queue[e.head:]), 0, 0
	e.committed = e.EdgeState
}

// Abort goes back to the last commit: samples taken off the queue return to it, gaps that were to be sent stay.
func (e *Edge) Abort() {
	e.EdgeState, e.head, e.sent = e.committed, 0, 0
}
