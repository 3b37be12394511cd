package classify_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"panther/schemas/classify"
	"panther/schemas/classify/mimic"
	"panther/schemas/logtype"
)

// takers names the schemas that a line matches, the one that is chosen first.
func takers(v classify.Verdict) string {
	if v.Schema == nil {
		return "none"
	}
	return v.Schema.Name + ", then " + strings.Join(v.Ambiguous, " ")
}

// fields is an event without what it has besides the fields of its line.
func fieldsOf(event []byte) string {
	before, _, _ := strings.Cut(string(event), `"p_log_type"`)
	return before
}

// A rewriter writes a valid JSON object in another way that means the same.
type rewriter struct {
	reverse bool // the order of members, unless a name is there twice
	space   string
	escape  bool   // names
	unknown string // a member to add to each object
}

func (r *rewriter) rewrite(line []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	return []byte(r.space + r.value(d, line) + r.space)
}

// value rewrites the value that comes next.
func (r *rewriter) value(d *json.Decoder, line []byte) string {
	start := int(d.InputOffset())
	token, err := d.Token()
	if err != nil {
		panic("not valid: " + err.Error())
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return string(bytes.TrimLeft(line[start:d.InputOffset()], " \t\r\n,:"))
	}
	var items []string
	names := map[string]bool{}
	for d.More() {
		item := ""
		if delim == '{' {
			name := r.value(d, line)
			var plain string
			if err := json.Unmarshal([]byte(name), &plain); err != nil {
				panic(err)
			}
			names[plain] = true
			item = r.name(name, plain) + r.space + ":" + r.space
		}
		items = append(items, item+r.value(d, line))
	}
	if _, err := d.Token(); err != nil {
		panic("not valid: " + err.Error())
	}
	end := "]"
	if delim == '{' {
		end = "}"
		if r.reverse && len(names) == len(items) {
			slices.Reverse(items)
		}
		if r.unknown != "" {
			items = slices.Insert(items, len(items)/2, r.unknown)
		}
	}
	return delim.String() + r.space + strings.Join(items, r.space+","+r.space) + r.space + end
}

func (r *rewriter) name(literal, plain string) string {
	if !r.escape || !utf8.ValidString(literal) || strings.Contains(plain, "\ufffd") {
		return literal
	}
	out := `"`
	for _, c := range plain {
		if c > 0xffff {
			out += string(c)
		} else {
			out += fmt.Sprintf(`\u%04X`, c)
		}
	}
	return out + `"`
}

// What must not matter: the order of members, white space, escapes in names, members that no schema knows.
func TestWhatDoesNotMatter(t *testing.T) {
	ways := map[string]*rewriter{
		"order":       {reverse: true},
		"white space": {space: " \t\r\n"},
		"escapes":     {escape: true},
		"unknown":     {unknown: `"zz_unknown":{"a":[1,"x"],"a":null}`},
		"all of them": {reverse: true, space: "\n", escape: true, unknown: `"zz_unknown":"\ud800"`},
	}
	tried := 0
	for seed := range rounds(600) {
		g := newGenerator(seed)
		all := g.schemas(1+g.IntN(4), g.jsonSchema)
		e := engineOf(t, schemasOf(all)...)
		for range 10 {
			line := g.near(all)
			if !json.Valid(line) || !bytes.HasPrefix(bytes.TrimLeft(line, " \t\r\n"), []byte("{")) || nesting(line) > 100 {
				continue
			}
			tried++
			v := e.Check(classify.Line{Bytes: line})
			want, event := takers(v), fieldsOf(v.Event)
			for name, way := range ways {
				other := way.rewrite(line)
				got := e.Check(classify.Line{Bytes: other})
				sameBytes := !way.reverse && way.unknown == ""
				if takers(got) != want || sameBytes && fieldsOf(got.Event) != event {
					t.Fatalf("seed %d: %s matters:\n%s\n%s: %s\n%s\n%s: %s\n%s", seed, name, line, want, event, other, takers(got), fieldsOf(got.Event), texts(all))
				}
			}
		}
	}
	if tried < int(rounds(3000)) {
		t.Errorf("only %d lines were tried", tried)
	}
}

// Of several schemas those match that match alone, the event is that of the one alone, and Explain finds something against each
// exactly if none matches.
func TestTogetherAsAlone(t *testing.T) {
	for seed := range rounds(300) {
		g := newGenerator(seed)
		n := 2 + g.IntN(6)
		if seed%30 == 0 {
			n = 90
		}
		all := g.schemas(n, g.schema)
		together := engineOf(t, schemasOf(all)...)
		alone := make([]*classify.Engine, n)
		for i, m := range all {
			alone[i] = engineOf(t, m.Schema)
		}
		for _, l := range g.lines(all, 10) {
			v := together.Check(l)
			event := string(v.Event)
			var got, want []string
			if v.Schema != nil {
				got = append(slices.Clone(v.Ambiguous), v.Schema.Name)
			}
			for i, m := range all {
				one := alone[i].Check(l)
				if one.Schema == nil {
					continue
				}
				want = append(want, m.Name)
				if m.Schema == v.Schema && string(one.Event) != event {
					t.Errorf("the event depends on the other schemas:\n%s\n%s", event, one.Event)
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("together %v match, alone %v", got, want)
			}
			for _, c := range together.Explain(l) {
				isTaken := slices.Contains(want, c.Schema)
				if isTaken != (len(c.Reasons) == 0) {
					t.Errorf("%s takes the line: %t; against it there is %v", c.Schema, isTaken, c.Reasons)
				}
			}
			if t.Failed() {
				t.Fatalf("seed %d: %q\n%s", seed, l.Bytes, texts(all))
			}
		}
	}
}

// The verdict does not depend on the lines before it, nor on the sources that the same worker serves: lines of several sources in
// any order, by one worker for all, and by a new one for each line.
func TestNothingIsKept(t *testing.T) {
	type task struct {
		checker classify.Checker
		plan    *classify.Plan
		line    classify.Line
	}
	for seed := range rounds(60) {
		g := newGenerator(seed)
		var plans classify.Plans
		worker := plans.Worker()
		var tasks []task
		for range 5 {
			all := g.schemas(1+g.IntN(4), g.schema)
			if g.chance(10) {
				all = g.schemas(70, g.jsonSchema)
			}
			plan, err := classify.Compile(schemasOf(all))
			if err != nil {
				t.Fatal(err)
			}
			checker := worker.Checker(schemasOf(all))
			for _, l := range g.lines(all, 30) {
				tasks = append(tasks, task{checker, plan, l})
			}
		}
		for range 2 {
			g.Shuffle(len(tasks), func(i, j int) { tasks[i], tasks[j] = tasks[j], tasks[i] })
			for _, one := range tasks {
				same(t, "shared", one.line, one.checker.Check(one.line), one.plan.Checker().Check(one.line))
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// Different lines give different events, and events stay what they are when copied.
func TestDifferentLinesGiveDifferentEvents(t *testing.T) {
	g := mimic.New(1)
	trail, _ := logtype.Builtin("AWS.CloudTrail")
	flow, _ := logtype.Builtin("AWS.VPCFlow")
	nginx, _ := logtype.Builtin("Nginx.Access")
	for _, tt := range []struct {
		schema *logtype.Schema
		line   func() string
	}{{trail, g.CloudTrail}, {flow, g.VPCFlow}, {nginx, g.Nginx}} {
		e := engineOf(t, append(mimic.Types(20), tt.schema)...)
		lines, events := map[string]bool{}, map[string]bool{}
		for range 2000 {
			line := tt.line()
			v := e.Check(classify.Line{Bytes: []byte(line)})
			if v.Schema != tt.schema {
				t.Fatalf("%s: %v", line, v)
			}
			lines[line], events[string(v.Event)] = true, true
		}
		if len(lines) != len(events) {
			t.Errorf("%s: %d different lines gave %d events", tt.schema.Name, len(lines), len(events))
		}
	}
}

// An event of a log type of JSON that is built in is of its type again, and stays as it is.
func TestEventsAreOfTheirType(t *testing.T) {
	tried := 0
	for _, s := range logtype.Builtins() {
		if s.Parser != (logtype.Parser{}) {
			continue
		}
		e := engineOf(t, s)
		text, _ := logtype.BuiltinText(s.Name)
		for seed := range rounds(40) {
			if seed > 0 && strings.Contains(text, "isEmbeddedJSON") { // a text within a text can be JSON again
				break
			}
			g := newGenerator(seed)
			line := []byte(g.object(s.Fields, 4, true))
			if seed == 0 {
				line = []byte(s.Samples[0].Line)
			}
			v := e.Check(classify.Line{Bytes: line})
			if v.Schema == nil {
				continue
			}
			tried++
			event := bytes.Clone(v.Event)
			again := e.Check(classify.Line{Bytes: event})
			if !json.Valid(event) || !utf8.Valid(event) || again.Schema != s || fieldsOf(again.Event) != fieldsOf(event) {
				t.Errorf("the event is not of its own type, or changes:\n%s\n%s", event, again.Event)
			}
		}
	}
	if tried < int(rounds(200)) {
		t.Errorf("only %d events were tried", tried)
	}
}
