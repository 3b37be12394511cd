package reference_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"panther/schemas"
	"panther/schemas/classify"
	"panther/schemas/logtype"
)

// text makes a schema of text: parser is its parser, and a, b, c are its fields.
func text(t testing.TB, parser string) *logtype.Schema {
	t.Helper()
	return schemaOf(t, "schema: My.Text\nparser: "+parser+"\nfields:\n- {name: a, type: string}\n- {name: b, type: int}\n- {name: c, type: json, isEmbeddedJSON: true}\n")
}

func TestText(t *testing.T) {
	const csv, fast = `{csv: {columns: [a, b, c]`, `{fastmatch: {match: `
	tests := []struct{ name, parser, line, want string }{ // want: the event, "skipped", or the first reason in words
		{"csv", csv + `}}`, `x,7,"{""k"": [1]}"`, `{"a":"x","b":7,"c":{"k":[1]}}`},
		{"csv: empty values", csv + `}}`, `,,`, `{"a":""}`},
		{"csv: quotes", csv + `}}`, `"x, ""y""",7,null`, `{"a":"x, \"y\"","b":7}`},
		{"csv: a quote within a value", csv + `}}`, `5" disk,7,1`, `{"a":"5\" disk","b":7,"c":1}`},
		{"csv: end of line", csv + `}}`, "x,7,1\r\n", `{"a":"x","b":7,"c":1}`},
		{"csv: space is part of a value", csv + `}}`, `x , 7,1`, `My.Text: field b: expected int, got string " 7"`},
		{"csv: or not", csv + `, trimSpace: true}}`, " x ,\t7, \"1\" ", `{"a":"x","b":7,"c":1}`},
		{"csv: values that stand for none", csv + `, emptyValues: ["-", "NULL"]}}`, `-,NULL,{}`, `{"c":{}}`},
		{"csv: another delimiter", csv + `, delimiter: "\t"}}`, "x y\t7\t{}", `{"a":"x y","b":7,"c":{}}`},
		{"csv: a column that nobody wants", `{csv: {columns: [a, _, b, c, _]}}`, `x,?,7,{},?`, `{"a":"x","b":7,"c":{}}`},
		{"csv: the header", csv + `, hasHeader: true}}`, `A,"B",c`, "skipped"},
		{"csv: no header", csv + `}}`, `a,b,c`, `My.Text: field b: expected int, got string "b" (and 1 more reason)`},
		{"csv: a comment", csv + `, skipPrefix: "#"}}`, `# x,7`, "skipped"},
		{"csv: too few columns", csv + `}}`, `x,7`, `My.Text: expected 3 columns, got 2 columns`},
		{"csv: too many columns", csv + `}}`, `x,7,{},y`, `My.Text: expected 3 columns, got 4 columns`},
		{"csv: an open quote", csv + `}}`, `x,"7,{}`, `My.Text: expected a closing quote, got "7,{}`},
		{"csv: more behind a quote", csv + `}}`, `"x"y,7,{}`, `My.Text: expected a delimiter behind the closing quote, got y,7,{}`},
		{"csv: an empty line", csv + `}}`, ``, `My.Text: expected 3 columns, got 1 column`},
		{"csv: invalid UTF-8", csv + `}}`, "x\xff\xfe,7,{}", `{"a":"x��","b":7,"c":{}}`},
		{"csv: JSON that is none", csv + `}}`, `x,7,{`, `My.Text: not JSON: field c: expected JSON, got the end of the line within a value`},

		{"fastmatch", fast + `["%{a} - %{b} [%{c}]"]}}`, `x - 7 [[1]]`, `{"a":"x","b":7,"c":[1]}`},
		{"fastmatch: the shortest value", fast + `["%{a} %{b} %{c}"]}}`, `x 7 {"k": 1} `, `{"a":"x","b":7,"c":{"k":1}}`},
		{"fastmatch: the next pattern", fast + `["<%{a}> %{b}", "%{b} %{c}"]}}`, `7 {}`, `{"b":7,"c":{}}`},
		{"fastmatch: the first pattern that fits", fast + `["%{a} %{b}", "%{b} %{a}"]}}`, `7 x`, `My.Text: field b: expected int, got string "x"`},
		{"fastmatch: quotes", fast + `['"%{a}" %{b}']}}`, `"say \"hi\" \\ \n" 7`, `{"a":"say \"hi\" \\ \\n","b":7}`},
		{"fastmatch: an escaped quote at the end", fast + `['%{b} "%{a}"']}}`, `7 "x\"`, `My.Text: no pattern matches: expected a and then "\"" at the end, got x\"`},
		{"fastmatch: a quote within", fast + `['"%{a}" %{b}']}}`, `"x"y" 7`, `{"a":"x\"y","b":7}`},
		{"fastmatch: a backslash without quotes", fast + `['%{a} %{b}']}}`, `x\ 7`, `{"a":"x\\","b":7}`},
		{"fastmatch: an empty value", fast + `['"%{a}" %{b}']}}`, `"" 7`, `{"a":"","b":7}`},
		{"fastmatch: values that stand for none", fast + `['"%{a}" %{b}'], emptyValues: ["-"]}}`, `"-" -`, `{}`},
		{"fastmatch: space", fast + `["%{a}|%{b}|%{c}"], trimSpace: true}}`, " x |\t7|{} ", `{"a":"x","b":7,"c":{}}`},
		{"fastmatch: a value that nobody wants", fast + `["%{a} %{} %{_} %{b}"]}}`, `x y z 7`, `{"a":"x","b":7}`},
		{"fastmatch: a comment", fast + `["%{a} %{b}"], skipPrefix: "//"}}`, `// no`, "skipped"},
		{"fastmatch: where it leaves", fast + `["%{a} - %{b} %{c}"]}}`, `x 7 {}`, `My.Text: no pattern matches: expected a and then " - ", got x 7 {}`},
		{"fastmatch: the pattern that came furthest", fast + `["<%{a}>", "%{a} %{b}!"]}}`, `x 7`, `My.Text: no pattern matches: expected b and then "!" at the end, got 7`},
		{"fastmatch: the first of two that came as far", fast + `["%{a}?%{b}", "%{a}!%{b}"]}}`, `x 7`, `My.Text: no pattern matches: expected a and then "?", got x 7`},
		{"fastmatch: the beginning", fast + `["<%{a}> %{b}"]}}`, `x`, `My.Text: no pattern matches: expected "<" at the beginning, got x`},
		{"fastmatch: the end", fast + `["<%{a}> %{b}"]}}`, `<`, `My.Text: no pattern matches: expected a and then "> ", got the end of the line`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := check(tt.line, yielding(t, tt.parser))
			got := ""
			switch {
			case v.Skipped:
				got = "skipped"
			case v.Schema == nil:
				got = classify.Summary(v.Candidates[0])
			default:
				got = own(t, v)
			}
			if got != tt.want {
				t.Errorf("%q\ngot  %s\nwant %s", tt.line, got, tt.want)
			}
		})
	}
}

// yielding makes a schema of text that declares, of a, b and c, those that the parser yields.
func yielding(t testing.TB, parser string) *logtype.Schema {
	t.Helper()
	schema := "schema: My.Text\nparser: " + parser + "\nfields:\n"
	for _, field := range []string{"{name: a, type: string}", "{name: b, type: int}", "{name: c, type: json, isEmbeddedJSON: true}"} {
		name := field[len("{name: "):][:1]
		if strings.Contains(parser, "%{"+name+"}") || strings.Contains(parser, name+",") || strings.Contains(parser, name+"]") {
			schema += "- " + field + "\n"
		}
	}
	return schemaOf(t, schema)
}

func TestSpansOfText(t *testing.T) {
	csv := text(t, `{csv: {columns: [a, b, c], trimSpace: true}}`)
	fast := text(t, `{fastmatch: {match: ['%{a} "%{b}" %{c}'], trimSpace: true}}`)
	for _, tt := range []struct {
		schema     *logtype.Schema
		line, want string // the part that is wrong
	}{
		{csv, `x, y , {}`, "y"},
		{csv, `x, "y" , {}`, `"y"`},
		{csv, `"a ""b""", "y" , {}`, `"y"`},
		{csv, `x,7,{},y,z`, "y,z"},
		{csv, `x,7`, "x,7"},
		{fast, `x " y " {}`, "y"},
		{fast, `x "7" }`, "}"},
		{fast, `x 7 {}`, `x 7 {}`},
		{fast, `x "7 {}`, `7 {}`},
	} {
		v := check(tt.line, tt.schema)
		if v.Schema != nil {
			t.Errorf("%s matches", tt.line)
			continue
		}
		if span := v.Candidates[0].Reasons[0].Span; tt.line[span.Start:span.End] != tt.want {
			t.Errorf("%s: the span covers %q, want %q", tt.line, tt.line[span.Start:span.End], tt.want)
		}
	}
}

func TestSkippedOnlyIfNothingMatches(t *testing.T) {
	comments := text(t, `{csv: {columns: [a, b, c], skipPrefix: "#"}}`)
	tags := schemaOf(t, "schema: My.Tags\nparser: {csv: {columns: [tag]}}\nfields: [{name: tag, type: string}]\n")
	if v := check("#go", comments, tags); v.Schema != tags || v.Skipped {
		t.Errorf("%+v", v)
	}
	v := check("go", comments, tags)
	if v.Schema != tags {
		t.Errorf("%+v", v)
	}
	v = check("go", comments)
	want := []schemas.Candidate{{Schema: "My.Text", Reasons: []schemas.Reason{
		{Code: schemas.CSVColumns, Expected: "3 columns", Got: "1 column", Span: schemas.Span{End: 2}}}}}
	if diff := cmp.Diff(want, v.Candidates); diff != "" {
		t.Error(diff)
	}
}
