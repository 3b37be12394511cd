package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"panther/schemas"
)

func run(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	p := &program{in: strings.NewReader(stdin), out: &out, err: &err, env: func(string) string { return "" }}
	code = p.main(t.Context(), args)
	return code, out.String(), err.String()
}

// Each line of standard input is explained, whatever its bytes.
func TestExplainStandardInput(t *testing.T) {
	huge := `{"x": "` + strings.Repeat("é", 1<<20) + `"}`
	lines := []string{flow, "", "\ufeff" + flow + "\r", "\x00\x1b[31m\xff\u202e", huge, strings.Replace(flow, " 443 ", " https ", 1), "version account-id and so on"}
	code, stdout, stderr := run(t, strings.Join(lines, "\n"), "explain", "--log-type", "AWS.VPCFlow", "-")
	if code != exitProblems || stderr != "" {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	for _, want := range []string{"line 1: matches AWS.VPCFlow\n", "line 3: no schema matches", "line 4: no schema matches",
		"\n  " + `\x00\x1b[31m\xff\u202e` + "\n", "line 5: no schema matches", "line_too_long", "line 6: no schema", "line 7: skipped"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%.3000s", want, stdout)
		}
	}
	if strings.ContainsAny(stdout, "\x00\x1b\u202e") || !utf8.ValidString(stdout) || len(stdout) > 10_000 {
		t.Errorf("%d bytes, not all of which a terminal can bear", len(stdout))
	}
	code, stdout, _ = run(t, strings.Join(lines, "\n"), "explain", "--log-type", "AWS.VPCFlow", "-o", "json")
	if n := strings.Count(stdout, "\n"); code != exitProblems || n != 6 {
		t.Errorf("exit code %d, %d lines", code, n)
	}
	for line := range strings.Lines(stdout) {
		if !json.Valid([]byte(line)) {
			t.Errorf("%.200s", line)
		}
	}
	if code, stdout, stderr = run(t, flow+"\n", "explain", "--log-type", "AWS.VPCFlow"); code != 0 || stderr != "" {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

// The part that fails stands out in colour on a terminal, and its marks below it wherever it stands.
func TestExcerpt(t *testing.T) {
	long := strings.Repeat("é\t", 50_000)
	for _, tt := range []struct {
		line       string
		start, end int
	}{
		{"abc", 1, 2}, {long + "BAD" + long, len(long), len(long) + 3}, {"\x00BAD", 1, 4}, {long, 0, len(long)}, {long + "BAD", len(long), len(long) + 3}, {"", 0, 0}, {"é", 1, 1}, {"x", 5, 9},
	} {
		e := excerptOf([]byte(tt.line), schemas.Span{Start: tt.start, End: tt.end}, 20)
		if n := len([]rune(e.line())); n > 20+2*len(cut) {
			t.Errorf("%.20q: %d letters", tt.line, n)
		}
		if want := tt.line[min(tt.start, len(tt.line)):min(tt.end, len(tt.line))]; len(want) < 10 && e.failing != printable(want) {
			t.Errorf("%.20q: %q stands out, want %q", tt.line, e.failing, want)
		}
		if marks := e.marks(); strings.Count(marks, "^") != len([]rune(e.failing)) || e.failing != "" && strings.Index(marks, "^") != len([]rune(e.before)) {
			t.Errorf("%q\n%q", e.line(), marks)
		}
	}
}

// Samples that infer writes make tests that pass.
func TestInferredSchemaPassesItsTest(t *testing.T) {
	lines := "\ufeff{\"a\": 1, \"b\": \"it's \\\"quoted\\\"\"}\r\n\n{\"a\": 1.5, \"b\": \"\\u0000\\u2028\"}\r\n{\"a\": 2, \"b\": \"\xff\"}\nhello\n"
	code, stdout, stderr := run(t, lines, "schema", "infer", "--name", "My.Type", "--samples", "9")
	if code != exitProblems || !strings.Contains(stderr, "-:5: left out: the line is not JSON") || !strings.Contains(stderr, "byte order mark") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	file := writeFile(t, "my.yml", stdout)
	if code, stdout, stderr = run(t, "", "schema", "test", file); code != 0 || !strings.Contains(stdout, "2 as they say, 0 not") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

// Every schema that is built in can be listed, shown, and passes its own test.
func TestSchemasBuiltIn(t *testing.T) {
	code, stdout, stderr := run(t, "", "schema", "list", "-o", "json")
	var all []listedSchema
	if err := json.Unmarshal([]byte(stdout), &all); code != 0 || err != nil || len(all) < 8 {
		t.Fatalf("exit code %d, %v: %s", code, err, stderr)
	}
	args := []string{"schema", "test", "-o", "json"}
	for _, s := range all {
		args = append(args, s.Name)
		if code, stdout, stderr := run(t, "", "schema", "show", s.Name); code != 0 || !strings.Contains(stdout, "schema: "+s.Name+"\n") {
			t.Errorf("%s: exit code %d\n%s", s.Name, code, stderr)
		}
	}
	if code, stdout, stderr = run(t, "", args...); code != 0 {
		t.Errorf("exit code %d\n%.2000s%s", code, stdout, stderr)
	}
}
