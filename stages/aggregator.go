package stages

import (
	"cmp"
	"slices"
	"time"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/catalogue"
)

// Aggregator folds signals into alerts: at most one is open for each type and component. The first signal opens it, with its
// deliveries in the same output, so that alert and deliveries appear together; further ones join it silently.
//
// An alert about an episode (a source fell silent) ends when the episode does. Any other has a window of 24 hours from its
// first signal, for one line that passes proves nothing about the next. A person may end both earlier. After the end the next
// signal is a new alert.
//
// Signals are keyed by type and component, but those of ALERT_DELIVERY share one key (schemas.SignalKey): so the stage sees
// which destinations have such an alert open, and sends the alert about one destination to none of the others in that list.
// Each round of failing deliveries therefore has fewer destinations to go to, and ends.
type Aggregator struct{}

// alertWindow is how long an alert that is not about an episode stays open.
const alertWindow = 24 * time.Hour

// An alert that has ended is dropped from its topic after keepEnded; the lake keeps all. A component whose alerts end more
// often than keptEnded times in that while loses its oldest ones earlier, so that its state stays small.
const (
	keepEnded = 90 * 24 * time.Hour
	keptEnded = 500
)

// How much an alert shows; the lake has all.
const (
	maxFingerprints = 20
	maxSamples      = 3
	maxDeliveries   = 50
)

// Troubles are the alerts that are open under a key, of which there is at most one for every type but ALERT_DELIVERY, and
// those that have ended and still stand in their topic.
type Troubles struct {
	Open  []schemas.Alert `json:"open,omitempty"`
	Ended []Ended         `json:"ended,omitempty"` // by their end, the oldest first
}

// Ended is an alert that is to be dropped one day.
type Ended struct {
	Alert string    `json:"alert"`
	At    time.Time `json:"at"`
}

// about finds the open alert about a component; the key says its type. Without one it returns -1.
func (s Troubles) about(component string) int {
	return slices.IndexFunc(s.Open, func(a schemas.Alert) bool { return a.Component.ID == component })
}

// Process takes a signal.
func (a Aggregator) Process(s Troubles, r stream.Record, v stream.View) (Troubles, []stream.Record) {
	sig, ok := r.Message.(schemas.Signal)
	if !ok {
		return s, nil
	}
	i := s.about(sig.Component.ID)
	switch {
	case sig.Verb == schemas.Raise && i < 0:
		return a.open(s, sig, r.Time, v)
	case i < 0:
		return s, nil // it has ended already
	case sig.Verb == schemas.Raise:
		return a.join(s, i, sig, r.Time)
	case sig.Verb == schemas.Recover && episode(sig.Type):
		return a.end(s, i, r.Time, cmp.Or(sig.Reason, "recovered"))
	case sig.Verb == schemas.Resolve && (sig.Alert == "" || sig.Alert == s.Open[i].ID):
		return a.end(s, i, r.Time, cmp.Or(sig.By, "a person"))
	}
	return s, nil
}

// episode tells the types whose trouble is over by itself one day, and known to be.
func episode(t schemas.SystemErrorType) bool {
	return t == schemas.SourceNoData || t == schemas.SourcePermissionsChecks
}

// open makes an alert and its deliveries.
func (Aggregator) open(s Troubles, sig schemas.Signal, at time.Time, v stream.View) (Troubles, []stream.Record) {
	alert := schemas.Alert{
		ID:          hashID(string(sig.Type), sig.Component.ID, sig.Cause),
		Type:        schemas.SystemError,
		SystemError: sig.Type,
		Component:   sig.Component,
		Severity:    schemas.Critical,
		Status:      schemas.Open,
		CreatedAt:   at,
		DropOff:     sig.DropOff,
	}
	if !episode(sig.Type) {
		alert.WindowEndsAt = at.Add(alertWindow)
	}
	alert = merge(alert, sig, at)
	alert.Title, alert.Description, alert.Runbook = title(alert), description(alert, sig), runbook(alert)

	var destinations []catalogue.Destination
	for _, e := range v.Entries(catalogue.KindDestination) {
		destinations = append(destinations, e.(catalogue.Destination))
	}
	alert.Routes = Route(alert, destinations, func(id string) bool { return s.about(id) >= 0 })
	out := []stream.Record{stream.Send(schemas.Alerts, alert.ID, alert)}
	for i, d := range destinations {
		if alert.Routes[i].Send {
			out = append(out, stream.Send(schemas.Deliveries, schemas.DeliveryKey(d.ID, alert.ID), schemas.Delivery{
				Wanted: &schemas.Wanted{Alert: alert, Destination: d.ID, Label: d.Label, Policy: d.Delivery, At: at}}))
		}
	}
	s.Open = append(slices.Clone(s.Open), alert)
	return s, out
}

// join adds a signal to the alert that is open; nobody is told.
func (Aggregator) join(s Troubles, i int, sig schemas.Signal, at time.Time) (Troubles, []stream.Record) {
	s.Open = slices.Clone(s.Open)
	s.Open[i] = merge(s.Open[i], sig, at)
	return s, []stream.Record{stream.Send(schemas.Alerts, s.Open[i].ID, s.Open[i])}
}

// end resolves an alert; only when it is to be dropped is remembered.
func (Aggregator) end(s Troubles, i int, at time.Time, by string) (Troubles, []stream.Record) {
	alert := s.Open[i]
	alert.Status, alert.ResolvedAt, alert.ResolvedBy = schemas.Resolved, at, by
	if s.Open = slices.Delete(slices.Clone(s.Open), i, i+1); len(s.Open) == 0 {
		s.Open = nil
	}
	out := []stream.Record{stream.Send(schemas.Alerts, alert.ID, alert)}
	place := len(s.Ended)
	for place > 0 && s.Ended[place-1].At.After(at) { // a window's end may be told late
		place--
	}
	s.Ended = slices.Insert(slices.Clone(s.Ended), place, Ended{alert.ID, at})
	s, dropped := s.drop(len(s.Ended) - keptEnded)
	return s, append(out, dropped...)
}

// drop takes the n oldest alerts that have ended out of their topic.
func (s Troubles) drop(n int) (Troubles, []stream.Record) {
	if n <= 0 {
		return s, nil
	}
	var out []stream.Record
	for _, e := range s.Ended[:n] {
		out = append(out, stream.Send(schemas.Alerts, e.Alert, nil))
	}
	if s.Ended = slices.Clone(s.Ended[n:]); len(s.Ended) == 0 {
		s.Ended = nil
	}
	return s, out
}

// Wake is due when a window ends, or when an alert has ended for long enough.
func (Aggregator) Wake(s Troubles) (w stream.Wake) {
	for _, a := range s.Open {
		if !a.WindowEndsAt.IsZero() && (w.At.IsZero() || a.WindowEndsAt.Before(w.At)) {
			w.At = a.WindowEndsAt
		}
	}
	if len(s.Ended) > 0 {
		if at := s.Ended[0].At.Add(keepEnded); w.At.IsZero() || at.Before(w.At) {
			w.At = at
		}
	}
	return w
}

// Tick ends the alerts whose window is over, and drops those that ended long ago.
func (a Aggregator) Tick(s Troubles, _ string, now time.Time, _ stream.View) (Troubles, []stream.Record) {
	var out []stream.Record
	for i := 0; i < len(s.Open); {
		if end := s.Open[i].WindowEndsAt; end.IsZero() || end.After(now) {
			i++
			continue
		}
		var resolved []stream.Record
		s, resolved = a.end(s, i, s.Open[i].WindowEndsAt, "window ended")
		out = append(out, resolved...)
	}
	n := 0
	for n < len(s.Ended) && !s.Ended[n].At.Add(keepEnded).After(now) {
		n++
	}
	s, dropped := s.drop(n)
	return s, append(out, dropped...)
}

// merge adds what a signal saw to an alert. It changes nothing that another copy of the alert shares.
func merge(a schemas.Alert, sig schemas.Signal, at time.Time) schemas.Alert {
	a.Count += sig.Count
	a.LastSeenAt = later(a.LastSeenAt, at)
	a.Deliveries = append(slices.Clone(a.Deliveries), sig.Deliveries...)
	a.Deliveries = a.Deliveries[max(0, len(a.Deliveries)-maxDeliveries):]
	a.Fingerprints = slices.Clone(a.Fingerprints)
	for _, f := range sig.Fingerprints {
		i := slices.IndexFunc(a.Fingerprints, func(x schemas.Fingerprint) bool { return x.ID == f.ID })
		if i < 0 {
			f.Samples = f.Samples[:min(len(f.Samples), maxSamples)]
			a.Fingerprints = append(a.Fingerprints, f)
			continue
		}
		old := &a.Fingerprints[i]
		old.Count += f.Count
		old.Samples = append(slices.Clone(old.Samples), f.Samples...)
		old.Samples = old.Samples[:min(len(old.Samples), maxSamples)]
	}
	slices.SortStableFunc(a.Fingerprints, func(x, y schemas.Fingerprint) int { return cmp.Compare(y.Count, x.Count) })
	a.Fingerprints = a.Fingerprints[:min(len(a.Fingerprints), maxFingerprints)]
	return a
}
