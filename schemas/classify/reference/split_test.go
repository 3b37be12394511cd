package reference_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"panther/schemas"
	"panther/schemas/classify"
	"panther/schemas/classify/reference"
	"panther/schemas/logtype"
)

// text makes a schema of text: parser is its parser, and a, b, c are its fields.
func text(t testing.TB, parser string) *logtype.Schema {
	t.Helper()
	return schemaOf(t, "schema: My.Text\nparser: "+parser+"\nfields:\n- {name: a, type: string}\n- {name: b, type: int}\n- {name: c, type: json, isEmbeddedJSON: true}\n")
}

func TestText(t *testing.T) {
	const csv, fast, regex = `{csv: {columns: [a, b, c]`, `{fastmatch: {match: `, `{regex: {match: `
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

		{"regex", regex + `['^%{WORD:a} +%{INT:b}$']}}`, `x  7`, `{"a":"x","b":7}`},
		{"regex: parts are put together", regex + `['^%{WORD:a}', ' %{INT:b}']}}`, `x 7 more`, `{"a":"x","b":7}`},
		{"regex: anywhere", regex + `['%{INT:b}']}}`, `of 7 and 8`, `{"b":7}`},
		{"regex: the order of the groups", regex + `['%{INT:b} %{WORD:a}']}}`, `7 x`, `{"b":7,"a":"x"}`},
		{"regex: named groups", regex + `['^(?P<a>[a-z]+)-(?<b>\d+)']}}`, `x-7`, `{"a":"x","b":7}`},
		{"regex: a group that takes no part", regex + `['^(?:%{INT:b}|%{WORD:a})$']}}`, `x`, `{"a":"x"}`},
		{"regex: a group that matches nothing", regex + `['^%{DATA:a};%{INT:b}']}}`, `;7`, `{"a":"","b":7}`},
		{"regex: patterns of its own", regex + `['^%{KEY:a}=%{INT:b}'], patternDefinitions: {KEY: '%{WORD}[.]%{WORD}'}}}`, `x.y=7`, `{"a":"x.y","b":7}`},
		{"regex: a pattern in the place of ours", regex + `['^%{WORD:a} %{INT:b}'], patternDefinitions: {WORD: '[^ ]+'}}}`, `x-y 7`, `{"a":"x-y","b":7}`},
		{"regex: space and values that stand for none", regex + `['^%{DATA:a},%{DATA:b}$'], trimSpace: true, emptyValues: ["-"]}}`, ` x , -`, `{"a":"x"}`},
		{"regex: a comment", regex + `['^%{WORD:a} %{INT:b}'], skipPrefix: "#"}}`, `# x 7`, "skipped"},
		{"regex: what does not convert", regex + `['^%{WORD:a} %{WORD:b}']}}`, `x y`, `My.Text: field b: expected int, got string "y"`},
		{"regex: no match", regex + `['^%{WORD:a} %{INT:b}']}}`, `x y`, `My.Text: no pattern matches: expected ^%{WORD:a} %{INT:b}, got x y`},
		{"regex: an empty line", regex + `['^%{WORD:a} %{INT:b}']}}`, ``, `My.Text: no pattern matches: expected ^%{WORD:a} %{INT:b}, got an empty line`},
		{"regex: invalid UTF-8", regex + `['^%{NOTSPACE:a} %{INT:b}']}}`, "x\xff 7", `{"a":"x�","b":7}`},

		{"expandFields of csv", `{csv: {columns: [x, y, b], expandFields: {a: "%{x}-%{y}/"}}}`, `1,2,7`, `{"b":7,"a":"1-2/"}`},
		{"expandFields of fastmatch", fast + `["%{x} %{b}"], expandFields: {a: "<%{x}>"}}}`, `1 7`, `{"b":7,"a":"<1>"}`},
		{"expandFields of regex", regex + `['%{WORD:x} %{INT:b}'], expandFields: {a: "%{x}%{b}"}}}`, `y 7`, `{"b":7,"a":"y7"}`},
		{"expandFields that lack a value", `{csv: {columns: [x, y, b], emptyValues: ["-"], expandFields: {a: "%{x}-%{y}"}}}`, `1,-,7`, `{"b":7}`},
		{"expandFields without a field", `{csv: {columns: [b], expandFields: {a: "always"}}}`, `7`, `{"b":7,"a":"always"}`},
		{"expandFields in the place of a column", `{csv: {columns: [a, b], expandFields: {a: "%{a}!"}}}`, `x,7`, `{"b":7,"a":"x!"}`},

		{"script", `{script: {function: "def parse(log):\n  a, b = log.split(' ')\n  return {'b': b, 'a': a, 'z': 1}"}}`, "x 7\r\n", `{"b":7,"a":"x"}`},
		{"script: what does not convert", `{script: {function: "def parse(log):\n  return {'a': [], 'b': 'x'}"}}`, ``, `My.Text: field a: expected string, got array (and 1 more reason)`},
		{"script: an error", `{script: {function: "def parse(log):\n  return {'a': log[5], 'b': 1}"}}`, `x`, `My.Text: the script fails: line 2: string index 5 out of range [-1:0]`},
		{"script: invalid UTF-8", `{script: {function: "def parse(log):\n  return {'a': log, 'b': 1}"}}`, "x\xff", `{"a":"x�","b":1}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := outcome(t, check(tt.line, yielding(t, tt.parser))); got != tt.want {
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
		if strings.Contains(parser, "%{"+name+"}") || strings.Contains(parser, name+",") || strings.Contains(parser, name+"]") ||
			strings.Contains(parser, ":"+name+"}") || strings.Contains(parser, "<"+name+">") || strings.Contains(parser, "{"+name+":") ||
			strings.Contains(parser, "'"+name+"'") {
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

// The first line of a file says what the columns are called, or is passed over.
func TestHeaders(t *testing.T) {
	named := schemaOf(t, "schema: My.Named\nparser: {csv: {hasHeader: true, trimSpace: true}}\nfields:\n- {name: a, type: string}\n- {name: b, type: int, required: true}\n")
	columns := schemaOf(t, "schema: My.Columns\nparser: {csv: {hasHeader: true, columns: [a, b]}}\nfields:\n- {name: a, type: string}\n- {name: b, type: int}\n")
	without := schemaOf(t, "schema: My.Without\nparser: {csv: {columns: [a, b]}}\nfields:\n- {name: a, type: string}\n- {name: b, type: int}\n")
	for _, tt := range []struct {
		schema             *logtype.Schema
		header, line, want string // header "-": there is none
	}{
		{named, "a,b", "x,7", `{"a":"x","b":7}`},
		{named, "b,a\r\n", "7,x\n", `{"b":7,"a":"x"}`},
		{named, "\ufeff a ,\"b\",c,", "x,7,8,9", `{"a":"x","b":7}`},
		{named, "b,a,b", "7,x,8", `{"a":"x","b":8}`},
		{named, "a,b", "a,b", "skipped"},
		{named, "a,b", "x", `My.Named: expected 2 columns, got 1 column`},
		{named, "a,B", "x,7", `My.Named: required field b is missing`},
		{named, "a,b", "x,y", `My.Named: field b: expected int, got string "y"`},
		{named, "-", "x,7", `My.Named: expected a header line before it, got a line alone`},
		{named, `a,"b`, "x,7", `My.Named: expected a header line with a closing quote, got a,"b`},
		{columns, "-", "x,7", `{"a":"x","b":7}`},
		{columns, "-", "A,b", "skipped"},
		{columns, "name,number", "x,7", `{"a":"x","b":7}`},
		{columns, "name,number", "name,number\n", "skipped"},
		{columns, "name,number,more", "name,number,more", "skipped"},
		{columns, "x,7", "x,7", `{"a":"x","b":7}`},
		{columns, "name,number", "x,y", `My.Columns: field b: expected int, got string "y"`},
		{without, "name,number", "name,number", `My.Without: field b: expected int, got string "number"`},
	} {
		l := classify.Line{Bytes: []byte(tt.line), Header: []byte(tt.header)}
		if tt.header == "-" {
			l.Header = nil
		}
		if got := outcome(t, reference.New([]*logtype.Schema{tt.schema}).Check(l)); got != tt.want {
			t.Errorf("%q behind %q:\ngot  %s\nwant %s", tt.line, tt.header, got, tt.want)
		}
	}
}

// outcome says in a line what became of one: its event, "skipped", or the summary.
func outcome(t testing.TB, v classify.Verdict) string {
	t.Helper()
	switch {
	case v.Skipped:
		return "skipped"
	case v.Schema == nil:
		return classify.Summary(v.Candidates[0])
	}
	return own(t, v)
}
