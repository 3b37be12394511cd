//go:build unix

package classify_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"panther/schemas/classify"
	"panther/schemas/classify/mimic"
	"panther/schemas/logtype"
)

// A rung is one measurement: MB of lines per second of CPU time.
type rung struct {
	name  string
	lines [][]byte
	check func(line []byte)

	mayAllocate bool
}

func engineOf(t testing.TB, candidates ...*logtype.Schema) *classify.Engine {
	t.Helper()
	p, err := classify.Compile(candidates)
	if err != nil {
		t.Fatal(err)
	}
	return p.Checker()
}

// rungs are what is measured, by name. The lines of a rung fit into a cache of the processor, for there they are when they have
// just been read from a batch of Kafka; only the split is of more than caches hold.
func rungs(t testing.TB) []*rung {
	g := mimic.New(20261121)
	trail, _ := logtype.Builtin("AWS.CloudTrail")
	flow, _ := logtype.Builtin("AWS.VPCFlow")
	nginx, _ := logtype.Builtin("Nginx.Access")
	trails, flows, requests, bad := mimic.Lines(500, g.CloudTrail), mimic.Lines(5000, g.VPCFlow), mimic.Lines(3000, g.Nginx), mimic.Lines(500, g.BrokenTrail)
	ten, thirty, eighty := engineOf(t, mimic.Types(10)...), engineOf(t, mimic.Types(30)...), engineOf(t, mimic.Types(80)...)
	one, flowOnly, nginxOnly := engineOf(t, trail), engineOf(t, flow), engineOf(t, nginx)
	mixed, err := g.Mixed(1000, mimic.Types(30))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 21, 12, 0, 0, 5e8, time.UTC)
	match := func(e *classify.Engine) func([]byte) {
		return func(line []byte) { must(t, line, e.Match(classify.Line{Bytes: line}) != nil) }
	}
	lineOf := func(line []byte) classify.Line {
		return classify.Line{Bytes: line, RowID: "0123456789abcdef0123456789abcdef", SourceID: "source", SourceLabel: "label", ParseTime: now}
	}
	eventOf := func(e *classify.Engine, line []byte) []byte {
		return e.Check(lineOf(line)).Event
	}
	event := func(e *classify.Engine) func([]byte) {
		return func(line []byte) { must(t, line, eventOf(e, line) != nil) }
	}
	var events [][]byte
	for _, line := range trails {
		events = append(events, bytes.Clone(eventOf(thirty, line)))
	}
	fromEvents, tables := newTable(trail), map[*logtype.Schema]*table{}
	filled := func(e *classify.Engine) func([]byte) {
		l := lineOf(nil)
		return func(line []byte) {
			l.Bytes = line
			s := e.Match(l)
			must(t, line, s != nil)
			into := tables[s]
			if into == nil {
				into = newTable(s)
				tables[s] = into
			}
			must(t, line, into.filler.AddMatched(e, &l, into.next()) == nil)
		}
	}
	return []*rung{
		{name: "split", lines: [][]byte{bytes.Repeat(append(bytes.Join(trails, []byte("\n")), '\n'), 200)}, check: splitLines}, // more than caches hold
		{name: "valid", lines: trails, check: func(line []byte) { must(t, line, one.Valid(line)) }},
		{name: "encoding/json", lines: trails, check: func(line []byte) { must(t, line, json.Valid(line)) }, mayAllocate: true},
		{name: "1", lines: trails, check: match(one)},
		{name: "10", lines: trails, check: match(ten)},
		{name: "30", lines: trails, check: match(thirty)},
		{name: "80", lines: trails, check: match(eighty)},
		{name: "30+json", lines: trails, check: event(thirty)},
		{name: "30+columns", lines: trails, check: filled(thirty)},
		{name: "columns", lines: events, check: func(event []byte) { must(t, event, fromEvents.filler.Add(event, fromEvents.next()) == nil) }},
		{name: "mixed", lines: mixed, check: match(thirty)},
		{name: "mixed+json", lines: mixed, check: event(thirty)},
		{name: "mixed+columns", lines: mixed, check: filled(thirty)},
		{name: "none", lines: bad, check: func(line []byte) { must(t, line, thirty.Match(classify.Line{Bytes: line}) == nil) }},
		{name: "none+reasons", lines: bad, check: func(line []byte) { must(t, line, thirty.Findings(classify.Line{Bytes: line}) > 0) }},
		{name: "none+words", lines: bad, check: func(line []byte) { must(t, line, len(thirty.Explain(classify.Line{Bytes: line})) == 30) }, mayAllocate: true},
		{name: "vpcflow+json", lines: flows, check: event(flowOnly)},
		{name: "vpcflow+columns", lines: flows, check: filled(flowOnly)},
		{name: "nginx+json", lines: requests, check: event(nginxOnly)},
		{name: "nginx+columns", lines: requests, check: filled(nginxOnly)},
	}
}

// next begins a row: the columns are begun anew from time to time, as a sink does.
func (t *table) next() (row int) {
	if t.rows == 1000 {
		for _, c := range t.columns {
			c.End(t.rows)
			c.Reset()
		}
		t.rows = 0
	}
	t.rows++
	return t.rows - 1
}

// splitLines finds the ends of lines, as whoever reads a file has to.
func splitLines(data []byte) {
	for len(data) > 0 {
		data = data[bytes.IndexByte(data, '\n')+1:]
	}
}

func must(t testing.TB, line []byte, ok bool) {
	if !ok {
		t.Fatalf("unexpected: %s", line)
	}
}

func BenchmarkLadder(b *testing.B) {
	for _, r := range rungs(b) {
		b.Run(r.name, func(b *testing.B) {
			b.ReportAllocs()
			size := 0
			for i := 0; b.Loop(); i++ {
				line := r.lines[i%len(r.lines)]
				size += len(line)
				r.check(line)
			}
			b.ReportMetric(float64(size)/1e6/b.Elapsed().Seconds(), "MB/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// goals are ratios that the engine has to reach: the first rung's speed by that of the second.
var goals = []struct {
	rung, of string
	least    float64
}{
	{"30", "valid", 0.6},
	{"30", "1", 1 / 1.1},
	{"mixed", "30", 0.4},
	{"none", "30", 0.9},
	{"none+reasons", "30", 0.3},
	{"30+json", "30", 0.55},
	{"30+columns", "30", 0.45},
	{"80", "30", 1 / 1.5},
	{"vpcflow+json", "split", 150. / 8800},
	{"nginx+json", "split", 250. / 8800},
}

// The ladder in MB of lines per second of CPU time, and its ratios in one run. It takes half a minute, so it wants
// PANTHER_LADDER, a regular expression of rungs; `make bench` sets it to all. Of several turns the fastest counts: whatever else
// the machine does makes a turn slower, and nothing makes it faster.
func TestLadder(t *testing.T) {
	wanted := os.Getenv("PANTHER_LADDER")
	if wanted == "" {
		t.Skip("PANTHER_LADDER is not set")
	}
	all := slices.DeleteFunc(rungs(t), func(r *rung) bool { return !regexp.MustCompile("^(" + wanted + ")$").MatchString(r.name) })
	speed := map[string]float64{}
	for range 25 { // in turns, so that a slow second hits all of them
		for _, r := range all {
			speed[r.name] = max(speed[r.name], r.measure(25*time.Millisecond))
		}
	}
	for _, r := range all {
		fmt.Printf("%-15s %8.0f MB per CPU-second\n", r.name, speed[r.name])
	}
	for _, g := range goals {
		if speed[g.rung] == 0 || speed[g.of] == 0 {
			continue
		}
		ratio := speed[g.rung] / speed[g.of]
		verdict := "reached"
		if ratio < g.least {
			verdict = "MISSED"
		}
		fmt.Printf("%-15s by %-8s %6.3f, goal %6.3f: %s\n", g.rung, g.of, ratio, g.least, verdict)
	}
}

// Two workers of one plan do not stand in each other's way: together they check at least 1.8 times as much as one, of as much
// CPU time as each takes. It wants PANTHER_LADDER, too.
func TestTwoCores(t *testing.T) {
	if os.Getenv("PANTHER_LADDER") == "" {
		t.Skip("PANTHER_LADDER is not set")
	}
	lines := mimic.Lines(500, mimic.New(1).CloudTrail)
	plan, err := classify.Compile(mimic.Types(30))
	if err != nil {
		t.Fatal(err)
	}
	var speed [2]float64
	for range 9 {
		for k := range speed {
			workers, start := k+1, cpuTime()
			var all sync.WaitGroup
			for range workers {
				e := plan.Checker()
				all.Go(func() {
					for range 40 {
						for _, line := range lines {
							e.Match(classify.Line{Bytes: line})
						}
					}
				})
			}
			all.Wait()
			speed[k] = max(speed[k], float64(workers*40*len(bytes.Join(lines, nil)))/1e6/(cpuTime()-start).Seconds())
		}
	}
	verdict := "reached"
	if 2*speed[1]/speed[0] < 1.8 {
		verdict = "MISSED"
	}
	fmt.Printf("%-15s by %-8s %6.3f, goal %6.3f: %s\n", "two workers", "one", 2*speed[1]/speed[0], 1.8, verdict)
}

func (r *rung) measure(atLeast time.Duration) float64 {
	size, start := 0, cpuTime()
	for {
		for _, line := range r.lines {
			size += len(line)
			r.check(line)
		}
		if used := cpuTime() - start; used >= atLeast {
			return float64(size) / 1e6 / used.Seconds()
		}
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
