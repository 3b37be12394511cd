package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"panther/schemas"
)

// classifyRun runs a command line and returns its exit code and what it wrote.
func classifyRun(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	p := &program{in: strings.NewReader(stdin), out: &out, err: &err, env: func(string) string { return "" }}
	code = p.main(t.Context(), append([]string{"classify"}, args...))
	return code, out.String(), err.String()
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	return writeIn(t, t.TempDir(), name, text)
}

func writeIn(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const flow = "2 111122223333 eni-0a1b2c3d 198.51.100.7 10.0.1.20 44321 443 6 12 5120 1772352000 1772352059 ACCEPT OK"

func TestClassifyFiles(t *testing.T) {
	header := "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
	log := writeFile(t, "flow.log", header+"\r\n"+flow+"\r\n\n"+strings.Replace(flow, " 443 ", " https ", 1)+"\n"+flow) // no end of line
	failed := filepath.Join(t.TempDir(), "failed.ndjson")
	code, stdout, stderr := classifyRun(t, "", "--log-type", "AWS.VPCFlow", log, "--failures", failed)
	if code != exitProblems {
		t.Errorf("exit code %d, want %d", code, exitProblems)
	}
	events := strings.Split(strings.TrimSpace(stdout), "\n")
	if len(events) != 2 {
		t.Fatalf("events:\n%s", stdout)
	}
	var event struct {
		LogType string   `json:"p_log_type"`
		Row     string   `json:"p_row_id"`
		Time    string   `json:"p_event_time"`
		IPs     []string `json:"p_any_ip_addresses"`
		DstPort int      `json:"dstPort"`
	}
	if err := json.Unmarshal([]byte(events[1]), &event); err != nil {
		t.Fatal(err)
	}
	if event.LogType != "AWS.VPCFlow" || event.Row != log+":5" || event.Time != "2026-03-01T08:00:00Z" || len(event.IPs) != 2 || event.DstPort != 443 {
		t.Errorf("%+v", event)
	}
	written, err := os.ReadFile(failed)
	if err != nil {
		t.Fatal(err)
	}
	var failure schemas.Failure
	if err := json.Unmarshal(written, &failure); err != nil {
		t.Fatal(err)
	}
	const why = `AWS.VPCFlow: field dstPort: expected int, got string "https"`
	if failure.Error != why || failure.Position.Line != 4 || !strings.Contains(string(failure.Payload), " https ") {
		t.Errorf("%+v", failure)
	}
	if span := failure.Candidates[0].Reasons[0].Span; string(failure.Payload[span.Start:span.End]) != "https" {
		t.Errorf("the failing part is %v of %s", span, failure.Payload)
	}
	want := "lines 5: events 2 (AWS.VPCFlow 2), failures 1, skipped 2\n  1 failed as " + log + ":4: " + why + "\n"
	if stderr != want {
		t.Errorf("stderr:\n%s\nwant\n%s", stderr, want)
	}
}

func TestClassifyStandardInput(t *testing.T) {
	schema := writeFile(t, "mine.yml", "schema: My.Orders\nfields:\n- {name: order, type: int, required: true}\n")
	for _, args := range [][]string{{"--schema", schema}, {"--schema", schema, "--log-type", "AWS.VPCFlow", "-"}} {
		code, stdout, stderr := classifyRun(t, `{"order": "7"}`+"\n", args...)
		if code != 0 || !strings.HasPrefix(stdout, `{"order":7,"p_log_type":"My.Orders"`) || stderr != "lines 1: events 1 (My.Orders 1), failures 0, skipped 0\n" {
			t.Errorf("%v: %d\n%s%s", args, code, stdout, stderr)
		}
	}
	code, stdout, stderr := classifyRun(t, "{\"order\": \x00\xff}\n"+strings.Repeat("x", 3<<20)+"\n", "--schema", schema)
	if code != exitProblems || stdout != "" || strings.Count(stderr, "\n") != 1+4+1+2 { // what is too long is kept in parts
		t.Errorf("%d\n%s\n%.500s", code, stdout, stderr)
	}
	if !strings.Contains(stderr, "line too long: expected at most 1048576 bytes") {
		t.Errorf("stderr says nothing of the line that is too long")
	}
}

func TestClassifyForSource(t *testing.T) {
	dir := t.TempDir()
	text := `
kind: LogSource
name: shop
topics: [orders]
logTypes: [My.Orders, AWS.VPCFlow]
---
schema: My.Orders
fields:
- {name: order, type: int, required: true}
`
	if err := os.WriteFile(filepath.Join(dir, "shop.yml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := classifyRun(t, `{"order": 7}`+"\n"+flow+"\n", "--source", "shop", "-f", dir)
	if code != 0 || !strings.Contains(stderr, "events 2 (AWS.VPCFlow 1, My.Orders 1)") || !strings.Contains(stdout, `"p_source_label":"shop"`) {
		t.Errorf("%d\n%s%s", code, stdout, stderr)
	}
	code, _, stderr = classifyRun(t, `{"order": 7}`+"\n", "--schema", filepath.Join(dir, "shop.yml"))
	if code != 0 || !strings.Contains(stderr, "events 1 (My.Orders 1)") {
		t.Errorf("the log types of a file with a log source: %d\n%s", code, stderr)
	}
	code, _, stderr = classifyRun(t, "", "--source", "shpo", "-f", dir)
	if code != exitUsage || !strings.Contains(stderr, `no log source "shpo"; did you mean "shop"?`) {
		t.Errorf("%d %s", code, stderr)
	}
}

// The summary goes to a terminal, and what a line holds is chosen by strangers.
func TestClassifySummaryIsPrintable(t *testing.T) {
	_, _, stderr := classifyRun(t, "\x1b[2Jgone\x00\n", "--log-type", "Nginx.Access", "--failures", filepath.Join(t.TempDir(), "failed"))
	if !strings.Contains(stderr, `got \x1b[2Jgone\x00`) || strings.ContainsAny(stderr, "\x00\x1b") {
		t.Errorf("%q", stderr)
	}
}

func TestClassifyMistakes(t *testing.T) {
	wrong := writeFile(t, "wrong.yml", "schema: My.Orders\nfields:\n- {name: order, type: int, requierd: true}\n- {name: x, type: strng}\n")
	for _, tt := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"nothing to choose from", nil, exitUsage, "--log-type"},
		{"a misspelt type", []string{"--log-type", "AWS.VPCFlw"}, exitUsage, `did you mean "AWS.VPCFlow"?`},
		{"a schema with mistakes, all of them", []string{"--schema", wrong}, exitUsage, `wrong.yml:3:28: unknown key "requierd"; did you mean "required"?`},
		{"and the other one", []string{"--schema", wrong}, exitUsage, `wrong.yml:4:19: type: "strng" is not known; did you mean "string"?`},
		{"a source without files", []string{"--source", "x"}, exitUsage, "give both"},
		{"a file that is not there", []string{"--log-type", "AWS.VPCFlow", "/no/such.log"}, exitFailed, "/no/such.log"},
		{"a flag that is none", []string{"--log", "x"}, exitUsage, "there is no flag --log;"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, stderr := classifyRun(t, "", tt.args...)
			if code != tt.code || stdout != "" || !strings.Contains(stderr, tt.want) {
				t.Errorf("exit code %d, want %d\n%s", code, tt.code, stderr)
			}
		})
	}
}
