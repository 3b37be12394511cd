package classify_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"panther/schemas/classify"
	"panther/schemas/logtype"
)

// Values of text of every length that is read by words, and what is nearly one: as a number, a time, an address, and as a text
// that events write, by engine and reference.
func TestValuesOfText(t *testing.T) {
	digits := "1234567890123456789012"
	values := []string{"", "-", "+1", "-0", "00", "007", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "32768", "1.5", "1e5",
		"01/Mar/2026:08:15:30 +0000", "1/Mar/2026:8:15:30 +0000", "01/mar/2026:08:15:30 -0730", "01/Mar/2026:08:15:30 +00:00", "31/Feb/2026:08:15:30 +0000",
		"01/Xyz/2026:08:15:30 +0000", "01/Mar/2026:08:15:30 +2460", "01/Mar/2026:08:15:60 +0000", "01-Mar/2026:08:15:30 +0000", "01/Mar/x026:08:15:30 +0000", "01/Mar/20x6:08:15:30 +0000",
		"01/Mar/2026:0x:15:30 +0000", "01/Mar/2026:08:1x:30 +0000", "01/Mar/2026:08:15:3x +0000", "01/Mar/0000:00:00:00 +1200",
		"2026-03-01T08:15:30Z", "2026-03-01T08:15:30.25Z", "2026-03-01T08:15:30+01:30", "2026.03-01T08:15:30Z", "2026-03-01t08:15:30Z", "2026-0,-01T08:15:30Z",
		"255.255.255.255", "256.1.1.1", "1.2.3", "1.2.3.4.", "01.2.3.4", "1.2.3.04", "1..2.3", "::1", `a"b`, `a\b`, "é", "\xff", "a\xffb", "\x01"}
	for n := range len(digits) {
		wrong := []byte(digits[:n+1])
		wrong[n/2] = ':' // the byte behind 9
		values = append(values, digits[:n+1], string(wrong), digits[:n]+"/", digits[:n]+`"`, digits[:n]+"é")
	}
	for _, field := range []string{"type: bigint", "type: smallint", "type: float", "type: timestamp, timeFormats: [unix, '%d/%b/%Y:%H:%M:%S %z', rfc3339]",
		"type: timestamp, timeFormat: unix_ns", "type: string, indicators: [ip, hostname]", "type: string, validate: {ip: ipv4}"} {
		s, err := logtype.Parse("x.yml", []byte("schema: My.Cells\nparser: {csv: {delimiter: ';', columns: [v, w]}}\nfields:\n- {name: v, "+field+"}\n- {name: w, type: string}\n"))
		if err != nil {
			t.Fatal(err)
		}
		p := newPair(t, s)
		for _, v := range values {
			p.check(t, []byte(v+";plain"))
			p.check(t, []byte(v+`;"in ""quotes"""`))
		}
	}
}

// Names and texts of the lengths at which they are copied, searched and looked at by words, with a byte in them that is not
// like the others, by engine and reference: with and without quotes that stand between the cells, and with an end of the line.
func TestLengthsOfText(t *testing.T) {
	long := strings.Repeat("abcdefghij", 8)
	odd := []string{"", `"`, `""`, `\`, `\"`, "é", "\xff", "\x80", "\x00", "\x7f", "\x01", "%", " ", ";", `" [`, "/", ":"}
	for _, n := range []int{1, 36, 37, 60} {
		name := long[:n]
		fields := "fields:\n- {name: v, type: string, indicators: [url]}\n- {name: " + name + ", type: string}\n- {name: w, type: bigint}\n"
		for _, parser := range []string{"csv: {delimiter: ';', columns: [v, " + name + ", w]}", `fastmatch: {match: ['%{v} "%{` + name + `}" [%{w}]']}`,
			`fastmatch: {match: ['%{v} "%{` + name + `}" [%{w}]'], trimSpace: true}`} {
			s, err := logtype.Parse("x.yml", []byte("schema: My.Lengths\nparser: {"+parser+"}\n"+fields))
			if err != nil {
				t.Fatal(err)
			}
			p := newPair(t, s)
			for size := 0; size < 70; size += 1 + size/40 {
				for k, o := range odd {
					text := long[:size*k/len(odd)] + o + long[:size-size*k/len(odd)]
					line := "https://example.com/" + text + ";" + text + ";12"
					if s.Parser.FastMatch != nil {
						line = "https://example.com/" + text + ` "` + text + `" [12]`
					}
					p.check(t, []byte(line))
					p.check(t, []byte(line+"\r\n"))
				}
			}
		}
	}
}

// A number in quotes that holds others stands behind the line, where the buffer may end.
func TestNumbersBehindTheLine(t *testing.T) {
	s, err := logtype.Parse("x.yml", []byte("schema: My.Numbers\nparser: {csv: {columns: [v, w]}}\nfields: [{name: v, type: string}, {name: w, type: int}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2000 {
		if got := engineOf(t, s).Match(classify.Line{Bytes: []byte(strings.Repeat("x", n) + `,"1""2"`)}); got != nil {
			t.Fatalf("1\"2 is an integer behind %d bytes", n)
		}
	}
}

// Cases in which what is known of a line, of a place or of the room that is left is easily wrong, by engine and reference.
func TestCasesOfLines(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for _, c := range []struct{ schema, line string }{
		{"parser: {regex: {match: ['^(?P<a>(?P<b>(?P<c>.*)))$']}}\nfields: [{name: a, type: string}, {name: b, type: string}, {name: c, type: string}]", long},
		{"parser: {csv: {columns: [a, b, c]}}\nfields: [{name: a, type: string, mask: {type: hash}}, {name: b, type: string, mask: {type: hash}}, {name: c, type: string}]", "a,a," + long},
		{"parser: {csv: {columns: [a, b], expandFields: {made: 'say \"%{a}\"'}}}\nfields: [{name: a, type: string}, {name: b, type: string}, {name: made, type: string, indicators: [username]}]", "x,12"},
		{"parser: {csv: {columns: [a, b], emptyValues: [\"\\0\"]}}\nfields: [{name: a, type: string}, {name: b, type: string}]", "\x00,x"},
		{"parser: {csv: {columns: [a, b]}}\nfields: [{name: a, type: string}, {name: b, type: string}]", "\x00,x"},
		{"parser: {fastmatch: {match: ['%{a}----|%{b}']}}\nfields: [{name: a, type: string}, {name: b, type: string}]", "x-" + strings.Repeat("---- ", 20) + "-----|y"},
		{"parser: {fastmatch: {match: ['%{a}----|%{b}']}}\nfields: [{name: a, type: string}, {name: b, type: string}]", "x-" + strings.Repeat("-", 40)},
		{"fields: [{name: l, type: array, element: {type: array, element: {type: int}}}]", `{"l":[[1],null,[2]]}`},
		{"fields: [{name: o, type: array, element: {type: object, fields: [{name: a, type: int}]}}]", `{"o":[{"a":1},null,{"a":2}]}`},
		{"fields: [{name: a, type: int}, {name: \"\\ufffd\", type: array, element: {type: int}}]", "{\"a\":1  ,\"\xff\":[1]}"},
		{"fields: [{name: a, type: int}, {name: \"\\ufffd\", type: object, fields: [{name: b, type: int}]}]", "{\"a\":1  ,\"\xff\":{\"b\":1}}"},
		{"fields: [{name: o, type: object, isEmbeddedJSON: true, fields: [{name: b, type: int}]}, {name: j, type: json, isEmbeddedJSON: true}]",
			`{"x":1,"o":{"b":1},"j":{"c":[2]},"o":{"b":3}}`},
		{"fields: [{name: t, type: timestamp, timeFormat: '%d %b %Y %S %H %Y'}]", `{"t":"24 Jan 20x4 31 23 1970"}`},
		{"fields: [{name: t, type: timestamp, timeFormat: '%z/%S/%m/%Y/%B/%d/%z'}]", `{"t":"-0730/02/01/0001/may/30/Z"}`},
	} {
		s, err := logtype.Parse("x.yml", []byte("schema: My.Cases\n"+c.schema+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		newPair(t, s).check(t, []byte(c.line))
	}
	s, err := logtype.Parse("x.yml", []byte("schema: My.Renamed\nfields: [{name: s, type: string}, {name: fresh, type: string, rename: {from: old}}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	p := newPair(t, s)
	for n := range 300 { // what is left out may be as long as a number that means something else
		p.check(t, []byte(`{"s":"x","unk":"`+strings.Repeat("y", n)+`","old":"v"}`))
	}
}

// Cells that are required are looked for, however many there are and whatever a header names.
func TestRequiredCells(t *testing.T) {
	parse := func(parser, fields string) *pair {
		s, err := logtype.Parse("x.yml", []byte("schema: My.Required\nparser: {csv: {delimiter: ',', emptyValues: ['-'], "+parser+"}}\nfields: ["+fields+"]\n"))
		if err != nil {
			t.Fatal(err)
		}
		return newPair(t, s)
	}
	p := parse("hasHeader: true", "{name: a, type: string, required: true}, {name: b, type: string, required: true}")
	for _, header := range []string{"a,a", "a,a,b", "a,b", "b,a,b", "a,b,zz"} {
		for _, line := range []string{"x,y", "x,-", "-,x", "x,y,z", "x,y,-", "x,-,y", "-,x,y", "\xff,x,y"} {
			p.checkLine(t, classify.Line{Header: []byte(header), Bytes: []byte(line)})
		}
	}
	marked := parse("hasHeader: true, columns: [a, b]", "{name: a, type: string, required: true}, {name: b, type: string, required: true}")
	if v := marked.check(t, []byte("\ufeffA,b")); !v.Skipped {
		t.Errorf("a header behind a byte order mark is %s", nameOf(v))
	}
	var names, fields []string
	for i := range 70 {
		names = append(names, fmt.Sprint("f", i))
		fields = append(fields, fmt.Sprintf("{name: f%d, type: string, required: true}", i))
	}
	p = parse("columns: ["+strings.Join(names, ", ")+"]", strings.Join(fields, ", "))
	for i := range names {
		cells := slices.Repeat([]string{"x"}, len(names))
		cells[i] = "-"
		p.check(t, []byte(strings.Join(cells, ",")))
	}
	p.check(t, []byte(strings.Repeat("x,", 69)+"x"))
}

// Names of any length are written, wherever the run of what is copied ends before them.
func TestLengthsOfNames(t *testing.T) {
	for n := 250; n <= 255; n++ {
		name := strings.Repeat("k", n)
		for _, typ := range []string{"string", "int", "array, element: {type: int}", "float", "json"} {
			s, err := logtype.Parse("x.yml", []byte("schema: My.Names\nfields: [{name: a, type: int}, {name: "+name+", type: "+typ+"}]\n"))
			if err != nil {
				t.Fatal(err)
			}
			p := newPair(t, s)
			for _, value := range []string{`"x"`, "1", "[1]", "1.50", `"\u0061"`, "null"} {
				for _, before := range []string{`{`, `{"a":1,`, `{"zz":1,`, `{ `, `{"a":1 , `} {
					p.check(t, []byte(before+`"`+name+`":`+value+`,"zz":2}`))
				}
			}
		}
	}
}

// Texts that stand for null may be digits, and then they are no integers.
func TestDigitsThatStandForNull(t *testing.T) {
	for _, empty := range []string{"['0']", "['0', '1']", "['007']", "['-', '-1']"} {
		s, err := logtype.Parse("a.yml", []byte("schema: My.Type\nparser: {csv: {delimiter: ',', columns: [a, b], emptyValues: "+empty+"}}\nfields: [{name: a, type: int}, {name: b, type: bigint, required: true}]\n"))
		if err != nil {
			t.Fatal(err)
		}
		p := newPair(t, s)
		for _, line := range []string{"0,1", "1,0", "007,7", "7,007", "-1,5", "0,5", "1,2", "00,10", "-,3"} {
			p.check(t, []byte(line))
		}
	}
}

// Of a column that a header names twice the last one counts, whatever its type.
func TestColumnsTwice(t *testing.T) {
	for _, typ := range []string{"string", "int", "timestamp, timeFormats: [unix, rfc3339], isEventTime: true"} {
		s, err := logtype.Parse("a.yml", []byte("schema: My.Type\nparser: {csv: {delimiter: ',', hasHeader: true}}\nfields: [{name: a, type: "+typ+"}]\n"))
		if err != nil {
			t.Fatal(err)
		}
		p := newPair(t, s)
		for _, line := range []string{"1700000000,1700000001", "1,", ",1"} {
			p.checkLine(t, classify.Line{Bytes: []byte(line), Header: []byte("a,a")})
		}
	}
}

// Patterns whose first fields are alike cut as each of them does alone: what one has cut is not cut again.
func TestPatternsThatBeginAlike(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 1))
	literals := []string{" ", `" "`, `"`, "-", ", ", " - "}
	taken := 0
	for range 800 {
		// Each pattern is the one before it, cut off somewhere and gone on with otherwise.
		var patterns [][]string // field, literal, field, literal ...
		for range 2 + r.IntN(4) {
			var parts []string
			if n := len(patterns); n > 0 {
				before := patterns[n-1]
				parts = append(parts, before[:2*r.IntN(len(before)/2+1)]...)
			}
			for more := 1 + r.IntN(3); more > 0 || len(parts) == 0; more-- {
				field := fmt.Sprint("f", len(parts)/2)
				if r.IntN(4) == 0 {
					field = "_"
				}
				parts = append(parts, "%{"+field+"}", literals[r.IntN(len(literals))])
			}
			patterns = append(patterns, parts)
		}
		var match []string
		fields := map[string]bool{}
		for _, parts := range patterns {
			for i := 0; i < len(parts); i += 2 {
				fields[strings.Trim(parts[i], "%{}")] = true
			}
			end := len(parts) - r.IntN(2) // with or without a literal at the end
			match = append(match, strconv.Quote([]string{"", "", "-", "- "}[r.IntN(4)]+strings.Join(parts[:end], "")))
		}
		delete(fields, "_")
		if len(fields) == 0 {
			continue
		}
		text := "schema: My.Alike\nparser: {fastmatch: {match: [" + strings.Join(match, ", ") + "]}}\nfields:\n"
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			text += "- {name: " + name + ", type: string}\n"
		}
		s, err := logtype.Parse("x.yml", []byte(text))
		if err != nil {
			continue // a pattern that is there twice
		}
		p := newPair(t, s)
		for range 12 {
			var line strings.Builder
			parts := patterns[r.IntN(len(patterns))]
			line.WriteString([]string{"", "-", "- "}[r.IntN(3)])
			for i := 0; i < len(parts); i += 2 {
				line.WriteString([]string{"", "x", "x-y", "a b", `a"b`, strings.Repeat("z", r.IntN(40))}[r.IntN(6)])
				if i+2 < len(parts) || r.IntN(2) == 0 {
					line.WriteString(parts[i+1])
				}
			}
			if v := p.check(t, []byte(line.String())); v.Schema != nil {
				taken++
			}
		}
		if t.Failed() {
			t.Fatalf("%s", strings.Join(match, ", "))
		}
	}
	if taken < 1000 {
		t.Errorf("%d lines are taken", taken)
	}
}
