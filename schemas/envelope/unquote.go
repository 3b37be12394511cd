package envelope

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// unquote returns what a JSON string says; bytes that are no UTF-8 stay as they are. Without escapes it copies nothing. It
// reports whether quoted is a string with escapes that JSON knows.
func unquote(quoted []byte) (text []byte, ok bool) {
	if len(quoted) < 2 || quoted[0] != '"' {
		return nil, false
	}
	text = quoted[1 : len(quoted)-1]
	slash := bytes.IndexByte(text, '\\')
	if slash < 0 {
		return text, true
	}
	out := append(make([]byte, 0, len(text)), text[:slash]...)
	for i := slash; i < len(text); {
		if text[i] != '\\' {
			out = append(out, text[i])
			i++
			continue
		}
		if i++; i == len(text) {
			return nil, false
		}
		if text[i] != 'u' {
			at := bytes.IndexByte([]byte(`"\/bfnrt`), text[i])
			if at < 0 {
				return nil, false
			}
			out = append(out, "\"\\/\b\f\n\r\t"[at])
			i++
			continue
		}
		r, size, ok := escapedRune(text[i:])
		if !ok {
			return nil, false
		}
		out = utf8.AppendRune(out, r)
		i += size
	}
	return out, true
}

// escapedRune reads uXXXX, and the other half of a surrogate pair behind it. Half a pair alone is U+FFFD.
func escapedRune(b []byte) (r rune, size int, ok bool) {
	unit, ok := hexUnit(b)
	if !ok || !utf16.IsSurrogate(unit) {
		return unit, len("uXXXX"), ok
	}
	if rest := b[len("uXXXX"):]; len(rest) > 0 && rest[0] == '\\' {
		if low, ok := hexUnit(rest[1:]); ok {
			if r := utf16.DecodeRune(unit, low); r != utf8.RuneError {
				return r, len(`uXXXX\uXXXX`), true
			}
		}
	}
	return utf8.RuneError, len("uXXXX"), true
}

func hexUnit(b []byte) (unit rune, ok bool) {
	if len(b) < len("uXXXX") || b[0] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[1:5]), 16, 16)
	return rune(n), err == nil
}
