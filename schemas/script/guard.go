package script

import (
	"fmt"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Names of guards, beside those of operators. A script cannot write them.
const (
	guardAttr   = "value.name"
	guardSlice  = "value[:]"
	guardSpread = "*value"
	guardKey    = "[value]"
)

// maxBits bounds integers: the time to multiply two grows faster than they do.
const maxBits = 8192

// operators are the binary operators that guards stand for.
func operators() []syntax.Token {
	return []syntax.Token{syntax.PLUS, syntax.MINUS, syntax.STAR, syntax.SLASH, syntax.SLASHSLASH, syntax.PERCENT, syntax.AMP,
		syntax.PIPE, syntax.CIRCUMFLEX, syntax.LTLT, syntax.GTGT, syntax.EQL, syntax.NEQ, syntax.LT, syntax.GT, syntax.LE, syntax.GE,
		syntax.IN, syntax.NOT_IN}
}

// addGuards adds the guards to what a script has.
func addGuards(env starlark.StringDict) {
	for _, op := range operators() {
		env[op.String()] = starlark.NewBuiltin(op.String(), func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			return binary(thread, op, args[0], args[1])
		})
		if op <= syntax.GTGT { // those that a statement has with a = behind them
			env[op.String()+"="] = starlark.NewBuiltin(op.String()+"=", func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
				return augment(thread, op, args[0], args[1])
			})
		}
	}
	one := func(name string, cost func(m *meter, v starlark.Value)) {
		env[name] = starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			m := meter{thread: thread}
			cost(&m, args[0])
			return args[0], m.err()
		})
	}
	one(guardSlice, (*meter).shallow)
	one(guardSpread, func(m *meter, v starlark.Value) { m.shallow(v); m.spread(v) })
	one(guardKey, func(m *meter, v starlark.Value) { m.deep(v); m.key(v) })
	env[guardAttr] = starlark.NewBuiltin(guardAttr, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		name, _ := starlark.AsString(args[1])
		return attribute(args[0], name)
	})
}

// binary computes x op y, if there is room for it.
func binary(thread *starlark.Thread, op syntax.Token, x, y starlark.Value) (starlark.Value, error) {
	m := meter{thread: thread}
	m.operator(op, x, y)
	if err := m.err(); err != nil {
		return nil, err
	}
	var result starlark.Value
	var err error
	switch op {
	case syntax.EQL, syntax.NEQ, syntax.LT, syntax.GT, syntax.LE, syntax.GE:
		var is bool
		is, err = starlark.Compare(op, x, y)
		result = starlark.Bool(is)
	default:
		result, err = starlark.Binary(op, x, y)
	}
	if err != nil {
		return nil, err
	}
	return result, checkInt(result)
}

// augment computes x op= y: a list or a dict grows where it is, so that others who have it see it grow.
func augment(thread *starlark.Thread, op syntax.Token, x, y starlark.Value) (starlark.Value, error) {
	list, isList := x.(*starlark.List)
	dict, isDict := x.(*starlark.Dict)
	switch {
	case op == syntax.PLUS && isList:
		if _, ok := y.(starlark.Iterable); ok {
			return grow(thread, list, "extend", y)
		}
	case op == syntax.PIPE && isDict:
		if _, ok := y.(*starlark.Dict); ok {
			return grow(thread, dict, "update", y)
		}
	}
	return binary(thread, op, x, y)
}

// grow calls a method of x that puts y into it, and returns x.
func grow(thread *starlark.Thread, x starlark.HasAttrs, method string, y starlark.Value) (starlark.Value, error) {
	f, err := attribute(x, method)
	if err != nil {
		return nil, err
	}
	if _, err := starlark.Call(thread, f, starlark.Tuple{y}, nil); err != nil {
		return nil, err
	}
	return x, nil
}

// attribute returns x.name, guarded if it is a method.
func attribute(x starlark.Value, name string) (starlark.Value, error) {
	var v starlark.Value
	if x, ok := x.(starlark.HasAttrs); ok {
		var err error
		if v, err = x.Attr(name); err != nil {
			return nil, err
		}
	}
	if v == nil {
		return nil, fmt.Errorf("%s has no .%s field or method", x.Type(), name)
	}
	if method, ok := v.(*starlark.Builtin); ok && method.Receiver() != nil {
		return guarded(method), nil
	}
	return v, nil
}

// guarded makes a function or method count before it works.
func guarded(f *starlark.Builtin) *starlark.Builtin {
	return starlark.NewBuiltin(f.Name(), func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		m := meter{thread: thread}
		m.call(f, args, kwargs)
		if err := m.err(); err != nil {
			return nil, err
		}
		result, err := f.CallInternal(thread, args, kwargs)
		if err != nil {
			return nil, err
		}
		return result, checkInt(result)
	})
}

func checkInt(v starlark.Value) error {
	if i, ok := v.(starlark.Int); ok {
		if _, small := i.Int64(); !small && i.BigInt().BitLen() > maxBits {
			return fmt.Errorf("a number of more than %d bits", maxBits)
		}
	}
	return nil
}
