package envelope

import (
	"bytes"
	"encoding/json"
	"fmt"

	"panther/schemas"
	"panther/schemas/classify"
)

// beginsArray reports whether text begins an array of objects, and not a line as "[error] disk full".
func beginsArray(b []byte) bool {
	if b[0] != '[' {
		return false
	}
	i := skip(b, 1)
	if i == len(b) || b[i] != '{' {
		return i < len(b) && b[i] == ']' && skip(b, i+1) == len(b)
	}
	_, flaw := scanValue(b, i)
	return flaw.ok() || flaw.at == len(b)
}

// arrays yields the elements of arrays with white space between them.
func (w *walk) arrays(b []byte) {
	for i := skip(b, 0); i < len(b) && !w.full(b[i:]); i = skip(b, i) {
		switch {
		case b[i] == '[':
			end, ok := w.elements(b, i, func(element []byte) { w.line(Line{Bytes: element}) })
			if !ok {
				return
			}
			i = end
		case b[i] == '{' && w.Type != JSONArray:
			w.objects(b[i:])
			return
		default:
			w.broken(b[i:], schemas.Reason{Code: schemas.NotJSON, Got: shown(b[i:]),
				Expected: "a JSON array; if it is a member of an object, name it in jsonArrayEnvelopeField"})
			return
		}
	}
}

// elements calls each with the objects of the array at i, and returns its end. What is no object is broken. ok is false if the
// array is broken: then all that is left has been yielded.
func (w *walk) elements(b []byte, i int, each func(element []byte)) (end int, ok bool) {
	left := i // of what was not yielded yet
	if i = skip(b, i+1); i < len(b) && b[i] == ']' {
		return i + 1, true
	}
	for {
		if w.full(b[left:]) {
			return len(b), false
		}
		end, flaw := scanValue(b, i)
		if flaw.ok() {
			if b[i] == '{' {
				each(b[i:end])
			} else {
				w.broken(b[i:end], schemas.Reason{Code: schemas.TypeMismatch, Expected: "a JSON object in the array", Got: shown(b[i:end])})
			}
			left, i = end, skip(b, end)
			switch {
			case i < len(b) && b[i] == ']':
				return i + 1, true
			case i < len(b) && b[i] == ',':
				left, i = i, skip(b, i+1)
				continue
			}
			flaw.at, flaw.want = i, "a comma or ]"
		}
		if i < len(b) { // else what is torn is the comma or bracket that is left, or what would have come
			left = i
		}
		why := flaw.reason(b[left:], left)
		why.Expected += " in the array"
		w.broken(b[left:], why)
		return len(b), false
	}
}

// wrapped yields the elements of the array that is a member of an object.
func (w *walk) wrapped(b []byte) {
	members, end, flaw := scanMembers(b, 0)
	var arrays, others []member
	for _, m := range members {
		name, _ := unquote(m.name)
		switch {
		case string(name) != w.ArrayField:
			others = append(others, m)
		case b[m.start] != '[':
			value := b[m.start:max(m.end, m.start+1)]
			w.broken(b, schemas.Reason{Code: schemas.TypeMismatch, Field: w.ArrayField, Expected: "array", Got: shown(value),
				Span: schemas.Span{Start: m.start, End: m.start + len(value)}})
			return
		default:
			arrays = append(arrays, m) // of the same name there may be several
		}
	}
	var why *schemas.Reason
	var envelope []byte
	switch {
	case len(arrays) == 0 && flaw.ok():
		why = &schemas.Reason{Code: schemas.RequiredMissing, Field: w.ArrayField, Expected: "array"}
	case len(arrays) == 0:
		r := flaw.reason(b, 0)
		why = &r
	case w.Retain:
		envelope, why = objectOf(b, others)
	}
	if why != nil {
		w.broken(b, *why)
		return
	}
	w.lists(b, arrays, end, flaw, func(element []byte) { w.line(Line{Bytes: element, Envelope: envelope}) })
}

// lists calls each with the elements of arrays that are members of the object b, which ends at end or has a flaw there.
func (w *walk) lists(b []byte, arrays []member, end int, flaw flaw, each func(element []byte)) {
	behind := 0
	for _, m := range arrays {
		var ok bool
		if behind, ok = w.elements(b, m.start, each); !ok {
			return
		}
	}
	w.behind(b, behind, end, flaw)
}

// behind yields what is wrong behind the list of an envelope: the list was whole, and has ended at list; the object has ended,
// or was given up, at end.
func (w *walk) behind(b []byte, list, end int, flaw flaw) {
	switch rest := skip(b, end); {
	case w.done:
	case !flaw.ok():
		w.broken(b[list:], flaw.reason(b[list:], list))
	case rest < len(b):
		w.broken(b[rest:], schemas.Reason{Code: schemas.TrailingData, Expected: "the end of the object", Got: shown(b[rest:])})
	}
}

// objectOf makes an envelope of members; nil if there are none.
func objectOf(b []byte, members []member) (envelope []byte, why *schemas.Reason) {
	raw := []byte{'{'}
	for _, m := range members {
		if m.end == 0 {
			continue
		}
		if len(raw) > 1 {
			raw = append(raw, ',')
		}
		raw = append(append(append(raw, m.name...), ':'), b[m.start:m.end]...)
	}
	if len(raw) == 1 {
		return nil, nil
	}
	raw = append(raw, '}')
	if len(raw) > classify.MaxLine {
		return nil, &schemas.Reason{Code: schemas.LineTooLong, Field: "p_header", Expected: fmt.Sprintf("an envelope of at most %d bytes", classify.MaxLine),
			Got: fmt.Sprintf("%d bytes", len(raw))}
	}
	var compact bytes.Buffer
	compact.Grow(len(raw))
	if err := json.Compact(&compact, raw); err != nil {
		return nil, &schemas.Reason{Code: schemas.NotJSON, Field: "p_header", Expected: "an envelope of JSON", Got: err.Error()}
	}
	if depthOf(compact.Bytes()) > classify.MaxDepth {
		return nil, &schemas.Reason{Code: schemas.TooDeep, Field: "p_header", Expected: fmt.Sprintf("an envelope of at most %d levels", classify.MaxDepth), Got: "more"}
	}
	return bytes.ToValidUTF8(compact.Bytes(), []byte("\uFFFD")), nil
}

// depthOf returns how deep valid JSON is nested.
func depthOf(b []byte) (deepest int) {
	depth := 0
	for i := 0; i < len(b); {
		switch b[i] {
		case '"':
			i, _ = scanString(b, i)
			continue
		case '{', '[':
			depth++
			deepest = max(deepest, depth)
		case '}', ']':
			depth--
		}
		i++
	}
	return deepest
}
