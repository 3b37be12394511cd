package classify

import (
	"bytes"
	"testing"
)

// What is asked of texts by words is what holds for each of their bytes: of any length, with any byte at any place.
func TestTextsByWords(t *testing.T) {
	plain := func(c byte) bool { return c >= ' ' && c != '"' && c != '\\' }
	for _, q := range []struct {
		name  string
		is    func([]byte) bool
		holds func(c byte) bool
	}{
		{"isPlain", isPlain, plain},
		{"isTidy", isTidy, func(c byte) bool { return plain(c) && c < 0x80 }},
		{"isPrintable", isPrintable, func(c byte) bool { return c >= ' ' && c < 0x80 }},
		{"isASCII", isASCII, func(c byte) bool { return c < 0x80 }},
		{"hasSpace", func(text []byte) bool { return !hasSpace(text) }, func(c byte) bool { return c != ' ' && c != '\t' && c != '\r' && c != '\n' }},
		{"isVisible", isVisible, func(c byte) bool { return c > ' ' && c < 0x7f && c != '%' }},
	} {
		for size := range 34 {
			text := bytes.Repeat([]byte{'a'}, size)
			if !q.is(text) {
				t.Fatalf("%s(%q) is false", q.name, text)
			}
			for at := range size {
				for c := range 256 {
					text[at] = byte(c)
					if got, want := q.is(text), q.holds(byte(c)); got != want {
						t.Fatalf("%s(%q) is %t", q.name, text, got)
					}
				}
				text[at] = 'a'
			}
		}
	}
}
