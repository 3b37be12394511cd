//go:build unix

package classify_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"panther/schemas/classify"
	"panther/schemas/classify/mimic"
	"panther/schemas/logtype"
)

// everything are fields of all that takes time.
const everything = `
- {name: s, type: string, indicators: [ip, hostname, url, net_addr, aws_arn, username, email, md5]}
- {name: l, type: array, element: {type: string, indicators: [ip, hostname, url, net_addr, aws_arn, username]}}
- {name: n, type: array, element: {type: bigint}}
- {name: f, type: array, element: {type: float}}
- {name: t, type: array, element: {type: timestamp, timeFormats: [unix, rfc3339, "%Y-%m-%d %H:%M:%S", "layout=Jan _2 2006 15:04:05"]}}
- {name: j, type: json}
- {name: e, type: array, isEmbeddedJSON: true, element: {type: object, isEmbeddedJSON: true, fields: [{name: e, type: json, isEmbeddedJSON: true}]}}
- {name: v, type: array, element: {type: string, validate: {cidr: any}}}
- {name: m, type: array, element: {type: string, mask: {type: hash}}}
- {name: c, type: json, copy: {from: j}}
- {name: k, type: string, concat: {separator: "-", paths: [s, s]}}
- {name: p, type: string, split: {from: s, separator: "/", index: 3}}
`

// refusing are log types that nearly match, more than a group has: what speaks against each is to be found.
func refusing(t testing.TB, n int) (all []*logtype.Schema) {
	for i := range n {
		all = append(all, parse(t, fmt.Sprintf("schema: My.Strict%d\nfields:\n- {name: never, type: string, required: true}%s", i, everything)))
	}
	return all
}

// hostileSchemas are those built in, and some with all that takes time.
func hostileSchemas(t testing.TB) []*logtype.Schema {
	const required = "{name: a, type: int, required: true}, {name: b, type: int, required: true}"
	all := mimic.Types(30)
	for i := range 40 {
		all = append(all, parse(t, fmt.Sprintf("schema: My.Rows%d\nfields: [{name: rows, type: array, required: true, element: {type: object, fields: [%s]}}, {name: x, type: timestamp, timeFormats: [unix, rfc3339, \"%%Y-%%m-%%d\"], required: true}]\n", i, required)))
	}
	return append(all, parse(t, "schema: My.Everything\nfields:"+everything))
}

// perByte is the CPU time that a check of a line takes for a byte, in nanoseconds: the least of several times.
func perByte(c classify.Checker, line []byte) float64 {
	least := time.Duration(1 << 62)
	for range 3 {
		start, n := cpuTime(), 0
		for n == 0 || cpuTime()-start < 2*time.Millisecond {
			c.Check(classify.Line{Bytes: line})
			n++
		}
		least = min(least, (cpuTime()-start)/time.Duration(n))
	}
	return float64(least) / float64(len(line))
}

// A hostileLine is a line that is made to take time.
type hostileLine struct{ name, before, unit, behind string }

func (h hostileLine) line(size int) []byte {
	return []byte(h.before + strings.Repeat(h.unit, (size-len(h.before)-len(h.behind))/len(h.unit)) + h.behind)
}

var hostileLines = []hostileLine{
	{"nested, unknown", `{"zz":[0`, "," + strings.Repeat("[", 120) + strings.Repeat("]", 120), "]}"},
	{"nested, known", `{"j":[0`, `,{"a":[{"b":[[]]}]}`, "]}"},
	{"brackets only", "", "[", ""},
	{"braces only", `{"a":`, `{"a":`, ""},
	{"quotes only", "", `"`, ""},
	{"escapes", `{"s":"`, `\u00e9`, `"}`},
	{"escapes, unknown", `{"zz":"`, `\u00e9`, `"}`},
	{"backslashes", `{"s":"`, `\\`, `"}`},
	{"bytes that are no UTF-8", `{"s":"`, "\xff", `"}`},
	{"one member again and again", `{"s":"x"`, `,"s":"x"`, `}`},
	{"required members that are null", `{"rows":[],"x":1,"x":null`, `,"rows":[]`, `}`},
	{"rows that lack members", `{"x":1,"rows":[{}`, `,{}`, `]}`},
	{"rows that lack one member", `{"x":1,"rows":[{}`, `,{"a":1,"b":null}`, `]}`},
	{"rows of the wrong kind", `{"x":1,"rows":[{}`, `,1`, `]}`},
	{"unknown members", `{"s":"x"`, `,"unknown_member_of_it":1`, `}`},
	{"names that are nearly known", `{"s":"x"`, `,"eventVersio":1`, `}`},
	{"names with escapes", `{"s":"x"`, `,"\u0073":1`, `}`},
	{"one large number", `{"n":[`, "1", "]}"},
	{"one large float", `{"f":[1.`, "1", "]}"},
	{"floats", `{"f":[1`, ",123456789.123456789e-300", "]}"},
	{"one large time", `{"t":[`, "1", "]}"},
	{"a small time", `{"t":["0.`, "0", `1"]}`},
	{"times", `{"t":[1`, `,"Jan  2 2026 08:15:30"`, `]}`},
	{"texts that are no times", `{"t":[1`, `,"2026-03-01 08:15:3x"`, `]}`},
	{"one text", `{"s":"`, "/x", `"}`},
	{"a URL", `{"s":"http://`, "x%41", `"}`},
	{"addresses", `{"l":["x"`, `,"2001:db8::192.0.2.1"`, `]}`},
	{"texts that are nearly addresses", `{"l":["x"`, `,"2001:db8:::::::::::::::::::"`, `]}`},
	{"one text many times", `{"l":["x"`, `,"arn:aws:ec2:us-east-1:123456789012:instance/i-0abc"`, `]}`},
	{"blocks", `{"v":["10.0.0.0/8"`, `,"2001:db8::/32"`, `]}`},
	{"hashes", `{"m":["x"`, `,"x"`, `]}`},
	{"embedded", `{"e":"[{}`, `,{\"e\":\"[1]\"}`, `]"}`},
	{"embedded in each", `{"e":[{}`, `,"{\"e\":\"[1]\"}"`, `]}`},
	{"embedded, broken at its end", `{"e":"[{}`, `,{}`, `"}`},
	{"white space", `{"s" `, " \t", `:"x"}`},
	{"white space in json", `{"j":[ 1`, ` , { "a" : [ ] } `, `]}`},
	{"what is behind", `{"s":"x"}`, ` `, `x`},
}

// However a line is made, a byte of it takes no more than a fixed multiple of what a byte of an ordinary line takes, and no more in
// a long line than in a short one. The multiples are generous: this is about what grows, not about how fast it is.
func TestHostileLines(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures, which the race detector disturbs")
	}
	match, none := engineOf(t, hostileSchemas(t)...), engineOf(t, refusing(t, 5)...)
	plain := perByte(match, []byte(mimic.New(1).CloudTrail()))
	for _, h := range hostileLines {
		for name, e := range map[string]classify.Checker{"match": match, "none": none} {
			short, long := perByte(e, h.line(8<<10)), perByte(e, h.line(128<<10))
			t.Logf("%-5s %-34s %7.1f %7.1f ns a byte, %5.1f times an ordinary line; %s", name, h.name, short, long, long/plain, nameOf(e.Check(classify.Line{Bytes: h.line(8 << 10)})))
			if long > 200*plain || long > 8*short+plain {
				t.Errorf("%s, %s: %.1f ns for a byte of a short line, %.1f of a long one, %.1f of an ordinary one", name, h.name, short, long, plain)
			}
		}
	}
}

// The same for lines of text, by every log type of text that is built in: behind a line of its own, and alone.
func TestHostileText(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures, which the race detector disturbs")
	}
	units := []string{" ", "a", `"`, `\`, "1", "[", "a=b ", ":", "\xff", `\"`, "1.1.1.1 ", "x y", ",", "\t", "é", "::"}
	for _, s := range logtype.Builtins() {
		if !s.Parser.IsText() && s.Parser.Script == nil {
			continue
		}
		e := engineOf(t, s)
		plain := perByte(e, []byte(s.Samples[0].Line))
		for _, unit := range units {
			for _, before := range []string{"", s.Samples[0].Line} {
				line := hostileLine{before: before, unit: unit}.line(16 << 10)
				if took := perByte(e, line); took > 40*plain {
					t.Errorf("%s: %.1f ns for a byte of %q, %.1f of an ordinary line", s.Name, took, unit, plain)
				}
			}
		}
	}
}

// The same for many cells, of which each is one that takes more than others.
func TestHostileCells(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures, which the race detector disturbs")
	}
	const columns = 4000
	var names, fields []string
	for i := range columns {
		names = append(names, fmt.Sprint("f", i))
		fields = append(fields, fmt.Sprintf("{name: f%d, type: string}", i))
	}
	e := engineOf(t, parse(t, "schema: My.Cells\nparser: {csv: {columns: ["+strings.Join(names, ", ")+"]}}\nfields: ["+strings.Join(fields, ", ")+"]\n"))
	line := func(cell string) []byte { return []byte(strings.Repeat(cell+",", columns-1) + cell) }
	plain := perByte(e, line("xxxx"))
	for _, cell := range []string{"", "\xff", `"x"`, `"a""b"`, "\"\xff\"", "\"\xff\"\"\"", "é"} {
		took := perByte(e, line(cell))
		t.Logf("%-10q %6.1f ns a byte, %5.1f times an ordinary line", cell, took, took/plain)
		if took > 40*plain {
			t.Errorf("%.1f ns for a byte of %d cells %q, %.1f of an ordinary line", took, columns, cell, plain)
		}
	}
}

// However a line is made, and with many log types that it does not match, memory is a fixed multiple of the line.
func TestHostileLinesTakeLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("the longest lines and many log types take a minute with the race detector")
	}
	plan, err := classify.Compile(refusing(t, 80))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hostileLines {
		e, line := plan.Checker(), h.line(classify.MaxLine/4)
		var before, behind runtime.MemStats
		runtime.ReadMemStats(&before)
		e.Check(classify.Line{Bytes: line})
		runtime.ReadMemStats(&behind)
		if took := (behind.TotalAlloc - before.TotalAlloc) >> 20; took > 64 {
			t.Errorf("%s: a line of a quarter MiB took %d MiB", h.name, took)
		}
	}
}
