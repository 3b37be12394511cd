package reference

import (
	"encoding/json"
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"panther/schemas"
	"panther/schemas/logtype"
)

// Numbers as text has them: as JSON has them, or with a plus or zeros before. An integer has neither point nor exponent.
var (
	integerText = regexp.MustCompile(`^[+-]?[0-9]+$`)
	floatText   = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
)

// scalar writes a value that is neither an object nor an array, as its schema wants it.
func (t *trial) scalar(v *logtype.Value, n *node, path string) outcome {
	if n.kind == object || n.kind == array {
		return t.mismatch(schemas.TypeMismatch, path, string(v.Type), n)
	}
	if v.Type == logtype.String {
		return t.string(v, n, path)
	}
	text := n.text
	if n.kind == str && text == "" {
		return absent
	}
	if n.kind != str {
		text = string(n.raw)
	}
	switch v.Type {
	case logtype.Boolean:
		return t.boolean(text, n, path)
	case logtype.Float:
		return t.float(text, n, path)
	case logtype.Timestamp:
		return t.timestamp(v, text, n, path)
	}
	return t.integer(v.Type, text, n, path)
}

// string writes a text: of a number or boolean, its bytes. What is wrong with a masked one is told without showing it.
func (t *trial) string(v *logtype.Value, n *node, path string) outcome {
	text := n.text
	if n.kind != str {
		text = string(n.raw)
	}
	if v.Validate != nil {
		if expected, ok := v.Validate.Check(text); !ok {
			r := schemas.Reason{Code: schemas.NotAllowed, Field: path, Expected: expected, Got: describe(n), Span: n.span}
			if v.Mask != nil {
				r.Got = n.kind.String() + " (masked)"
			}
			return t.fail(r)
		}
	}
	if v.Mask != nil {
		t.text(v.Mask.Apply(text), false)
		return present
	}
	t.text(text, n.altered)
	for _, i := range v.Indicators {
		t.event.indicators = appendIndicators(t.event.indicators, i, text)
	}
	return present
}

func (t *trial) boolean(text string, n *node, path string) outcome {
	b, err := strconv.ParseBool(text) // 1 t T true True TRUE and their opposites
	if err != nil {
		return t.mismatch(schemas.TypeMismatch, path, "boolean", n)
	}
	t.event.json = strconv.AppendBool(t.event.json, b)
	return present
}

func (t *trial) integer(kind logtype.Type, text string, n *node, path string) outcome {
	if !integerText.MatchString(text) {
		return t.mismatch(schemas.TypeMismatch, path, string(kind), n)
	}
	i, err := strconv.ParseInt(text, 10, 64)
	if r := ranges[kind]; err != nil || i < r[0] || i > r[1] {
		return t.mismatch(schemas.OutOfRange, path, rangeOf(kind), n)
	}
	t.event.json = strconv.AppendInt(t.event.json, i, 10)
	return present
}

func (t *trial) float(text string, n *node, path string) outcome {
	if !floatText.MatchString(text) {
		return t.mismatch(schemas.TypeMismatch, path, "float", n)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) {
		return t.mismatch(schemas.OutOfRange, path, "float up to 1.8e308", n)
	}
	written, err := json.Marshal(f)
	if err != nil {
		panic("a finite number has no JSON: " + err.Error())
	}
	t.event.json = append(t.event.json, written...)
	return present
}

func (t *trial) timestamp(v *logtype.Value, text string, n *node, path string) outcome {
	if n.kind == boolean {
		return t.mismatch(schemas.TypeMismatch, path, "timestamp", n)
	}
	code := schemas.TimestampFormat
	names := make([]string, 0, len(v.TimeFormats))
	for _, f := range v.TimeFormats {
		names = append(names, f.String())
		if n.kind == number && !f.IsUnix() {
			continue
		}
		at, err := f.Parse(text)
		if errors.Is(err, logtype.ErrTimeRange) {
			code = schemas.OutOfRange
		}
		if err != nil {
			continue
		}
		t.event.json = append(appendTime(append(t.event.json, '"'), at), '"')
		if v.IsEventTime && !t.event.hasTime {
			t.event.time, t.event.hasTime = at, true
		}
		return present
	}
	return t.mismatch(code, path, "timestamp as "+strings.Join(names, " or "), n)
}

// appendTime writes a time as events have it: RFC 3339 in UTC, as many digits of a second as it needs.
func appendTime(dst []byte, at time.Time) []byte { return at.UTC().AppendFormat(dst, time.RFC3339Nano) }
