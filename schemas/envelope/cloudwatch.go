package envelope

import (
	"bytes"

	"panther/schemas"
)

// cloudWatch yields the messages of an envelope as a subscription of CloudWatch Logs sends them:
//
//	{"messageType":"DATA_MESSAGE","owner":"123456789012","logGroup":"vpc","logStream":"eni-1","subscriptionFilters":["all"],
//	 "logEvents":[{"id":"3195","timestamp":1772352930000,"message":"2 123456789012 eni-1 ..."}]}
//
// With Auto an object that is none is a line as any other.
func (w *walk) cloudWatch(b []byte) {
	members, end, flaw := scanMembers(b, 0)
	var lists, others []member
	known := map[string]bool{}
	control := false
	for _, m := range members {
		if string(m.name) == `"logEvents"` && b[m.start] == '[' {
			lists = append(lists, m)
			continue
		}
		others = append(others, m)
		known[string(m.name)] = true
		control = control || string(m.name) == `"messageType"` && m.end > 0 && string(b[m.start:m.end]) == `"CONTROL_MESSAGE"`
	}
	var why *schemas.Reason
	var envelope []byte
	switch {
	case w.Type != CloudWatchLogs && (len(lists) == 0 || !known[`"messageType"`] || !known[`"logGroup"`] || !known[`"logStream"`]):
		w.line(Line{Bytes: b})
		return
	case len(lists) == 0 && flaw.ok():
		why = &schemas.Reason{Code: schemas.RequiredMissing, Field: "logEvents", Expected: "array"}
	case len(lists) == 0:
		r := flaw.reason(b, 0)
		why = &r
	default:
		envelope, why = objectOf(b, others)
	}
	if why != nil {
		w.broken(b, *why)
		return
	}
	w.lists(b, lists, end, flaw, func(event []byte) { w.logEvent(event, envelope, control) })
}

// namesLogEvents reports whether b has the text "logEvents", quotes included. Lines of JSON have few capitals, so that it looks for
// its E: bytes.Contains takes several times as long, more than all else that is done here to a line.
func namesLogEvents(b []byte) bool {
	const before, after = `"log`, `Events"`
	for i := 0; ; i++ {
		n := bytes.IndexByte(b[i:], after[0])
		if n < 0 {
			return false
		}
		i += n
		if bytes.HasSuffix(b[:i], []byte(before)) && bytes.HasPrefix(b[i:], []byte(after)) {
			return true
		}
	}
}

// logEvent yields the message of a log event.
func (w *walk) logEvent(event, envelope []byte, control bool) {
	if control {
		w.emit(Line{Bytes: event, Skip: true})
		return
	}
	members, _, _ := scanMembers(event, 0) // a whole object
	message := -1
	for i, m := range members {
		if string(m.name) == `"message"` {
			message = i
		}
	}
	if message < 0 {
		w.brokenIn(event, envelope, schemas.Reason{Code: schemas.RequiredMissing, Field: "message", Expected: "string"})
		return
	}
	value := event[members[message].start:members[message].end]
	text, ok := unquote(value)
	if !ok {
		w.brokenIn(event, envelope, schemas.Reason{Code: schemas.TypeMismatch, Field: "message", Expected: "string", Got: shown(value),
			Span: schemas.Span{Start: members[message].start, End: members[message].end}})
		return
	}
	others, why := objectOf(event, append(members[:message:message], members[message+1:]...))
	if why != nil {
		w.brokenIn(event, envelope, *why)
		return
	}
	w.message(text, withMember(envelope, others))
}

// message yields the text of a log event, without its line end. One without text is skipped, as an empty line of text is.
func (w *walk) message(text, envelope []byte) {
	if cut, ok := bytes.CutSuffix(text, []byte("\n")); ok {
		text = bytes.TrimSuffix(cut, []byte("\r"))
	}
	if len(text) == 0 {
		w.emit(Line{Envelope: envelope, Skip: true})
		return
	}
	w.line(Line{Bytes: text, Envelope: envelope})
}

// withMember adds the other members of a log event to the envelope.
func withMember(envelope, logEvent []byte) []byte {
	if len(logEvent) == 0 {
		return envelope
	}
	out := make([]byte, 0, len(envelope)+len(logEvent)+len(`{"logEvent":}`))
	if len(envelope) == 0 {
		out = append(out, '{')
	} else {
		out = append(append(out, envelope[:len(envelope)-1]...), ',')
	}
	return append(append(append(out, `"logEvent":`...), logEvent...), '}')
}
