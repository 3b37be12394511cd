package script

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"go.starlark.net/starlark"
)

// Bounds of what a script returns: lists in lists of one list are small in memory and large when they are written.
const (
	maxDepth  = 128
	maxResult = 4 << 20
)

// A writer writes values as JSON.
type writer struct{ json []byte }

// value writes v, which has depth dicts and lists around it. The error says what is wrong with it.
func (w *writer) value(v starlark.Value, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("a dict that is nested more than %d deep", maxDepth)
	}
	if len(w.json) > maxResult {
		return fmt.Errorf("more than %d bytes", maxResult)
	}
	switch v := v.(type) {
	case starlark.NoneType:
		w.json = append(w.json, "null"...)
	case starlark.Bool:
		w.json = fmt.Append(w.json, bool(v))
	case starlark.Int:
		w.json = append(w.json, v.String()...)
	case starlark.Float:
		return w.float(float64(v))
	case starlark.String:
		w.text(string(v))
	case *starlark.Dict:
		return w.dict(v, depth)
	case *starlark.List, starlark.Tuple:
		return w.list(v.(starlark.Sequence), depth)
	default:
		return fmt.Errorf("a dict that holds %s; JSON has no such value", article(v))
	}
	return nil
}

func (w *writer) dict(d *starlark.Dict, depth int) error {
	w.json = append(w.json, '{')
	for i, item := range d.Items() {
		name, ok := item[0].(starlark.String)
		if !ok {
			return fmt.Errorf("a dict with the key %s, which is no string", article(item[0]))
		}
		if i > 0 {
			w.json = append(w.json, ',')
		}
		w.text(string(name))
		w.json = append(w.json, ':')
		if err := w.value(item[1], depth+1); err != nil {
			return err
		}
	}
	w.json = append(w.json, '}')
	return nil
}

func (w *writer) list(s starlark.Sequence, depth int) error {
	w.json = append(w.json, '[')
	first := true
	for item := range starlark.Elements(s) {
		if !first {
			w.json = append(w.json, ',')
		}
		first = false
		if err := w.value(item, depth+1); err != nil {
			return err
		}
	}
	w.json = append(w.json, ']')
	return nil
}

func (w *writer) float(f float64) error {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return errors.New("a number that is not finite")
	}
	text, err := json.Marshal(f)
	w.json = append(w.json, text...)
	return err
}

// text writes a string with the bytes that it has: whoever reads it knows what to do about those that are not UTF-8.
func (w *writer) text(s string) {
	const digits = "0123456789abcdef"
	w.json = append(w.json, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			w.json = append(w.json, '\\', c)
		case c < ' ':
			w.json = append(w.json, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			w.json = append(w.json, c)
		}
	}
	w.json = append(w.json, '"')
}
