package classify_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"panther/schemas/classify"
	"panther/schemas/logtype"
)

// Schemas that are made by choices, a line near to them, and a line of any bytes.
func FuzzLikeReference(f *testing.F) {
	for seed := range uint64(20) {
		g := newGenerator(seed)
		var by []byte
		for range 40 {
			by = append(by, byte(g.IntN(256)))
		}
		all := g.schemas(2, g.schema)
		f.Add(by, g.near(all), []byte(pick(g, "", "a,b,c")))
	}
	f.Fuzz(func(t *testing.T, by, line, header []byte) {
		g := choosing(by)
		all := g.schemas(1+g.IntN(3), g.schema)
		p := newPair(t, schemasOf(all)...)
		if len(header) == 0 {
			header = nil
		}
		p.checkLine(t, classify.Line{Bytes: line, Header: header})
		p.checkLine(t, classify.Line{Bytes: g.near(all), Header: header})
		if t.Failed() {
			t.Log(texts(all))
		}
	})
}

// Any schema text that the language takes, and any line.
func FuzzSchemaText(f *testing.F) {
	g := newGenerator(3)
	for range 30 {
		all := g.schemas(1, g.schema)
		f.Add(all[0].text, g.near(all))
	}
	for i, s := range logtype.Builtins() {
		if text, _ := logtype.BuiltinText(s.Name); i%4 == 0 {
			f.Add(text, []byte(s.Samples[0].Line))
		}
	}
	f.Fuzz(func(t *testing.T, text string, line []byte) {
		if s, err := logtype.Parse("x.yml", []byte(text)); err == nil {
			newPair(t, s).check(t, line)
		}
	})
}

// All log types that are built in, and any line.
func FuzzBuiltins(f *testing.F) {
	for _, s := range logtype.Builtins() {
		for _, sample := range s.Samples {
			f.Add([]byte(sample.Line))
		}
	}
	p := newPair(f, logtype.Builtins()...)
	f.Fuzz(func(t *testing.T, line []byte) { p.check(t, line) })
}

// What is JSON, for the engine and for encoding/json.
func FuzzValid(f *testing.F) {
	g := newGenerator(5)
	for range 50 {
		f.Add(g.damage([]byte(g.any(4))))
	}
	s, err := logtype.Parse("x.yml", []byte("schema: My.Json\nfields: [{name: a, type: json}]\n"))
	if err != nil {
		f.Fatal(err)
	}
	p := newPair(f, s)
	e := engineOf(f, s)
	f.Fuzz(func(t *testing.T, line []byte) {
		p.check(t, line)
		p.check(t, fmt.Appendf(nil, `{"a":%s}`, line))
		if got, want := e.Valid(line), json.Valid(line) && nesting(line) <= classify.MaxDepth; got != want {
			t.Errorf("%.200q: valid %t, want %t", line, got, want)
		}
	})
}

// nesting is how deep a valid JSON text goes.
func nesting(text []byte) (deepest int) {
	d, depth := json.NewDecoder(strings.NewReader(string(text))), 0
	d.UseNumber()
	for {
		token, err := d.Token()
		switch {
		case err != nil:
			return deepest
		case token == json.Delim('{') || token == json.Delim('['):
			depth++
			deepest = max(deepest, depth)
		case token == json.Delim('}') || token == json.Delim(']'):
			depth--
		}
	}
}

// ofText makes a schema of a parser, with a field for each name that it yields.
func ofText(parser string, names ...string) (*logtype.Schema, error) {
	kinds := []string{"string, indicators: [hostname]", "int", "json, isEmbeddedJSON: true", `timestamp, timeFormats: [rfc3339, "%Y-%m-%d", unix]`, "float"}
	var fields []string
	for _, name := range names {
		if name == "_" || name == "" || slices.ContainsFunc(fields, func(f string) bool { return strings.HasPrefix(f, "{name: "+strconv.Quote(name)+",") }) {
			continue
		}
		fields = append(fields, fmt.Sprintf("{name: %q, type: %s}", name, kinds[len(fields)%len(kinds)]))
	}
	if len(fields) == 0 {
		return nil, errors.New("no fields")
	}
	return logtype.Parse("text", []byte(fmt.Sprintf("schema: My.Text\nparser: %s\nfields: [%s]\n", parser, strings.Join(fields, ", "))))
}

func FuzzCSV(f *testing.F) {
	f.Add(byte(','), byte(0), []byte("a,b,c"), []byte(`1,"x""y",{}`))
	f.Add(byte(' '), byte(0xff), []byte("a b"), []byte("\" 1\" \t2  "))
	f.Add(byte('\t'), byte(0x11), []byte("\ufeffb\t\"a\""), []byte("-\t\"\"\r\n"))
	f.Fuzz(func(t *testing.T, delimiter, options byte, header, line []byte) {
		parser := fmt.Sprintf("{csv: {delimiter: %q", string(rune(delimiter)))
		for i, option := range []string{", hasHeader: true", ", trimSpace: true", ", emptyValues: ['-', ' ']", ", skipPrefix: '#'"} {
			if options>>i&1 != 0 || options&0x10 != 0 && i == 0 {
				parser += option
			}
		}
		if options&0x10 == 0 {
			parser += ", columns: [a, _, b, a_b]"
		}
		s, err := ofText(parser+"}}", "a", "b", "a_b")
		if err != nil {
			return
		}
		p := newPair(t, s)
		for _, l := range []classify.Line{{Bytes: line}, {Bytes: line, Header: header}, {Bytes: header, Header: header}} {
			p.checkLine(t, l)
		}
	})
}

func FuzzFastMatch(f *testing.F) {
	f.Add(`%{a} - "%{b}" [%{c}]`, "%{b}", byte(0), []byte(`x - "\"5\\" [{}]`))
	f.Add(`<%{a}'%{b}'%{c}'`, "%{a},%{b}", byte(3), []byte("<x'y'z'"))
	f.Fuzz(func(t *testing.T, one, two string, options byte, line []byte) {
		var names []string
		for _, text := range []string{one, two} {
			if p, err := logtype.ParsePattern(text); err == nil {
				names = append(names, p.Fields...)
			}
		}
		parser := fmt.Sprintf("{fastmatch: {match: [%q, %q]", one, two)
		for i, option := range []string{", trimSpace: true", ", emptyValues: ['-', '']", ", skipPrefix: '#'"} {
			if options>>i&1 != 0 {
				parser += option
			}
		}
		if s, err := ofText(parser+"}}", names...); err == nil {
			newPair(t, s).check(t, line)
		}
	})
}

func FuzzRegex(f *testing.F) {
	f.Add(`^%{WORD:a} %{INT:b}(?: %{GREEDYDATA:c})?$`, byte(0), []byte("x 5 {}"))
	f.Add(`(?P<a>[^,]*),(?P<b>é|.*)`, byte(3), []byte(" \xffx ,é"))
	f.Add(`(?:(?P<a>x)|(?P<b>y))+`, byte(1), []byte("xyx"))
	f.Fuzz(func(t *testing.T, expr string, options byte, line []byte) {
		parser := fmt.Sprintf("{regex: {match: [%q]", expr)
		for i, option := range []string{", trimSpace: true", ", emptyValues: ['-', '']", ", skipPrefix: '#'"} {
			if options>>i&1 != 0 {
				parser += option
			}
		}
		if s, err := ofText(parser+"}}", "a", "b", "c"); err == nil {
			newPair(t, s).check(t, line)
		} else if s, err := ofText(parser+"}}", "a", "b"); err == nil {
			newPair(t, s).check(t, line)
		} else if s, err := ofText(parser+"}}", "a"); err == nil {
			newPair(t, s).check(t, line)
		}
	})
}

func FuzzScript(f *testing.F) {
	for _, code := range scripts {
		f.Add(code, []byte(`{"a":1,"b":"2","c":{"a":"x"},"d":[1.0]}`))
		f.Add(code, []byte("12 a,b"))
	}
	f.Fuzz(func(t *testing.T, code string, line []byte) {
		if s, err := ofText(fmt.Sprintf("{script: {function: %q}}", code), "a", "b", "c", "d", "e"); err == nil {
			newPair(t, s).check(t, line)
		}
	})
}
