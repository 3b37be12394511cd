package logtype

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"panther/schemas/strict"
)

// readEvent reads the members that the event of a sample has to have.
func readEvent(n strict.Node) map[string]any {
	if !n.Present() {
		return nil
	}
	m, _ := n.Value().(map[string]any)
	if len(m) == 0 {
		n.Problem("event: want members that the event has to have", "as event: {user: maria, port: 443}; null is a member that it must not have")
	}
	return m
}

// Differences says where an event differs from the members that the sample names, in the order of their names; members that
// it does not name may be there. In an object it is the same: what the sample names has to be there. Lists are compared as a
// whole. A member that is to be null must not be there, or be null.
func (s Sample) Differences(event []byte) []string {
	if s.Event == nil {
		return nil
	}
	got, err := plainJSON(event)
	if err != nil {
		return []string{"the event is no JSON: " + err.Error()}
	}
	text, err := json.Marshal(s.Event)
	if err != nil {
		return []string{"the expected event is no JSON: " + err.Error()}
	}
	want, err := plainJSON(text)
	if err != nil {
		return []string{"the expected event is no JSON: " + err.Error()}
	}
	return differences(nil, "", want, got)
}

func plainJSON(text []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err = d.Decode(&v)
	return v, err
}

func differences(found []string, path string, want, got any) []string {
	members, ok := want.(map[string]any)
	if have, both := got.(map[string]any); ok && both {
		for _, name := range slices.Sorted(maps.Keys(members)) {
			at := name
			if path != "" {
				at = path + "." + name
			}
			found = differences(found, at, members[name], have[name])
		}
		return found
	}
	if same(want, got) {
		return found
	}
	return append(found, fmt.Sprintf("%s: want %s, got %s", path, shown(want), shown(got)))
}

// same compares values: numbers by what they are, not by how they are written.
func same(want, got any) bool {
	switch want := want.(type) {
	case json.Number:
		n, ok := got.(json.Number)
		if !ok || want == n {
			return ok
		}
		a, errA := want.Float64()
		b, errB := n.Float64()
		_, wholeA := want.Int64()
		_, wholeB := n.Int64()
		return errA == nil && errB == nil && a == b && (wholeA != nil || wholeB != nil)
	case []any:
		list, ok := got.([]any)
		return ok && slices.EqualFunc(want, list, same)
	case map[string]any:
		members, ok := got.(map[string]any)
		return ok && len(differences(nil, "", want, members)) == 0
	}
	return reflect.DeepEqual(want, got)
}

func shown(v any) string {
	if v == nil {
		return "nothing"
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}
