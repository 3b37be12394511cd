package lake

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/iceberg-go"

	"panther/schemas"
)

// A rowEncoder is an eventEncoder that takes events apart by a JSON reader of its own, a row at a time, and appends to builders
// of Arrow: slower, and made without the engine. It is what eventEncoder is compared with.
type rowEncoder struct {
	lookup  Lookup
	fields  []iceberg.NestedField
	fillers map[int64]*filler
}

func micros(t time.Time) arrow.Timestamp { return arrow.Timestamp(t.UnixMicro()) }

// A structLike is a builder of fields: of a record or of a struct.
type structLike interface{ FieldBuilder(i int) array.Builder }

// A recordBuilder is an array.RecordBuilder as a structLike.
type recordBuilder struct{ *array.RecordBuilder }

func (r recordBuilder) FieldBuilder(i int) array.Builder { return r.Field(i) }

func newRowEncoder(set *columnSet, lookup Lookup) encoder {
	return &rowEncoder{lookup, set.schema.Fields(), map[int64]*filler{}}
}

func (e *rowEncoder) filler(logType string, version int64) *filler {
	f := e.fillers[version]
	if f == nil {
		s, _ := e.lookup(logType, version)
		f = newFiller(e.fields, logColumns(s))
		f.member[colParseTime], f.member[colUnconverted] = ignored, ignored
		e.fillers[version] = f
	}
	return f
}

func (e *rowEncoder) encode(schema *arrow.Schema, rows []*row) arrow.RecordBatch {
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for _, r := range rows {
		e.encodeRow(b, r)
	}
	return b.NewRecordBatch()
}

func (e *rowEncoder) encodeRow(b *array.RecordBuilder, r *row) {
	logType := r.Header(schemas.HeaderLogType)
	f := e.filler(logType, schemaVersion(r))
	rest := misfits{}
	event := bytes.Trim(r.Value, " \t\r\n")
	if !json.Valid(event) || event[0] != '{' {
		rest["event"], _ = json.Marshal(string(r.Value))
		event = []byte("{}")
	}
	f.fill(recordBuilder{b}, event, rest, "")
	p := placeOf(r)
	if h := r.Header(schemas.HeaderPosition); h != "" {
		var said schemas.Position
		if json.Unmarshal([]byte(h), &said) == nil {
			p = said
		}
	}
	for _, c := range []struct {
		name  string
		value any
	}{{colTopic, p.Topic}, {colTopicID, p.TopicID.String()}, {colPartition, p.Partition}, {colOffset, p.Offset}, {colLine, p.Line}, {colParseTime, r.at}, {colEventTime, r.at},
		{colLogType, logType}, {colSourceID, r.Header(schemas.HeaderSource)}, {colRowID, rowID(p)}} {
		f.set(b, indexOf(e.fields, c.name), c.value)
	}
	if len(rest) > 0 {
		text, _ := json.Marshal(rest) // a map of valid JSON
		f.set(b, indexOf(e.fields, colUnconverted), strings.ToValidUTF8(string(text), "\uFFFD"))
	}
	f.finish(recordBuilder{b})
}

// set fills a column that the event has not filled.
func (f *filler) set(b *array.RecordBuilder, i int, v any) {
	if i < 0 || f.done[i] {
		return
	}
	f.done[i] = true
	switch c := b.Field(i).(type) {
	case *array.StringBuilder:
		c.Append(v.(string))
	case *array.Int32Builder:
		c.Append(v.(int32))
	case *array.Int64Builder:
		c.Append(v.(int64))
	case *array.TimestampBuilder:
		c.Append(micros(v.(time.Time)))
	}
}

// A filler fills the columns of a table, or of a struct in it, from JSON objects of one version of a log type. It is made
// for a pair of schemas, the table's and the log type's, which need not be of the same version.
type filler struct {
	fields []target
	member map[string]int // the field for a member of the object
	values [][]byte       // of the object at hand, by field; nil: none
	done   []bool         // fields filled
}

// A target is a column.
type target struct {
	name string // of the member
	typ  iceberg.Type
	json bool    // its strings hold JSON
	sub  *filler // of a struct, or of the structs in a list
	kept []int   // older columns of this name with other types
}

// newFiller makes a filler for the fields of a table and the columns that a log type has. Columns that the log type does
// not know stay null.
func newFiller(fields []iceberg.NestedField, cols []column) *filler {
	f := &filler{fields: make([]target, len(fields)), member: map[string]int{}, values: make([][]byte, len(fields)), done: make([]bool, len(fields))}
	for i, field := range fields {
		f.fields[i] = target{typ: field.Type}
	}
	for _, c := range cols {
		i := indexOf(fields, c.name)
		if i < 0 || c.member == "" {
			continue
		}
		f.member[c.member] = i
		f.fields[i].aim(c)
		for j, other := range fields {
			if strings.HasPrefix(other.Name, c.name+kept) {
				f.fields[i].kept = append(f.fields[i].kept, j)
				f.fields[j].aim(c)
			}
		}
	}
	return f
}

// aim says which column of the log type the target is for.
func (t *target) aim(c column) {
	t.name, t.json = c.member, c.json
	if s, ok := elementOf(t.typ).(*iceberg.StructType); ok {
		t.sub = newFiller(s.FieldList, c.sub)
	}
}

// elementOf returns the type of the elements of a list, however deep, or t itself.
func elementOf(t iceberg.Type) iceberg.Type {
	if l, ok := t.(*iceberg.ListType); ok {
		return elementOf(l.Element)
	}
	return t
}

// ignored stands in filler.member for a member that is known, and that something else fills.
const ignored = -1

// misfits are values that no column takes, by their path in the event.
type misfits map[string]json.RawMessage

// fill appends the members of an object, which is at path in the event, to the builders of the fields. Fields without a value are left alone: done tells
// which. What fits nowhere goes to rest.
func (f *filler) fill(b structLike, object []byte, rest misfits, path string) {
	clear(f.values)
	clear(f.done)
	members(object, func(key, value []byte) {
		if i, ok := f.member[string(key)]; ok {
			if i != ignored {
				f.values[i] = value // the last one wins
			}
		} else if !isNull(value) {
			rest[path+string(key)] = value
		}
	})
	for i, v := range f.values {
		if v == nil || isNull(v) || f.put(b, i, v, rest, path) {
			continue
		}
		rest[path+f.fields[i].name] = v
	}
}

// put appends v to field i, or, if it does not fit there, to an older column of the same name.
func (f *filler) put(b structLike, i int, v []byte, rest misfits, path string) bool {
	if f.putAt(b, i, v, rest, path) {
		return true
	}
	for _, j := range f.fields[i].kept {
		if f.putAt(b, j, v, rest, path) {
			return true
		}
	}
	return false
}

func (f *filler) putAt(b structLike, i int, v []byte, rest misfits, path string) bool {
	t := &f.fields[i]
	if !f.done[i] && t.append(b.FieldBuilder(i), t.typ, v, rest, path+t.name) {
		f.done[i] = true
	}
	return f.done[i]
}

// finish appends null to every field that was not filled.
func (f *filler) finish(b structLike) {
	for i, done := range f.done {
		if !done {
			b.FieldBuilder(i).AppendNull()
		}
	}
}

// append appends a value, or nothing if the type does not take it.
func (t *target) append(b array.Builder, typ iceberg.Type, v []byte, rest misfits, path string) bool {
	switch b := b.(type) {
	case *array.StructBuilder:
		if v[0] != '{' {
			return false
		}
		b.Append(true)
		t.sub.fill(b, v, rest, path+".")
		t.sub.finish(b)
		return true
	case *array.ListBuilder:
		if v[0] != '[' {
			return false
		}
		b.Append(true)
		t.appendElements(b, typ.(*iceberg.ListType).Element, v, rest, path)
		return true
	}
	return appendScalar(b, v, t.json)
}

func (t *target) appendElements(b *array.ListBuilder, typ iceberg.Type, v []byte, rest misfits, path string) {
	i := 0
	elements(v, func(e []byte) {
		at := path + "[" + strconv.Itoa(i) + "]"
		if isNull(e) {
			b.ValueBuilder().AppendNull()
		} else if !t.append(b.ValueBuilder(), typ, e, rest, at) {
			b.ValueBuilder().AppendNull()
			rest[at] = e
		}
		i++
	})
}

func appendScalar(b array.Builder, v []byte, isJSON bool) bool {
	switch b := b.(type) {
	case *array.StringBuilder:
		if isJSON || v[0] == '{' || v[0] == '[' {
			b.Append(strings.ToValidUTF8(string(v), "\uFFFD"))
		} else {
			b.Append(plain(v))
		}
		return true
	case *array.Int32Builder:
		n, ok := toInt(v, 32)
		if ok {
			b.Append(int32(n))
		}
		return ok
	case *array.Int64Builder:
		n, ok := toInt(v, 64)
		if ok {
			b.Append(n)
		}
		return ok
	case *array.Float64Builder:
		n, ok := toFloat(v)
		if ok {
			b.Append(n)
		}
		return ok
	case *array.BooleanBuilder:
		yes, ok := toBool(v)
		if ok {
			b.Append(yes)
		}
		return ok
	case *array.TimestampBuilder:
		n, ok := toMicros(v)
		if ok {
			b.Append(arrow.Timestamp(n))
		}
		return ok
	}
	return false // a type that no log type has: another engine made the column
}
