package classify_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"panther/schemas/classify"
	"panther/schemas/logtype"
)

// wide makes a schema with n fields whose names no other schema has.
func wide(number, n int, v logtype.Value) *logtype.Schema {
	s := &logtype.Schema{Name: fmt.Sprintf("My.Type%d", number)}
	for i := range n {
		s.Fields = append(s.Fields, logtype.Field{Name: fmt.Sprintf("field_%d_of_%d_%s", i, number, strings.Repeat("x", i%200)), Required: i%2 == 0, Value: v})
	}
	return s
}

func wides(schemas, fields int, v logtype.Value) (all []*logtype.Schema) {
	for i := range schemas {
		all = append(all, wide(i, fields, v))
	}
	return all
}

func nested(depth, width int) logtype.Value {
	if depth == 0 {
		return logtype.Value{Type: logtype.Int}
	}
	v := logtype.Value{Type: logtype.Object}
	for i := range width {
		v.Fields = append(v.Fields, logtype.Field{Name: string(rune('a' + i)), Value: nested(depth-1, width)})
	}
	element := v
	return logtype.Value{Type: logtype.Array, Element: &element}
}

// hostile are schemas that take much, by name; each of them alone is one that the language takes.
func hostile(t testing.TB) map[string][]*logtype.Schema {
	texts := make([]string, 1000)
	for i := range texts {
		texts[i] = fmt.Sprint("text ", i)
	}
	var formats []logtype.TimeFormat
	for range 20 {
		f, err := logtype.ParseTimeFormat("%Y-%m-%dT%H:%M:%S")
		if err != nil {
			t.Fatal(err)
		}
		formats = append(formats, f)
	}
	made := wide(0, 200, logtype.Value{Type: logtype.String})
	for i := range made.Fields {
		made.Fields[i].Derived = &logtype.Derived{Join: &logtype.Join{Paths: []logtype.Path{{"a", "b", "c"}, {"a", "d"}, {fmt.Sprint("e", i)}}, Literals: []string{"", "-", "-", ""}}}
	}
	return map[string][]*logtype.Schema{
		"built in":         logtype.Builtins(),
		"one small":        wides(1, 1, logtype.Value{Type: logtype.Int}),
		"wide":             wides(1, 5000, logtype.Value{Type: logtype.Int}),
		"lists of texts":   wides(1, 5000, logtype.Value{Type: logtype.String, Validate: &logtype.Validate{Allow: texts, Deny: texts}}),
		"times":            wides(1, 5000, logtype.Value{Type: logtype.Timestamp, TimeFormats: formats}),
		"nested":           {{Name: "My.Nested", Fields: []logtype.Field{{Name: "n", Value: nested(11, 2)}}}},
		"chains":           wides(1, 80, nested(31, 1)),
		"made of others":   {made},
		"many groups":      wides(320, 60, logtype.Value{Type: logtype.Int}),
		"many small types": wides(2000, 3, logtype.Value{Type: logtype.String}),
	}
}

// What a plan takes is reckoned before it is made: never less than it is, nor much more.
func TestPlansAreReckoned(t *testing.T) {
	for name, candidates := range hostile(t) {
		heap := func() int {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return int(m.HeapAlloc)
		}
		cost, before := classify.Cost(candidates), heap()
		plan, err := classify.Compile(candidates)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		took := heap() - before
		t.Logf("%s: %d KiB, reckoned %d KiB", name, took>>10, cost>>10)
		const slack = 64 << 10
		if took > cost+slack || cost > 5*took+slack {
			t.Errorf("%s: a plan takes %d KiB and was reckoned to take %d KiB", name, took>>10, cost>>10)
		}
		runtime.KeepAlive(plan)
	}
}

// What would take too much is refused, with what to do about it, and without taking it.
func TestPlansThatAreTooLarge(t *testing.T) {
	for name, candidates := range map[string][]*logtype.Schema{
		"wide":             wides(60, 5000, logtype.Value{Type: logtype.Int}),
		"many small types": wides(9000, 8, logtype.Value{Type: logtype.String}),
	} {
		var before, behind runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := classify.Compile(candidates)
		runtime.ReadMemStats(&behind)
		if err == nil || !strings.Contains(err.Error(), "would take more than 256 MiB; give the source fewer log types, or make large objects json") {
			t.Errorf("%s: %v", name, err)
		}
		var plans classify.Plans
		refused := plans.Worker().Checker(candidates).Check(classify.Line{Bytes: []byte("{}")})
		if said := classify.Summary(refused.Candidates[0]); !strings.Contains(said, "give the source fewer log types, or make large objects json") {
			t.Errorf("%s: a line fails with %s", name, said)
		}
		if took := behind.TotalAlloc - before.TotalAlloc; took > 256<<20 {
			t.Errorf("%s: to refuse it took %d MiB", name, took>>20)
		}
	}
}
