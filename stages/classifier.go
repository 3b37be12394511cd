package stages

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/catalogue"
	"panther/schemas/classify"
	"panther/schemas/envelope"
	"panther/schemas/logtype"
)

// A Classifier decides for each line of the producers' topics what it is: an event of one of its source's schemas, or a failure
// that says why it is none. Each line becomes exactly one of the two, whatever its bytes; only what a text format declares to be
// a header or comment becomes neither. What it counts goes out as activity, once per transaction, source and log type.
//
// Package envelope finds the lines in a record. One goroutine uses a Classifier.
type Classifier struct {
	newChecker func([]*logtype.Schema) classify.Checker
	version    int64
	topics     map[string]*lines // by topic; made anew when the catalogue changes
	activity   map[counted]*schemas.Activity
	out        []stream.Record          // of one line
	record     splitting                // the one at hand
	take       func(envelope.Line) bool // takeLine: as a method value it would be made anew for each record

	// What the record of an event is made of.
	headers  [5]stream.Header
	arrival  stamp
	position []byte
}

// A stamp is the time of the last event as text. Many have come by the same time.
type stamp struct {
	at   time.Time
	text []byte
}

func (s *stamp) of(at time.Time) []byte {
	if s.text == nil || !s.at.Equal(at) {
		s.at, s.text = at, at.UTC().AppendFormat(nil, time.RFC3339Nano)
	}
	return s.text
}

// splitting is a record whose lines are classified. It is in the Classifier's memory, not on the stack: what is called with each
// line is a function, and for each record all that it names would be put on the heap.
type splitting struct {
	stream.Record
	*lines
	split   envelope.Stream
	begin   int64 // the line to begin with
	give    func([]stream.Record) bool
	inLines int               // bytes
	counted *schemas.Activity // of the last line: what is no line is counted with it
	next    stream.Place      // where give wanted no more
}

// lines is what the catalogue says of the lines of one topic.
type lines struct {
	source  catalogue.LogSource
	schemas []*logtype.Schema
	checker classify.Checker                    // nil until the first line
	headers map[*logtype.Schema][]stream.Header // see headersOf
}

// counted is what activity is counted by.
type counted struct{ source, logType string }

// candidates is what the view of a mapper knows besides: which schemas the lines of a source may match. See catalogue.View.
type candidates interface {
	Candidates(source catalogue.LogSource) []*logtype.Schema
}

// NewClassifier makes a Classifier. newChecker compiles the candidate schemas of a source; it is called again when
// these change.
func NewClassifier(newChecker func([]*logtype.Schema) classify.Checker) *Classifier {
	c := &Classifier{newChecker: newChecker, activity: map[counted]*schemas.Activity{}}
	c.take = c.takeLine
	return c
}

// Map classifies the lines of one record.
func (c *Classifier) Map(dst []stream.Record, r stream.Record, v stream.View) []stream.Record {
	c.MapFrom(r, v, stream.Place{}, func(out []stream.Record) bool {
		for _, r := range out {
			dst = append(dst, r.Clone())
		}
		return true
	})
	return dst
}

// MapFrom classifies the lines of one record from a place on, until give wants no more.
func (c *Classifier) MapFrom(r stream.Record, v stream.View, from stream.Place, give func([]stream.Record) bool) (next stream.Place) {
	c.follow(v)
	l := c.topics[r.Topic]
	if l == nil {
		// The topic was taken out of the catalogue while this record was under way. The line is kept, as a failure of no
		// source; nobody is alarmed, for there is no activity.
		l = &lines{}
	}
	x := &c.record
	*x = splitting{Record: r, lines: l, split: l.source.Stream(), begin: from.Line, give: give}
	if r.Value == nil {
		why := schemas.Reason{Code: schemas.NotJSON, Expected: "a line", Got: "a record without a value"}
		give(c.line(x, envelope.Line{Broken: &why}))
		return stream.Place{}
	}
	if from.How != "" {
		json.Unmarshal([]byte(from.How), &x.split) // written below
	}
	size := x.split.EachLine(r.Value, c.take)
	if x.next != (stream.Place{}) {
		return x.next
	}
	if x.counted == nil {
		x.counted = c.count(l, "", x.Arrival)
	}
	x.counted.Bytes += int64(size - x.inLines)
	return stream.Place{}
}

// takeLine classifies one line of the record at hand, if it was not done before.
func (c *Classifier) takeLine(line envelope.Line) (more bool) {
	x := &c.record
	x.inLines += len(line.Bytes)
	if line.Number < x.begin {
		return true
	}
	out := c.line(x, line)
	x.counted.Bytes += int64(len(line.Bytes))
	if !x.give(out) {
		how, _ := json.Marshal(x.split) // a struct of words
		x.next = stream.Place{Line: line.Number + 1, How: string(how)}
		return false
	}
	return true
}

// line classifies one line, and notes the activity that it is counted with. What it returns holds until the next line.
func (c *Classifier) line(x *splitting, line envelope.Line) []stream.Record {
	at := schemas.Position{Topic: x.Topic, TopicID: x.TopicID, Partition: x.Partition, Offset: x.Offset, Line: line.Number}
	row := rowID(x.source.ID, at)
	verdict := x.check(c, classify.Line{Bytes: line.Bytes, Header: line.Header, Envelope: line.Envelope, RowID: row,
		SourceID: x.source.ID, SourceLabel: x.source.Label, ParseTime: x.Arrival}, line)
	logType := ""
	if verdict.Schema != nil && !verdict.Skipped {
		logType = verdict.Schema.Name
	}
	a := c.count(x.lines, logType, x.Arrival)
	c.out, x.counted = c.out[:0], a
	switch {
	case verdict.Skipped:
	case verdict.Schema != nil:
		a.Events++
		a.MaxEventTime = later(a.MaxEventTime, verdict.EventTime)
		c.out = append(c.out, c.event(x, at, verdict))
	default:
		f := failure(x.Arrival, at, x.source, row, line, verdict.Candidates)
		a.Failures++
		a.Fingerprints = addFailure(a.Fingerprints, f)
		c.out = append(c.out, stream.Record{Topic: schemas.ClassificationFailures.Name, Key: x.Key, Message: f})
	}
	return c.out
}

// follow reads which source owns which topic, when the catalogue has changed. Checkers of what has not changed stay.
func (c *Classifier) follow(v stream.View) {
	if c.topics != nil && c.version == v.Version() {
		return
	}
	known, ok := v.(candidates)
	if !ok {
		panic(fmt.Sprintf("classifier: %T is no view of the catalogue itself: it does not know the schemas of a source", v))
	}
	before := c.topics
	c.version, c.topics = v.Version(), map[string]*lines{}
	for _, e := range v.Entries(catalogue.KindSource) {
		source := e.(catalogue.LogSource)
		l := &lines{source: source, schemas: known.Candidates(source)}
		for _, topic := range source.Topics {
			if old := before[topic]; old != nil && old.source.ID == source.ID && slices.Equal(old.schemas, l.schemas) {
				l.checker = old.checker
			}
			c.topics[topic] = l
		}
	}
}

// check asks the checker, except about what is no line at all.
func (l *lines) check(c *Classifier, line classify.Line, x envelope.Line) classify.Verdict {
	switch {
	case x.Skip:
		return classify.Verdict{Skipped: true}
	case len(l.schemas) == 0:
		return classify.Verdict{}
	case x.Broken != nil:
		return l.all(*x.Broken)
	}
	if l.checker == nil {
		l.checker = c.newChecker(l.schemas)
	}
	return l.checker.Check(line)
}

// all is the verdict that no schema matches, each for the same reason.
func (l *lines) all(why schemas.Reason) (v classify.Verdict) {
	for _, s := range l.schemas {
		v.Candidates = append(v.Candidates, schemas.Candidate{Schema: s.Name, Version: s.Version, Reasons: []schemas.Reason{why}})
	}
	return v
}

// count returns the activity of a source and log type, with an arrival in it. That of no source goes nowhere.
func (c *Classifier) count(l *lines, logType string, arrival time.Time) *schemas.Activity {
	if l.source.ID == "" {
		return &schemas.Activity{}
	}
	k := counted{l.source.ID, logType}
	a := c.activity[k]
	if a == nil {
		a = &schemas.Activity{Source: l.source.ID, Label: l.source.Label, LogType: logType, FirstArrival: arrival}
		c.activity[k] = a
	}
	if arrival.Before(a.FirstArrival) {
		a.FirstArrival = arrival
	}
	a.LastArrival = later(a.LastArrival, arrival)
	return a
}

// Flush emits what was counted, so that a transaction leaves nothing behind.
func (c *Classifier) Flush(dst []stream.Record, _ stream.View) []stream.Record {
	keys := slices.SortedFunc(maps.Keys(c.activity), func(a, b counted) int {
		return slices.Compare([]string{a.source, a.logType}, []string{b.source, b.logType})
	})
	for _, k := range keys {
		dst = append(dst, stream.Send(schemas.SourceActivity, k.source, *c.activity[k]))
	}
	c.Reset()
	return dst
}

// Reset forgets what was counted.
func (c *Classifier) Reset() { clear(c.activity) }

// event is the record of an event. Its memory serves for the next one again.
func (c *Classifier) event(x *splitting, at schemas.Position, v classify.Verdict) stream.Record {
	c.position = at.AppendJSON(c.position[:0])
	copy(c.headers[:], x.headersOf(v.Schema))
	c.headers[3] = stream.Header{Key: schemas.HeaderParseTime, Value: c.arrival.of(x.Arrival)}
	c.headers[4] = stream.Header{Key: schemas.HeaderPosition, Value: c.position}
	return stream.Record{Topic: schemas.Events.Name, Key: x.Key, Value: v.Event, Headers: c.headers[:]}
}

// headersOf are the headers that all events of a log type have in common.
func (l *lines) headersOf(s *logtype.Schema) []stream.Header {
	h := l.headers[s]
	if h == nil {
		h = []stream.Header{
			{Key: schemas.HeaderLogType, Value: []byte(s.Name)},
			{Key: schemas.HeaderSource, Value: []byte(l.source.ID)},
			{Key: schemas.HeaderSchemaVersion, Value: strconv.AppendInt(nil, s.Version, 10)},
		}
		if l.headers == nil {
			l.headers = map[*logtype.Schema][]stream.Header{}
		}
		l.headers[s] = h
	}
	return h
}

// failure is the row of a line that matches nothing. Its parse time is its arrival: the same whenever it is classified.
func failure(arrival time.Time, at schemas.Position, source catalogue.LogSource, row string, x envelope.Line, tried []schemas.Candidate) schemas.Failure {
	f := schemas.Failure{RowID: row, Source: source.ID, Label: source.Label, Payload: x.Bytes, Position: at, Envelope: x.Envelope,
		Arrival: arrival, ParseTime: arrival, Candidates: tried}
	nearest, _ := f.Nearest()
	f.Fingerprint = classify.Fingerprint(source.ID, nearest)
	f.Error = classify.Why(nearest, x.Bytes)
	if source.ID == "" {
		f.Error = fmt.Sprintf("topic %s belongs to no source (any more)", at.Topic)
	}
	return f
}

// rowID is the same for the same line of the same topic, however often it is classified: 32 hexadecimal digits.
func rowID(source string, at schemas.Position) string {
	b := append(append(make([]byte, 0, 128), source...), 0)
	b = append(b, at.TopicID[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(at.Partition))
	b = binary.BigEndian.AppendUint64(b, uint64(at.Offset))
	b = binary.BigEndian.AppendUint64(b, uint64(at.Line))
	sum := sha256.Sum256(b)
	var text [32]byte
	hex.Encode(text[:], sum[:16])
	return string(text[:])
}
