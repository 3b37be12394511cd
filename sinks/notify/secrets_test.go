package notify

import (
	"strings"
	"testing"
)

func TestHide(t *testing.T) {
	var s secrets
	s.add("hunter2", "hunter2-and-more", `a"b&c d`, "abc")
	tests := []struct {
		name, text, want string
		cut              bool
	}{
		{"nothing to hide", "all is well", "all is well", false},
		{"each time", "hunter2 and hunter2", "*** and ***", false},
		{"the longer one first", "is hunter2-and-more", "is ***", false},
		{"in JSON", `{"x":"a\"b\u0026c d"}`, `{"x":"***"}`, false},
		{"in a URL", "x=a%22b%26c+d", "x=***", false},
		{"too short to be one", "abc", "abc", false},
		{"half of one where the text was cut", "hunter2 hunter2 hunte", "*** *** ", true},
		{"half of one where it was not", "a hunte", "a hunte", false},
	}
	for _, test := range tests {
		if got := s.hide(test.text, test.cut); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// A text of any length is cut somewhere; no half of a secret is left at its end.
func TestHideCutAnywhere(t *testing.T) {
	const secret = "0123456789abcdefghij"
	var s secrets
	s.add(secret)
	text := strings.Repeat("["+secret+"]", 20)
	for n := range text {
		got := s.hide(text[:n], true)
		if strings.ContainsAny(got, "0123456789") {
			t.Fatalf("cut at %d: %q", n, got)
		}
	}
}

func FuzzMessage(f *testing.F) {
	f.Add("ok")
	f.Add("\x1b[31m\xff\u202e\n\n" + strings.Repeat("é", maxMessage))
	f.Fuzz(func(t *testing.T, text string) {
		got := message(text)
		if len(got) > maxMessage {
			t.Errorf("%d bytes", len(got))
		}
		if strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\ufffd' && !strings.Contains(text, "\ufffd") }) {
			t.Errorf("%q holds what does not print", got)
		}
		if printable(got) != got {
			t.Errorf("%q is not printable", got)
		}
	})
}
