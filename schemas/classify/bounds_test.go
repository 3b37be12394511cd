package classify_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"panther/schemas"
	"panther/schemas/classify"
	"panther/schemas/logtype"
)

func parse(t testing.TB, text string) *logtype.Schema {
	t.Helper()
	s, err := logtype.Parse("test.yml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Objects of many more members than there are bits in a word, of the line and within an array.
func TestWideObjects(t *testing.T) {
	const n = 1500
	var fields, members []string
	for i := range n {
		more := ""
		if i%7 == 0 {
			more = ", required: true"
		}
		fields = append(fields, fmt.Sprintf("{name: field_%d, type: %s%s}", i, []string{"int", "string", "json"}[i%3], more))
		members = append(members, fmt.Sprintf(`"field_%d":%d`, i, i))
	}
	list := "[" + strings.Join(fields, ", ") + "]"
	p := newPair(t, parse(t, "schema: My.Wide\nfields: "+list+"\n"),
		parse(t, "schema: My.Rows\nfields: [{name: rows, type: array, required: true, element: {type: object, fields: "+list+"}}]\n"),
		parse(t, "schema: My.Half\nfields: ["+strings.Join(fields[:n/2], ", ")+"]\n"))
	g := newGenerator(1)
	without := func(i int) []string { return slices.Concat(members[:i], members[i+1:]) }
	for _, tt := range []struct {
		members []string
		want    string
	}{
		{members, "My.Wide"}, {without(1), "My.Wide"}, {without(7 * 200), "My.Half"}, {without(7 * 100), "none"}, {without(0), "none"},
		{slices.Concat(members, []string{`"field_1400":null`}), "My.Half"}, {members[:n/2], "My.Half"}, {append(without(7*201), `"field_1407":{}`), "My.Half"},
	} {
		all := slices.Clone(tt.members)
		for round := range 3 {
			object := "{" + strings.Join(all, ",") + "}"
			if v := p.check(t, []byte(object)); round == 0 && nameOf(v) != tt.want {
				t.Errorf("%d members: %s, want %s", len(all), nameOf(v), tt.want)
			}
			p.check(t, []byte(`{"rows":[`+object+`,{},`+object+`]}`))
			g.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		}
	}
}

// limits is a schema of JSON lines and one of text.
func limits(t testing.TB) *pair {
	return newPair(t, parse(t, `
schema: My.Limits
fields:
- {name: s, type: string, indicators: [ip]}
- {name: l, type: array, element: {type: int}}
- {name: j, type: json}
- {name: e, type: json, isEmbeddedJSON: true}
- {name: o, type: object, fields: [{name: o, type: object, fields: [{name: e, type: array, isEmbeddedJSON: true, element: {type: json}}]}]}
- {name: c, type: json, copy: {from: j}}
`), parse(t, "schema: My.Cells\nparser: {csv: {columns: [a, b], delimiter: ';'}}\nfields: [{name: a, type: string}, {name: b, type: json, isEmbeddedJSON: true}]\n"))
}

// The longest lines that are looked at, and such as are longer.
func TestLongLines(t *testing.T) {
	if testing.Short() {
		t.Skip("the reference takes a second for these")
	}
	p := limits(t)
	fill := func(before, unit, behind string, size int) []byte {
		n := (size - len(before) - len(behind)) / len(unit)
		line := before + strings.Repeat(unit, n) + behind
		return []byte(line + strings.Repeat(" ", size-len(line)))
	}
	for _, tt := range []struct{ before, unit, behind, want string }{
		{`{"s":"`, "x", `"}`, "My.Limits"},
		{`{"s":"`, `\u00e9`, `"}`, "My.Limits"},
		{`{"l":[1`, ",1", `]}`, "My.Limits"},
		{`{"l":[1`, ",{}", `]}`, "none"},
		{`{"l":[1`, `,""`, `]}`, "My.Limits"},
		{`{"s":"x"`, `,"s":"y"`, `}`, "My.Limits"},
		{`{"j":[{}`, `,{"a":[1.0 ]}`, `]}`, "My.Limits"},
		{`{"e":"[0`, `,\"a\"`, `]"}`, "My.Limits"},
		{`{"zz":[0`, ",null", `]}`, "My.Limits"},
		{`{"j":`, "1", "}", "My.Limits"},
		{`{"l":[`, "1", "]}", "none"},
		{"x", "x", ";[]", "My.Cells"},
		{`"`, `""`, `";1`, "My.Cells"},
		{"x", ";", "", "none"},
		{`x;[0`, ",1", "]", "My.Cells"},
	} {
		for _, size := range []int{classify.MaxLine, classify.MaxLine + 1} {
			line := fill(tt.before, tt.unit, tt.behind, size)
			v := p.reference.Check(classify.Line{Bytes: line})
			same(t, "engine", classify.Line{Bytes: line}, p.warm.Check(classify.Line{Bytes: line}), v)
			if size <= classify.MaxLine && nameOf(v) != tt.want {
				t.Errorf("%.20s... of %d bytes: %s, want %s", line, size, nameOf(v), tt.want)
			}
			if isLong := size > classify.MaxLine; isLong != (v.Schema == nil && v.Candidates[0].Reasons[0].Code == schemas.LineTooLong) {
				t.Errorf("%.20s... of %d bytes: %v", line, size, v.Candidates)
			}
			if n := p.plan.Checker().Findings(classify.Line{Bytes: line}); v.Schema == nil && n == 0 {
				t.Errorf("%.20s... of %d bytes: nothing speaks against it", line, size)
			}
		}
	}
}

// Nesting of just as many levels as there may be, wherever it is: unknown, json, embedded, on the way through the schema.
func TestDeepLines(t *testing.T) {
	p := limits(t)
	for _, tt := range []struct {
		before, behind string
		levels         int // around the nested value
	}{
		{"", "", 0}, {`{"zz":`, "}", 1}, {`{"j":`, "}", 1}, {`{"e":`, "}", 1}, {`{"e":"`, `"}`, 1}, {`{"o":{"o":{"e":[`, "]}}}", 4}, {`{"o":{"o":{"e":"[`, `]"}}}`, 4},
		{`{"o":{"o":{"zz":`, "}}}", 3}, {`{"l":`, "}", 1}, {`{"s":`, "}", 1}, {"x;", "", 1},
	} {
		for n := classify.MaxDepth - tt.levels - 1; n <= classify.MaxDepth-tt.levels+1; n++ {
			for _, brackets := range []string{"[]", `{"a":}`} {
				if brackets != "[]" && strings.Contains(tt.before, `:"`) {
					continue
				}
				open, end := brackets[:len(brackets)-1], brackets[len(brackets)-1:]
				line := tt.before + strings.Repeat(open, n-1) + brackets[:1] + strings.Repeat(end, n) + tt.behind
				v := p.check(t, []byte(line))
				isDeep := bytes.Contains(fmt.Append(nil, v.Candidates), []byte(schemas.TooDeep))
				if want := n+tt.levels > classify.MaxDepth; isDeep != want {
					t.Errorf("%s, %d levels in %d: too deep %t, want %t", tt.before, n, tt.levels, isDeep, want)
				}
			}
		}
	}
}

// What a schema makes of a line has a bound, just there and one byte beyond, whichever way it is made.
func TestMuchMadeOfALine(t *testing.T) {
	p := newPair(t, parse(t, `
schema: My.Copies
fields:
- {name: a, type: string, required: true}
- {name: c1, type: json, copy: {from: a}}
- {name: c2, type: string, copy: {from: a}}
- {name: c3, type: string, required: true, copy: {from: b}}
`), parse(t, `
schema: My.Texts
fields:
- {name: a, type: string, required: true}
- {name: j, type: string, concat: {separator: "-", paths: [a, b, a]}}
- {name: s, type: string, split: {from: j, separator: "-", index: 1}}
- {name: k, type: string, required: true, split: {from: a, separator: "x", index: 0}}
`), parse(t, `
schema: My.Cells
parser: {csv: {columns: [a, b], expandFields: {e: "<%{a}|%{a}>"}}}
fields:
- {name: a, type: string}
- {name: b, type: string}
- {name: e, type: string}
- {name: c, type: string, copy: {from: a}}
`))
	for _, tt := range []struct {
		line string // with the text of a in the place of A
		size int    // of the text for which it just matches; one byte more is too much
		name string
	}{
		{`{"a":"A","b":""}`, (classify.MaxMade-2)/2 - 2, "My.Copies"},     // c1, c2 with their quotes, c3
		{`{"a":"A","b":"1234"}`, (classify.MaxMade-6)/2 - 2, "My.Copies"}, //
		{`{"a":"A","b":"y"}`, (classify.MaxMade - 7) / 5, "My.Texts"},     // j, j again and s, k
		{`A,1`, (classify.MaxMade - 3) / 3, "My.Cells"},                   // e, c
		{`"A",""`, (classify.MaxMade - 3) / 3, "My.Cells"},
	} {
		for more := -1; more <= 1; more++ {
			line := strings.Replace(tt.line, "A", strings.Repeat("y", tt.size+more), 1)
			v := p.check(t, []byte(line))
			if taken := strings.Contains(takers(v), tt.name); taken != (more <= 0) {
				t.Errorf("%s with a text of %d bytes: %s takes it: %t", tt.line, tt.size+more, tt.name, taken)
			}
		}
	}
	many := &logtype.Schema{Name: "My.Many", Fields: []logtype.Field{{Name: "a", Value: logtype.Value{Type: logtype.JSON}}}}
	for i := range 200 {
		many.Fields = append(many.Fields, logtype.Field{Name: fmt.Sprint("c", i), Value: logtype.Value{Type: logtype.JSON}, Derived: &logtype.Derived{Copy: logtype.Path{"a"}}})
	}
	v := newPair(t, many).check(t, []byte(`{"a":"`+strings.Repeat("x", classify.MaxLine/2)+`"}`))
	if v.Schema != nil || v.Candidates[0].Reasons[0].Code != schemas.LineTooLong {
		t.Errorf("200 copies of half a MiB: %s", nameOf(v))
	}
}
