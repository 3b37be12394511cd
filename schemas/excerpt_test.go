package schemas

import (
	"strings"
	"testing"
)

func TestExcerpt(t *testing.T) {
	long := strings.Repeat("a", 900) + "BAD" + strings.Repeat("z", 900)
	wide := strings.Repeat("é", 900)
	for _, tt := range []struct {
		name, line string
		span       Span
		cut        bool
		want       string
	}{
		{"a short line is whole, its failing part marked", `{"port": "x"}`, Span{9, 12}, false, `{"port": >>>"x"<<<}`},
		{"nothing in particular fails", `{"a": 1}`, Span{}, false, `{"a": 1}`},
		{"the failing part of a long line is in the middle", long, Span{900, 903}, false,
			"…" + strings.Repeat("a", 99) + ">>>BAD<<<" + strings.Repeat("z", 98) + "…"},
		{"the beginning of a long line, where nothing in particular fails", long, Span{}, false, strings.Repeat("a", 200) + "…"},
		{"a failing part that is longer itself", long, Span{10, 1700}, false, "…>>>" + strings.Repeat("a", 200) + "…<<<…"},
		{"letters stay whole", wide, Span{301, 303}, false, ""},
		{"a line that was cut before", "abcdef", Span{2, 4}, true, "…ab>>>cd<<<ef…"},
		{"a span outside of the line", "abc", Span{7, 9}, false, "abc"},
	} {
		s := Sample{Payload: Line(tt.line), Span: tt.span, Cut: tt.cut}
		switch got := s.Excerpt(); {
		case tt.want == "" && len(got) > 240:
			t.Errorf("%s: %d bytes: %s", tt.name, len(got), got)
		case tt.want != "" && got != tt.want:
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}
