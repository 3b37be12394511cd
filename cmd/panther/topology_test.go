package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"panther/pipeline"
)

// README shows the picture that the command draws, between a line ```topology and the next fence. -update puts it there.
func TestReadmeShowsTheTopology(t *testing.T) {
	const readme, fence = "../../README.md", "\n```topology\n"
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), fence)
	shown, after, closed := strings.Cut(rest, "```\n")
	if !ok || !closed {
		t.Fatal("README.md has no block ```topology for the picture that `panther topology` draws")
	}
	drawn := picture(pipeline.Topology(pipeline.Parts{}))
	if *update && shown != drawn {
		if err := os.WriteFile(readme, []byte(before+fence+drawn+"```\n"+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(drawn, shown); diff != "" {
		t.Errorf("README.md is not up to date (-drawn +README); -update mends it:\n%s", diff)
	}
}

func TestTopologyCommand(t *testing.T) {
	var out, errs bytes.Buffer
	p := &program{out: &out, err: &errs, env: func(string) string { return "" }}
	run := func(args ...string) string {
		out.Reset()
		if code := p.main(t.Context(), append([]string{"topology"}, args...)); code != 0 {
			t.Fatalf("exit %d: %s", code, &errs)
		}
		return out.String()
	}
	drawn := run()
	for line := range strings.Lines(drawn) {
		if n := utf8.RuneCountInString(line); n > 101 { // 100, and its end
			t.Errorf("%d letters: %s", n-1, line)
		}
	}
	topics := run("--topics")
	for _, topic := range pipeline.Topics() {
		if !strings.Contains(topics, "\n"+topic.Name+" ") {
			t.Errorf("--topics does not list %s", topic.Name)
		}
	}
	var nodes []shownNode
	if err := json.Unmarshal([]byte(run("-o", "json")), &nodes); err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		if !strings.Contains(drawn, "["+n.Name+"]") || n.Does == "" {
			t.Errorf("node %+v is not in the picture, or says nothing of itself", n)
		}
	}
	if code := p.main(t.Context(), []string{"topology", "x"}); code != exitUsage {
		t.Errorf("an argument: exit %d", code)
	}
}
