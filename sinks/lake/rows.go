package lake

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/iceberg-go"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/logtype"
)

// A row is a record that is on its way into a table.
type row struct {
	stream.Record
	at   time.Time // when it was classified: the hour of its file
	size int64     // in memory, about
}

// An encoder turns rows into columns. It is made for one state of a table's schema.
type encoder interface {
	encode(b *array.RecordBuilder, rows []*row)
}

// Lookup finds a version of a log type; a version that is not known, and -1, mean the newest.
type Lookup func(name string, version int64) (*logtype.Schema, bool)

// eventEncoder fills the table of a log type from event JSON. Whatever the record holds, it makes one row.
type eventEncoder struct {
	lookup  Lookup
	fields  []iceberg.NestedField
	fillers map[int64]*filler // by the version of the log type
	index   map[string]int    // of the columns that are not, or not only, filled from the event
}

func newEventEncoder(fields []iceberg.NestedField, lookup Lookup) *eventEncoder {
	e := &eventEncoder{lookup: lookup, fields: fields, fillers: map[int64]*filler{}, index: map[string]int{}}
	for _, c := range eventColumns() {
		e.index[c.name] = indexOf(fields, c.name)
	}
	return e
}

func (e *eventEncoder) filler(logType string, version int64) *filler {
	f := e.fillers[version]
	if f == nil {
		s, _ := e.lookup(logType, version)
		f = newFiller(e.fields, logColumns(s), "")
		f.member[colParseTime], f.member[colUnconverted] = ignored, ignored
		e.fillers[version] = f
	}
	return f
}

func (e *eventEncoder) encode(b *array.RecordBuilder, rows []*row) {
	for _, r := range rows {
		e.encodeRow(b, r)
	}
}

func (e *eventEncoder) encodeRow(b *array.RecordBuilder, r *row) {
	logType := r.Header(schemas.HeaderLogType)
	f := e.filler(logType, schemaVersion(r))
	rest := misfits{}
	event := trimSpace(r.Value)
	if !json.Valid(event) || event[0] != '{' {
		rest["event"], _ = json.Marshal(string(r.Value))
		event = []byte("{}")
	}
	f.fill(recordBuilder{b}, event, rest)
	p := positionOf(r)
	e.set(b, f, colTopic, p.Topic)
	e.set(b, f, colTopicID, p.TopicID.String())
	e.set(b, f, colPartition, p.Partition)
	e.set(b, f, colOffset, p.Offset)
	e.set(b, f, colLine, p.Line)
	e.set(b, f, colParseTime, r.at)
	e.set(b, f, colEventTime, r.at)
	e.set(b, f, colLogType, logType)
	e.set(b, f, colSourceID, r.Header(schemas.HeaderSource))
	e.set(b, f, colRowID, rowID(p))
	if len(rest) > 0 {
		text, _ := json.Marshal(rest) // a map of valid JSON
		e.set(b, f, colUnconverted, strings.ToValidUTF8(string(text), "\uFFFD"))
	}
	f.finish(recordBuilder{b})
}

// set fills a column that the event has not filled.
func (e *eventEncoder) set(b *array.RecordBuilder, f *filler, name string, v any) {
	i := e.index[name]
	if i < 0 || f.done[i] {
		return
	}
	f.done[i] = true
	switch c := b.Field(i).(type) {
	case *array.StringBuilder:
		c.Append(v.(string))
	case *array.Int32Builder:
		c.Append(v.(int32))
	case *array.Int64Builder:
		c.Append(v.(int64))
	case *array.TimestampBuilder:
		c.Append(micros(v.(time.Time)))
	}
}

func micros(t time.Time) arrow.Timestamp { return arrow.Timestamp(t.UnixMicro()) }

func trimSpace(b []byte) []byte {
	if len(b) > 0 && (b[0] <= ' ' || b[len(b)-1] <= ' ') {
		return []byte(strings.Trim(string(b), " \t\r\n"))
	}
	return b
}

// positionOf returns the line of the producer's topic that became the event; without the header, which our classifier always
// writes, the place of the event itself.
func positionOf(r *row) schemas.Position {
	var p schemas.Position
	if h := r.Header(schemas.HeaderPosition); h != "" && json.Unmarshal([]byte(h), &p) == nil {
		return p
	}
	return placeOf(r)
}

// placeOf returns the place of the record itself.
func placeOf(r *row) schemas.Position {
	return schemas.Position{Topic: r.Topic, TopicID: r.TopicID, Partition: r.Partition, Offset: r.Offset}
}

func rowID(p schemas.Position) string {
	return p.TopicID.String() + "-" + strconv.Itoa(int(p.Partition)) + "-" + strconv.FormatInt(p.Offset, 10) + "-" + strconv.FormatInt(p.Line, 10)
}

func schemaVersion(r *row) int64 {
	n, err := strconv.ParseInt(r.Header(schemas.HeaderSchemaVersion), 10, 64)
	if err != nil {
		return -1
	}
	return n
}
