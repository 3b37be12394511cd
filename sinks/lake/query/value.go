package query

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// Text writes a value for people and for CSV: texts as they are, times in UTC, what has parts as JSON. Of null it is empty, and
// ok is false.
func Text(a arrow.Array, i int) (text string, ok bool) {
	if a.IsNull(i) || a.DataType().ID() == arrow.NULL {
		return "", false
	}
	switch a := a.(type) {
	case array.StringLike:
		return a.Value(i), true
	case *array.Timestamp:
		return a.Value(i).ToTime(unit(a)).Format("2006-01-02 15:04:05.999999"), true
	}
	b := AppendJSON(nil, a, i)
	if len(b) > 1 && b[0] == '"' {
		var s string
		if json.Unmarshal(b, &s) == nil {
			return s, true
		}
	}
	return string(b), true
}

// AppendJSON writes a value as JSON: times as RFC 3339, bytes in base64, decimals and large integers as numbers; members of a
// struct keep their order.
func AppendJSON(b []byte, a arrow.Array, i int) []byte {
	if a.IsNull(i) {
		return append(b, "null"...)
	}
	switch a := a.(type) {
	case *array.Null:
		return append(b, "null"...)
	case *array.Boolean:
		return strconv.AppendBool(b, a.Value(i))
	case array.StringLike:
		return AppendQuoted(b, a.Value(i))
	case *array.Timestamp:
		return AppendQuoted(b, a.Value(i).ToTime(unit(a)).Format(time.RFC3339Nano))
	case *array.Date32:
		return AppendQuoted(b, a.Value(i).FormattedString())
	case *array.Binary:
		return AppendQuoted(b, base64.StdEncoding.EncodeToString(a.Value(i)))
	case *array.Float32:
		return appendFloat(b, float64(a.Value(i)), 32)
	case *array.Float64:
		return appendFloat(b, a.Value(i), 64)
	case *array.Dictionary:
		return AppendJSON(b, a.Dictionary(), a.GetValueIndex(i))
	case *array.Struct:
		return appendStruct(b, a, i)
	case *array.Map: // before lists, of which it is one
		return appendMap(b, a, i)
	case array.ListLike:
		from, to := a.ValueOffsets(i)
		return appendList(b, a.ListValues(), from, to)
	case *array.MonthDayNanoInterval:
		v := a.Value(i)
		return AppendQuoted(b, fmt.Sprintf("%d months %d days %v", v.Months, v.Days, time.Duration(v.Nanoseconds)))
	}
	switch a.DataType().ID() {
	case arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64, arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64,
		arrow.DECIMAL32, arrow.DECIMAL64, arrow.DECIMAL128, arrow.DECIMAL256:
		return append(b, a.ValueStr(i)...)
	}
	return AppendQuoted(b, a.ValueStr(i))
}

func unit(a *array.Timestamp) arrow.TimeUnit { return a.DataType().(*arrow.TimestampType).Unit }

func AppendQuoted(b []byte, s string) []byte {
	var quoted bytes.Buffer
	e := json.NewEncoder(&quoted)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // of a text it cannot go wrong; what is not UTF-8 becomes U+FFFD
	return append(b, bytes.TrimSuffix(quoted.Bytes(), []byte("\n"))...)
}

// appendFloat writes a number; JSON has none for NaN and infinity.
func appendFloat(b []byte, f float64, bits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(b, "null"...)
	}
	format := byte('f')
	if size := math.Abs(f); size != 0 && (size < 1e-6 || size >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, f, format, -1, bits)
}

func appendStruct(b []byte, a *array.Struct, i int) []byte {
	b = append(b, '{')
	for j, f := range a.DataType().(*arrow.StructType).Fields() {
		if j > 0 {
			b = append(b, ',')
		}
		b = append(AppendQuoted(b, f.Name), ':')
		b = AppendJSON(b, a.Field(j), i)
	}
	return append(b, '}')
}

func appendList(b []byte, values arrow.Array, from, to int64) []byte {
	b = append(b, '[')
	for i := from; i < to; i++ {
		if i > from {
			b = append(b, ',')
		}
		b = AppendJSON(b, values, int(i))
	}
	return append(b, ']')
}

// appendMap writes a map as an object; a key that is no text is written as one.
func appendMap(b []byte, a *array.Map, i int) []byte {
	from, to := a.ValueOffsets(i)
	b = append(b, '{')
	for j := from; j < to; j++ {
		if j > from {
			b = append(b, ',')
		}
		key, _ := Text(a.Keys(), int(j))
		b = append(AppendQuoted(b, key), ':')
		b = AppendJSON(b, a.Items(), int(j))
	}
	return append(b, '}')
}
