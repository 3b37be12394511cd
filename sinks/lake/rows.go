package lake

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

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

// failureEncoder fills FailuresTable.
type failureEncoder struct {
	index   []int // of the table, by position in failureColumns
	other   []int // columns of the table that this version does not know
	payload int   // the column that has most of the bytes
}

func newFailureEncoder(fields []iceberg.NestedField) *failureEncoder {
	e := &failureEncoder{payload: indexOf(fields, colPayload)}
	for _, c := range failureColumns() {
		e.index = append(e.index, indexOf(fields, c.name))
	}
	for i := range fields {
		if !slices.Contains(e.index, i) {
			e.other = append(e.other, i)
		}
	}
	return e
}

func (e *failureEncoder) encode(b *array.RecordBuilder, rows []*row) {
	n := 0
	for _, r := range rows {
		n += len(r.Message.(schemas.Failure).Payload)
	}
	b.Field(e.payload).(*array.StringBuilder).ReserveData(n)
	for _, r := range rows {
		e.encodeRow(b, r)
	}
}

func (e *failureEncoder) encodeRow(b *array.RecordBuilder, r *row) {
	f := r.Message.(schemas.Failure)
	nearest, reason := f.Nearest()
	c := cells{b: recordBuilder{b}, index: e.index}
	c.text(f.Error)
	c.text(nearest.Schema)
	c.line(f.Payload)
	c.must(f.Source)
	c.text(f.Label)
	c.time(r.at)
	c.time(r.at)
	c.must(f.RowID)
	c.text(nearest.Schema)
	c.text(string(f.Envelope))
	c.text(f.Fingerprint)
	c.text(string(reason.Code))
	c.text(reason.Field)
	c.text(reason.Expected)
	c.text(reason.Got)
	c.long(int64(reason.Span.Start))
	c.long(int64(reason.Span.End))
	if len(f.Candidates) > 0 {
		c.long(nearest.Version)
	} else {
		c.next().AppendNull()
	}
	c.candidates(f.Candidates)
	c.text(f.Position.Bucket)
	c.text(f.Position.Object)
	c.must(f.Position.Topic)
	c.must(f.Position.TopicID.String())
	c.next().(*array.Int32Builder).Append(f.Position.Partition)
	c.long(f.Position.Offset)
	c.long(f.Position.Line)
	for _, i := range e.other {
		b.Field(i).AppendNull()
	}
}

// cells fills the columns of a row one after the other.
type cells struct {
	b     structLike
	index []int // nil: in the order of the struct
	n     int
}

func (c *cells) next() array.Builder {
	i := c.n
	c.n++
	if c.index != nil {
		i = c.index[i]
	}
	return c.b.FieldBuilder(i)
}

// text appends a text; an empty one is null.
func (c *cells) text(s string) {
	if s == "" {
		c.next().AppendNull()
		return
	}
	c.must(strings.ToValidUTF8(s, "\uFFFD"))
}

func (c *cells) must(s string)    { c.next().(*array.StringBuilder).Append(s) }
func (c *cells) long(n int64)     { c.next().(*array.Int64Builder).Append(n) }
func (c *cells) time(t time.Time) { c.next().(*array.TimestampBuilder).Append(micros(t)) }

// line appends the text of a line, and its bytes where they are not UTF-8.
func (c *cells) line(b []byte) {
	text, raw := c.next().(*array.StringBuilder), c.next().(*array.BinaryBuilder)
	if utf8.Valid(b) {
		text.BinaryBuilder.Append(b)
		raw.AppendNull()
		return
	}
	text.Append(strings.ToValidUTF8(string(b), "\uFFFD"))
	raw.Append(b)
}

func (c *cells) candidates(cs []schemas.Candidate) {
	list := c.next().(*array.ListBuilder)
	list.Append(true)
	for _, cand := range cs {
		s := list.ValueBuilder().(*array.StructBuilder)
		s.Append(true)
		in := cells{b: s}
		in.text(cand.Schema)
		in.long(cand.Version)
		reasons := in.next().(*array.ListBuilder)
		reasons.Append(true)
		for _, r := range cand.Reasons {
			s := reasons.ValueBuilder().(*array.StructBuilder)
			s.Append(true)
			in := cells{b: s}
			in.text(string(r.Code))
			in.text(r.Field)
			in.text(r.Expected)
			in.text(r.Got)
			in.long(int64(r.Span.Start))
			in.long(int64(r.Span.End))
		}
	}
}
