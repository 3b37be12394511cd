package lake

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/classify"
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
	// encode makes a batch, which is used and released before the next one is made.
	encode(schema *arrow.Schema, rows []*row) arrow.RecordBatch
}

// newEncoder makes the encoder of a fixed table, or of the table of a log type.
func newEncoder(fixed *fixedTable, set *columnSet, lookup Lookup) encoder {
	if fixed != nil {
		return fixed.encoder(set)
	}
	return newEventEncoder(set, lookup)
}

// Lookup finds a version of a log type; a version that is not known, and -1, mean the newest.
type Lookup func(name string, version int64) (*logtype.Schema, bool)

// eventEncoder fills the table of a log type from event JSON, by the engine that wrote it. Whatever the record holds, it makes
// one row.
type eventEncoder struct {
	*columnSet
	lookup  Lookup
	fillers map[int64]*classify.Filler // by the version of the log type
	index   map[string]int             // of the columns that are not, or not only, filled from the event
}

func newEventEncoder(set *columnSet, lookup Lookup) encoder {
	e := &eventEncoder{columnSet: set, lookup: lookup, fillers: map[int64]*classify.Filler{}, index: map[string]int{}}
	for _, c := range eventColumns() {
		e.index[c.name] = indexOf(set.schema.Fields(), c.name)
	}
	return e
}

func (e *eventEncoder) filler(logType string, version int64) *classify.Filler {
	f := e.fillers[version]
	if f == nil {
		s, _ := e.lookup(logType, version)
		f = classify.NewFiller(eventAims(e.schema.Fields(), e.columns, s))
		e.fillers[version] = f
	}
	return f
}

func (e *eventEncoder) encode(schema *arrow.Schema, rows []*row) arrow.RecordBatch {
	return e.batch(schema, rows, e.add)
}

// add makes row i.
func (e *eventEncoder) add(r *row, i int) {
	logType := r.Header(schemas.HeaderLogType)
	left := e.filler(logType, schemaVersion(r)).Add(r.Value, i)
	p := positionOf(r)
	e.setText(i, colTopic, p.Topic)
	e.setText(i, colTopicID, p.TopicID.String())
	e.setInt(i, colPartition, int64(p.Partition))
	e.setInt(i, colOffset, p.Offset)
	e.setInt(i, colLine, p.Line)
	e.setInt(i, colParseTime, r.at.UnixMicro())
	e.setInt(i, colEventTime, r.at.UnixMicro())
	e.setText(i, colLogType, logType)
	e.setText(i, colSourceID, r.Header(schemas.HeaderSource))
	e.setText(i, colRowID, rowID(p))
	if len(left) > 0 {
		text, _ := json.Marshal(left) // a map of valid JSON
		e.setText(i, colUnconverted, string(text))
	}
}

// unfilled returns the column of a name, unless the table has none of that kind, or the event has filled row i.
func (e *eventEncoder) unfilled(i int, name string, kinds ...classify.ColumnKind) *classify.Column {
	k := e.index[name]
	if k < 0 || e.columns[k].Len > i || !slices.Contains(kinds, e.columns[k].Kind) {
		return nil
	}
	e.columns[k].End(i)
	return e.columns[k]
}

func (e *eventEncoder) setText(i int, name, text string) {
	if c := e.unfilled(i, name, classify.TextColumn, classify.DictionaryColumn); c != nil {
		c.AppendString(strings.ToValidUTF8(text, "\uFFFD"))
	}
}

func (e *eventEncoder) setInt(i int, name string, n int64) {
	if c := e.unfilled(i, name, classify.IntColumn, classify.LongColumn, classify.TimeColumn); c != nil {
		c.AppendInt(n)
	}
}

// positionOf returns the line of the producer's topic that became the event; without the header, which our classifier always
// writes, the place of the event itself.
func positionOf(r *row) schemas.Position {
	for i := range r.Headers {
		if h := &r.Headers[i]; h.Key == schemas.HeaderPosition {
			if p, err := schemas.ReadPosition(h.Value); err == nil {
				return p
			}
			break
		}
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
