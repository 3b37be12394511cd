package logtype_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/tools/txtar"

	"panther/schemas/logtype"
	"panther/schemas/strict"
)

var updateDocs = flag.Bool("update-docs", false, "write what is made of the table of the language anew")

//go:generate go test . -run TestGenerated -update-docs

// generated compares a file, or the part of one, with what it is made of; or writes it.
func generated(t *testing.T, path string, now func(old []byte) []byte) {
	t.Helper()
	old, err := os.ReadFile(path)
	if err != nil && !*updateDocs {
		t.Fatal(err)
	}
	want := now(old)
	switch {
	case bytes.Equal(old, want):
	case *updateDocs:
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is stale; write it anew: go generate ./schemas/logtype", path)
	}
}

const schemaFile = "../../docs/schema.json"

func TestGeneratedJSONSchema(t *testing.T) {
	generated(t, schemaFile, func([]byte) []byte { return logtype.JSONSchema() })
}

// compiled compiles a part of the JSON Schema; "" is all of it.
func compiled(t *testing.T, part string) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(logtype.JSONSchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json#" + part)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// asJSON reads documents of YAML as editors see them. Those that are not YAML are left out.
func asJSON(t *testing.T, name string, text []byte) (docs []any, yaml []string) {
	t.Helper()
	var problems strict.Problems
	for _, doc := range strict.Read(name, text, &problems) {
		b, err := json.Marshal(doc.Root.Value())
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		docs, yaml = append(docs, v), append(yaml, doc.Text)
	}
	return docs, yaml
}

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// written lists the schemas that people can read: built in, of the examples and of the documentation.
func written(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, name := range logtype.BuiltinNames() {
		text, _ := logtype.BuiltinText(name)
		all[name] = []byte(text)
	}
	files, _ := filepath.Glob("../../examples/*.yml")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[file] = text
	}
	page, err := os.ReadFile("../../docs/schemas.md")
	if err != nil {
		t.Fatal(err)
	}
	for i, block := range yamlBlock.FindAllSubmatch(page, -1) {
		all[fmt.Sprintf("example %d of docs/schemas.md", i+1)] = block[1]
	}
	return all
}

func TestJSONSchemaTakesWhatIsWritten(t *testing.T) {
	s := compiled(t, "")
	n := 0
	for name, text := range written(t) {
		docs, _ := asJSON(t, name, text)
		for _, doc := range docs {
			if m, ok := doc.(map[string]any); !ok || m["schema"] == nil {
				continue // a log source
			}
			n++
			if err := s.Validate(doc); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if n < len(logtype.BuiltinNames())+5 {
		t.Errorf("only %d schemas", n)
	}
}

// What the JSON Schema refuses Parse refuses: else an editor marks what is right. The documents are the mistakes of testdata,
// and those that are written with one key doubled, taken away or given another value.
func TestJSONSchemaIsNotStricterThanParse(t *testing.T) {
	s := compiled(t, "")
	refused := 0
	check := func(name, text string) {
		docs, _ := asJSON(t, name, []byte(text))
		if len(docs) != 1 || s.Validate(docs[0]) == nil {
			return
		}
		refused++
		if _, err := logtype.Parse(name, []byte(text)); err == nil {
			t.Errorf("%s: Parse takes what the JSON Schema refuses: %v\n%s", name, s.Validate(docs[0]), text)
		}
	}
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			if strings.HasSuffix(f.Name, ".yml") {
				check(f.Name, string(f.Data))
			}
		}
	}
	for _, p := range logtype.Places() {
		for _, k := range keysOf(p.Place) {
			for _, value := range []string{"5", "-1", `""`, "x", "true", "[]", "[x]", "[5]", "{}", "{x: y}", "null"} {
				check(fmt.Sprintf("%s: %s in %s", k.Name, value, p.Place), inPlace(p.Place, k, value))
			}
		}
	}
	if refused < 300 {
		t.Errorf("only %d documents are refused", refused)
	}
}

func keysOf(p logtype.Place) (keys []logtype.Key) {
	for _, k := range logtype.Language() {
		if slices.Contains(k.In, p) {
			keys = append(keys, k)
		}
	}
	return keys
}

// documents have a hole where a key can be put; "type: string" there becomes the type for which the key has a meaning.
var documents = map[logtype.Place]string{
	logtype.InSchema:     "{schema: Any.Type, fields: [{name: a, type: string}], HOLE}",
	logtype.InField:      "{schema: Any.Type, fields: [{name: a, type: string, HOLE}]}",
	logtype.InElement:    "{schema: Any.Type, fields: [{name: a, type: array, element: {type: string, HOLE}}]}",
	logtype.InDefinition: "{schema: Any.Type, fields: [{name: a, type: ref, target: d}], definitions: {d: {type: string, HOLE}}}",
	logtype.InParser:     "{schema: Any.Type, fields: [{name: a, type: string}], parser: {HOLE}}",
	logtype.InCSV:        "{schema: Any.Type, fields: [{name: a, type: string}], parser: {csv: {columns: [a], HOLE}}}",
	logtype.InFastMatch:  "{schema: Any.Type, fields: [{name: a, type: string}], parser: {fastmatch: {match: ['%{a}'], HOLE}}}",
	logtype.InRegex:      "{schema: Any.Type, fields: [{name: a, type: string}], parser: {regex: {match: ['%{WORD:a}'], HOLE}}}",
	logtype.InScript:     "{schema: Any.Type, fields: [{name: a, type: string}], parser: {script: {function: 'def parse(log): return {}', HOLE}}}",
	logtype.InValidate:   "{schema: Any.Type, fields: [{name: a, type: string, validate: {allow: [x], HOLE}}]}",
	logtype.InRename:     "{schema: Any.Type, fields: [{name: a, type: string, rename: {from: b, HOLE}}]}",
	logtype.InCopy:       "{schema: Any.Type, fields: [{name: a, type: string, copy: {from: b, HOLE}}]}",
	logtype.InConcat:     "{schema: Any.Type, fields: [{name: a, type: string, concat: {paths: [b, c], HOLE}}]}",
	logtype.InSplit:      "{schema: Any.Type, fields: [{name: a, type: string, split: {from: b, separator: x, index: 0, HOLE}}]}",
	logtype.InMask:       "{schema: Any.Type, fields: [{name: a, type: string, mask: {type: redact, HOLE}}]}",
	logtype.InSample:     "{schema: Any.Type, parser: {csv: {hasHeader: true}}, fields: [{name: a, type: string}], samples: [{name: x, line: '{}', HOLE}]}",
}

// inPlace puts a key with a value into the document of a place; one that is there already is replaced.
func inPlace(p logtype.Place, k logtype.Key, value string) string {
	text := documents[p]
	if k.Types != nil {
		text = strings.Replace(text, "type: string, HOLE", "type: "+string(k.Types[0])+", HOLE", 1)
	}
	text = strings.Replace(text, "HOLE", k.Name+": "+value, 1)
	before, _, _ := strings.Cut(documents[p], "HOLE")
	own := before[strings.LastIndex(before, "{")+1:]
	if p == logtype.InSchema {
		own = before[1:]
	}
	pair := regexp.MustCompile(`(^|, )` + k.Name + `: (\[[^\]]*\]|'[^']*'|[^,}]*), `)
	return strings.Replace(text, own, pair.ReplaceAllString(own, "$1"), 1)
}

// Parse takes every key of the table in each of its places, and in no place another word of its own: what it reads and the
// table does not have would be found among the texts of its source.
func TestLanguageIsWhatParseReads(t *testing.T) {
	table := map[string]bool{}
	for _, k := range logtype.Language() {
		table[k.Name] = true
	}
	words := wordsOfSource(t)
	for name := range table {
		if !slices.Contains(words, name) {
			t.Errorf("%q is in the table, and no text of the source", name)
		}
	}
	if len(logtype.Places()) != len(documents) {
		t.Errorf("%d places, %d documents", len(logtype.Places()), len(documents))
	}
	for _, p := range logtype.Places() {
		sound := strings.Replace(strings.Replace(documents[p.Place], "parser: {HOLE}", "", 1), "HOLE", "", 1)
		if _, err := logtype.Parse("t.yml", []byte(sound)); err != nil {
			t.Fatalf("the document of %s has a mistake of its own: %v", p.Place, err)
		}
		known := map[string]logtype.Key{}
		for _, k := range keysOf(p.Place) {
			known[k.Name] = k
		}
		for _, word := range words {
			k, ok := known[word]
			if !ok {
				k = logtype.Key{Name: word, Example: "1"}
			}
			_, err := logtype.Parse("t.yml", []byte(inPlace(p.Place, k, k.Example)))
			text := fmt.Sprint(err)
			refused := strings.Contains(text, fmt.Sprintf("unknown key %q", word)) ||
				strings.Contains(text, word+" of a value that has no name") || strings.Contains(text, "the parser "+word+" is part of another program")
			switch {
			case ok && refused:
				t.Errorf("Parse does not take %s in %s: %v", word, p.Place, err)
			case !ok && !refused:
				t.Errorf("Parse takes %s in %s, where the table does not have it: %v", word, p.Place, err)
			}
		}
	}
}

// wordsOfSource lists the texts of the package's source that could be keys.
func wordsOfSource(t *testing.T) (words []string) {
	t.Helper()
	files, _ := filepath.Glob("*.go")
	key := regexp.MustCompile(`^[a-zA-Z_]{2,}$`)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "language") || file == "jsonschema.go" || file == "grok.go" {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if text, err := strconv.Unquote(lit.Value); err == nil && key.MatchString(text) {
					words = append(words, text)
				}
			}
			return true
		})
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// The examples of the table are values of their keys.
func TestExamplesOfTheTable(t *testing.T) {
	for _, k := range logtype.Language() {
		docs, _ := asJSON(t, k.Name, []byte("v: "+k.Example+"\n"))
		if len(docs) != 1 || k.Doc == "" || strings.HasSuffix(k.Doc, ".") {
			t.Errorf("%s in %v: %q, %q", k.Name, k.In, k.Example, k.Doc)
			continue
		}
		for _, p := range k.In {
			part := "/$defs/" + string(p) + "/properties/" + k.Name
			if p == logtype.InSchema {
				part = "/properties/" + k.Name
			}
			if err := compiled(t, part).Validate(docs[0].(map[string]any)["v"]); err != nil {
				t.Errorf("%s in %s: %v", k.Name, p, err)
			}
		}
	}
}
