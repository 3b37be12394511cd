package script

import (
	"math/bits"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// A meter says what something costs before it is done, in steps of its thread: one for 16 bytes of text, one for a value in a
// list or dict. It is never less than the work and the memory, within a factor that does not depend on the script.
type meter struct {
	thread *starlark.Thread
	full   bool
}

// add takes steps off what the thread may do.
func (m *meter) add(steps int) {
	if steps < 0 || steps > MaxSteps || m.thread.Steps+uint64(steps) > MaxSteps {
		m.full = true
		return
	}
	m.thread.Steps += uint64(steps)
}

func (m *meter) err() error {
	if m.full {
		return errTooMuch
	}
	return nil
}

// bytes adds the cost of a text.
func (m *meter) bytes(n int) { m.add(n/16 + 1) }

// times adds the cost of n things of a cost each.
func (m *meter) times(n, each int) {
	if each > 0 && n > MaxSteps/each {
		m.full = true
		return
	}
	m.add(n * each)
}

// shallow adds the cost of a value without what is in it.
func (m *meter) shallow(v starlark.Value) {
	switch v := v.(type) {
	case starlark.String:
		m.bytes(len(v))
	case starlark.Bytes:
		m.bytes(len(v))
	case starlark.Sequence:
		m.add(v.Len() + 1)
	case starlark.Iterable: // as the codepoints of a text: nobody knows how many before they are counted
		m.add(1)
		for range starlark.Elements(v) {
			if m.add(1); m.full {
				return
			}
		}
	case starlark.Int:
		if _, small := v.Int64(); small {
			m.add(1)
		} else {
			m.add(v.BigInt().BitLen()/32 + 1)
		}
	default:
		m.add(1)
	}
}

// maxMeasured is how deep a value may be nested that anything is done with: deeper ones could exhaust a stack.
const maxMeasured = 500

// deep adds the cost of a value with all that is in it, each time that it is.
func (m *meter) deep(v starlark.Value) { m.within(v, 0) }

func (m *meter) within(v starlark.Value, depth int) {
	if m.shallow(v); m.full {
		return
	}
	if depth > maxMeasured {
		m.full = true
		return
	}
	switch v := v.(type) {
	case *starlark.List:
		for i := range v.Len() {
			if m.within(v.Index(i), depth+1); m.full {
				return
			}
		}
	case starlark.Tuple:
		for _, item := range v {
			if m.within(item, depth+1); m.full {
				return
			}
		}
	case *starlark.Dict:
		for key, value := range v.Entries() {
			m.within(key, depth+1)
			if m.within(value, depth+1); m.full {
				return
			}
		}
	}
}

// cost returns what deep would add, and adds it.
func (m *meter) cost(v starlark.Value) int {
	before := m.thread.Steps
	m.deep(v)
	return int(m.thread.Steps - before)
}

// operator adds the cost of x op y.
func (m *meter) operator(op syntax.Token, x, y starlark.Value) {
	switch op {
	case syntax.STAR:
		m.repeat(x, y)
		m.repeat(y, x)
	case syntax.PERCENT:
		if format, ok := x.(starlark.String); ok {
			m.bytes(len(format))
			m.times(strings.Count(string(format), "%"), m.cost(y))
		}
	case syntax.EQL, syntax.NEQ, syntax.LT, syntax.GT, syntax.LE, syntax.GE:
		a, isText := x.(starlark.String)
		if b, ok := y.(starlark.String); ok && isText {
			m.bytes(min(len(a), len(b)))
			return
		}
		m.deep(x)
		m.deep(y)
	case syntax.IN, syntax.NOT_IN:
		m.contains(y, x)
	case syntax.PIPE:
		m.deep(x)
		m.deep(y)
		m.keysOf(x)
		m.keysOf(y)
	default:
		m.shallow(x)
		m.shallow(y)
	}
}

// repeat adds the cost of a text or list taken n times.
func (m *meter) repeat(v, n starlark.Value) {
	times, ok := n.(starlark.Int)
	if !ok {
		return
	}
	count, small := times.Int64()
	if !small {
		m.full = times.Sign() > 0 && starlark.Len(v) > 0
		return
	}
	if count = max(0, count); count > MaxSteps*16 {
		m.full = m.full || starlark.Len(v) > 0
		return
	}
	switch v := v.(type) {
	case starlark.String:
		m.bytes(len(v) * int(count))
	case starlark.Bytes:
		m.bytes(len(v) * int(count))
	case starlark.Sequence:
		m.times(v.Len()+1, int(count))
	}
}

// contains adds the cost of looking for x in a collection: all of it is compared with x.
func (m *meter) contains(in, x starlark.Value) {
	each := m.cost(x)
	switch in := in.(type) {
	case *starlark.List:
		m.times(in.Len(), each)
	case starlark.Tuple:
		m.times(in.Len(), each)
	case starlark.String:
		m.bytes(len(in))
	case *starlark.Dict:
		m.key(x)
	}
}

// call adds the cost of a function or method, which is at most that of its receiver and its arguments, but for those that make
// more of them.
func (m *meter) call(f *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) {
	receiver := f.Receiver()
	switch f.Name() {
	case "len", "type", "bool", "hasattr", "getattr", "range", "dir":
		m.add(1)
		return
	}
	given := 0
	for _, a := range args {
		given += m.cost(a)
	}
	for _, a := range kwargs {
		given += m.cost(a[1])
	}
	text, isText := receiver.(starlark.String)
	if isText {
		m.text(f.Name(), string(text), args, given)
		return
	}
	switch f.Name() {
	case "append", "clear", "popitem":
		return
	case "get", "setdefault":
		m.key(first(args))
		return
	case "pop":
		m.key(first(args))
	case "dict", "update":
		m.keysOf(first(args))
	case "index", "remove":
		m.times(starlark.Len(receiver), max(given, 1))
	case "sorted", "min", "max", "zip":
		m.times(given, bits.Len(uint(given))+len(args))
	case "int":
		if digits, ok := first(args).(starlark.String); ok && len(digits) > maxBits {
			m.full = true
		}
	case "json.decode":
		m.decode(first(args))
	}
	if receiver != nil {
		m.shallow(receiver)
	}
}

// text adds the cost of a method of a text, beyond that of its arguments.
func (m *meter) text(method, text string, args starlark.Tuple, given int) {
	switch method {
	case "startswith", "endswith", "elems", "codepoints", "elem_ords", "codepoint_ords", "removeprefix", "removesuffix":
		return
	case "split", "rsplit":
		separator, ok := first(args).(starlark.String)
		if ok && separator != "" {
			m.add(strings.Count(text, string(separator)))
		} else {
			m.add(len(text) / 2)
		}
	case "splitlines":
		m.add(strings.Count(text, "\n") + strings.Count(text, "\r"))
	case "join":
		m.times(starlark.Len(first(args)), len(text)/16+1)
	case "format":
		m.times(strings.Count(text, "{"), given)
	case "replace":
		m.replace(text, args)
	}
	m.bytes(len(text))
}

// replace adds the cost of replacing a text by another wherever it stands.
func (m *meter) replace(text string, args starlark.Tuple) {
	if len(args) < 2 {
		return
	}
	old, _ := args[0].(starlark.String)
	by, _ := args[1].(starlark.String)
	places := len(text) + 1
	if old != "" {
		places = strings.Count(text, string(old))
	}
	if places > 0 && len(by) > MaxSteps*16/places {
		m.full = true
		return
	}
	m.bytes(places * len(by))
}

func first(args starlark.Tuple) starlark.Value {
	if len(args) == 0 {
		return starlark.None
	}
	return args[0]
}
