package main

import (
	"strings"
	"testing"
)

const anyJSON = "schema: Any.Thing\nfields:\n- {name: a, type: int, required: true}\n"

func TestClassifyStreamTypes(t *testing.T) {
	schema := writeFile(t, "any.yml", anyJSON)
	for _, x := range []struct {
		name, stdin string
		args        []string
		code        int
		summary     string
		events      string // p_row_id and p_header of each
	}{
		{"objects by line", "{\"a\":1}\n{\"a\":2}{\"a\":3}\n\n", nil, 0, "lines 4: events 3 (Any.Thing 3), failures 0, skipped 1", "-:1 -:2 -:2.2"},
		{"objects over lines", "{\n \"a\": 1\n}\n{\"a\":2}\n", nil, 0, "lines 2: events 2 (Any.Thing 2), failures 0, skipped 0", "-:1 -:2"},
		{"an array over lines", "[\n{\"a\": 1},\n{\"a\":2}\n]\n", nil, 0, "lines 2: events 2 (Any.Thing 2), failures 0, skipped 0", "-:1 -:2"},
		{"packed", packed(t, "{\"a\":1}\n{\"a\":2}\n"), nil, 0, "lines 2: events 2 (Any.Thing 2), failures 0, skipped 0", "-:1 -:2"},
		{"a member", `{"Records":[{"a":1},{"a":2},{"b":3}],"from":"eu"}`, []string{"--stream-type", "JsonArray", "--array-field", "Records"}, exitProblems,
			"lines 3: events 2 (Any.Thing 2), failures 1, skipped 0", `-:1{"from":"eu"} -:2{"from":"eu"}`},
		{"torn", `[{"a":1},{"a":`, []string{"--stream-type", "JsonArray"}, exitProblems, "lines 2: events 1 (Any.Thing 1), failures 1, skipped 0", "-:1"},
		{"messages", `{"messageType":"DATA_MESSAGE","logGroup":"g","logStream":"s","logEvents":[{"message":"{\"a\":1}"}]}`, nil, 0,
			"lines 1: events 1 (Any.Thing 1), failures 0, skipped 0", `-:1{"messageType":"DATA_MESSAGE","logGroup":"g","logStream":"s"}`},
	} {
		t.Run(x.name, func(t *testing.T) {
			code, stdout, stderr := classifyRun(t, x.stdin, append([]string{"--schema", schema}, x.args...)...)
			if code != x.code || !strings.Contains(stderr, x.summary+"\n") {
				t.Errorf("exit code %d:\n%s", code, stderr)
			}
			var events []string
			for line := range strings.Lines(stdout) {
				_, row, _ := strings.Cut(line, `"p_row_id":"`)
				row, _, _ = strings.Cut(row, `"`)
				_, header, _ := strings.Cut(strings.TrimSuffix(line, "}\n"), `"p_header":`)
				events = append(events, row+header)
			}
			if got := strings.Join(events, " "); got != x.events {
				t.Errorf("events %s, want %s", got, x.events)
			}
		})
	}
}

// The stream type is that of the source, unless a flag says otherwise.
func TestClassifySourceStream(t *testing.T) {
	dir := t.TempDir()
	source := "---\nkind: LogSource\nname: trail\ntopics: [trail]\nlogTypes: [Any.Thing]\nstreamType: JsonArray\nstreamTypeOptions: {jsonArrayEnvelopeField: r}\n"
	writeIn(t, dir, "all.yml", anyJSON+source)
	record := `{"r":[{"a":1},{"a":2}]}`
	code, stdout, stderr := classifyRun(t, record, "--source", "trail", "-f", dir)
	if code != 0 || strings.Count(stdout, "\n") != 2 {
		t.Errorf("exit code %d:\n%s%s", code, stdout, stderr)
	}
	if code, _, stderr = classifyRun(t, record, "--source", "trail", "-f", dir, "--stream-type", "JSON"); code != exitProblems {
		t.Errorf("as JSON, exit code %d:\n%s", code, stderr)
	}
	for _, args := range [][]string{{"--stream-type", "JsonArry"}, {"--stream-type", "Lines", "--array-field", "r"}} {
		if code, _, stderr := classifyRun(t, record, append(args, "--log-type", "AWS.CloudTrail")...); code != exitUsage || stderr == "" {
			t.Errorf("%v: exit code %d:\n%s", args, code, stderr)
		}
	}
}

func TestClassifyHeaderOfFile(t *testing.T) {
	schema := writeFile(t, "door.yml", "schema: Any.Door\nparser: {csv: {hasHeader: true}}\nfields:\n- {name: door, type: int, required: true}\n")
	code, stdout, stderr := classifyRun(t, "time,door\n08:15,12\n08:16,13\n", "--schema", schema)
	if code != 0 || !strings.Contains(stdout, `{"door":12,`) || !strings.Contains(stderr, "events 2 (Any.Door 2), failures 0, skipped 1") {
		t.Errorf("exit code %d:\n%s%s", code, stdout, stderr)
	}
}
