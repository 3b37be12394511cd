package classify

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"panther/schemas"
)

// lineReason says why the line is no JSON object.
func (w *worker) lineReason() *schemas.Reason {
	if w.within != nil {
		return w.diagnose(0, w.size, 0, w.within)
	}
	line := w.buf[:w.size]
	r := w.diagnose(0, w.size, 0, nil)
	whole := schemas.Span{End: len(line)}
	switch {
	case w.buf[space(w.buf, 0)] == '{' || r != nil && r.Code == schemas.TooDeep:
		return r
	case r == nil:
		start := space(w.buf, 0)
		end, _ := w.skip(start, 0)
		w.tape = w.tape[:0]
		n := &narrator{worker: w}
		got := n.describe(w.record(0, kindOf(w.buf[start]), 0, start, end))
		return &schemas.Reason{Code: schemas.TypeMismatch, Expected: "a JSON object", Got: got, Span: schemas.Span{Start: start, End: end}}
	case len(bytes.TrimSpace(line)) == 0:
		return &schemas.Reason{Code: schemas.NotJSON, Expected: "a JSON object", Got: "an empty line", Span: whole}
	}
	return &schemas.Reason{Code: schemas.NotJSON, Expected: "a JSON object", Got: cut(line), Span: whole}
}

// diagnose says why the text between two places of the buffer is no JSON; nil if it is. depth objects and arrays are around
// it; within is where it stands in the line if it stands in a string.
func (w *worker) diagnose(from, to, depth int, within *schemas.Span) *schemas.Reason {
	w.trouble = noTrouble
	start := space(w.buf, from)
	i, _ := w.skip(start, depth)
	at := func(start, end int) schemas.Span {
		if within != nil {
			return *within
		}
		return schemas.Span{Start: start - from, End: end - from}
	}
	if i < 0 && w.trouble == troubleDepth {
		return &schemas.Reason{Code: schemas.TooDeep, Expected: fmt.Sprintf("at most %d levels", MaxDepth), Got: "more", Span: at(w.troubleAt, w.troubleAt+1)}
	}
	if i < 0 {
		r := &schemas.Reason{Code: schemas.NotJSON, Expected: "JSON"}
		switch text := w.buf[from:to]; {
		case len(bytes.TrimSpace(text)) == 0:
			r.Got, r.Span = "nothing", at(from, to)
		case w.troubleAt >= to:
			r.Got, r.Span = "the end of the line within a value", at(to, to)
		default:
			r.Got, r.Span = cut(w.buf[w.troubleAt:to]), at(w.troubleAt, w.troubleAt+1)
		}
		return r
	}
	if i = space(w.buf, i); i != to {
		return &schemas.Reason{Code: schemas.TrailingData, Expected: "the end of the line", Got: cut(w.buf[i:to]), Span: at(i, to)}
	}
	return nil
}

// maxGot bounds what a reason shows of a line.
const maxGot = 100

func cut(b []byte) string { return Shown(b, maxGot) }

// Shown returns b as text, of at most so many bytes; an ellipsis stands for what is left out.
func Shown(b []byte, most int) string {
	text, _ := decodeUTF8(nil, b[:min(len(b), most+utf8.UTFMax)])
	if len(b) <= most && len(text) <= most {
		return string(text)
	}
	end := most - len("…")
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return string(text[:end]) + "…"
}
