package script

import "go.starlark.net/starlark"

// JSON writes a value as Parse does; else it says why it cannot.
func JSON(v starlark.Value) string {
	w := writer{}
	if err := w.value(v, 0); err != nil {
		return err.Error()
	}
	return string(w.json)
}
