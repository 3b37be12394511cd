package lake

import (
	"fmt"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"panther/pipeline/stream"
	"panther/schemas"
)

// A failureReader makes failures out of rows of FailuresTable: fillFailure backwards. What the table does not keep, as the
// arrival of a line, is zero. Columns that another program took away or retyped read as null.
type failureReader struct{ cellsByName }

// cellsByName are columns, or members of a struct.
type cellsByName map[string]arrow.Array

func newFailureReader(b arrow.RecordBatch) (failureReader, error) {
	m := cellsByName{}
	for i, f := range b.Schema().Fields() {
		m[f.Name] = b.Column(i)
	}
	for _, name := range []string{colParseTime, colTopicID, colPartition, colOffset, colLine} {
		if m[name] == nil {
			return failureReader{}, fmt.Errorf("the table has no column %s any more", name)
		}
	}
	return failureReader{m}, nil
}

// text copies a text: the batch goes.
func (m cellsByName) text(name string, i int) string {
	if a, ok := m[name].(array.StringLike); ok && !a.IsNull(i) {
		return strings.Clone(a.Value(i))
	}
	return ""
}

func (m cellsByName) number(name string, i int) int64 {
	switch a := m[name].(type) {
	case *array.Int64:
		if !a.IsNull(i) {
			return a.Value(i)
		}
	case *array.Int32:
		if !a.IsNull(i) {
			return int64(a.Value(i))
		}
	case *array.Timestamp:
		if !a.IsNull(i) {
			return a.Value(i).ToTime(a.DataType().(*arrow.TimestampType).Unit).UnixMicro()
		}
	}
	return 0
}

func (m cellsByName) bytes(name string, i int) []byte {
	if a, ok := m[name].(*array.Binary); ok && !a.IsNull(i) {
		return a.Value(i)
	}
	return nil
}

// each calls f for the elements of a list of structs.
func (m cellsByName) each(name string, i int, f func(cellsByName, int)) {
	list, ok := m[name].(array.ListLike)
	if !ok || list.IsNull(i) {
		return
	}
	structs, ok := list.ListValues().(*array.Struct)
	if !ok {
		return
	}
	inside := cellsByName{}
	for j, field := range structs.DataType().(*arrow.StructType).Fields() {
		inside[field.Name] = structs.Field(j)
	}
	from, to := list.ValueOffsets(i)
	for j := from; j < to; j++ {
		f(inside, int(j))
	}
}

// topicID reads the id of a topic; one that is none reads as that of no topic.
func (r failureReader) topicID(i int) (id stream.ID) {
	_ = id.UnmarshalText([]byte(r.text(colTopicID, i)))
	return id
}

func (r failureReader) place(i int) place {
	return place{r.number(colParseTime, i), r.topicID(i).String(), int32(r.number(colPartition, i)), r.number(colOffset, i), r.number(colLine, i)}
}

func (r failureReader) failure(i int) schemas.Failure {
	f := schemas.Failure{
		RowID: r.text(colRowID, i), Source: r.text(colSourceID, i), Label: r.text("p_source_label", i), Error: r.text("error", i),
		Fingerprint: r.text("fingerprint", i), Envelope: schemas.Envelope(r.text(colHeader, i)), ParseTime: time.UnixMicro(r.number(colParseTime, i)).UTC(),
		Position: schemas.Position{Topic: r.text(colTopic, i), TopicID: r.topicID(i), Partition: int32(r.number(colPartition, i)), Offset: r.number(colOffset, i),
			Line: r.number(colLine, i), Bucket: r.text("s3_bucket", i), Object: r.text("s3_key", i)},
		Payload: schemas.Line(r.text(colPayload, i)),
	}
	if raw := r.bytes("payload_raw", i); raw != nil {
		f.Payload = schemas.Line(strings.Clone(string(raw)))
	}
	r.each("candidates", i, func(m cellsByName, j int) {
		candidate := schemas.Candidate{Schema: m.text("schema", j), Version: m.number("version", j)}
		m.each("reasons", j, func(m cellsByName, k int) {
			candidate.Reasons = append(candidate.Reasons, schemas.Reason{Code: schemas.Code(m.text("code", k)), Field: m.text("field", k),
				Expected: m.text("expected", k), Got: m.text("got", k), Span: schemas.Span{Start: int(m.number("span_start", k)), End: int(m.number("span_end", k))}})
		})
		if len(candidate.Reasons) == 0 {
			candidate.Reasons = []schemas.Reason{{}} // there is one for whoever asks for the first
		}
		f.Candidates = append(f.Candidates, candidate)
	})
	return f
}
