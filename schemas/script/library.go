package script

import (
	"encoding/base64"
	"errors"
	"sync"

	"go.starlark.net/lib/json"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// MaxSteps bounds what a script may do for one line. A step is one of the interpreter's, or 16 bytes of text, or a value in a
// list, that an operator or a function reads or makes. A million are some tens of milliseconds, and at the very most about
// 100 MB; a parser of ordinary lines takes a few thousand.
const MaxSteps = 1_000_000

var errTooMuch = errors.New("the script takes too much time or memory for one line")

// library returns what scripts have: the functions of the language, json.decode, json.encode, base64.decode, base64.encode, and
// the guards. It is shared, and frozen.
var library = sync.OnceValue(func() starlark.StringDict {
	env := starlark.StringDict{}
	for name, v := range starlark.Universe {
		if f, ok := v.(*starlark.Builtin); ok && name != "set" {
			env[name] = guarded(f)
		}
	}
	env["getattr"] = starlark.NewBuiltin("getattr", getattr)
	env["json"] = &starlarkstruct.Module{Name: "json", Members: starlark.StringDict{
		"decode": guarded(json.Module.Members["decode"].(*starlark.Builtin)),
		"encode": guarded(json.Module.Members["encode"].(*starlark.Builtin)),
	}}
	env["base64"] = &starlarkstruct.Module{Name: "base64", Members: starlark.StringDict{
		"decode": guarded(starlark.NewBuiltin("base64.decode", decodeBase64)),
		"encode": guarded(starlark.NewBuiltin("base64.encode", encodeBase64)),
	}}
	addGuards(env)
	env.Freeze()
	return env
})

// getattr is x.name, for a name that is computed, or a default.
func getattr(_ *starlark.Thread, f *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var x, otherwise starlark.Value
	var name string
	if err := starlark.UnpackPositionalArgs(f.Name(), args, kwargs, 2, &x, &name, &otherwise); err != nil {
		return nil, err
	}
	v, err := attribute(x, name)
	if err != nil && otherwise != nil {
		return otherwise, nil
	}
	return v, err
}

func encodeBase64(_ *starlark.Thread, f *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var text string
	if err := starlark.UnpackPositionalArgs(f.Name(), args, kwargs, 1, &text); err != nil {
		return nil, err
	}
	return starlark.String(base64.StdEncoding.EncodeToString([]byte(text))), nil
}

// decodeBase64 takes the usual alphabet, with or without padding.
func decodeBase64(_ *starlark.Thread, f *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var text string
	if err := starlark.UnpackPositionalArgs(f.Name(), args, kwargs, 1, &text); err != nil {
		return nil, err
	}
	decoded, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		var raw []byte
		if raw, err = base64.RawStdEncoding.DecodeString(text); err != nil {
			return nil, errors.New("base64.decode: the text is not base64")
		}
		decoded = raw
	}
	return starlark.String(decoded), nil
}
