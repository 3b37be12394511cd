package classify

import (
	"bytes"
	"math"
	"strconv"
)

// A conv is a conversion that some schemas of a field want: of texts, and of numbers, to a type.
type conv struct {
	schemas mask
	typ     typ
	formats []timeFormat

	validate *validation // of a string
}

func (t typ) isConverted() bool { return t >= typInt && t <= typTimestamp }

// A result is what a conversion says.
type result uint8

const (
	fits result = iota
	mismatch
	outOfRange
	wrongFormat
	notAllowed
)

// limits are the largest values of the integer types; the smallest are one further from zero.
var limits = [...]int64{typInt: math.MaxInt32, typSmallInt: math.MaxInt16, typBigInt: math.MaxInt64}

// convert reads the text of an entry that is a string, not an empty one, a number or a boolean. If it fits, the entry has the
// value, unless schemas want different ones (shared is false): then it is converted again for the one that is chosen.
func (c *conv) convert(e *entry, text []byte, shared bool) result {
	switch c.typ {
	case typInt, typSmallInt, typBigInt:
		value, r := c.integer(e, text)
		if r == fits && shared {
			e.value, e.nanos = value, 0
			e.flags |= converted
		}
		return r
	case typFloat:
		return checkFloat(text)
	case typBoolean:
		return checkBoolean(text)
	case typString:
		return c.validate.check(text)
	case typTimestamp:
		if e.kind == boolean {
			return mismatch
		}
		at, seen, r := parseTime(c.formats, text, e.kind == number)
		if r == fits && shared {
			e.value, e.nanos = at.seconds, at.nanos
			e.flags |= converted | seen
		}
		return r
	}
	return mismatch
}

func (c *conv) integer(e *entry, text []byte) (int64, result) {
	value, r := e.value, fits
	if e.kind != number || e.flags&(fraction|long) != 0 {
		value, r = parseInteger(text)
	}
	if limit := limits[c.typ]; r == fits && (value > limit || value < -limit-1) {
		r = outOfRange
	}
	return value, r
}

// parseInteger reads digits with an optional sign.
func parseInteger(text []byte) (int64, result) {
	if n, ok := shortDigits(text); ok {
		return n, fits
	}
	negative := false
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		negative = text[0] == '-'
		text = text[1:]
	}
	if len(text) == 0 {
		return 0, mismatch
	}
	var n uint64
	tooLarge := false
	for _, c := range text {
		if !isDigit(c) {
			return 0, mismatch
		}
		if n > (math.MaxUint64-9)/10 {
			tooLarge = true
		}
		n = n*10 + uint64(c-'0')
	}
	switch {
	case tooLarge || n > 1<<63 || n == 1<<63 && !negative:
		return 0, outOfRange
	case negative:
		return -int64(n), fits
	}
	return int64(n), fits
}

// shortDigits reads 1 to 16 digits, by words and without a loop, for how many there are cannot be foretold. false: it is
// something else, or what stands behind the text does not fill a word.
func shortDigits(text []byte) (n int64, ok bool) {
	length := uint(len(text))
	if length-1 > 15 || cap(text) < 8 {
		return 0, false
	}
	if length <= 8 {
		return eightDigits(word(text[:8], 0), length)
	}
	upper, ok := eightDigits(word(text, 0), 8)
	lower, isToo := eightDigits(word(text, int(length)-8)>>(8*(16-length)), length-8)
	return upper*powers[length-8] + lower, ok && isToo
}

// eightDigits reads the first so many bytes of x as digits, 1 to 8.
func eightDigits(x uint64, length uint) (n int64, ok bool) {
	x = x<<(64-8*length) | '0'*lows>>(8*length) // the same number, with zeros before it
	ok = allDigits(x)
	x = x & (0x0f * lows) * (10<<8 + 1) >> 8
	x = x & 0x00ff00ff00ff00ff * (100<<16 + 1) >> 16
	return int64(x & 0x0000ffff0000ffff * (10000<<32 + 1) >> 32), ok
}

// checkFloat wants digits with an optional sign, fraction and exponent, and a finite float64.
func checkFloat(text []byte) result {
	i := 0
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		i++
	}
	start := i
	for i < len(text) && isDigit(text[i]) {
		i++
	}
	whole := i - start
	ok := whole > 0
	if i < len(text) && text[i] == '.' {
		start := i + 1
		for i++; i < len(text) && isDigit(text[i]); i++ {
		}
		ok = ok && i > start
	}
	if ok && i == len(text) && whole < 300 {
		return fits
	}
	if i < len(text) && text[i]|0x20 == 'e' {
		if i++; i < len(text) && (text[i] == '-' || text[i] == '+') {
			i++
		}
		start := i
		for i < len(text) && isDigit(text[i]) {
			i++
		}
		ok = ok && i > start
	}
	if !ok || i < len(text) {
		return mismatch
	}
	if _, err := strconv.ParseFloat(string(text), 64); err != nil {
		return outOfRange
	}
	return fits
}

// parseFloat reads what checkFloat accepts. Up to 15 digits and a power of ten that is a float64 itself make the nearest
// float64 in one division; for others there is package strconv.
func parseFloat(text []byte) (value float64, ok bool) {
	if checkFloat(text) != fits {
		return 0, false
	}
	digits, behind, point := int64(0), 0, false
	for i, c := range text {
		switch {
		case isDigit(c):
			digits = digits*10 + int64(c-'0')
			if point {
				behind++
			}
		case c == '.':
			point = true
		case i > 0: // an exponent
			behind = len(text) + len(powers)
		}
	}
	if len(text) > 15 || behind >= len(powers) {
		value, err := strconv.ParseFloat(string(text), 64)
		return value, err == nil
	}
	if value = float64(digits) / float64(powers[behind]); text[0] == '-' {
		value = -value
	}
	return value, true
}

// appendFloat writes the shortest decimal that reads back as the same float64, as encoding/json does. A text of up to 15
// digits without an exponent, or zeros where none are needed, is that already.
func appendFloat(dst, text []byte) []byte {
	if isShortest(text) {
		return append(dst, text...)
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return append(dst, '0') // it was checked before
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	dst = strconv.AppendFloat(dst, f, format, -1, 64)
	if n := len(dst); format == 'e' && n >= 4 && dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' { // e-09 is e-9
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}

func isShortest(text []byte) bool {
	if len(text) > 0 && text[0] == '-' {
		text = text[1:]
	}
	n := len(text)
	if n == 0 || n > 16 || text[0] == '0' && n > 1 && text[1] != '.' || bytes.HasPrefix(text, []byte("0.00000")) {
		return false
	}
	point := false
	for _, c := range text {
		if c == '.' {
			point = true
		} else if !isDigit(c) {
			return false
		}
	}
	if !point {
		return n <= 15
	}
	return text[n-1] != '0'
}

// checkBoolean takes what strconv.ParseBool takes.
func checkBoolean(text []byte) result {
	switch string(text) {
	case "1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False":
		return fits
	}
	return mismatch
}

// isTrue reads a boolean that was checked.
func isTrue(text []byte) bool { return text[0] == '1' || text[0]|0x20 == 't' }
