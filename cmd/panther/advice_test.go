package main

import (
	"bytes"
	"strings"
	"testing"
)

// A runbook that is read in `alerts show` does not tell to run that; nothing else of it is lost.
func TestWithoutStep(t *testing.T) {
	const show = "panther alerts show a1"
	for runbook, want := range map[string]string{
		"Look at the lines: panther alerts show a1. Then mend them.":          "Then mend them.",
		"Breathe. Look at the lines: panther alerts show a1. Then mend them.": "Breathe. Then mend them.",
		"Check the sender.": "Check the sender.",
	} {
		if got := withoutStep(runbook, show); got != want {
			t.Errorf("%q: %q, want %q", runbook, got, want)
		}
	}
}

// A long answer goes on below, to its last word.
func TestLongCell(t *testing.T) {
	answer := strings.Repeat("word ", 40) + "hint"
	table := newTable("NAME", "ANSWER")
	table.addLong("soc", answer)
	var b bytes.Buffer
	if err := table.print(&b, ""); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(strings.Fields(b.String()), " "); got != "NAME ANSWER soc "+answer {
		t.Errorf("%s", &b)
	}
	for line := range strings.Lines(b.String()) {
		if len(line) > lineWidth+len("NAME")+4 {
			t.Errorf("a line of %d", len(line))
		}
	}
}
