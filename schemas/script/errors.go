package script

import (
	"errors"
	"fmt"
	"strings"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// placed makes a text for people of an error of Starlark: line 3: what is wrong.
func placed(err error) error {
	var syntaxError syntax.Error
	if errors.As(err, &syntaxError) {
		return fmt.Errorf("line %d: %s", syntaxError.Pos.Line, syntaxError.Msg)
	}
	var list resolve.ErrorList
	if errors.As(err, &list) && len(list) > 0 {
		return fmt.Errorf("line %d: %s", list[0].Pos.Line, list[0].Msg)
	}
	var eval *starlark.EvalError
	if errors.As(err, &eval) {
		message := eval.Msg
		if strings.HasSuffix(message, "cancelled: too many steps") { // by the interpreter, which counts too
			message = errTooMuch.Error()
		}
		for i := range eval.CallStack {
			if frame := eval.CallStack.At(i); frame.Pos.Filename() == "script" {
				return fmt.Errorf("line %d: %s", frame.Pos.Line, message)
			}
		}
		return errors.New(message)
	}
	return err
}

// article names the kind of a value.
func article(v starlark.Value) string {
	if v == starlark.None {
		return "None"
	}
	kind := v.Type()
	if kind == "int" {
		return "an int"
	}
	return "a " + kind
}
