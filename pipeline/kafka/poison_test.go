package kafka

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/stream"
)

// A brittle mapper is a counting one that panics on some lines.
type brittle struct {
	counting
	bad map[int]bool
}

func (m *brittle) MapFrom(r stream.Record, v stream.View, from stream.Place, give func([]stream.Record) bool) stream.Place {
	return m.counting.MapFrom(r, v, from, func(out []stream.Record) bool {
		var c count
		json.Unmarshal(out[0].Value, &c)
		if m.bad[c.Seq] {
			panic(fmt.Sprintf("line %d is bad", c.Seq))
		}
		return give(out)
	})
}

// Of a record of many lines those are put aside on which the mapper panics; the others come, once and in order, also where the
// record takes several transactions.
func TestGuiltyLinesAreDeadLetters(t *testing.T) {
	for _, x := range []struct {
		name  string
		lines string // of the record between two good ones
		bad   []int
		want  []string // in the reasons of the dead letters
		gone  int      // all lines from here to the end of the record are put aside; 0: none
	}{
		{"the first", "11 20", []int{11}, []string{"line 0 of"}, 0},
		{"the last", "11 20", []int{20}, []string{"line 9 of"}, 0},
		{"neighbours", "11 20", []int{14, 15}, []string{"line 3 of", "line 4 of"}, 0},
		{"the only one", "11 11", []int{11}, []string{"line 0 of"}, 0},
		{"far within", "11 600", []int{400}, []string{"line 389 of"}, 0},
		{"too many", "11 40", []int{12, 14, 16, 18, 20, 22, 24, 26, 28, 30},
			[]string{"line 1 of", "line 3 of", "line 5 of", "line 7 of", "line 9 of", "line 11 of", "line 13 of", "line 15, counted from 0, and all behind it"}, 26},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			m := &brittle{bad: map[int]bool{}}
			for _, n := range x.bad {
				m.bad[n] = true
			}
			node := countingNode(&m.counting)
			node.Mapper = func() stream.Mapper { return m }
			b := newBench(t, node)
			b.create(stream.Topic{Name: "long", Partitions: 1})
			b.apply(1, "long")
			var first, last int
			fmt.Sscan(x.lines, &first, &last)
			cl := b.client()
			for _, lines := range []string{"1 10", x.lines, fmt.Sprint(last+1, last+10)} {
				if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: "long", Key: []byte("k0"), Value: []byte(lines)}).FirstErr(); err != nil {
					t.Fatal(err)
				}
			}
			startSmall(b, node)

			var want []int
			for n := 1; n <= last+10; n++ {
				if !m.bad[n] && (x.gone == 0 || n < x.gone || n > last) {
					want = append(want, n)
				}
			}
			var got []int
			for _, r := range b.read(countOut.Name, len(want)) {
				var c count
				if err := json.Unmarshal(r.Value, &c); err != nil {
					t.Fatal(err)
				}
				got = append(got, c.Seq)
			}
			if !slices.Equal(got, want) {
				t.Errorf("lines %v came, want %v", got, want)
			}
			for i, r := range b.read(node.DeadLetters().Name, len(x.want)) {
				reason := r.Headers[slices.IndexFunc(r.Headers, func(h kgo.RecordHeader) bool { return h.Key == "reason" })].Value
				if string(r.Value) != x.lines || !strings.Contains(string(reason), x.want[i]) {
					t.Errorf("dead letter %q because %q, want %q because of %q", r.Value, reason, x.lines, x.want[i])
				}
			}
		})
	}
}

// fragile copies lines, and panics on one.
type fragile struct{ liner }

func (f *fragile) Map(dst []stream.Record, r stream.Record, v stream.View) []stream.Record {
	if string(r.Value) == "bad" {
		panic("it is bad")
	}
	return f.liner.Map(dst, r, v)
}

// A mapper that knows no lines has its records put aside as they are.
func TestGuiltyRecordIsADeadLetter(t *testing.T) {
	node := countingNode(nil)
	node.Mapper = func() stream.Mapper { return &fragile{} }
	b := newBench(t, node)
	b.create(stream.Topic{Name: "lines", Partitions: 1})
	b.apply(1, "lines")
	cl := b.client()
	for _, line := range []string{"one", "bad", "two"} {
		if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: "lines", Key: []byte("k0"), Value: []byte(line)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	b.start(node)
	if got := b.read(countOut.Name, 2); string(got[0].Value) != "one" || string(got[1].Value) != "two" {
		t.Errorf("lines %v came", got)
	}
	if dead := b.read(node.DeadLetters().Name, 1); string(dead[0].Value) != "bad" {
		t.Errorf("dead letters %v", dead)
	}
}
