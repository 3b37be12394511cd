package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTable(t *testing.T) {
	table := newTable("ID", "#LINES", "LAST")
	table.add("12345678", "7", "now") // an id of digits alone is no number
	table.add("ü", "1200", "\x1b[31mred\u202e")
	var b strings.Builder
	if err := table.print(&b, "  "); err != nil {
		t.Fatal(err)
	}
	want := `  ID        LINES  LAST
  12345678      7  now
  ü          1200  \x1b[31mred\u202e
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"plain, größer, 日本":    "plain, größer, 日本",
		"a\tb\nc\rd\x00e\x7f":  `a\tb\nc\x0dd\x00e\x7f`,
		"bad \xff byte":        `bad \xff byte`,
		"\u0085 \u2066 \ufffd": `\u0085 \u2066 ` + "\ufffd",
	} {
		if got := printable(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestWhen(t *testing.T) {
	now := time.Date(2026, 3, 5, 12, 0, 0, 0, time.Local)
	for _, tt := range []struct {
		at   time.Time
		want string
	}{
		{time.Time{}, "never"},
		{now, "12:00:00 (now)"},
		{now.Add(-59 * time.Second), "11:59:01 (59s ago)"},
		{now.Add(-2*time.Minute - 30*time.Second), "11:57:30 (2m ago)"},
		{now.Add(-13 * time.Hour), "Mar 4 23:00 (13h ago)"},
		{now.Add(-71 * time.Hour), "Mar 2 13:00 (2d ago)"},
		{now.Add(24 * time.Hour), "Mar 6 12:00 (in 24h)"},
		{time.Date(2025, 3, 5, 12, 0, 0, 0, time.Local), "2025-03-05 (365d ago)"},
	} {
		if got := when(tt.at, now); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.at, got, tt.want)
		}
	}
}
