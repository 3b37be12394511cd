package reference

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// appendString writes s as events have strings: only the quote, the backslash and control characters are escaped.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// replaced reports whether decoding a string literal loses something: bytes that are no UTF-8, or half a surrogate pair.
func replaced(literal []byte) bool {
	if !utf8.Valid(literal) {
		return true
	}
	for i := 0; i+1 < len(literal); i++ {
		if literal[i] != '\\' {
			continue
		}
		i++
		unit := escapedUnit(literal, i)
		if !utf16.IsSurrogate(unit) {
			continue
		}
		if i+5 >= len(literal) || literal[i+5] != '\\' || utf16.DecodeRune(unit, escapedUnit(literal, i+6)) == utf8.RuneError {
			return true
		}
		i += 10
	}
	return false
}

// escapedUnit is the code unit of an escape uXXXX at i; 0 if there is another.
func escapedUnit(literal []byte, i int) rune {
	if i+5 > len(literal) || literal[i] != 'u' {
		return 0
	}
	unit, err := strconv.ParseUint(string(literal[i+1:i+5]), 16, 16)
	if err != nil {
		return 0
	}
	return rune(unit)
}

// decode turns bytes of a line of text into a string: each byte that is no UTF-8 becomes U+FFFD.
func decode(b []byte) (text string, altered bool) {
	if utf8.Valid(b) {
		return string(b), false
	}
	return string([]rune(string(b))), true
}

// maxGot bounds what a reason shows of a line.
const maxGot = 100

// cut returns at most 100 bytes of b as text, with an ellipsis for what is left out.
func cut(b []byte) string {
	text, _ := decode(b[:min(len(b), maxGot+utf8.UTFMax)])
	if len(b) <= maxGot && len(text) <= maxGot {
		return text
	}
	end := maxGot - len("…")
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
