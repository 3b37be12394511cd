package reference

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"panther/schemas"
	"panther/schemas/classify"
)

// A kind is what a value in a line is.
type kind uint8

const (
	null kind = iota
	boolean
	number
	str
	object
	array
)

func (k kind) String() string {
	return [...]string{"null", "boolean", "number", "string", "object", "array"}[k]
}

// A node is a value of a line, with its place.
type node struct {
	kind    kind
	raw     []byte       // as it stands
	span    schemas.Span // in the line; of a value within embedded JSON: the string that embeds it
	depth   int          // objects and arrays around it
	text    string       // of a string: decoded, always UTF-8
	altered bool         // of a string: text has U+FFFD for what is no UTF-8
	members []member     // of an object, in the order of the line
	items   []*node      // of an array
}

type member struct {
	name    string
	altered bool
	value   *node
}

// parse reads a JSON value, of which depth objects and arrays are already around. within is where spans point to if the
// value is embedded; nil: they count from the beginning of data.
func parse(data []byte, depth int, within *schemas.Span) (*node, *schemas.Reason) {
	d := json.NewDecoder(bytes.NewReader(data))
	var whole json.RawMessage
	err := d.Decode(&whole)
	end := int(d.InputOffset())
	read := end // as far as it is JSON
	if err != nil {
		read = errorOffset(data, err)
	}
	if at, deep := tooDeep(data[:read], depth); deep {
		return nil, &schemas.Reason{Code: schemas.TooDeep, Expected: fmt.Sprintf("at most %d levels", classify.MaxDepth), Got: "more", Span: place(at, at+1, within)}
	}
	if err != nil {
		return nil, syntaxReason(data, err, within)
	}
	if rest := bytes.TrimLeft(data[end:], " \t\r\n"); len(rest) > 0 {
		return nil, &schemas.Reason{Code: schemas.TrailingData, Expected: "the end of the line", Got: cut(rest), Span: place(len(data)-len(rest), len(data), within)}
	}
	w := walker{data: data, within: within, tokens: json.NewDecoder(bytes.NewReader(data))}
	w.tokens.UseNumber()
	return w.value(w.next(), depth), nil
}

// A walker turns the tokens of a valid JSON text into nodes.
type walker struct {
	data   []byte
	within *schemas.Span
	tokens *json.Decoder
	start  int // of the newest token
}

// next returns the next token and notes where it begins: behind white space and separators.
func (w *walker) next() json.Token {
	w.start = int(w.tokens.InputOffset())
	for bytes.IndexByte([]byte(" \t\r\n,:"), w.data[w.start]) >= 0 {
		w.start++
	}
	token, err := w.tokens.Token()
	if err != nil {
		panic("a valid JSON text has a bad token: " + err.Error()) // Decode has read it before
	}
	return token
}

func (w *walker) value(token json.Token, depth int) *node {
	start := w.start
	n := &node{depth: depth}
	switch t := token.(type) {
	case bool:
		n.kind = boolean
	case json.Number:
		n.kind = number
	case string:
		n.kind, n.text = str, t
	case json.Delim:
		if t == '{' {
			n.kind = object
			w.members(n)
		} else {
			n.kind = array
			for w.tokens.More() {
				n.items = append(n.items, w.value(w.next(), depth+1))
			}
			w.next()
		}
	}
	end := int(w.tokens.InputOffset())
	n.raw, n.span = w.data[start:end], place(start, end, w.within)
	if n.kind == str {
		n.altered = replaced(n.raw)
	}
	return n
}

func (w *walker) members(n *node) {
	for w.tokens.More() {
		name := w.next().(string)
		altered := replaced(w.data[w.start:w.tokens.InputOffset()])
		n.members = append(n.members, member{name, altered, w.value(w.next(), n.depth+1)})
	}
	w.next()
}

// tooDeep finds the bracket that opens a level more than there may be, in a text that is valid up to it.
func tooDeep(data []byte, depth int) (at int, deep bool) {
	inside := false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case inside && c == '\\':
			i++
		case c == '"':
			inside = !inside
		case inside:
		case c == '{' || c == '[':
			if depth++; depth > classify.MaxDepth {
				return i, true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return 0, false
}

// errorOffset is the place of the byte that an error of encoding/json is about; the end if the text ends too early.
func errorOffset(data []byte, err error) int {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return max(0, int(syntax.Offset)-1)
	}
	return len(data)
}

func syntaxReason(data []byte, err error, within *schemas.Span) *schemas.Reason {
	r := &schemas.Reason{Code: schemas.NotJSON, Expected: "JSON"}
	at := errorOffset(data, err)
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		r.Got, r.Span = "nothing", place(0, len(data), within)
	case at >= len(data):
		r.Got, r.Span = "the end of the line within a value", place(len(data), len(data), within)
	default:
		r.Got, r.Span = cut(data[at:]), place(at, at+1, within)
	}
	return r
}

func place(start, end int, within *schemas.Span) schemas.Span {
	if within != nil {
		return *within
	}
	return schemas.Span{Start: start, End: end}
}
