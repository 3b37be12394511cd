package classify_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"panther/schemas/classify"
	"panther/schemas/classify/reference"
	"panther/schemas/logtype"
)

// A pair checks each line by the engine and by the reference, and wants the same of both.
type pair struct {
	plan      *classify.Plan
	warm      *classify.Engine
	reference classify.Checker
	names     string // of the source: what events say besides their fields
	tables    map[*logtype.Schema]*table
}

func newPair(t testing.TB, candidates ...*logtype.Schema) *pair {
	t.Helper()
	plan, err := classify.Compile(candidates)
	if err != nil {
		t.Fatal(err)
	}
	return &pair{plan, plan.Checker(), reference.New(candidates), "a \"label\"\xff", map[*logtype.Schema]*table{}}
}

func (p *pair) check(t testing.TB, line []byte) classify.Verdict {
	t.Helper()
	return p.checkLine(t, classify.Line{Bytes: line})
}

// checkLine returns what the reference says.
func (p *pair) checkLine(t testing.TB, l classify.Line) classify.Verdict {
	t.Helper()
	l.RowID, l.SourceID, l.SourceLabel, l.ParseTime = "row", "id", p.names, time.Unix(1700000000, 120000000)
	want := p.reference.Check(l)
	fresh := p.plan.Checker()
	same(t, "warm", l, p.warm.Check(l), want)
	if want.Schema != nil && p.tables[want.Schema] == nil {
		p.tables[want.Schema] = newTable(want.Schema)
	}
	if p.warm.Match(l); want.Schema != nil {
		p.tables[want.Schema].compare(t, p.warm, l, want.Event)
	}
	if s := fresh.Match(l); s != want.Schema {
		t.Errorf("match of %.300q: got %v, want %v", l.Bytes, s, want.Schema)
	}
	if n := fresh.Findings(l); n == 0 && len(want.Candidates) > 0 {
		t.Errorf("%.300q: nothing speaks against it, want %v", l.Bytes, want.Candidates)
	}
	behind := bytes.Repeat([]byte(`"}],x`), 20) // must not matter, nor change
	buf := append(slices.Clone(l.Bytes), behind...)
	around := l
	around.Bytes = buf[:len(l.Bytes)]
	same(t, "fresh", l, p.plan.Checker().Check(around), want)
	if !bytes.Equal(buf[:len(l.Bytes)], l.Bytes) || !bytes.Equal(buf[len(l.Bytes):], behind) {
		t.Fatalf("%.300q: the line or what is behind it was changed", l.Bytes)
	}
	return want
}

func same(t testing.TB, name string, l classify.Line, got, want classify.Verdict) {
	t.Helper()
	if got.Schema != want.Schema || got.Skipped != want.Skipped || !slices.Equal(got.Ambiguous, want.Ambiguous) || !got.EventTime.Equal(want.EventTime) {
		t.Errorf("%s: %.300q\n got %s %v %v %v\nwant %s %v %v %v", name, l.Bytes, nameOf(got), got.Skipped, got.Ambiguous, got.EventTime, nameOf(want), want.Skipped, want.Ambiguous, want.EventTime)
	}
	if !bytes.Equal(got.Event, want.Event) {
		t.Errorf("%s: %.500q\n got %s\nwant %s", name, l.Bytes, got.Event, want.Event)
	}
	if diff := cmp.Diff(want.Candidates, got.Candidates); diff != "" {
		t.Errorf("%s: %.500q\n%s", name, l.Bytes, diff)
	}
}

func nameOf(v classify.Verdict) string {
	if v.Schema == nil {
		return "none"
	}
	return v.Schema.Name
}

// Every sample of every log type that is built in, with its schema alone and with all of them.
func TestSamplesLikeReference(t *testing.T) {
	all := newPair(t, logtype.Builtins()...)
	for _, s := range logtype.Builtins() {
		alone := newPair(t, s)
		for _, sample := range s.Samples {
			t.Run(s.Name+"/"+sample.Name, func(t *testing.T) {
				l := classify.Line{Bytes: []byte(sample.Line), Header: sample.Header}
				alone.checkLine(t, l)
				all.checkLine(t, l)
			})
		}
	}
}

// What fails behind the last reason that is shown fails all the same: it does not make a schema the nearest.
func TestFailuresBeyondTheReasons(t *testing.T) {
	number := parse(t, "schema: My.Number\nfields: [{name: n, type: int, required: true}]\n")
	list := parse(t, "schema: My.List\nfields: [{name: list, type: array, element: {type: int}}, {name: d, type: object, fields: [{name: x, type: int}]}, {name: e, type: array, element: {type: int}}]\n")
	p := newPair(t, number, list)
	v := p.check(t, []byte(`{"list":["a"`+strings.Repeat(`,"a"`, 2*classify.MaxReasons)+`],"d":{"x":"a"},"e":[1,"a"]}`))
	if len(v.Candidates) != 2 || v.Candidates[0].Schema != "My.Number" || len(v.Candidates[1].Reasons) != classify.MaxReasons {
		t.Errorf("%+v", v.Candidates)
	}
}

// What stands between members of an object is JSON, or the line is none.
func TestBetweenMembers(t *testing.T) {
	p := newPair(t, parse(t, "schema: My.Two\nfields: [{name: a, type: json, required: true}, {name: b, type: json}]\n"))
	for line, isTaken := range map[string]bool{
		`{"a":1,"b":2}`: true, `{ "a" : 1 , "b" : 2 }`: true, `{"a":1 ,"b":2}`: true, `{"a":{"x":1,"y":2},"b":[{},{"z":1}]}`: true,
		`{"a":1,}`: false, `{"a":1, }`: false, `{"a":1,,"b":2}`: false, `{"a":1"b":2}`: false, `{"a":1 "b":2}`: false, `{,"a":1}`: false,
		`{"a":1,b:2}`: false, `{"a":1,"`: false, `{"a":1,`: false, `{"a":1`: false, `{"a":{"x":1,}}`: false, `{"a":[{"x":1,}]}`: false, `{}`: false, `{`: false,
	} {
		if v := p.check(t, []byte(line)); (v.Schema != nil) != isTaken {
			t.Errorf("%s is %s", line, nameOf(v))
		}
	}
}
