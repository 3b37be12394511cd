package classify_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"panther/schemas/classify"
	"panther/schemas/classify/reference"
	"panther/schemas/logtype"
)

// A pair checks each line by the engine and by the reference, and wants the same of both.
type pair struct {
	engine, warm, reference classify.Checker
}

func newPair(t testing.TB, candidates ...*logtype.Schema) *pair {
	t.Helper()
	plan, err := classify.Compile(candidates)
	if err != nil {
		t.Fatal(err)
	}
	return &pair{plan.Checker(), plan.Checker(), reference.New(candidates)}
}

func (p *pair) check(t testing.TB, line []byte) {
	t.Helper()
	p.checkLine(t, classify.Line{Bytes: line})
}

func (p *pair) checkLine(t testing.TB, l classify.Line) {
	t.Helper()
	l.RowID, l.SourceID, l.SourceLabel, l.ParseTime = "row", "id", "a \"label\"\xff", time.Unix(1700000000, 120000000)
	original := slices.Clone(l.Bytes)
	want := p.reference.Check(l)
	for name, c := range map[string]classify.Checker{"engine": p.engine} {
		got := c.Check(l)
		if got.Schema != want.Schema || got.Skipped != want.Skipped || !slices.Equal(got.Ambiguous, want.Ambiguous) || !got.EventTime.Equal(want.EventTime) {
			t.Errorf("%s: %.300q\n got %s %v %v %v\nwant %s %v %v %v", name, l.Bytes, nameOf(got), got.Skipped, got.Ambiguous, got.EventTime, nameOf(want), want.Skipped, want.Ambiguous, want.EventTime)
		}
		if !bytes.Equal(got.Event, want.Event) {
			t.Errorf("%s: %.500q\n got %s\nwant %s", name, l.Bytes, got.Event, want.Event)
		}
		if diff := cmp.Diff(want.Candidates, got.Candidates); diff != "" {
			t.Errorf("%s: %.500q\n%s", name, l.Bytes, diff)
		}
		if !bytes.Equal(l.Bytes, original) {
			t.Fatalf("%s: the line was changed", name)
		}
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
				alone.check(t, []byte(sample.Line))
				all.check(t, []byte(sample.Line))
			})
		}
	}
}
