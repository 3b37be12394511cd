// Package schemas holds the contracts of the pipeline: the messages that travel between nodes, and the topics that hold them.
//
// A message is data that people can read in the topic: JSON, with the names of this package. Read topics.go for what is
// where; the log sources, schemas and destinations that people configure are in package catalogue.
package schemas

import (
	"encoding/base64"
	"encoding/json"
	"time"
	"unicode/utf8"

	"panther/pipeline/stream"
)

// A Line is the exact bytes of a log line. As JSON it is a string, or, if it is not UTF-8, {"base64": "..."}.
type Line []byte

// MarshalJSON keeps every byte.
func (l Line) MarshalJSON() ([]byte, error) {
	if utf8.Valid(l) {
		return json.Marshal(string(l))
	}
	return json.Marshal(struct {
		Base64 string `json:"base64"`
	}{base64.StdEncoding.EncodeToString(l)})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (l *Line) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		var v struct {
			Base64 []byte `json:"base64"`
		}
		err := json.Unmarshal(b, &v)
		*l = v.Base64
		return err
	}
	var s string
	err := json.Unmarshal(b, &s)
	*l = Line(s)
	return err
}

// An Envelope is what was around a line in its record, and would have been p_header of its event: a JSON object, compact.
type Envelope = json.RawMessage

// A Position is where a line came from.
type Position struct {
	Topic     string    `json:"topic"`
	TopicID   stream.ID `json:"topicId"`
	Partition int32     `json:"partition"`
	Offset    int64     `json:"offset"`
	Bucket    string    `json:"bucket,omitempty"` // of an S3 object
	Object    string    `json:"object,omitempty"`
	Version   string    `json:"version,omitempty"`
	Line      int64     `json:"line"` // within the record or object, from 0
}

// A Code says in one word why a line does not match a schema. The set is fixed; alerts, tables and metrics use it.
type Code string

// The codes.
const (
	RequiredMissing Code = "required_missing"
	TypeMismatch    Code = "type_mismatch"
	OutOfRange      Code = "out_of_range"
	TimestampFormat Code = "timestamp_format"
	NotAllowed      Code = "not_allowed"
	NotJSON         Code = "not_json"
	TrailingData    Code = "trailing_data"
	TooDeep         Code = "too_deep"
	LineTooLong     Code = "line_too_long"
	CSVColumns      Code = "csv_columns"
	NoPattern       Code = "no_pattern"
	ScriptError     Code = "script_error"
	NoSchema        Code = "no_schema"
)

// A Span is a part of a line: bytes Start up to, not including, End. Both 0: the whole line, or nothing in particular.
type Span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// A Reason is one thing that keeps a line from matching a schema.
type Reason struct {
	Code     Code   `json:"code"`
	Field    string `json:"field,omitempty"` // path, as user.address[0].ip
	Expected string `json:"expected,omitempty"`
	Got      string `json:"got,omitempty"` // cut to 100 bytes
	Span     Span   `json:"span"`
}

// A Candidate is a schema that was tried on a line, and why it did not match.
type Candidate struct {
	Schema  string   `json:"schema"`
	Version int64    `json:"version"`
	Reasons []Reason `json:"reasons"` // at least one
}

// A Failure is a line that matches none of its source's schemas: a row of panther_monitor.classification_failures.
type Failure struct {
	RowID       string      `json:"rowId"` // deterministic, from the position
	Source      string      `json:"source"`
	Label       string      `json:"label"`
	Payload     Line        `json:"payload"`
	Position    Position    `json:"position"`
	Envelope    Envelope    `json:"envelope,omitempty"` // what was around the line, as a JSON object
	Arrival     time.Time   `json:"arrival,omitzero"`   // not kept in the lake
	ParseTime   time.Time   `json:"parseTime"`
	Error       string      `json:"error"`       // the first reason of the nearest schema, in words
	Fingerprint string      `json:"fingerprint"` // of source, nearest schema, field and code
	Candidates  []Candidate `json:"candidates"`  // the nearest schema first; empty: no schema is configured
}

// Nearest returns the nearest schema and its first reason; without any candidate the reason is NoSchema.
func (f *Failure) Nearest() (Candidate, Reason) {
	if len(f.Candidates) == 0 {
		return Candidate{}, Reason{Code: NoSchema}
	}
	return f.Candidates[0], f.Candidates[0].Reasons[0]
}

// A Fingerprint counts failures that have the same source, nearest schema, field and code, with a few samples.
type Fingerprint struct {
	ID       string   `json:"id"`
	Schema   string   `json:"schema"`
	Code     Code     `json:"code"`
	Field    string   `json:"field,omitempty"`
	Expected string   `json:"expected,omitempty"`
	Got      string   `json:"got,omitempty"` // of the first sample
	Count    int64    `json:"count"`
	Samples  []Sample `json:"samples,omitempty"` // bounded, oldest first
}

// A Sample is a failing line as an alert shows it.
type Sample struct {
	RowID    string    `json:"rowId"`
	Payload  Line      `json:"payload"` // cut to 2 KiB around the failing part
	Cut      bool      `json:"cut,omitempty"`
	Span     Span      `json:"span"` // within Payload
	Error    string    `json:"error"`
	Position Position  `json:"position"`
	Arrival  time.Time `json:"arrival"`
}

// An Activity is what one transaction of the classifier saw of one source and log type. Key: the source's id.
type Activity struct {
	Source       string        `json:"source"`
	Label        string        `json:"label"`
	LogType      string        `json:"logType,omitempty"` // empty: of lines that matched nothing
	Events       int64         `json:"events,omitempty"`
	Failures     int64         `json:"failures,omitempty"`
	Bytes        int64         `json:"bytes"` // of input, uncompressed
	FirstArrival time.Time     `json:"firstArrival"`
	LastArrival  time.Time     `json:"lastArrival"`
	MaxEventTime time.Time     `json:"maxEventTime,omitzero"` // as the producer says; shown, never used for timers
	Fingerprints []Fingerprint `json:"fingerprints,omitempty"`
}

// A SourceStatus is what one stage knows of a source. Key: source/stage.
type SourceStatus struct {
	Source    string     `json:"source"`
	Stage     string     `json:"stage"`
	LastEvent time.Time  `json:"lastEvent,omitzero"` // latest arrival of any line
	Alarm     AlarmState `json:"alarm,omitempty"`    // by dropoff
	Since     time.Time  `json:"since,omitzero"`     // of the alarm's state
	Minutes   []Minute   `json:"minutes,omitempty"`  // by meter: the last hour, oldest first, empty minutes left out
}

// A Minute counts what a source sent within one minute of arrival.
type Minute struct {
	Start    time.Time `json:"start"`
	Events   int64     `json:"events"`
	Failures int64     `json:"failures"`
	Bytes    int64     `json:"bytes"`
}

// An AlarmState is the state of a source's drop-off alarm.
type AlarmState string

// The states of an alarm.
const (
	AlarmOK          AlarmState = "OK"
	AlarmFiring      AlarmState = "ALARM"
	InsufficientData AlarmState = "INSUFFICIENT_DATA" // never sent, and not yet for as long as the threshold
	AlarmOff         AlarmState = "OFF"
)

// A Verb says what a signal wants of the alert of its type and component.
type Verb string

// The verbs.
const (
	Raise   Verb = "raise"   // there is trouble: open an alert, or join the open one
	Recover Verb = "recover" // the trouble is over, by itself or because what was watched changed
	Resolve Verb = "resolve" // a person says that it is
)

// A Signal is a trouble seen, or gone, or a person's word. Key: type/component id.
type Signal struct {
	Type         SystemErrorType  `json:"type"`
	Component    Component        `json:"component"`
	Verb         Verb             `json:"verb"`
	Cause        string           `json:"cause"` // deterministic; the first one names the alert
	At           time.Time        `json:"at"`
	Reason       string           `json:"reason,omitempty"` // of Recover and Resolve, in words
	By           string           `json:"by,omitempty"`     // who resolves
	Alert        string           `json:"alert,omitempty"`  // the alert that a person means
	Count        int64            `json:"count,omitempty"`
	Fingerprints []Fingerprint    `json:"fingerprints,omitempty"`
	DropOff      *DropOff         `json:"dropOff,omitempty"`
	Deliveries   []FailedDelivery `json:"deliveries,omitempty"`
}

// A Delivery is a message to the dispatcher about one alert at one destination: exactly one of its parts is set.
// Key: destination/alert.
type Delivery struct {
	Wanted  *Wanted  `json:"wanted,omitempty"`
	Receipt *Receipt `json:"receipt,omitempty"`
}

// Wanted asks for an alert to be delivered, with the destination's policy at that time.
type Wanted struct {
	Alert       Alert          `json:"alert"`
	Destination string         `json:"destination"`
	Label       string         `json:"label"`
	Policy      DeliveryPolicy `json:"policy"`
	At          time.Time      `json:"at"`
}

// A DeliveryPolicy says how stubbornly an alert is delivered.
type DeliveryPolicy struct {
	AttemptTimeout   time.Duration `json:"attemptTimeout"`   // default 10s
	Retries          int           `json:"retries"`          // default 10
	MaxAge           time.Duration `json:"maxAge"`           // default 72h
	FailureThreshold int           `json:"failureThreshold"` // failed attempts that raise ALERT_DELIVERY; default retries + 1
}

// An Attempt asks notify for one try. Key: destination/alert.
type Attempt struct {
	Alert       Alert         `json:"alert"`
	Destination string        `json:"destination"`
	Number      int           `json:"number"` // from 1; a receipt for another number is ignored
	Timeout     time.Duration `json:"timeout"`
	At          time.Time     `json:"at"`
}

// An Outcome is how an attempt ended.
type Outcome string

// The outcomes of an attempt.
const (
	Delivered Outcome = "delivered"
	Retry     Outcome = "retry"     // it may work later
	Permanent Outcome = "permanent" // it never will
	Busy      Outcome = "busy"      // not tried: the destination has its hands full; costs no retry
)

// A Receipt tells how an attempt ended. Key: destination/alert.
type Receipt struct {
	AlertID     string        `json:"alertId"`
	Destination string        `json:"destination"`
	Number      int           `json:"number"`
	Outcome     Outcome       `json:"outcome"`
	StatusCode  int           `json:"statusCode,omitempty"`
	Message     string        `json:"message"`         // the answer or the error, cut to 500 bytes; never a secret
	After       time.Duration `json:"after,omitempty"` // wait at least this long, says the destination
	At          time.Time     `json:"at"`
}

// A DeliveryStatus is a delivery as it stands. Key: destination/alert.
type DeliveryStatus struct {
	AlertID     string    `json:"alertId"`
	Destination string    `json:"destination"`
	Label       string    `json:"label"`
	State       string    `json:"state"`    // pending, delivered, failed
	Attempts    []Receipt `json:"attempts"` // bounded, newest last
	NextAt      time.Time `json:"nextAt,omitzero"`
}
