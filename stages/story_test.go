package stages_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"panther/pipeline/stream"
	"panther/pipeline/streamtest"
	"panther/schemas"
	"panther/schemas/catalogue"
	"panther/schemas/strict"
)

// edit writes the next version of the catalogue.
func edit(d *streamtest.Driver, change func(version int64, entries map[string]any)) *catalogue.View {
	version, entries := d.Newest().Version()+1, map[string]any{}
	for _, kind := range []string{catalogue.KindSource, catalogue.KindSchema, catalogue.KindDestination} {
		for id, e := range d.Newest().Entries(kind) {
			entries[kind+"/"+id] = e
		}
	}
	change(version, entries)
	return catalogue.NewView(version, entries)
}

// catalogueVerbs are the verbs about the catalogue; behind "unread" the node has not read yet what they write.
func catalogueVerbs() map[string]streamtest.Verb {
	verbs := map[string]streamtest.Verb{"source": source, "remove": remove, "destination": destination}
	verbs["unread"] = func(d *streamtest.Driver, args []string) error {
		quiet := streamtest.New()
		quiet.Now = d.Now
		quiet.CatalogueUnread(d.Newest())
		err := verbs[args[0]](quiet, args[1:])
		d.CatalogueUnread(quiet.Newest())
		return err
	}
	return verbs
}

// remove takes a source out: remove NAME.
func remove(d *streamtest.Driver, args []string) error {
	d.Catalogue(edit(d, func(_ int64, entries map[string]any) { delete(entries, catalogue.KindSource+"/"+args[0]) }))
	return nil
}

// source adds or changes one: source NAME topics A,B alarm 15 minutes types T,U stream JsonArray in FIELD retain.
func source(d *streamtest.Driver, args []string) error {
	a := streamtest.Args{Words: args}
	name := a.Next()
	s := catalogue.LogSource{ID: name, Label: name, Created: d.Now}
	if e, known := d.Newest().Get(catalogue.KindSource + "/" + name); known {
		s = e.(catalogue.LogSource)
	}
	s.Version = d.Newest().Version() + 1
	for a.More() {
		switch word := a.Next(); word {
		case "topics":
			s.Topics, s.InputsVersion = strings.Split(a.Next(), ","), s.Version
		case "types":
			s.LogTypes = strings.Split(a.Next(), ",")
		case "stream":
			s.StreamType = a.Next()
		case "in":
			s.JSONArrayEnvelopeField = a.Next()
		case "retain":
			s.RetainEnvelopeFields = true
		case "alarm":
			s.Alarm = 0
			if text := a.Next(); text != "off" {
				threshold, err := strict.ParseDuration(text + " " + a.Next())
				if err != nil {
					return err
				}
				s.Alarm = threshold
			}
		default:
			return fmt.Errorf("source: %q: want topics, types, stream, in, retain or alarm", word)
		}
	}
	d.Catalogue(edit(d, func(version int64, entries map[string]any) {
		entries[catalogue.Key(s)] = s
		for _, name := range s.LogTypes {
			t := anyJSON(name, version)
			if _, known := d.Newest().Schema(name); !known {
				entries[catalogue.Key(t)] = t
			}
		}
	}))
	return a.Err
}

// anyJSON is a log type of which every JSON object is.
func anyJSON(name string, version int64) catalogue.Schema {
	return catalogue.Schema{Name: name, Version: version, Text: "schema: " + name + "\nfields:\n- {name: a, type: string}\n"}
}

// destination adds one: destination NAME takes RULE,SYSTEM_ERROR severities LOW,HIGH types T.
func destination(d *streamtest.Driver, args []string) error {
	a := streamtest.Args{Words: args}
	name := a.Next()
	x := catalogue.Destination{ID: name, Label: name}
	for a.More() {
		switch word := a.Next(); word {
		case "takes":
			for _, t := range strings.Split(a.Next(), ",") {
				x.AlertTypes = append(x.AlertTypes, schemas.AlertType(t))
			}
		case "severities":
			for _, s := range strings.Split(a.Next(), ",") {
				x.Severities = append(x.Severities, schemas.Severity(s))
			}
		case "types":
			x.LogTypes = strings.Split(a.Next(), ",")
		default:
			return fmt.Errorf("destination: %q: want takes, severities or types", word)
		}
	}
	d.Catalogue(edit(d, func(version int64, entries map[string]any) {
		x.Version = version
		entries[catalogue.Key(x)] = x
	}))
	return a.Err
}

// activityVerbs are what sources do: line NAME, bad-line NAME; then arrived TIME, says TIME (the producer's own), count N.
func activityVerbs() map[string]streamtest.Verb {
	sends := func(bad bool) streamtest.Verb {
		return func(d *streamtest.Driver, args []string) error {
			a := streamtest.Args{Words: args}
			name := a.Next()
			m := schemas.Activity{Source: name, Label: name, LogType: "Test", Bytes: 100, FirstArrival: d.Now, LastArrival: d.Now}
			n := 1
			for a.More() {
				switch word := a.Next(); word {
				case "arrived":
					m.LastArrival = a.Time()
					m.FirstArrival = m.LastArrival
				case "says":
					m.MaxEventTime = a.Time()
				case "count":
					n = a.Number()
				default:
					return fmt.Errorf("line: %q: want arrived, says or count", word)
				}
			}
			m.Events = int64(n)
			if bad {
				m.LogType, m.Events, m.Failures = "", 0, int64(n)
				m.Fingerprints = []schemas.Fingerprint{{ID: "f1", Schema: "Test", Code: schemas.TypeMismatch, Field: "port", Count: int64(n),
					Samples: []schemas.Sample{{RowID: "row-of-" + streamtest.FormatTime(m.FirstArrival)}}}}
			}
			d.Send(stream.Send(schemas.SourceActivity, name, m))
			return a.Err
		}
	}
	return map[string]streamtest.Verb{"line": sends(false), "bad-line": sends(true)}
}

// words says an output in words.
func words(r stream.Record) string {
	key := string(r.Key)
	at := streamtest.FormatTime
	switch m := r.Message.(type) {
	case schemas.Signal:
		text := fmt.Sprintf("%s: %s %s", key, m.Verb, m.Component.Label)
		if m.DropOff != nil {
			text += fmt.Sprintf(", silent for %s since %s, last event %s", strict.FormatDuration(m.DropOff.Threshold), at(m.DropOff.Since), at(m.DropOff.LastEvent))
		}
		if m.Reason != "" {
			text += ", because: " + m.Reason
		}
		if m.Count > 1 {
			text += fmt.Sprintf(", %d times", m.Count)
		}
		for _, d := range m.Deliveries {
			text += fmt.Sprintf(", alert %s after %d attempts: %s", d.AlertID, d.Attempts, d.Error)
		}
		return text + fmt.Sprintf(", at %s, cause %q", at(m.At), m.Cause)
	case schemas.SourceStatus:
		text := key + ": "
		if m.Alarm != "" {
			text += fmt.Sprintf("%s since %s, ", m.Alarm, at(m.Since))
		}
		text += "last event " + at(m.LastEvent)
		for _, x := range m.Minutes {
			text += fmt.Sprintf("; %s %d+%d", x.Start.Format("15:04"), x.Events, x.Failures)
		}
		return text
	case schemas.Alert:
		return alertWords(m)
	case schemas.Failure:
		text := fmt.Sprintf("%s: of source %q, %s, arrived %s, row %s, fingerprint %s: %s", key, m.Source, place(m.Position), at(m.Arrival), short(m.RowID), short(m.Fingerprint), m.Error)
		for _, c := range m.Candidates {
			text += fmt.Sprintf("; %s v%d %s", c.Schema, c.Version, c.Reasons[0].Code)
		}
		if m.Envelope != nil {
			text += fmt.Sprintf("; in %s", m.Envelope)
		}
		return text + fmt.Sprintf("; payload %q", m.Payload)
	case schemas.Activity:
		text := fmt.Sprintf("%s: type %q, %d events, %d failures, %d bytes, arrived %s, says %s", key, m.LogType, m.Events, m.Failures, m.Bytes, at(m.LastArrival), at(m.MaxEventTime))
		for _, f := range m.Fingerprints {
			text += fmt.Sprintf("; fingerprint %s %d times", short(f.ID), f.Count)
		}
		return text
	case schemas.Delivery:
		if m.Wanted != nil {
			return fmt.Sprintf("%s/%s: wanted: %s", m.Wanted.Destination, short(m.Wanted.Alert.ID), m.Wanted.Alert.Title)
		}
	case schemas.Attempt:
		return fmt.Sprintf("%s: attempt %d", key, m.Number)
	case schemas.DeliveryStatus:
		text := key + ": " + m.State
		for _, x := range m.Attempts {
			text += fmt.Sprintf("; %d %s", x.Number, x.Outcome)
		}
		if !m.NextAt.IsZero() {
			text += ", next at " + at(m.NextAt)
		}
		return text
	case nil:
		if r.Topic == schemas.Events.Name {
			var p schemas.Position
			if err := json.Unmarshal([]byte(r.Header(schemas.HeaderPosition)), &p); err != nil {
				return err.Error()
			}
			return fmt.Sprintf("%s: %s v%s of source %q, %s, parsed %s: %s", key, r.Header(schemas.HeaderLogType), r.Header(schemas.HeaderSchemaVersion),
				r.Header(schemas.HeaderSource), place(p), r.Header(schemas.HeaderParseTime), r.Value)
		}
		if r.Value == nil {
			return key + ": gone"
		}
	}
	return fmt.Sprintf("%s: %s", key, r.Value)
}

// place is where a line is: topic/partition/offset, and its number behind a colon if it is not the first of its record.
func place(p schemas.Position) string {
	text := fmt.Sprintf("%s/%d/%d", p.Topic, p.Partition, p.Offset)
	if p.Line > 0 {
		text += fmt.Sprintf(":%d", p.Line)
	}
	return text
}

// short is a hash that fits into a line.
func short(hash string) string { return hash[:min(len(hash), 6)] }

func join(parts ...map[string]streamtest.Verb) map[string]streamtest.Verb {
	out := map[string]streamtest.Verb{}
	for _, p := range parts {
		maps.Copy(out, p)
	}
	return out
}

// alertWords says how an alert stands, and whom it goes to.
func alertWords(a schemas.Alert) string {
	at := streamtest.FormatTime
	text := fmt.Sprintf("%s: %s %q, %d times from %s to %s", short(a.ID), a.Status, a.Title, a.Count, at(a.CreatedAt), at(a.LastSeenAt))
	if !a.WindowEndsAt.IsZero() {
		text += ", window until " + at(a.WindowEndsAt)
	}
	for _, f := range a.Fingerprints {
		text += fmt.Sprintf("; %s %d times, %d samples", f.Field, f.Count, len(f.Samples))
	}
	if a.ResolvedBy != "" {
		return text + fmt.Sprintf("; by %s at %s", a.ResolvedBy, at(a.ResolvedAt))
	}
	for _, r := range a.Routes {
		verb := "not to"
		if r.Send {
			verb = "to"
		}
		text += fmt.Sprintf("; %s %s: %s", verb, r.Label, r.Reason)
	}
	return text
}

// signalVerbs are what stages and people say: raise TYPE COMPONENT, recover TYPE COMPONENT REASON, resolve TYPE COMPONENT PERSON;
// then count N, cause C, field F (of a failing line), alert ID, silent TIME.
func signalVerbs() map[string]streamtest.Verb {
	says := func(verb schemas.Verb) streamtest.Verb {
		return func(d *streamtest.Driver, args []string) error {
			a := streamtest.Args{Words: args}
			m := schemas.Signal{Verb: verb, At: d.Now, Type: schemas.SystemErrorType(a.Next()), Cause: "cause of " + streamtest.FormatTime(d.Now)}
			m.Component = schemas.Component{Kind: schemas.LogSource, ID: a.Next()}
			m.Component.Label = m.Component.ID
			switch verb {
			case schemas.Raise:
				m.Count = 1
			case schemas.Recover:
				m.Reason = a.Next()
			case schemas.Resolve:
				m.By = a.Next()
			}
			if m.Type == schemas.AlertDelivery {
				m.Component.Kind = schemas.Destination
				m.Deliveries = []schemas.FailedDelivery{{AlertID: "a1", Title: "An alert", Error: "answered 500", Attempts: 3, At: d.Now}}
			}
			for a.More() {
				switch word := a.Next(); word {
				case "count":
					m.Count = int64(a.Number())
				case "cause":
					m.Cause = a.Next()
				case "alert":
					m.Alert = a.Next()
				case "silent":
					m.DropOff = &schemas.DropOff{Threshold: 15 * time.Minute, LastEvent: a.Time(), Since: d.Now.Add(-15 * time.Minute)}
				case "never-sent":
					m.DropOff = &schemas.DropOff{Threshold: 15 * time.Minute, Since: d.Now.Add(-15 * time.Minute)}
				case "field":
					m.Fingerprints = append(m.Fingerprints, failing(a.Next(), m.Count, d.Now))
				default:
					return fmt.Errorf("%s: unknown word %q", verb, word)
				}
			}
			d.Send(stream.Send(schemas.Signals, schemas.SignalKey(m.Type, m.Component.ID), m))
			return a.Err
		}
	}
	return map[string]streamtest.Verb{"raise": says(schemas.Raise), "recover": says(schemas.Recover), "resolve": says(schemas.Resolve)}
}

// failing is the fingerprint of lines that fail at a field.
func failing(field string, count int64, at time.Time) schemas.Fingerprint {
	return schemas.Fingerprint{ID: "f-" + field, Schema: "Nginx.Access", Code: schemas.TypeMismatch, Field: field, Expected: "int", Got: `"abc"`, Count: count,
		Samples: []schemas.Sample{{RowID: "row-" + streamtest.FormatTime(at), Payload: schemas.Line(`{"` + field + `":"abc"}`), Arrival: at,
			Error: "Nginx.Access: field " + field + `: expected int, got "abc"`, Position: schemas.Position{Topic: "nginx-access", Offset: 12}}}}
}

// deliveryVerbs are want DESTINATION ALERT and receipt DESTINATION ALERT NUMBER OUTCOME.
func deliveryVerbs() map[string]streamtest.Verb {
	return map[string]streamtest.Verb{
		"want": func(d *streamtest.Driver, args []string) error {
			a := streamtest.Args{Words: args}
			m := schemas.Wanted{Destination: a.Next(), At: d.Now, Policy: schemas.DeliveryPolicy{Retries: 10}}
			m.Label = m.Destination
			m.Alert = schemas.Alert{ID: a.Next(), Title: "An alert", Type: schemas.SystemError}
			for a.More() {
				switch word := a.Next(); word {
				case "retries":
					m.Policy.Retries = a.Number()
				case "threshold":
					m.Policy.FailureThreshold = a.Number()
				case "age":
					age, err := strict.ParseDuration(a.Next())
					if err != nil {
						return err
					}
					m.Policy.MaxAge = age
				default:
					return fmt.Errorf("want: unknown word %q", word)
				}
			}
			d.Send(stream.Send(schemas.Deliveries, schemas.DeliveryKey(m.Destination, m.Alert.ID), schemas.Delivery{Wanted: &m}))
			return a.Err
		},
		"receipt": func(d *streamtest.Driver, args []string) error {
			a := streamtest.Args{Words: args}
			m := schemas.Receipt{Destination: a.Next(), AlertID: a.Next(), Number: a.Number(), Outcome: schemas.Outcome(a.Next()), At: d.Now}
			m.Message = "answer " + fmt.Sprint(m.Number)
			for a.More() {
				switch word := a.Next(); word {
				case "after":
					after, err := strict.ParseDuration(a.Next())
					if err != nil {
						return err
					}
					m.After = after
				default:
					return fmt.Errorf("receipt: unknown word %q", word)
				}
			}
			d.Send(stream.Send(schemas.Deliveries, schemas.DeliveryKey(m.Destination, m.AlertID), schemas.Delivery{Receipt: &m}))
			return a.Err
		},
	}
}
