package lake

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// The functions here take apart JSON that json.Valid has accepted, without making values of what no column wants.

// skip returns the index behind the value that begins at b[i].
func skip(b []byte, i int) int {
	switch b[i] {
	case '"':
		for i++; b[i] != '"'; i++ {
			if b[i] == '\\' {
				i++
			}
		}
		return i + 1
	case '{', '[':
		for depth := 0; ; i++ {
			switch b[i] {
			case '"':
				i = skip(b, i) - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
	}
	for i < len(b) && bytes.IndexByte([]byte(",]} \t\r\n"), b[i]) < 0 {
		i++
	}
	return i
}

func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// members calls f for each member of an object; the key is unescaped, the value as it stands.
func members(object []byte, f func(key, value []byte)) {
	for i := space(object, 1); object[i] != '}'; {
		end := skip(object, i)
		key := text(object[i:end])
		i = space(object, space(object, end)+1) // behind the colon
		end = skip(object, i)
		f(key, object[i:end])
		if i = space(object, end); object[i] == ',' {
			i = space(object, i+1)
		}
	}
}

// elements calls f for each element of an array.
func elements(array []byte, f func(value []byte)) {
	for i := space(array, 1); array[i] != ']'; {
		end := skip(array, i)
		f(array[i:end])
		if i = space(array, end); array[i] == ',' {
			i = space(array, i+1)
		}
	}
}

// text returns what a JSON string says; bytes that are not UTF-8 become U+FFFD.
func text(s []byte) []byte {
	if in := s[1 : len(s)-1]; bytes.IndexByte(in, '\\') < 0 && utf8.Valid(in) {
		return in
	}
	var out string
	if json.Unmarshal(s, &out) != nil {
		return nil // it is valid
	}
	return []byte(out)
}

// plain returns what a scalar says: the text of a string, or the literal.
func plain(v []byte) string {
	if v[0] == '"' {
		return string(text(v))
	}
	return string(v)
}

func isNull(v []byte) bool { return v[0] == 'n' }

func toInt(v []byte, bits int) (int64, bool) {
	n, err := strconv.ParseInt(plain(v), 10, bits)
	return n, err == nil
}

func toFloat(v []byte) (float64, bool) {
	f, err := strconv.ParseFloat(plain(v), 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}

func toBool(v []byte) (value, ok bool) {
	value, err := strconv.ParseBool(plain(v))
	return value, err == nil
}

// toMicros reads a time as events have it, RFC 3339; a table holds microseconds.
func toMicros(v []byte) (int64, bool) {
	t, err := time.Parse(time.RFC3339Nano, plain(v))
	if err != nil {
		return 0, false
	}
	return t.UnixMicro(), true
}
