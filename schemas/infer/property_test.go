package infer_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"panther/schemas/infer"
)

// Whatever the lines: the schema parses and takes them all.
func TestTakesWhatItWasMadeFrom(t *testing.T) {
	drafts := 0
	for seed := range uint64(3000) {
		g := generator{rand.New(rand.NewPCG(seed, 0))}
		o := infer.JSON()
		var lines []string
		for range 1 + g.IntN(6) {
			line := g.object(0)
			if err := o.Line([]byte(line)); err != nil {
				t.Fatalf("seed %d: %v: %s", seed, err, line)
			}
			lines = append(lines, line)
		}
		d, err := o.Draft("My.Type")
		if err != nil {
			continue // no name that a field can have
		}
		drafts++
		if accepts(t, d, lines); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if drafts < 2000 {
		t.Errorf("only %d schemas", drafts)
	}
}

// The same for lines of values between delimiters.
func TestTakesCSVThatItWasMadeFrom(t *testing.T) {
	for seed := range uint64(2000) {
		g := generator{rand.New(rand.NewPCG(seed, 1))}
		o, err := infer.CSV([]byte("a;eventTime;c;account"))
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for range 1 + g.IntN(6) {
			cells := make([]string, 4)
			for i := range cells {
				cells[i] = g.cell(i)
			}
			line := strings.Join(cells, ";")
			if err := o.Line([]byte(line)); err != nil {
				t.Fatalf("seed %d: %v: %s", seed, err, line)
			}
			lines = append(lines, line)
		}
		d, err := o.Draft("My.Type")
		if err != nil {
			t.Fatal(err)
		}
		if accepts(t, d, lines); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// A generator makes lines of few names and many kinds of values, so that they clash.
type generator struct{ *rand.Rand }

func pick[T any](g generator, from []T) T { return from[g.IntN(len(from))] }

func (g generator) cell(column int) string {
	cells := []string{"", "-", "0", "7", "-1", "007", "1.5", "1e5", "1E400", "+1", "true", "FALSE", "tRUE", "x", `"a;b"`, `"a""b"`, "\xff",
		"99999999999999999999", "111122223333", "2026-03-01T08:15:30Z", "2026-03-01", "1772352930", "1772352930123", "198.51.100.7"}
	if column%2 == 1 {
		cells = cells[g.IntN(len(cells)-3):] // mostly of one kind
	}
	return pick(g, cells)
}

var names = []string{"a", "b", "eventTime", "created_at", "user", "host.name", "yes", "@timestamp", "é", "p_x", "", "_", "a b", "a: #b", "\"q\"", "\\", "\u2028", "1", "-", "\x7f"}

func (g generator) object(depth int) string {
	var b strings.Builder
	b.WriteString("{")
	for i := range g.IntN(6) {
		if i > 0 {
			b.WriteString(",")
		}
		name, err := json.Marshal(pick(g, names))
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(&b, " %s : %s", name, g.value(depth+1))
	}
	b.WriteString("}")
	return b.String()
}

var scalars = []string{"null", "true", "false", "0", "-0", "7", "1.5", "1e3", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1E400", "1e-400",
	"1772352930", "1772352930123", "1772352930.5", "1772352930123456789", `""`, `"x"`, `"12"`, `"true"`, `" "`, `"\ud800"`, "\"\xff\"",
	`"2026-03-01T08:15:30Z"`, `"2026-03-01 08:15:30.123"`, `"03/04/2026 10:00:00"`, `"23/04/2026 10:00:00"`, `"04/23/2026 10:00:00"`, `"1772352930"`,
	`"198.51.100.7"`, `"maria@example.com"`, `"arn:aws:iam::111122223333:user/x"`, `"https://example.com/"`}

func (g generator) value(depth int) string {
	switch n := g.IntN(10); {
	case n == 0 && depth < 5:
		return g.object(depth)
	case n == 1 && depth < 5:
		var items []string
		for range g.IntN(4) {
			items = append(items, g.value(depth+1))
		}
		return "[" + strings.Join(items, ",") + "]"
	case n < 5:
		return pick(g, scalars[len(scalars)-10:]) // texts that look like something
	}
	return pick(g, scalars)
}

// Lines that nobody would write: bounded, and still right.
func TestBounds(t *testing.T) {
	nested := func(open, inner, close string, depth int) string {
		return `{"a":` + strings.Repeat(open, depth) + inner + strings.Repeat(close, depth) + `}`
	}
	var wide, wider, tree strings.Builder
	wide.WriteString(`{"m":{"0":0`)
	wider.WriteString(`{"0":0`)
	for i := 1; i < 300; i++ {
		fmt.Fprintf(&wide, `,"k%d":1`, i)
	}
	for i := 1; i < 6000; i++ {
		fmt.Fprintf(&wider, `,"k%d":[[[1]]]`, i)
	}
	tree.WriteString(`{"0":0`)
	for i := range 150 {
		fmt.Fprintf(&tree, `,"t%d":{"x":0`, i)
		for j := range 150 {
			fmt.Fprintf(&tree, `,"k%d":1`, j)
		}
		tree.WriteString("}")
	}
	for _, tt := range []struct{ name, line, want string }{
		{"an object of many names is json", wide.String() + "}}", "{name: m, type: json, required: true}   # an object with many names"},
		{"too many names at the top", wider.String() + "}", "schema: My.Type"},
		{"too many fields in all", tree.String() + "}", "{name: t0, type: json, required: true}   # an object with many names"},
		{"objects deeper than a schema", nested(`{"a":`, "1", "}", 100), "nested too deep for a schema"},
		{"arrays deeper than a schema", nested(`[`, "1", "]", 100), "nested too deep for a schema"},
	} {
		o := infer.JSON()
		if err := o.Line([]byte(tt.line)); err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		d, err := o.Draft("My.Type")
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		accepts(t, d, []string{tt.line})
		if !strings.Contains(d.Text, tt.want) {
			t.Errorf("%s: no %q in\n%.500s", tt.name, tt.want, d.Text)
		}
	}
	for _, tt := range []struct{ line, want string }{
		{nested(`[`, "1", "]", 128), "nested more than 128 deep"},
		{`{"a":"` + strings.Repeat("x", 1<<20) + `"}`, "the line has 1048584 bytes; a pipeline takes 1048576"},
	} {
		if err := infer.JSON().Line([]byte(tt.line)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
	if err := infer.JSON().Line([]byte(nested(`[`, "1", "]", 127))); err != nil {
		t.Error(err)
	}
}

// Names that are data do not fill the memory.
func TestMemoryIsBounded(t *testing.T) {
	o := infer.JSON()
	for i := range 3000 {
		line := fmt.Sprintf(`{"n%d":1,"by_id":{"%d":{"x":1}},"list":[{"%d":[{"%d":1}]}]}`, i, i, i, i)
		if err := o.Line([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	d, err := o.Draft("My.Type")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(d.Schema.Fields); n != 2000 {
		t.Errorf("%d fields", n)
	}
	for _, want := range []string{"{name: by_id, type: json, required: true}", "{name: list, type: array, required: true, element: {type: json}}"} {
		if !strings.Contains(d.Text, want) {
			t.Errorf("no %s in\n%.300s", want, d.Text)
		}
	}
}

// Any bytes: lines that are taken make a schema that takes them.
func FuzzInfer(f *testing.F) {
	f.Add([]byte("{\"a\":1}\n{\"a\":1.5,\"eventTime\":1772352930}"))
	f.Add([]byte("a,b\n1,\"x\"\"y\""))
	for seed := range uint64(20) {
		f.Add([]byte(generator{rand.New(rand.NewPCG(seed, 2))}.object(0)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		header, rest, _ := bytes.Cut(data, []byte("\n"))
		if o, err := infer.CSV(bytes.TrimSuffix(header, []byte("\r"))); err == nil {
			draftOf(t, o, rest)
		}
		draftOf(t, infer.JSON(), data)
	})
}

func draftOf(t *testing.T, o *infer.Observer, data []byte) {
	var good []string
	for line := range bytes.Lines(data) {
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if o.Line(line) == nil {
			good = append(good, string(line))
		}
	}
	d, err := o.Draft("My.Type")
	if err == nil {
		accepts(t, d, good)
	}
}
