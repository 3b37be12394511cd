package main

import (
	"bytes"
	"strings"
	"testing"
)

// A mistake in the flags is told in a line, with what would be right.
func TestFlagMistakes(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"demo --for 5", "panther: --for 5: want a time like 90s or 5m; panther demo -h lists the flags\n"},
		{"demo --rate many", "panther: --rate many: want a whole number; panther demo -h lists the flags\n"},
		{"produce --rate x", "panther: --rate x: want a number; panther produce -h lists the flags\n"},
		{"run --embeded", "panther: there is no flag --embeded; did you mean --embedded? panther run -h lists the flags\n"},
		{"run --embedded=perhaps", "panther: --embedded perhaps: want true or false; panther run -h lists the flags\n"},
		{"run --port 5", "panther: there is no flag --port; panther run -h lists the flags\n"},
		{"alerts list -o xml", "panther: -o xml: want table or json; panther alerts -h lists the flags\n"},
		{"apply -f", "panther: -f needs a value; panther apply -h lists the flags\n"},
		{"produce --source a --rate -1", "panther: --rate -1: want a number of lines a second, or 0 for as fast as can be\n"},
		{"run --embedded --brokers a:1", "panther: --embedded brings a broker along and --brokers names others: leave one out\n"},
		{"run --brokers kafka-1", "panther: --brokers: \"kafka-1\" is no host:port; write host:port, with commas between several\n"},
		{"run --embedded --nodes lake,clasifier", "panther: there is no node \"clasifier\"; did you mean \"classifier\"?\n"},
	} {
		if _, errs := runProgram(t, exitUsage, strings.Fields(tt.args)...); errs != tt.want {
			t.Errorf("panther %s:\n got %swant %s", tt.args, errs, tt.want)
		}
	}
}

// A command that has verbs says what is missing of the one that was typed, else which there are.
func TestVerbMistakes(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"alert list", "panther: there is no command \"alert\"; did you mean \"alerts\"? `panther help` lists all\n"},
		{"frobnicate", "panther: there is no command \"frobnicate\"; `panther help` lists them\n"},
		{"alerts", "panther: panther alerts wants what to do: `list`, `show ID` or `resolve ID`\n"},
		{"alerts shw 1", "panther: panther alerts can do `list`, `show ID` or `resolve ID`, not \"shw\"; did you mean \"show\"?\n"},
		{"alerts show", "panther: call it as panther alerts show ID; quote what has blanks in it\n"},
		{"alerts list all", "panther: panther alerts list takes no arguments\n"},
		{"sources show nginx edge", "panther: call it as panther sources show NAME; quote what has blanks in it\n"},
		{"sources alarm nginx edge 1 day", "panther: set the alarm of log source \"nginx\": \"edge 1 day\" is no duration; write off, or a number and a period: 15m, \"2 hours\", \"1 day\"; a name with blanks in it needs quotes: \"nginx edge\" 1 day\n"},
		{"schema diff Nginx.Access", "panther: call it as panther schema diff OLD NEW; quote what has blanks in it\n"},
		{"schema lst", "panther: panther schema can do `list`, `show NAME`, `check FILE`, `test FILE`, `infer --name VENDOR.TYPE FILE`, `diff OLD NEW` or `jsonschema`, not \"lst\"; did you mean \"list\"?\n"},
	} {
		if _, errs := runProgram(t, exitUsage, strings.Fields(tt.args)...); errs != tt.want {
			t.Errorf("panther %s:\n got %swant %s", tt.args, errs, tt.want)
		}
	}
}

// Help begins with how the command is called, and shows two examples.
func TestHelp(t *testing.T) {
	for _, c := range commands() {
		out, errs := runProgram(t, 0, c.name, "-h")
		if !strings.HasPrefix(out, "Usage: panther "+c.name) || strings.Count(out, "panther "+c.name)+strings.Count(out, "panther --"+c.name) < 3 || errs != "" {
			t.Errorf("panther %s -h:\n%s%s", c.name, out, errs)
		}
		if same, _ := runProgram(t, 0, "help", c.name); same != out {
			t.Errorf("panther help %s:\n%s", c.name, same)
		}
	}
}

// runProgram runs a command line in an empty environment and returns what it printed.
func runProgram(t *testing.T, code int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	p := &program{in: strings.NewReader(""), out: &out, err: &errs, env: func(string) string { return "" }}
	if got := p.main(t.Context(), args); got != code {
		t.Fatalf("panther %s: exit %d, want %d:\n%s%s", strings.Join(args, " "), got, code, &out, &errs)
	}
	return out.String(), errs.String()
}
