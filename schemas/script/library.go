package script

import (
	"errors"

	"go.starlark.net/lib/json"
	"go.starlark.net/starlark"
)

// MaxSteps bounds what a script may do for one line.
const MaxSteps = 1_000_000

var errTooMuch = errors.New("the script takes too much time or memory for one line")

// library is what scripts have besides the language itself.
func library() starlark.StringDict {
	return starlark.StringDict{"json": json.Module}
}
