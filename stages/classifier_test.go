package stages_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"panther/pipeline/stream"
	"panther/pipeline/streamtest"
	"panther/schemas"
	"panther/schemas/catalogue"
	"panther/schemas/classify"
	"panther/schemas/logtype"
	"panther/stages"
)

// wordChecker is a checker that a scenario can follow: a line matches the schemas whose names it contains, the first of them
// if several; "at 12:00:00" in it is its event time; a line that begins with # is skipped. It reuses the bytes of its events, as
// a checker may.
type wordChecker struct {
	schemas []*logtype.Schema
	event   bytes.Buffer
}

func newWordChecker(s []*logtype.Schema) classify.Checker { return &wordChecker{schemas: s} }

func (c *wordChecker) Check(l classify.Line) (v classify.Verdict) {
	text := string(l.Bytes)
	if v.Skipped = strings.HasPrefix(text, "#"); v.Skipped {
		return v
	}
	for _, s := range c.schemas {
		if strings.Contains(text, s.Name) {
			c.event.Reset()
			fmt.Fprintf(&c.event, `{"line":%q,"row":%q`, text, l.RowID[:6])
			if l.Header != nil && string(l.Header) != text {
				fmt.Fprintf(&c.event, `,"header":%q`, l.Header)
			}
			if l.Envelope != nil {
				fmt.Fprintf(&c.event, `,"in":%s`, l.Envelope)
			}
			c.event.WriteString("}")
			if _, at, ok := strings.Cut(text, "at "); ok {
				v.EventTime, _ = streamtest.ParseTime(at)
			}
			v.Schema, v.Event = s, c.event.Bytes()
			return v
		}
		v.Candidates = append(v.Candidates, schemas.Candidate{Schema: s.Name, Version: s.Version, Reasons: []schemas.Reason{
			{Code: schemas.TypeMismatch, Field: "word", Expected: s.Name, Got: text[:min(len(text), 100)], Span: schemas.Span{End: len(text)}}}})
	}
	return v
}

func classifier() stream.Node {
	return stream.Node{Name: "classifier", Sources: true,
		Writes: []stream.Topic{schemas.Events, schemas.ClassificationFailures, schemas.SourceActivity},
		Mapper: func() stream.Mapper { return stages.NewClassifier(newWordChecker) }}
}

// lineVerbs are what producers write: send TOPIC "text", with Go's escapes, and null TOPIC.
func lineVerbs() map[string]streamtest.Verb {
	return map[string]streamtest.Verb{
		"send": func(d *streamtest.Driver, args []string) error {
			text, err := strconv.Unquote(strings.Join(args[1:], " "))
			d.Send(stream.Record{Topic: args[0], Key: []byte("key"), Value: []byte(text)})
			return err
		},
		"null": func(d *streamtest.Driver, args []string) error {
			d.Send(stream.Record{Topic: args[0], Key: []byte("key")})
			return nil
		},
	}
}

func TestClassifier(t *testing.T) {
	s := story(lineVerbs(), classifier)
	streamtest.Scenarios(t, "testdata/classifier", s)
	conforms(t, classifier, s, time.Minute, func(r *rand.Rand, now string) string {
		switch r.IntN(6) {
		case 0:
			return fmt.Sprintf("source a topics x types %s", pick(r, "Ok", "Fine", "Ok,Fine"))
		case 1:
			return pick(r, "null x", `send y "Ok"`, `send x ""`)
		case 2:
			return fmt.Sprintf("source a stream %s", pick(r, "Auto", "Lines", "JSON", "JsonArray", "JsonArray in r retain", "CloudWatchLogs"))
		case 3:
			return fmt.Sprintf("send x %q", pick(r, `[{"Ok":1},{"no":1},7`, "Ok\nFine\n\nneither", `{"r":[{"Ok":1},{"no":2}],"e":1}`,
				`{"messageType":"DATA_MESSAGE","logGroup":"g","logStream":"s","logEvents":[{"message":"Ok 1"},{"message":"no"}]}`))
		}
		return fmt.Sprintf("send x %q", pick(r, "Ok 1", "Fine 2", "neither\n", "\xff\x00", "# remark"))
	})
}

// at gives the classifier one record of topic x, at an offset.
func at(offset int64, value string) stream.Record {
	when := streamtest.Begin.Add(time.Duration(offset) * time.Second)
	return stream.Record{Topic: "x", TopicID: streamtest.TopicID(1), Offset: offset, Value: []byte(value), Time: when, Arrival: when}
}

// view is the catalogue as a mapper sees it.
type view struct{ *catalogue.View }

func (view) Due(stream.Wake) bool { return false }

// oneSource is a catalogue of source a, topic x, and its two schemas; more are entries besides.
func oneSource(version int64, more ...any) stream.View {
	s := catalogue.LogSource{ID: "a", Label: "A", Topics: []string{"x"}, LogTypes: []string{"Ok", "Fine"}, Version: 1}
	entries := map[string]any{}
	for _, e := range append([]any{s, anyJSON("Ok", 1), anyJSON("Fine", 1)}, more...) {
		entries[catalogue.Key(e)] = e
	}
	return view{catalogue.NewView(version, entries)}
}

func activities(records []stream.Record) (out []schemas.Activity) {
	for _, r := range records {
		if a, ok := r.Message.(schemas.Activity); ok {
			out = append(out, a)
		}
	}
	return out
}

func TestClassifierCountsPerTransaction(t *testing.T) {
	c, v := stages.NewClassifier(newWordChecker), oneSource(1)
	for i, line := range []string{"Ok", "Fine", "Ok at 09:00:00", "bad", "Ok at 08:00:00", "bad"} {
		c.Map(nil, at(int64(i), line), v)
	}
	got := activities(c.Flush(nil, v))
	var text []string
	for _, a := range got {
		text = append(text, fmt.Sprintf("%q %d+%d %dB %s-%s %s", a.LogType, a.Events, a.Failures, a.Bytes,
			streamtest.FormatTime(a.FirstArrival), streamtest.FormatTime(a.LastArrival), streamtest.FormatTime(a.MaxEventTime)))
	}
	want := `"" 0+2 6B 00:00:03-00:00:05 never, "Fine" 1+0 4B 00:00:01-00:00:01 never, "Ok" 3+0 30B 00:00:00-00:00:04 09:00:00`
	if s := strings.Join(text, ", "); s != want {
		t.Errorf("activity\n got %s\nwant %s", s, want)
	}
	if again := c.Flush(nil, v); len(again) > 0 {
		t.Errorf("the next transaction emits again what the last one counted: %v", again)
	}
	c.Map(nil, at(7, "Ok"), v)
	c.Reset()
	if left := c.Flush(nil, v); len(left) > 0 {
		t.Errorf("an aborted transaction leaves %v", left)
	}
}

func TestClassifierKeepsEvents(t *testing.T) {
	c, v := stages.NewClassifier(newWordChecker), oneSource(1)
	out := c.Map(nil, at(0, "Ok 1"), v)
	out = c.Map(out, at(1, "Fine 2"), v) // in the bytes of the first event, as a checker may
	if first := string(out[0].Value); !strings.Contains(first, "Ok 1") {
		t.Errorf("the first event became %s", first)
	}
}

func TestClassifierSamplesAreBounded(t *testing.T) {
	c, v := stages.NewClassifier(func([]*logtype.Schema) classify.Checker { return eachItsOwnField{} }), oneSource(1)
	for i := range 100 { // 25 kinds of failures, four of each
		c.Map(nil, at(int64(i), fmt.Sprintf("%s%02d%s", strings.Repeat("a", 5000), i%25, strings.Repeat("z", 5000))), v)
	}
	a := activities(c.Flush(nil, v))[0]
	if a.Failures != 100 || len(a.Fingerprints) != 20 {
		t.Fatalf("%d failures, %d fingerprints; want 100 and 20", a.Failures, len(a.Fingerprints))
	}
	for i, f := range a.Fingerprints {
		if f.Count != 4 || len(f.Samples) != 3 {
			t.Fatalf("fingerprint %d: %d times, %d samples; want 4 and 3", i, f.Count, len(f.Samples))
		}
		s := f.Samples[0]
		if !s.Cut || len(s.Payload) != 2048 || string(s.Payload[s.Span.Start:s.Span.End]) != fmt.Sprintf("%02d", i) {
			t.Fatalf("fingerprint %d: a sample of %d bytes, cut %v, shows %+v", i, len(s.Payload), s.Cut, s.Span)
		}
	}
}

// eachItsOwnField fails every line at a field named after the two digits in its middle.
type eachItsOwnField struct{}

func (eachItsOwnField) Check(l classify.Line) classify.Verdict {
	return classify.Verdict{Candidates: []schemas.Candidate{{Schema: "S", Reasons: []schemas.Reason{
		{Code: schemas.TypeMismatch, Field: "f" + string(l.Bytes[5000:5002]), Span: schemas.Span{Start: 5000, End: 5002}}}}}}
}

func TestRowIDs(t *testing.T) {
	row := func(r stream.Record) string {
		out := stages.NewClassifier(newWordChecker).Map(nil, r, oneSource(1))
		return out[0].Message.(schemas.Failure).RowID
	}
	seen := map[string]bool{}
	for _, change := range []func(*stream.Record){
		func(*stream.Record) {},
		func(r *stream.Record) { r.Offset++ },
		func(r *stream.Record) { r.Partition++ },
		func(r *stream.Record) { r.TopicID[0]++ },
	} {
		r := at(5, "bad")
		change(&r)
		first := row(r)
		r.Value, r.Arrival = []byte("worse"), r.Arrival.Add(time.Hour)
		if first != row(r) || len(first) != 32 || seen[first] {
			t.Errorf("row %s of %v: want 32 digits, of the position and nothing else", first, r)
		}
		seen[first] = true
	}
}

func TestCheckersFollowTheCatalogue(t *testing.T) {
	var made []string
	c := stages.NewClassifier(func(s []*logtype.Schema) classify.Checker {
		made = append(made, fmt.Sprintf("%s v%d", s[0].Name, s[0].Version))
		return newWordChecker(s)
	})
	first, second := oneSource(1), oneSource(2, anyJSON("Ok", 2))
	for _, v := range []stream.View{first, first, second, second} {
		c.Map(nil, at(0, "Ok"), v)
		nobodys := at(0, "Ok") // no schema, no checker
		nobodys.Topic = "y"
		c.Map(nil, nobodys, v)
	}
	if got := strings.Join(made, ", "); got != "Ok v1, Ok v2" {
		t.Errorf("checkers made: %s; want one of each version", got)
	}
}

// A record that is classified in parts gives what it gives at once, though its source says meanwhile that it is split otherwise.
func TestPartsOfARecordAreTheWhole(t *testing.T) {
	record := at(3, `{"Records":[{"a":"Ok"},{"a":"Fine"},5,{"a":3}] }`+"\n")
	split := func(version int64, kind, field string) stream.View {
		return oneSource(version, catalogue.LogSource{ID: "a", Label: "A", Topics: []string{"x"}, LogTypes: []string{"Ok", "Fine"}, Version: version,
			StreamType: kind, JSONArrayEnvelopeField: field})
	}
	first, second := split(1, "JsonArray", "Records"), split(2, "Lines", "")
	whole := stages.NewClassifier(newWordChecker)
	want := whole.Map(nil, record, first)
	want = append(want, whole.Flush(nil, first)...)
	for step := 1; step <= 5; step++ {
		c := stages.NewClassifier(newWordChecker)
		var got []stream.Record
		place, v := stream.Place{}, first
		for parts := 0; parts == 0 || place != (stream.Place{}); parts++ {
			n := 0
			place = c.MapFrom(record, v, place, func(out []stream.Record) bool {
				for _, r := range out {
					got = append(got, r.Clone())
				}
				n++
				return n < step
			})
			v = second
		}
		got = append(got, c.Flush(nil, v)...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("in parts of %d lines (-whole +parts):\n%s", step, diff)
		}
	}
}

// sameChecker makes the same event of every line.
type sameChecker struct{ verdict classify.Verdict }

func (c *sameChecker) Check(classify.Line) classify.Verdict { return c.verdict }

// There are as many events as lines: what is made for each of them is its row's id, and all else is of memory that serves again.
func TestAnEventTakesOneAllocation(t *testing.T) {
	c := stages.NewClassifier(func(s []*logtype.Schema) classify.Checker {
		return &sameChecker{classify.Verdict{Schema: s[0], Event: []byte(`{"a":1}`)}}
	})
	record, v := at(3, `{"a":1}`), oneSource(1)
	given := 0
	give := func(out []stream.Record) bool {
		given += len(out)
		return true
	}
	if n := testing.AllocsPerRun(100, func() { c.MapFrom(record, v, stream.Place{}, give) }); n > 1 {
		t.Errorf("a record of one line takes %v allocations", n)
	}
	if given != 101 {
		t.Errorf("%d events of 101 lines", given)
	}
}
