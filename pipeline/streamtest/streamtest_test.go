package streamtest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"panther/pipeline/stream"
)

// The tests of this package run stages that count; each mutant breaks one promise and must be caught.

var (
	numbers = stream.Topic{Name: "numbers", Decode: stream.JSON[int]}
	sums    = stream.Topic{Name: "sums", Decode: stream.JSON[int]}
	other   = stream.Topic{Name: "other", Decode: stream.JSON[int]}
)

// sum adds the numbers of a key and tells the sum a minute after the first; that forgets the key.
type sum struct{ say stream.Topic }

type total struct {
	Sum   int       `json:"sum,omitempty"`
	Due   time.Time `json:"due,omitzero"`
	Parts []int     `json:"parts,omitempty"`
	lost  int
}

func (sum) Process(s total, r stream.Record, _ stream.View) (total, []stream.Record) {
	s.Sum += r.Message.(int)
	if s.Due.IsZero() {
		s.Due = r.Time.Add(time.Minute)
	}
	return s, nil
}

func (sum) Wake(s total) stream.Wake { return stream.Wake{At: s.Due} }

func (x sum) Tick(s total, key string, _ time.Time, _ stream.View) (total, []stream.Record) {
	return total{}, []stream.Record{stream.Send(x.say, key, s.Sum)}
}

func adding(s stream.Stage[total]) func() stream.Node {
	return func() stream.Node {
		return stream.Node{Name: "sum", Reads: []stream.Topic{numbers}, Writes: []stream.Topic{sums}, Task: stream.Fold(Checked(s), "")}
	}
}

var story = Story{
	Nodes: func() []stream.Node { return []stream.Node{adding(sum{sums})()} },
	Verbs: map[string]Verb{"number": func(d *Driver, args []string) error {
		a := Args{Words: args}
		d.Send(stream.Send(numbers, a.Next(), a.Number()))
		return a.Err
	}},
	Show: func(r stream.Record) string { return fmt.Sprintf("%s is %v", r.Key, r.Message) },
}

var counting = []string{
	"00:00:10 number a 1", "00:00:20 number a 2", "00:00:30 number b 5", "00:01:10 time passes", "00:02:00 number a 7",
	"00:02:10 number b 1", "00:02:20 number b 1", "00:04:00 number a 1", "00:06:00 time passes",
}

func TestConformPasses(t *testing.T) { Conform(t, adding(sum{sums}), story.Steps(counting)) }

type mutatesState struct{ sum }

func (x mutatesState) Process(s total, r stream.Record, v stream.View) (total, []stream.Record) {
	if len(s.Parts) > 0 {
		s.Parts[0]++
	}
	s.Parts = append(s.Parts, 1)
	return x.sum.Process(s, r, v)
}

type remembers struct {
	sum
	seen *int
}

func (x remembers) Process(s total, r stream.Record, v stream.View) (total, []stream.Record) {
	*x.seen++
	s.Sum += *x.seen
	return x.sum.Process(s, r, v)
}

type keepsPrivately struct{ sum }

func (x keepsPrivately) Process(s total, r stream.Record, v stream.View) (total, []stream.Record) {
	s.lost++
	s.Sum += s.lost
	return x.sum.Process(s, r, v)
}

type wakesByMemory struct{ sum }

func (x wakesByMemory) Wake(s total) stream.Wake {
	if s.lost > 0 {
		return stream.Wake{At: Begin.Add(time.Hour)}
	}
	return x.sum.Wake(s)
}

func (x wakesByMemory) Process(s total, r stream.Record, v stream.View) (total, []stream.Record) {
	s.lost = 1
	return x.sum.Process(s, r, v)
}

type neverForgets struct{ sum }

func (x neverForgets) Tick(s total, key string, now time.Time, v stream.View) (total, []stream.Record) {
	_, out := x.sum.Tick(s, key, now, v)
	return total{Parts: []int{}}, out
}

type wakesFromNothing struct{ sum }

func (wakesFromNothing) Wake(s total) stream.Wake { return stream.Wake{At: s.Due.Add(time.Hour)} }

func TestConformCatches(t *testing.T) {
	for _, x := range []struct {
		name  string
		stage stream.Stage[total]
		want  string
	}{
		{"an output to a topic not declared", sum{other}, "does not declare"},
		{"a state changed in place", mutatesState{sum{sums}}, "changed the state that it was given"},
		{"memory outside of the state", remembers{sum{sums}, new(int)}, "to the same question"},
		{"a state that the changelog does not hold", keepsPrivately{sum{sums}}, "the output is another"},
		{"a Wake that is not of the state alone", wakesByMemory{sum{sums}}, "from the restored state"},
		{"an empty state that is not zero", neverForgets{sum{sums}}, "return the zero state to forget a key"},
		{"a zero state that wakes", wakesFromNothing{sum{sums}}, "the zero state wakes"},
	} {
		t.Run(x.name, func(t *testing.T) {
			err := conform(adding(x.stage), story.Steps(counting))
			if err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("got %v, want %q", err, x.want)
			}
		})
	}
}

type forgetful struct{ count *int }

func (f forgetful) Map(dst []stream.Record, _ stream.Record, _ stream.View) []stream.Record {
	*f.count++
	return dst
}

func (f forgetful) Flush(dst []stream.Record, _ stream.View) []stream.Record {
	return append(dst, stream.Send(sums, "count", *f.count))
}

func (forgetful) Reset() {}

func TestConformCatchesMapperThatKeepsCounting(t *testing.T) {
	node := func() stream.Node {
		return stream.Node{Name: "count", Reads: []stream.Topic{numbers}, Writes: []stream.Topic{sums},
			Mapper: func() stream.Mapper { return forgetful{new(int)} }}
	}
	err := conform(node, story.Steps(counting))
	if err == nil || !strings.Contains(err.Error(), "the output is another") {
		t.Errorf("got %v", err)
	}
}

func TestStoryMistakes(t *testing.T) {
	for _, x := range []struct{ text, want string }{
		{"00:00:00 number a 1\n", "1: a scenario begins with its rule"},
		{"-- story --\n", "1: a scenario begins with its rule"},
		{"A rule.\n-- story --\n00:00:01 number a 1\n00:00:00 number a 1\n", "4: 00:00:00: it is later already"},
		{"A rule.\n-- story --\nat noon number a 1\n", `3: "at" is no time`},
		{"A rule.\n-- story --\n25:00:00 number a 1\n", `3: "25:00:00" is no time`},
		{"A rule.\n-- story --\n00:00:01\n", "3: 00:00:01: what happens then?"},
		{"A rule.\n-- story --\n00:00:01 nubmer a 1\n", `3: unknown verb "nubmer"; known are clock, hole, restart, time, number`},
		{"A rule.\n-- story --\n00:00:01 number a\n", "3: a word is missing at the end"},
		{"A rule.\n-- story --\n00:00:01 clock x\n", "3: clock: want a topic and a time"},
		{"A rule.\n-- story --\n00:00:01 clock x 00:00:01 partition 1 in 2\n", `3: "in": want of`},
	} {
		if _, err := story.tell([]byte(x.text), none); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%q\n got %v\nwant %s", x.text, err, x.want)
		}
	}
}

// A story is told by lines; outputs are written below the line that caused them, whatever stood there before.
func ExampleStory() {
	text, err := story.tell([]byte(`A sum is told a minute after its first number.

-- story --
00:00:10 number a 1
-> sums a is 1000
00:00:20 number a 2
00:01:10 time passes
`), none)
	fmt.Printf("%s%v", text, err)
	// Output:
	// A sum is told a minute after its first number.
	//
	// -- story --
	// 00:00:10 number a 1
	// 00:00:20 number a 2
	// 00:01:10 time passes
	// -> sums a is 3
	// <nil>
}
