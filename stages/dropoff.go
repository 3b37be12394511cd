package stages

import (
	"math"
	"strconv"
	"strings"
	"time"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/catalogue"
)

// Dropoff raises one signal for each silence of a log source, and one when it is over.
//
// It reads activity, keyed by source, and knows a source from its catalogue entry, so also one that never sent anything.
// Silence is measured on the clocks of the source's topics, never on a clock of the wall: it asks to be woken when each of
// them has shown the threshold since the last line arrived. A pipeline that lags or stands still moves no clock.
type Dropoff struct{}

// A Watch is what Dropoff keeps of a source. There may be a million, so it is small: times are numbers, the label is left to the
// catalogue, and the order of fields is that which takes least memory.
type Watch struct {
	Topics    string        `json:"t,omitempty"` // joined by commas, which no name of a topic has
	Threshold time.Duration `json:"a,omitempty"` // 0: off
	Created   int64         `json:"c,omitempty"` // nanoseconds, as Last
	Last      int64         `json:"l,omitempty"` // latest arrival of a line; 0: it never sent one
	Inputs    int64         `json:"i,omitempty"` // the catalogue version that last changed Topics
	Entry     int32         `json:"v,omitempty"` // the catalogue version of the entry, cut to 31 bits; 0: it has none
	Firing    bool          `json:"f,omitempty"`
}

// since is from when silence is counted.
func (s Watch) since() time.Time { return fromNanos(max(s.Last, s.Created)) }

// silence is what has to be seen before the alarm goes off.
func (s Watch) silence() stream.Wake {
	w := stream.Wake{Since: s.since(), For: s.Threshold, Version: s.Inputs}
	if s.Topics != "" {
		w.Clocks = strings.Split(s.Topics, ",")
	}
	return w
}

// State is how the alarm stands.
func (s Watch) State() schemas.AlarmState {
	switch {
	case s.Threshold == 0:
		return schemas.AlarmOff
	case s.Firing:
		return schemas.AlarmFiring
	case s.Last == 0:
		return schemas.InsufficientData
	}
	return schemas.AlarmOK
}

// Wake is due once every topic of the source has shown the threshold. A firing alarm waits for a line, not for time.
func (Dropoff) Wake(s Watch) stream.Wake {
	if s.Firing || s.Threshold == 0 {
		return stream.Wake{}
	}
	return s.silence()
}

// Tick raises the alarm.
func (d Dropoff) Tick(s Watch, source string, now time.Time, v stream.View) (Watch, []stream.Record) {
	s.Firing = true
	// An alarm that an edit has settled may fire again for the same silence: the entry's version makes it another one.
	raise := d.signal(source, label(v, source), schemas.Raise, now)
	raise.Cause = source + " silent since " + s.since().Format(time.RFC3339Nano) + ", catalogue version " + strconv.Itoa(int(s.Entry))
	raise.Count = 1
	raise.DropOff = &schemas.DropOff{Threshold: s.Threshold, LastEvent: fromNanos(s.Last), Since: s.since()}
	return s, []stream.Record{send(raise), d.status(s, source, now)}
}

// Process takes a line's arrival, or the source's entry.
func (d Dropoff) Process(s Watch, r stream.Record, v stream.View) (Watch, []stream.Record) {
	source := string(r.Key)
	switch m := r.Message.(type) {
	case catalogue.LogSource:
		return d.entry(s, m, r.Time, v)
	case schemas.Activity:
		if s.Entry == 0 {
			return s, nil // a line that was under way when its source was removed
		}
		return d.line(s, m, r.Time, v)
	case nil:
		if r.Topic == schemas.Catalogue.Name {
			return d.gone(s, source, r.Time)
		}
	}
	return s, nil
}

// line takes any line as life, whether it could be classified or not.
func (d Dropoff) line(s Watch, m schemas.Activity, at time.Time, v stream.View) (Watch, []stream.Record) {
	old := s
	s.Last = max(s.Last, nanos(m.LastArrival))
	// A line that lagged behind, of a topic that the source had before, is no news: the silence must have become shorter than
	// the threshold, else the alarm would recover and go off again.
	if old.Firing && s.since().After(old.since()) && !v.Due(s.silence()) {
		s.Firing = false
		return s, []stream.Record{send(d.recovery(m.Source, m.Label, "recovered", at)), d.status(s, m.Source, at)}
	}
	if s.State() != old.State() {
		return s, []stream.Record{d.status(s, m.Source, at)}
	}
	return s, nil
}

// entry takes a source as it is now in the catalogue. What was firing settles if it would not fire by the new threshold.
func (d Dropoff) entry(s Watch, e catalogue.LogSource, at time.Time, v stream.View) (Watch, []stream.Record) {
	old := s
	s.Topics, s.Threshold, s.Created = strings.Join(e.Topics, ","), e.Alarm, nanos(e.Created)
	s.Inputs, s.Entry = e.InputsVersion, int32(max(e.Version, 1)&math.MaxInt32)
	var out []stream.Record
	reached := old.silence() // by the clocks that showed it: those of new topics may not be there yet
	reached.For = s.Threshold
	switch {
	case !old.Firing:
	case s.Threshold == 0:
		s.Firing = false
		out = append(out, send(d.recovery(e.ID, e.Label, "alarm switched off", at)))
	case s.Threshold > old.Threshold && !v.Due(reached):
		s.Firing = false
		out = append(out, send(d.recovery(e.ID, e.Label, "alarm changed", at)))
	}
	if s.State() != old.State() || old.Entry == 0 {
		out = append(out, d.status(s, e.ID, at))
	}
	return s, out
}

// gone forgets a source that was removed, and settles what it has firing.
func (d Dropoff) gone(s Watch, source string, at time.Time) (Watch, []stream.Record) {
	var out []stream.Record
	if s.Firing {
		out = append(out, send(d.recovery(source, "", "source removed", at)))
	}
	if s.Entry != 0 {
		out = append(out, stream.Send(schemas.SourceStatuses, schemas.StatusKey(source, "dropoff"), nil))
	}
	return Watch{}, out
}

func (Dropoff) signal(source, label string, verb schemas.Verb, at time.Time) schemas.Signal {
	return schemas.Signal{Type: schemas.SourceNoData, Verb: verb, At: at,
		Component: schemas.Component{Kind: schemas.LogSource, ID: source, Label: label}}
}

func (d Dropoff) recovery(source, label, reason string, at time.Time) schemas.Signal {
	s := d.signal(source, label, schemas.Recover, at)
	s.Cause, s.Reason = source+" "+reason, reason
	return s
}

func (Dropoff) status(s Watch, source string, at time.Time) stream.Record {
	return stream.Send(schemas.SourceStatuses, schemas.StatusKey(source, "dropoff"), schemas.SourceStatus{
		Source: source, Stage: "dropoff", LastEvent: fromNanos(s.Last), Alarm: s.State(), Since: at})
}

// label is the name of a source for people, or its id if the catalogue does not know it.
func label(v stream.View, source string) string {
	if e, ok := v.Get(catalogue.KindSource + "/" + source); ok {
		return e.(catalogue.LogSource).Label
	}
	return source
}

// send makes the record of a signal.
func send(s schemas.Signal) stream.Record {
	return stream.Send(schemas.Signals, schemas.SignalKey(s.Type, s.Component.ID), s)
}
