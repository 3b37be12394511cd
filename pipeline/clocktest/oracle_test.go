package clocktest

import (
	"fmt"
	"slices"

	"panther/schemas"
)

// The oracle knows every line that was sent, who listened when, and the true catalogue. Of clocks it knows only what an alarm
// claims: that each topic of the source was silent for the threshold, up to a reading, gaps left out.

// A violation is something that must not be.
type violation struct {
	kind string
	at   int64
	text string
}

func (v violation) String() string {
	return fmt.Sprintf("%s at %.2f: %s", v.kind, float64(v.at)/1000, v.text)
}

// A span is a stretch of time.
type span struct{ from, to int64 }

func covered(spans []span, t int64) bool {
	return slices.ContainsFunc(spans, func(s span) bool { return t > s.from && t <= s.to })
}

// overlap is how much of the time between two moments lies in spans, which may overlap each other.
func overlap(spans []span, from, to int64) (n int64) {
	for _, s := range union(spans) {
		if lo, hi := max(from, s.from), min(to, s.to); hi > lo {
			n += hi - lo
		}
	}
	return n
}

func union(spans []span) (out []span) {
	sorted := slices.SortedFunc(slices.Values(spans), func(a, b span) int { return int(min(max(a.from-b.from, -1), 1)) })
	for _, s := range sorted {
		if n := len(out); n > 0 && s.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, s.to)
		} else {
			out = append(out, s)
		}
	}
	return out
}

// silentFrom is the start of the last n listened milliseconds before a clock's reading.
func (c claim) silentFrom(n int64) int64 {
	t := c.caughtUp
	for _, g := range slices.Backward(c.gaps) {
		if g.from >= t {
			continue
		}
		if g.to < t {
			if t-g.to >= n {
				return t - n
			}
			n -= t - g.to
		}
		t = min(t, g.from)
	}
	return t - n
}

// least is the earliest reading of the alarm's clocks.
func (s *signal) least() int64 {
	t := int64(1) << 60
	for _, c := range s.claims {
		t = min(t, c.caughtUp)
	}
	return t
}

type oracle struct {
	w      *world
	found  []violation
	firing map[int]*signal
	causes map[string]bool
}

func (w *world) judge() []violation {
	o := &oracle{w: w, firing: map[int]*signal{}, causes: map[string]bool{}}
	for i := range w.signals {
		s := &w.signals[i]
		if s.verb != schemas.Raise {
			o.recovery(s)
			continue
		}
		o.order(s)
		if !o.falseAlarm(s) {
			o.premature(s)
		}
	}
	for i := range w.sources {
		o.tail(i)
	}
	o.replay()
	return o.found
}

func (o *oracle) object(kind string, at int64, format string, args ...any) {
	o.found = append(o.found, violation{kind, at, fmt.Sprintf(format, args...)})
}

// recovery must follow an alarm; one for a change of the catalogue needs such a change since.
func (o *oracle) recovery(s *signal) {
	raised := o.firing[s.source]
	delete(o.firing, s.source)
	if raised == nil {
		o.object("recovery without alarm", s.at, "%s", s)
		return
	}
	changed := func(f func(e *source) bool) bool {
		for v := raised.version; v < len(o.w.catalogue); v++ {
			if f(o.w.catalogue[v].sources[s.source]) {
				return true
			}
		}
		return false
	}
	founded := true
	switch s.reason {
	case "source removed":
		founded = changed(func(e *source) bool { return e == nil })
	case "alarm switched off":
		founded = changed(func(e *source) bool { return e == nil || e.threshold == 0 })
	case "alarm changed":
		founded = changed(func(e *source) bool { return e == nil || e.threshold > raised.threshold })
	}
	if !founded {
		o.object("recovery without reason", s.at, "%s", s)
	}
}

// order: one alarm for a silence.
func (o *oracle) order(s *signal) {
	if before := o.firing[s.source]; before != nil {
		o.object("alarm while firing", s.at, "%s, since %d", s, before.at)
	} else if o.causes[s.cause] {
		o.object("second alarm for one silence", s.at, "%s: %s", s, s.cause)
	}
	o.firing[s.source], o.causes[s.cause] = s, true
}

// falseAlarm: no line of the source lies in the silence that the alarm claims. A line that retention deleted unread is
// excused if the clock knows of that gap.
func (o *oracle) falseAlarm(s *signal) bool {
	if len(s.claims) == 0 {
		o.object("alarm without clocks", s.at, "%s", s)
		return true
	}
	for _, l := range o.w.lives {
		if l.source != s.source || l.aborted {
			continue
		}
		c, hit := o.inSilence(s, l)
		if !hit {
			continue
		}
		if l.lost && slices.ContainsFunc(s.claims, func(c claim) bool { return covered(c.gaps, l.at) }) {
			continue
		}
		o.object("false alarm", s.at, "%s; silent from %d, but a line on %s at %d (lost: %v)", s, c.silentFrom(s.threshold), topicName(l.topic), l.at, l.lost)
		return true
	}
	return false
}

// inSilence reports whether a line lies in the silence of its own topic's clock, or of any up to the least reading.
func (o *oracle) inSilence(s *signal, l life) (c claim, hit bool) {
	for _, c := range s.claims {
		until := s.least()
		if c.topic == l.topic {
			until = c.caughtUp
		}
		if l.at > c.silentFrom(s.threshold) && l.at <= until {
			return c, true
		}
	}
	return c, false
}

// premature: time in which nobody listened to a topic does not count, whatever the clock says.
func (o *oracle) premature(s *signal) {
	last := int64(beginning)
	for _, l := range o.w.lives {
		if l.source == s.source && !l.aborted && !l.lost && l.at <= s.least() {
			last = max(last, l.at)
		}
	}
	if last == beginning {
		return
	}
	for _, c := range s.claims {
		deaf := overlap(o.deaf(c.topic), last, c.caughtUp)
		if deaf > 0 && c.caughtUp-last-deaf < s.threshold {
			o.object("premature alarm", s.at, "%s; last line %d, nobody listened for %d", s, last, deaf)
		}
	}
}

// deaf is when nobody listened to some partition of a topic for more than three heartbeats.
func (o *oracle) deaf(topic int) (out []span) {
	for key, u := range o.w.unheard {
		if u.topic != topic {
			continue
		}
		for _, s := range u.spans {
			if s.to-s.from > 3*heartbeat {
				out = append(out, s)
			}
		}
		if u.since >= 0 && o.w.topics[topic].id == key.id {
			out = append(out, span{u.since, o.w.end})
		}
	}
	return out
}

// tail: when the faults are over, nothing is missed and nothing stays firing.
func (o *oracle) tail(i int) {
	w := o.w
	settled := w.quietAt + settling
	e := w.catalogue[w.newest()].sources[i]
	if e == nil || e.threshold == 0 {
		if o.firing[i] != nil {
			o.object("never settled", w.end, "%s", sourceID(i))
		}
		return
	}
	if len(e.topics) == 0 {
		return
	}
	var last int64
	for _, l := range w.lives {
		if l.source == i && !l.aborted {
			last = l.at
		}
	}
	slack := 5*heartbeat + w.tailLag[classifier] + w.tailLag[dropoff]
	if max(settled, last)+e.threshold+slack < w.end && o.firing[i] == nil {
		o.object("missed alarm", w.end, "%s silent since %d, threshold %d", sourceID(i), last, e.threshold)
	}
	if last > settled && last < w.end-slack && w.end-last < e.threshold && o.firing[i] != nil {
		o.object("never recovered", w.end, "%s, line at %d", sourceID(i), last)
	}
}

// replay: the same log gives the same alarms, whenever it is read. With a changing catalogue or a hole it is not the same log.
func (o *oracle) replay() {
	w := o.w
	if w.faults&(fEdit|fMove|fHole) != 0 {
		return
	}
	parts := w.topics[activityTopic].parts
	again := map[int][]signal{}
	for num, log := range parts {
		task := newFold(nil)
		task.Start(func(key string) bool { return sourceIndex(key)%len(parts) == num })
		task.SetCatalogue(w.view(0), wall(w.end))
		for i := range log.records {
			r := &log.records[i]
			if !r.control && r.tx.state == txCommitted {
				task.Process(decode(r.wire))
			}
		}
		for _, r := range task.Outputs() {
			if m, ok := r.Message.(schemas.Signal); ok {
				again[sourceIndex(m.Component.ID)] = append(again[sourceIndex(m.Component.ID)], signalOf(m))
			}
		}
	}
	seen := map[int]int{}
	for i := range w.signals {
		s := &w.signals[i]
		k := seen[s.source]
		seen[s.source]++
		if l := again[s.source]; k >= len(l) || l[k].verb != s.verb || l[k].cause != s.cause {
			o.object("another alarm when read again", s.at, "%s, signal %d", s, k)
			return
		}
	}
}
