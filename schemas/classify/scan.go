package classify

import (
	"encoding/binary"
	"math/bits"
)

// padding is how many zeros stand behind a text in the worker's buffer. A zero ends every token, so that no scan asks where
// the text ends; and words may be read beyond it.
const padding = 64

const (
	lows  = 0x0101010101010101
	highs = 0x8080808080808080
)

// Flags say what was seen in a value, so that it need not be looked at again.
type flags uint16

const (
	escaped   flags = 1 << iota // a string has escapes
	rewritten                   // an event has it in other bytes: escapes that events do not write, white space, -0
	high                        // there are bytes outside of ASCII
	fraction                    // a number has a fraction or an exponent
	long                        // a number has more than 18 digits
	malformed                   // it is no JSON
	bare                        // a value of a line of text: a string without quotes
	plainKey                    // the member's name stands before the value as events write it
	duplicate                   // a later member of the object has the same name
	inner                       // a string that holds JSON, whose value is the next entry
	maybe                       // for some schemas it is absent
	converted                   // the entry has the value that the schemas want
	canonical                   // a time that stands as events write it
	altered                     // of bare: the line has bytes there that are no UTF-8
)

// word returns the eight bytes at i, the first in the lowest bits.
func word(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i : i+8]) }

// space returns the place of the next byte that is no white space.
func space(b []byte, i int) int {
	for b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r' {
		i++
	}
	return i
}

// behind returns the place of the next byte behind i that is no white space.
func behind(b []byte, i int) int {
	if i++; b[i] <= ' ' {
		return space(b, i)
	}
	return i
}

// stops marks, in the top bit of each byte of x, the first quote, backslash, control character or byte outside of ASCII; marks
// above it may be wrong. Flipping the second bit moves the quote next to the control characters, so that one subtraction finds
// both.
func stops(x uint64) uint64 {
	control, backslash := (x^0x02*lows)-0x21*lows, (x^'\\'*lows)-lows
	return (control | backslash | x) & highs
}

// zeroBytes marks, in the top bit of each byte of x, those that are zero.
func zeroBytes(x uint64) uint64 {
	const low = lows * 0x7f
	return ^(x&low + low | x | low)
}

// firstZero marks the first zero byte of x, as zeroBytes does; bytes above it may be marked wrongly.
func firstZero(x uint64) uint64 { return (x - lows) &^ x & highs }

// scanString returns the place of the quote that ends the string whose first byte is at i; with malformed, of the byte that
// may not be there.
func scanString(b []byte, i int) (end int, seen flags) {
	for {
		stop := stops(word(b, i))
		if stop == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(stop) >> 3
		switch c := b[i]; {
		case c == '"':
			return i, seen
		case c >= 0x80:
			seen |= high
			for i++; b[i] >= 0x80; i++ {
			}
		case c == '\\':
			var s flags
			if i, s = scanEscape(b, i+1); s&malformed != 0 {
				return i, s
			}
			seen |= s
		default:
			return i, seen | malformed
		}
	}
}

// scanEscape passes over the escape whose backslash stands before i.
func scanEscape(b []byte, i int) (next int, seen flags) {
	switch b[i] {
	case '"', '\\', 'n', 'r', 't':
		return i + 1, escaped
	case '/', 'b', 'f':
		return i + 1, escaped | rewritten
	case 'u':
		for k := i + 1; k < i+5; k++ {
			if !isHex(b[k]) {
				return k, malformed
			}
		}
		return i + 5, escaped | rewritten
	}
	return i, malformed
}

func isDigit(c byte) bool { return c-'0' <= 9 }
func isHex(c byte) bool   { return c-'0' <= 9 || (c|0x20)-'a' <= 5 }

// scanNumber returns the end of the number at i, and its value if it has neither fraction nor exponent and at most 18 digits;
// with malformed, the place of the byte that may not be there.
func scanNumber(b []byte, i int) (end int, seen flags, value int64) {
	negative := b[i] == '-'
	if negative {
		i++
	}
	start := i
	if b[i] == '0' {
		i++
	} else {
		for ; isDigit(b[i]); i++ {
			value = value*10 + int64(b[i]-'0')
		}
		if i == start {
			return i, malformed, 0
		}
	}
	if i-start > 18 {
		seen |= long
	}
	if b[i] == '.' {
		if i++; !isDigit(b[i]) {
			return i, malformed, 0
		}
		i, seen = digits(b, i), seen|fraction
	}
	if b[i]|0x20 == 'e' {
		if i++; b[i] == '+' || b[i] == '-' {
			i++
		}
		if !isDigit(b[i]) {
			return i, malformed, 0
		}
		i, seen = digits(b, i), seen|fraction
	}
	if negative {
		value = -value
		if value == 0 && seen&fraction == 0 {
			seen |= rewritten // -0
		}
	}
	return i, seen, value
}

func digits(b []byte, i int) int {
	for isDigit(b[i]) {
		i++
	}
	return i
}

// scanName returns the end of the true, false or null at i; with malformed, the place of the byte that may not be there.
func scanName(b []byte, i int) (end int, seen flags) {
	name := "null"
	switch b[i] {
	case 't':
		name = "true"
	case 'f':
		name = "false"
	}
	if end := i + len(name); string(b[i:end]) == name {
		return end, 0
	}
	for k := range name {
		if b[i+k] != name[k] {
			return i + k, malformed
		}
	}
	return i, malformed
}

// marksOf marks which bytes of x are c, by a bit each.
func marksOf(x uint64, c byte) uint64 {
	return zeroBytes(x^uint64(c)*lows) >> 7 * 0x0102040810204080 >> 56
}

// marksOf64 marks which of the first 64 bytes of b are c.
func marksOf64(b []byte, c byte) uint64 {
	x := b[:64]
	return marksOf(word(x, 0), c) | marksOf(word(x, 8), c)<<8 | marksOf(word(x, 16), c)<<16 | marksOf(word(x, 24), c)<<24 |
		marksOf(word(x, 32), c)<<32 | marksOf(word(x, 40), c)<<40 | marksOf(word(x, 48), c)<<48 | marksOf(word(x, 56), c)<<56
}
