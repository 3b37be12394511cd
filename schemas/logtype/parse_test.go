package logtype_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"panther/schemas/logtype"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMistakes(t *testing.T) {
	const file = "testdata/mistakes.txtar"
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var written []txtar.File
	for i, f := range archive.Files {
		name, ok := strings.CutSuffix(f.Name, ".yml")
		if !ok {
			continue
		}
		s, err := logtype.Parse(f.Name, f.Data)
		if err == nil || s != nil {
			t.Errorf("%s parses", f.Name)
			continue
		}
		got := txtar.File{Name: name + ".problems", Data: []byte(err.Error() + "\n")}
		written = append(written, f, got)
		if *update {
			continue
		}
		if i+1 == len(archive.Files) {
			t.Fatalf("no answer behind %s", f.Name)
		}
		if diff := cmp.Diff(string(archive.Files[i+1].Data), string(got.Data)); diff != "" {
			t.Errorf("%s:\n%s", f.Name, diff)
		}
	}
	if *update {
		archive.Files = written
		if err := os.WriteFile(file, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEverythingOfTheLanguage(t *testing.T) {
	s, err := logtype.Parse("orders.yml", []byte(`
schema: My.Shop.Orders
description: What people order.
referenceURL: https://shop.example/docs
definitions:
  Person:
    type: object
    fields:
    - {name: name, type: string, indicators: [username]}
    - {name: home, type: ref, target: Address}
  Address: {type: object, description: Where somebody lives., fields: [{name: city, type: string}]}
fields:
- {name: order, type: bigint, required: true, description: Its number.}
- {name: at, type: timestamp, timeFormats: [rfc3339, unix_ms], isEventTime: true}
- {name: buyer, type: ref, target: Person, required: true}
- {name: others, type: array, element: {type: ref, target: Person}}
- {name: more, type: json, isEmbeddedJSON: true}
samples:
- name: a good one
  line: |
    {"order": 1}
- {name: a bad one, line: "{}", fails: required_missing, field: order}
`))
	if err != nil {
		t.Fatal(err)
	}
	if s.Name != "My.Shop.Orders" || s.Description == "" || s.ReferenceURL == "" || s.Parser.IsText() {
		t.Errorf("%+v", s)
	}
	var got []string
	list(&got, "", s.Fields)
	want := []string{"order bigint required", "at timestamp [rfc3339 unix_ms] event time", "buyer object required", "buyer.name string [username]",
		"buyer.home object", "buyer.home.city string", "others array", "others[] object", "others[].name string [username]", "others[].home object",
		"others[].home.city string", "more json embedded"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	samples := []logtype.Sample{{Name: "a good one", Line: `{"order": 1}`}, {Name: "a bad one", Line: "{}", Fails: "required_missing", Field: "order"}}
	if diff := cmp.Diff(samples, s.Samples); diff != "" {
		t.Error(diff)
	}
}

// list writes fields as a person would, one a line.
func list(out *[]string, path string, fields []logtype.Field) {
	for _, f := range fields {
		say(out, path+f.Name, f.Value, f.Required)
	}
}

func say(out *[]string, path string, v logtype.Value, required bool) {
	line := path + " " + string(v.Type)
	if len(v.TimeFormats) > 0 {
		line += fmt.Sprint(" ", v.TimeFormats)
	}
	if len(v.Indicators) > 0 {
		line += fmt.Sprint(" ", v.Indicators)
	}
	for word, is := range map[string]bool{" required": required, " event time": v.IsEventTime, " embedded": v.IsEmbeddedJSON} {
		if is {
			line += word
		}
	}
	*out = append(*out, line)
	list(out, path+".", v.Fields)
	if v.Element != nil {
		say(out, path+"[]", *v.Element, false)
	}
}

func TestParsersOfText(t *testing.T) {
	s, err := logtype.Parse("a.yml", []byte(`
schema: My.Text
parser:
  fastmatch:
    match: ['<%{a}> "%{b}" %{}', "%{a} - %{c}"]
    emptyValues: ["-", "none"]
    skipPrefix: "#"
    trimSpace: true
fields: [{name: a, type: string}, {name: b, type: int}, {name: c, type: json, isEmbeddedJSON: true}]
`))
	if err != nil {
		t.Fatal(err)
	}
	text := logtype.Text{SkipPrefix: "#", EmptyValues: []string{"-", "none"}, TrimSpace: true}
	want := logtype.Parser{FastMatch: &logtype.FastMatch{Text: text, Patterns: []logtype.Pattern{
		{Fields: []string{"a", "b", "_"}, Literals: []string{"<", `> "`, `" `, ""}},
		{Fields: []string{"a", "c"}, Literals: []string{"", " - ", ""}},
	}}}
	if diff := cmp.Diff(want, s.Parser); diff != "" {
		t.Error(diff)
	}
	s, err = logtype.Parse("b.yml", []byte("schema: My.Text\nparser: {csv: {columns: [a, _], delimiter: \"\\t\", hasHeader: true}}\nfields: [{name: a, type: string}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(logtype.Parser{CSV: &logtype.CSV{Delimiter: '\t', Columns: []string{"a", "_"}, HasHeader: true}}, s.Parser); diff != "" {
		t.Error(diff)
	}
}

// A schema cannot be made so large by its definitions, or so deep, that what reads it comes to grief.
func TestSchemasAreBounded(t *testing.T) {
	var wide strings.Builder
	wide.WriteString("schema: My.Wide\ndefinitions:\n  D0: {type: int}\n")
	for i := range 30 {
		fmt.Fprintf(&wide, "  D%d: {type: object, fields: [{name: a, type: ref, target: D%d}, {name: b, type: ref, target: D%d}]}\n", i+1, i, i)
	}
	wide.WriteString("fields: [{name: f, type: ref, target: D30}]\n")

	deep := func(levels int) string {
		return "schema: My.Deep\nfields: [{name: a, type: array, element: " + strings.Repeat("{type: array, element: ", levels-2) + "{type: int}" +
			strings.Repeat("}", levels-2) + "}]\n"
	}
	list := func(n int, one string) string { return strings.TrimSuffix(strings.Repeat(one+", ", n), ", ") }
	made := func(n int) string {
		var b strings.Builder
		b.WriteString("schema: My.Made\nfields:\n")
		for i := range n {
			fmt.Fprintf(&b, "- {name: f%d, type: string, copy: {from: a}}\n", i)
		}
		return b.String()
	}
	templates := func(literal string, within, joined int) string { // each of them within others, and these within others again
		return "schema: My.Made\nparser: {csv: {columns: [a], expandFields: {e: '" + strings.Repeat("%{a}"+literal, within) + "'}}}\nfields:\n- {name: a, type: string}\n- {name: e, type: string}\n" +
			"- {name: c, type: string, concat: {paths: [" + list(joined, "e") + "]}}\n- {name: s, type: string, split: {from: c, separator: x, index: 0}}\n"
	}
	columns := ""
	for i := range 150 {
		columns += fmt.Sprintf("(?P<f%d>a*)", i)
	}
	for _, tt := range []struct{ name, text, want string }{
		{"wide", wide.String(), "more than 5000 fields"},
		{"deep", deep(logtype.MaxNesting + 1), "nested more than 64 deep"},
		{"deep enough", deep(logtype.MaxNesting), ""},
		{"time formats", "schema: My.Times\nfields: [{name: a, type: timestamp, timeFormats: [" + list(21, "unix") + "]}]\n", "a list of 21 time formats"},
		{"time formats enough", "schema: My.Times\nfields: [{name: a, type: timestamp, timeFormats: [" + list(20, "unix") + "]}]\n", ""},
		{"a mask", "schema: My.Mask\nfields: [{name: a, type: string, mask: {type: redact, to: " + strings.Repeat("x", 101) + "}}]\n", "a text of 101 bytes"},
		{"a mask enough", "schema: My.Mask\nfields: [{name: a, type: string, mask: {type: redact, to: " + strings.Repeat("x", 100) + "}}]\n", ""},
		{"allowed", "schema: My.Rules\nfields: [{name: a, type: string, validate: {allow: [" + list(1001, "x") + "]}}]\n", "a list of 1001 texts"},
		{"made of others", made(201), "more than 200 fields that are made of others"},
		{"made of others enough", made(200), ""},
		{"templates in templates", templates("", 3000, 3000), "fields are made of more than 500 values"},
		{"templates in templates enough", templates("", 8, 24), ""},
		{"texts in templates", templates(strings.Repeat("-", 8000), 1, 200), "more than 65536 bytes of text between"},
		{"groups of a regex", "schema: My.Text\nparser: {regex: {match: ['" + columns + strings.Repeat("(a*)", 300) + "']}}\nfields: [{name: f1, type: string}]\n", "it is too large"},
	} {
		var before, behind runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := logtype.Parse("x.yml", []byte(tt.text))
		runtime.ReadMemStats(&behind)
		if took := behind.TotalAlloc - before.TotalAlloc; took > 64<<20 {
			t.Errorf("%s: %d MiB", tt.name, took>>20)
		}
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || strings.Count(err.Error(), tt.want) != 1):
			t.Errorf("%s: want %q once, got %v", tt.name, tt.want, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range logtype.Builtins() {
		text, _ := logtype.BuiltinText(s.Name)
		f.Add(text)
	}
	if mistakes, err := txtar.ParseFile("testdata/mistakes.txtar"); err != nil {
		f.Error(err)
	} else {
		for _, file := range mistakes.Files {
			if strings.HasSuffix(file.Name, ".yml") {
				f.Add(string(file.Data))
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := logtype.Parse("x.yml", []byte(text))
		if (s == nil) == (err == nil) {
			t.Fatalf("a schema %v and the error %v", s, err)
		}
		if s != nil && slices.ContainsFunc(s.Fields, func(f logtype.Field) bool { return f.Name == "" || f.Type == "" }) {
			t.Fatalf("fields without name or type: %+v", s.Fields)
		}
	})
}
