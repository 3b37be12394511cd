// Package laketest writes a lake of which every value is known, for tests of what reads lakes: SQL, pages of failing lines, and
// readers of other makes.
//
// Its table panther_logs.a_one has seen everything that happens to a table: a column added, one widened, one whose type changed
// and changed back, and all of that inside a struct too; each state has files of its own, and some events came late.
package laketest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/logtype"
	"panther/sinks/lake"
)

// Start is when the first row was classified.
var Start = time.Date(2026, 11, 1, 10, 30, 0, 0, time.UTC)

// Partitions of the topics that feed the lake, and the topic in which the lines lay.
var (
	failures = stream.Partition{Topic: schemas.ClassificationFailures.Name, ID: stream.ID{1}}
	events   = stream.Partition{Topic: schemas.Events.Name, ID: stream.ID{2}}
	producer = stream.ID{3}
)

// Failures is how many rows classification_failures has. Row i has offset i, is i*7 minutes younger than Start, and is of source
// edge if i is even, else okta; each third has fingerprint f2, the others f1.
const Failures = 40

// FailureTime is when failure i was classified.
func FailureTime(i int) time.Time { return Start.Add(time.Duration(i) * 7 * time.Minute) }

// Events are the rows of panther_logs.a_one by offset: the columns that depend on the log type, as JSON. What is null is left out.
var Events = []string{
	`{"port":80,"n":1,"user":{"id__int":7}}`,
	`{"port__string":"http","n":5000000000,"user":{"id":"x","name":"ann"}}`,
	`{"port__string":"81","n":2,"user":{"id":"8"}}`,
	`{"port":82,"n":3,"new":true}`,
	`{"port__string":"smtp","n":4,"user":{"id":"y"},"list":[{"k":"a"},{"k":"b"}]}`,
	`{"port":83,"n":5,"list":[{"k":"c"}]}`,
}

// steps are the events as they come, and the version of the log type that each names.
var steps = []struct {
	version int64
	body    string
}{
	{1, `{"port":80,"n":1,"user":{"id":7}}`},
	{2, `{"port":"http","n":5000000000,"user":{"id":"x","name":"ann"}}`},
	{1, `{"port":81,"n":2,"user":{"id":8}}`}, // late: the table has another type by now
	{3, `{"port":82,"n":3,"new":true}`},
	{2, `{"port":"smtp","n":4,"user":{"id":"y"},"list":[{"k":"a"},{"k":"b"}]}`},
	{3, `{"port":83,"n":5,"list":[{"k":"c"}]}`},
}

// Types are the versions of the log type A.One.
func Types() []*logtype.Schema {
	field := func(name string, t logtype.Type) logtype.Field {
		return logtype.Field{Name: name, Value: logtype.Value{Type: t}, Description: "the " + name}
	}
	user := func(fields ...logtype.Field) logtype.Field {
		return logtype.Field{Name: "user", Value: logtype.Value{Type: logtype.Object, Fields: fields}}
	}
	list := logtype.Field{Name: "list", Value: logtype.Value{Type: logtype.Array, Element: &logtype.Value{Type: logtype.Object, Fields: []logtype.Field{field("k", logtype.String)}}}}
	older := []logtype.Field{field("port", logtype.Int), field("n", logtype.Int), user(field("id", logtype.Int))}
	newer := []logtype.Field{field("port", logtype.String), field("n", logtype.BigInt), user(field("id", logtype.String), field("name", logtype.String)), list}
	back := []logtype.Field{field("port", logtype.Int), field("n", logtype.BigInt), user(field("id", logtype.String), field("name", logtype.String)), list, field("new", logtype.Boolean)}
	return []*logtype.Schema{{Name: "A.One", Version: 1, Fields: older}, {Name: "A.One", Version: 2, Fields: newer}, {Name: "A.One", Version: 3, Fields: back}}
}

func lookup(name string, version int64) (*logtype.Schema, bool) {
	types := Types()
	if name != types[0].Name {
		return nil, false
	}
	for _, t := range types {
		if t.Version == version {
			return t, true
		}
	}
	return types[len(types)-1], true
}

// Write writes the lake.
func Write(ctx context.Context, c *lake.Catalog) error {
	s := lake.NewSink(c, lookup, lake.Options{})
	s.Assign(failures, 0)
	s.Assign(events, 0)
	flush := func(rs ...stream.Record) error {
		if err := s.Add(ctx, rs); err != nil {
			return err
		}
		_, _, err := s.Flush(ctx, true)
		return err
	}
	var lines []stream.Record
	for i := range Failures {
		lines = append(lines, failure(i))
	}
	for half := range 2 { // so that hours have several files
		if err := flush(lines[half*Failures/2 : (half+1)*Failures/2]...); err != nil {
			return fmt.Errorf("write failing lines: %w", err)
		}
	}
	for i, step := range steps {
		if err := flush(event(int64(i), step.version, step.body)); err != nil {
			return fmt.Errorf("write events: %w", err)
		}
	}
	return nil
}

func failure(i int) stream.Record {
	f := schemas.Failure{
		RowID: fmt.Sprintf("row-%d", i), Source: "src-edge", Label: "edge", Payload: schemas.Line(fmt.Sprintf(`{"port":"x%d"}`, i)),
		Position:  schemas.Position{Topic: "edge-logs", TopicID: producer, Offset: int64(i)},
		ParseTime: FailureTime(i), Error: `port: want int, got "x"`, Fingerprint: "f1",
		Candidates: []schemas.Candidate{{Schema: "Edge.Log", Version: 3, Reasons: []schemas.Reason{{Code: schemas.TypeMismatch, Field: "port", Expected: "int", Got: "x", Span: schemas.Span{Start: 8, End: 11}}}}},
	}
	if i%2 == 1 {
		f.Source, f.Label = "src-okta", "okta"
	}
	if i%3 == 2 {
		f.Fingerprint = "f2"
	}
	if i == Failures-1 {
		f.Payload = schemas.Line("\xff\x00 is not UTF-8")
	}
	return stream.Record{Topic: failures.Topic, TopicID: failures.ID, Offset: int64(i), Message: f, Value: f.Payload, Time: f.ParseTime}
}

func event(offset, version int64, body string) stream.Record {
	position, _ := json.Marshal(schemas.Position{Topic: "edge-logs", TopicID: producer, Offset: offset}) // plain numbers and texts
	header := func(key, value string) stream.Header { return stream.Header{Key: key, Value: []byte(value)} }
	return stream.Record{Topic: events.Topic, TopicID: events.ID, Offset: offset, Value: []byte(body), Time: Start, Headers: []stream.Header{
		header(schemas.HeaderLogType, "A.One"), header(schemas.HeaderSource, "src-edge"), header(schemas.HeaderSchemaVersion, fmt.Sprint(version)),
		header(schemas.HeaderParseTime, Start.Format(time.RFC3339Nano)), header(schemas.HeaderPosition, string(position)),
	}}
}
