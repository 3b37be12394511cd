package stages

import (
	"cmp"
	"slices"
	"time"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/catalogue"
)

// Meter keeps what each source sent in the last hour, minute by minute, and when its last line arrived. It reads activity and
// writes source-status; a busy source is written every ten seconds, a silent one not at all.
type Meter struct{}

// meterEvery is the least time between two statuses of a source; meterMinutes how many minutes a status has.
const (
	meterEvery   = 10 * time.Second
	meterMinutes = 60
)

// A Metered is what Meter keeps of a source.
type Metered struct {
	Last    int64           `json:"l,omitempty"` // nanoseconds: latest arrival of a line
	Told    int64           `json:"t,omitempty"` // nanoseconds: when the status was last written, by the log
	Pending bool            `json:"p,omitempty"` // something is not in it yet
	Minutes []MeteredMinute `json:"m,omitempty"` // sorted, empty ones left out, at most meterMinutes
}

// A MeteredMinute counts what arrived in a minute.
type MeteredMinute struct {
	Minute   int64 `json:"m"` // since 1970
	Events   int64 `json:"e,omitempty"`
	Failures int64 `json:"f,omitempty"`
	Bytes    int64 `json:"b,omitempty"`
}

// Process adds an activity to the minute in which its last line arrived: a transaction is far shorter than a minute, unless the
// classifier catches up, and then its lines are told apart by nothing better.
func (Meter) Process(s Metered, r stream.Record, v stream.View) (Metered, []stream.Record) {
	if r.Topic == schemas.Catalogue.Name {
		if r.Message != nil || isEmpty(s) {
			return s, nil
		}
		return Metered{}, []stream.Record{stream.Send(schemas.SourceStatuses, schemas.StatusKey(string(r.Key), "meter"), nil)}
	}
	a, ok := r.Message.(schemas.Activity)
	if _, known := v.Get(catalogue.KindSource + "/" + string(r.Key)); !ok || !known {
		return s, nil // a line that was under way when its source was removed is not counted
	}
	s.Last = max(s.Last, nanos(a.LastArrival))
	s.Pending = true
	s.Minutes = addMinute(s.Minutes, MeteredMinute{nanos(a.LastArrival) / int64(time.Minute), a.Events, a.Failures, a.Bytes})
	return s, nil
}

func isEmpty(s Metered) bool { return s.Last == 0 && !s.Pending && len(s.Minutes) == 0 }

// addMinute returns a copy of minutes with m added and with what is an hour older than the newest left out.
func addMinute(minutes []MeteredMinute, m MeteredMinute) []MeteredMinute {
	out := slices.Clone(minutes)
	i, ok := slices.BinarySearchFunc(out, m, func(a, b MeteredMinute) int { return cmp.Compare(a.Minute, b.Minute) })
	if !ok {
		out = slices.Insert(out, i, MeteredMinute{Minute: m.Minute})
	}
	out[i].Events += m.Events
	out[i].Failures += m.Failures
	out[i].Bytes += m.Bytes
	newest := out[len(out)-1].Minute
	return slices.DeleteFunc(out, func(x MeteredMinute) bool { return x.Minute <= newest-meterMinutes })
}

// Wake is due when something is to be told and the last status is old enough.
func (Meter) Wake(s Metered) stream.Wake {
	if !s.Pending {
		return stream.Wake{}
	}
	return stream.Wake{At: time.Unix(0, s.Told).Add(meterEvery).UTC()}
}

// Tick writes the status.
func (Meter) Tick(s Metered, source string, now time.Time, _ stream.View) (Metered, []stream.Record) {
	s.Pending, s.Told = false, nanos(now)
	status := schemas.SourceStatus{Source: source, Stage: "meter", LastEvent: fromNanos(s.Last)}
	for _, m := range s.Minutes {
		status.Minutes = append(status.Minutes, schemas.Minute{
			Start: time.Unix(m.Minute*60, 0).UTC(), Events: m.Events, Failures: m.Failures, Bytes: m.Bytes})
	}
	return s, []stream.Record{stream.Send(schemas.SourceStatuses, schemas.StatusKey(source, "meter"), status)}
}
