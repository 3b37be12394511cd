package envelope

import (
	"bytes"

	"panther/schemas"
	"panther/schemas/classify"
)

// A flaw is where a scan could not go on, and what it wanted there. At the end of the bytes it means that they were cut.
type flaw struct {
	at   int
	want string
}

// none is the flaw of what has none.
var none = flaw{}

func (f flaw) ok() bool { return f.want == "" }

// reason says the flaw of b, which begins at from in the bytes that were scanned.
func (f flaw) reason(b []byte, from int) schemas.Reason {
	at := min(max(0, f.at-from), len(b))
	r := schemas.Reason{Code: schemas.NotJSON, Expected: f.want, Got: "the end"}
	if at < len(b) {
		r.Got, r.Span = shown(b[at:]), schemas.Span{Start: at, End: at + 1}
	}
	return r
}

// maxShown bounds what a reason shows of a record.
const maxShown = 40

func shown(b []byte) string { return classify.Shown(b, maxShown) }

// scanValue finds the end of the JSON value at i. It looks at what a value consists of, so that it does not run into the next
// one where something is missing; whether numbers, words and escapes are right is for others to say.
func scanValue(b []byte, i int) (end int, f flaw) {
	var room [64]byte
	open := room[:0] // the brackets around i
	for {
		// A value begins at i.
		if i >= len(b) {
			return i, flaw{i, "a JSON value"}
		}
		switch c := b[i]; {
		case c == '{' || c == '[':
			open = append(open, c)
			i = skip(b, i+1)
			if i < len(b) && b[i] == c+2 { // the closing one, in ASCII: it holds nothing
				break
			}
			if c == '{' {
				if i, f = scanKey(b, i); !f.ok() {
					return i, f
				}
			}
			continue
		case c == '"':
			if i, f = scanString(b, i); !f.ok() {
				return i, f
			}
		default:
			start := i
			for i < len(b) && inScalar(b[i]) {
				i++
			}
			if i == start {
				return i, flaw{i, "a JSON value"}
			}
		}
		// A value has ended before i, or the bracket at i closes an empty one.
		for {
			if len(open) == 0 {
				return i, none
			}
			i = skip(b, i)
			inside := open[len(open)-1]
			if i < len(b) && b[i] == inside+2 {
				open = open[:len(open)-1]
				i++
				continue
			}
			break
		}
		if i == len(b) || b[i] != ',' {
			return i, flaw{i, "a comma or " + string(rune(open[len(open)-1]+2))}
		}
		i = skip(b, i+1)
		if open[len(open)-1] == '{' {
			if i, f = scanKey(b, i); !f.ok() {
				return i, f
			}
		}
	}
}

// scanKey finds the beginning of the value of the member whose name is at i.
func scanKey(b []byte, i int) (value int, f flaw) {
	if i == len(b) || b[i] != '"' {
		return i, flaw{i, "a member"}
	}
	if i, f = scanString(b, i); !f.ok() {
		return i, f
	}
	if i = skip(b, i); i == len(b) || b[i] != ':' {
		return i, flaw{i, "a colon"}
	}
	return skip(b, i+1), none
}

// scanString finds the end of the string at i. No string goes over the end of a line.
func scanString(b []byte, i int) (end int, f flaw) {
	for at := i + 1; ; {
		n := bytes.IndexByte(b[at:], '"')
		if n < 0 {
			n = len(b) - at
		}
		if feed := bytes.IndexByte(b[at:at+n], '\n'); feed >= 0 {
			return at + feed, flaw{at + feed, "a closing quote"}
		}
		if at += n; at == len(b) {
			return at, flaw{at, "a closing quote"}
		}
		escapes := 0
		for b[at-1-escapes] == '\\' {
			escapes++ // the opening quote ends them
		}
		at++
		if escapes%2 == 0 {
			return at, none
		}
	}
}

// inScalar reports whether a byte may be part of a number, true, false or null.
func inScalar(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '+' || c == '.'
}

// A member is a member of an object: where its value stands, and its name as it is written.
type member struct {
	name       []byte // with its quotes
	start, end int    // of the value; end 0: it was cut
}

// scanMembers lists the members of the object at i. Where it is broken, those before the flaw are there; the last may have no
// end.
func scanMembers(b []byte, i int) (list []member, end int, f flaw) {
	i = skip(b, i+1)
	if i < len(b) && b[i] == '}' {
		return nil, i + 1, none
	}
	for {
		var m member
		name := i
		if m.start, f = scanKey(b, i); !f.ok() {
			return list, m.start, f
		}
		quote, _ := scanString(b, name)
		m.name = b[name:quote]
		if i, f = scanValue(b, m.start); !f.ok() {
			if m.start < len(b) {
				list = append(list, m)
			}
			return list, i, f
		}
		m.end = i
		list = append(list, m)
		i = skip(b, i)
		switch {
		case i < len(b) && b[i] == '}':
			return list, i + 1, none
		case i == len(b) || b[i] != ',':
			return list, i, flaw{i, "a comma or }"}
		}
		i = skip(b, i+1)
	}
}
