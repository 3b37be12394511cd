package classify

import (
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// decode appends what the inside of a string literal means. Bytes that are no UTF-8, and halves of surrogate pairs, become
// U+FFFD, of which it tells.
func decode(dst, literal []byte) (text []byte, replaced bool) {
	for i := 0; i < len(literal); {
		switch c := literal[i]; {
		case c == '\\':
			var r rune
			r, i = escape(literal, i+1)
			if r < 0 {
				r, replaced = utf8.RuneError, true
			}
			dst = utf8.AppendRune(dst, r)
		case c < utf8.RuneSelf:
			dst = append(dst, c)
			i++
		default:
			r, n := utf8.DecodeRune(literal[i:])
			replaced = replaced || n == 1
			dst = utf8.AppendRune(dst, r)
			i += n
		}
	}
	return dst, replaced
}

// escape reads the escape behind the backslash before i; a negative rune is half a pair.
func escape(b []byte, i int) (r rune, next int) {
	switch c := b[i]; c {
	case 'n':
		return '\n', i + 1
	case 't':
		return '\t', i + 1
	case 'r':
		return '\r', i + 1
	case 'b':
		return '\b', i + 1
	case 'f':
		return '\f', i + 1
	case 'u':
		r, next = unit(b, i), i+5
		if !utf16.IsSurrogate(r) {
			return r, next
		}
		if next+6 <= len(b) && b[next] == '\\' && b[next+1] == 'u' {
			if pair := utf16.DecodeRune(r, unit(b, next+1)); pair != utf8.RuneError {
				return pair, next + 6
			}
		}
		return -1, next
	default:
		return rune(c), i + 1
	}
}

// unit is the code unit of the escape uXXXX at i.
func unit(b []byte, i int) (r rune) {
	for _, c := range b[i+1 : i+5] {
		digit := c - '0'
		if digit > 9 {
			digit = (c | 0x20) - 'a' + 10
		}
		r = r<<4 | rune(digit)
	}
	return r
}

// decodeUTF8 appends b, with U+FFFD for each byte that is no UTF-8.
func decodeUTF8(dst, b []byte) (text []byte, replaced bool) {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		replaced = replaced || r == utf8.RuneError && n == 1
		dst = utf8.AppendRune(dst, r)
		i += n
	}
	return dst, replaced
}

// validUTF8 returns s, with U+FFFD for each byte that is no UTF-8.
func validUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	valid, _ := decodeUTF8(nil, []byte(s))
	return string(valid)
}

// padded is a text in memory that has padding behind it.
func padded(text string) []byte { return append([]byte(text), zeros[:]...)[:len(text)] }

// isPlain reports whether text stands in events as it is: it has no quote, backslash or control character.
func isPlain(text []byte) bool {
	i := 0
	for ; i+8 <= len(text); i += 8 {
		if x := word(text, i); stops(x)&^x != 0 {
			return false
		}
	}
	if i > 0 { // once more, with what is left
		x := word(text, len(text)-8)
		return stops(x)&^x == 0
	}
	for ; i < len(text); i++ {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// isTidy reports whether text is plain and ASCII.
func isTidy(text []byte) bool {
	if len(text) < 8 {
		return isPlain(text) && isASCII(text)
	}
	odd := stops(word(text, len(text)-8))
	for i := 0; i < len(text)-8; i += 8 {
		odd |= stops(word(text, i))
	}
	return odd == 0
}

// isPrintable reports whether text is ASCII without control characters.
func isPrintable(text []byte) bool {
	odd, i := uint64(0), 0
	for ; i < len(text)-7; i += 8 {
		x := word(text, i)
		odd |= x | (x - ' '*lows)
	}
	for ; i < len(text); i++ {
		odd |= uint64(text[i]) | (uint64(text[i]) - ' ')
	}
	return odd&highs == 0
}

// isASCII reports whether text has no byte outside of ASCII.
func isASCII(text []byte) bool {
	odd, i, last := uint64(0), 0, len(text)-8
	if last < 0 {
		for _, c := range text {
			odd |= uint64(c)
		}
		return odd < utf8.RuneSelf
	}
	for ; i <= last-24; i += 32 {
		x := text[i : i+32]
		odd |= word(x, 0) | word(x, 8) | word(x, 16) | word(x, 24)
	}
	for ; i < last; i += 8 {
		odd |= word(text, i)
	}
	return (odd|word(text, last))&highs == 0
}

// appendText appends UTF-8 as a string of an event, with its quotes.
func appendText(dst, text []byte) []byte {
	dst = append(dst, '"')
	if isPlain(text) {
		return append(append(dst, text...), '"')
	}
	for _, c := range text {
		dst = appendByte(dst, c)
	}
	return append(dst, '"')
}

// appendTextAt is appendText for what stands in buf from one place to another, mostly something short.
func appendTextAt(dst, buf []byte, from, to int) []byte {
	if to-from > 16 || from+16 > len(buf) {
		return appendText(dst, buf[from:to])
	}
	plain := bits.TrailingZeros64(stops(word(buf, from)))
	if plain == 64 {
		plain += bits.TrailingZeros64(stops(word(buf, from+8)))
	}
	if plain>>3 < to-from {
		return appendText(dst, buf[from:to])
	}
	return append(appendShort(append(dst, '"'), buf, from, to), '"')
}

// appendShort appends what stands in buf from one place to another. Most values are short, and have padding behind them: two
// words are written faster than it is found out how to copy fewer bytes.
func appendShort(dst, buf []byte, from, to int) []byte {
	n := len(dst)
	if to-from > 16 || n+16 > cap(dst) || from+16 > len(buf) {
		return append(dst, buf[from:to]...)
	}
	*(*[16]byte)(dst[n : n+16]) = [16]byte(buf[from : from+16])
	return dst[:n+to-from]
}

// appendString is appendText for what may be no UTF-8.
func appendString(dst []byte, s string) []byte {
	start := len(dst)
	dst = append(append(dst, '"'), s...)
	if isTidy(dst[start+1:]) {
		return append(dst, '"')
	}
	text, _ := decodeUTF8(nil, []byte(s))
	return appendText(dst[:start], text)
}

// appendByte appends a byte of a string: only the quote, the backslash and control characters are escaped.
func appendByte(dst []byte, c byte) []byte {
	switch {
	case c == '"' || c == '\\':
		return append(dst, '\\', c)
	case c >= ' ':
		return append(dst, c)
	case c == '\n':
		return append(dst, `\n`...)
	case c == '\r':
		return append(dst, `\r`...)
	case c == '\t':
		return append(dst, `\t`...)
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

// appendLiteral appends the inside of a string literal of a line as events have it.
func appendLiteral(dst, literal []byte) (out []byte, replaced bool) {
	for i := 0; i < len(literal); {
		switch c := literal[i]; {
		case c == '\\':
			var r rune
			r, i = escape(literal, i+1)
			if r < 0 {
				r, replaced = utf8.RuneError, true
			}
			if r < utf8.RuneSelf {
				dst = appendByte(dst, byte(r))
			} else {
				dst = utf8.AppendRune(dst, r)
			}
		case c < utf8.RuneSelf:
			dst = append(dst, c)
			i++
		default:
			r, n := utf8.DecodeRune(literal[i:])
			replaced = replaced || n == 1
			dst = utf8.AppendRune(dst, r)
			i += n
		}
	}
	return dst, replaced
}
