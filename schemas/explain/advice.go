package explain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"panther/schemas"
	"panther/schemas/classify"
	"panther/schemas/infer"
	"panther/schemas/logtype"
	"panther/schemas/strict"
)

// maxAdvice is for how many reasons there is advice: most of a line that is of another type are noise.
const maxAdvice = 3

// advice says what to do about a line that fails. schema is the nearest one; nil: there is none.
func advice(line []byte, nearest schemas.Candidate, schema *logtype.Schema) (all []string) {
	if schema == nil {
		return nil // the error says it
	}
	if text := classify.Advice(line); text != "" {
		all = append(all, text)
	}
	reason := nearest.Reasons[0]
	if text := aboutBytes(line, reason, schema); text != "" {
		return append(all, text)
	}
	for _, r := range nearest.Reasons[:min(len(nearest.Reasons), maxAdvice)] {
		if text := aboutField(line, r, schema); text != "" && !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

// aboutBytes looks for what is wrong with the line as a whole.
func aboutBytes(line []byte, reason schemas.Reason, schema *logtype.Schema) string {
	brace := bytes.IndexByte(line, '{')
	switch {
	case bytes.HasPrefix(line, []byte("\ufeff")):
		return "the line begins with a byte order mark, three bytes that belong to no value: let the sender leave it out"
	case bytes.HasPrefix(line, []byte{0x1f, 0x8b}):
		return "the line begins as gzip data do: unpack it first"
	case bytes.Count(line, []byte{0}) > len(line)/4 && len(line) > 3:
		return "every other byte is zero: the line seems to be UTF-16; let the sender write UTF-8"
	case reason.Code != schemas.NotJSON || reason.Field != "":
		return ""
	case schema.Parser == (logtype.Parser{}) && brace > 0 && json.Valid(line[brace:]):
		return fmt.Sprintf("from byte %d on the line is a JSON object: something put %q before it", brace, clipped(line[:brace]))
	case bytes.HasPrefix(line, []byte("{'")):
		return "the line is an object as Python prints it: let the sender write JSON, with json.dumps"
	case brace == 0 && isCut(line):
		return "the line ends within the object: it was cut, or an object goes over several lines"
	}
	return ""
}

// isCut reports whether JSON ends before it is whole.
func isCut(line []byte) bool {
	var value json.RawMessage
	return errors.Is(json.NewDecoder(bytes.NewReader(line)).Decode(&value), io.ErrUnexpectedEOF)
}

func clipped(b []byte) string {
	const most = 60
	if len(b) <= most {
		return string(b)
	}
	end := most
	for end > most-utf8.UTFMax && !utf8.RuneStart(b[end]) {
		end--
	}
	return string(b[:end]) + "…"
}

// aboutField looks for what is wrong with one value.
func aboutField(line []byte, r schemas.Reason, schema *logtype.Schema) string {
	f, v := fieldAt(schema.Fields, r.Field)
	if f == nil {
		return ""
	}
	if f.Derived != nil {
		var places []string
		for _, p := range f.Derived.Paths() {
			places = append(places, p.String())
		}
		return fmt.Sprintf("field %s is made of what the line has at %s: look there", f.Name, strings.Join(places, " and at "))
	}
	switch r.Code {
	case schemas.RequiredMissing:
		text := ""
		if near := misspelt(line, r, f.Member()); near != "" {
			text = fmt.Sprintf("the line has %q: names are compared letter by letter, and with their case", near)
		}
		if f.From != "" {
			text = strings.TrimPrefix(text+fmt.Sprintf("; field %s is the member %q of the line", r.Field, f.From), "; ")
		}
		return text
	case schemas.TimestampFormat:
		if format := formatOf(line, r.Span); format != "" {
			return fmt.Sprintf("the time is written as %s: add that to timeFormats of field %s", format, r.Field)
		}
	case schemas.TypeMismatch, schemas.OutOfRange:
		if to := wider(r); to != "" && !isMasked(v) { // of another type it could not be masked
			return fmt.Sprintf("if the sender means it so, make field %s %s in the schema; `panther schema diff` says what that breaks", r.Field, to)
		}
	}
	return ""
}

// fieldAt returns the field at a path of a reason, and the value there, which for an element of an array is not the field's own.
// Of what is within a derived field it is the derived one; nil: there is no field.
func fieldAt(fields []logtype.Field, path string) (*logtype.Field, *logtype.Value) {
	for i := range fields {
		f := &fields[i]
		v := &f.Value
		rest, ok := strings.CutPrefix(path, f.Name)
		for ok && strings.HasPrefix(rest, "[") && v.Element != nil {
			_, rest, _ = strings.Cut(rest, "]")
			v = v.Element
		}
		inner, isWithin := strings.CutPrefix(rest, ".")
		switch {
		case !ok:
		case rest == "", f.Derived != nil && isWithin:
			return f, v
		case isWithin:
			if f, v := fieldAt(v.Fields, inner); f != nil {
				return f, v
			}
		}
	}
	return nil, nil
}

// isMasked reports whether a value, or one within it, is masked.
func isMasked(v *logtype.Value) bool {
	return v.Mask != nil || v.Element != nil && isMasked(v.Element) ||
		slices.ContainsFunc(v.Fields, func(f logtype.Field) bool { return isMasked(&f.Value) })
}

// misspelt returns the member of the line that a missing one may be.
func misspelt(line []byte, r schemas.Reason, name string) string {
	within := line
	if r.Span.End > 0 {
		within = line[min(r.Span.Start, len(line)):min(r.Span.End, len(line))]
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(within, &members) != nil {
		return ""
	}
	names := slices.Sorted(maps.Keys(members))
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return n
		}
	}
	if len(name) < 4 {
		return "" // all short words are alike
	}
	return strict.Nearest(name, names)
}

// formatOf returns the time format of the value at a span.
func formatOf(line []byte, span schemas.Span) string {
	if span.Start < 0 || span.End > len(line) || span.Start >= span.End {
		return ""
	}
	value := line[span.Start:span.End]
	text := string(value)
	var decoded string
	if json.Unmarshal(value, &decoded) == nil {
		text = decoded
	}
	return infer.TimeFormat(text)
}

// wider returns the narrowest type that takes what the field has, and not what it wants; empty if nobody can tell.
func wider(r schemas.Reason) string {
	got, number, _ := strings.Cut(r.Got, " ")
	_, err := strconv.ParseFloat(number, 64)
	want, _, _ := strings.Cut(r.Expected, " ")
	switch {
	case got == "object" || got == "array" || want == "object" || want == "array":
		return "json"
	case r.Code == schemas.OutOfRange && (want == "int" || want == "smallint"):
		return "bigint, or string if it may be larger still"
	case r.Code == schemas.OutOfRange && (want == "bigint" || want == "float"):
		return "string"
	case got == "number" && !errors.Is(err, strconv.ErrRange) && (want == "int" || want == "smallint" || want == "bigint"):
		return "float"
	case r.Code == schemas.TypeMismatch:
		return "string"
	}
	return ""
}
