package lake

import (
	"bytes"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/iceberg-go/table"

	"panther/pipeline/stream"
	"panther/schemas"
)

// BenchmarkFailures commits classification failures of 600 bytes to a folder, 10,000 a commit, and writes the same columns
// with the Parquet writer alone. The ratio is of rows per second of the processor.
func BenchmarkFailures(b *testing.B) {
	const rows = 10_000
	records := make([]stream.Record, rows)
	for i := range records {
		payload := fmt.Sprintf(`{"eventID":"%016x","sourceIPAddress":"10.0.%d.%d","port":"x","msg":"`, uint64(i)*0x9e3779b97f4a7c15, i%256, i%13)
		for n := uint64(i); len(payload) < 598; n = n*6364136223846793005 + 1442695040888963407 {
			payload += []string{"denied", "request", "policy", "session", "token", "expired", "bucket", "object", "action", "timeout"}[n>>40%10] + " "
		}
		records[i] = failure(failuresTopic, int64(i), payload+`"}`)
	}
	folder, err := OpenFolder(b.TempDir())
	must0(b, err)
	s := NewSink(NewCatalog(folder), library{}.lookup, Options{})
	var ours, alone time.Duration
	next := int64(0)
	for b.Loop() {
		for i := range records {
			records[i].Offset = next
			next++
		}
		s.Assign(failuresTopic, records[0].Offset)
		began := processor()
		must0(b, s.Add(ctx, records))
		_, _, err := s.Flush(ctx, true)
		must0(b, err)
		ours += processor() - began
		alone += writeAlone(b, folder, records)
	}
	perSecond := func(d time.Duration) float64 { return float64(rows*b.N) / d.Seconds() }
	b.ReportMetric(perSecond(ours), "rows/cpu-s")
	b.ReportMetric(perSecond(alone), "pqarrow-rows/cpu-s")
	b.ReportMetric(alone.Seconds()/ours.Seconds(), "ratio")
}

// writeAlone returns what it costs to write columns that are there already.
func writeAlone(b *testing.B, folder Folder, records []stream.Record) time.Duration {
	schema, err := table.SchemaToArrowSchema(tableSchema(failureColumns()), nil, true, false)
	must0(b, err)
	rb := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer rb.Release()
	enc := fixedTables()[schemas.ClassificationFailures.Name].encoder(tableSchema(failureColumns()).Fields())
	rows := make([]*row, len(records))
	for i, r := range records {
		rows[i] = &row{Record: stream.Record{Message: r.Message.(schemas.Failure)}, at: start}
	}
	enc.encode(rb, rows)
	batch := rb.NewRecordBatch()
	defer batch.Release()
	began := processor()
	var buf bytes.Buffer
	w, err := pqarrow.NewFileWriter(schema, &buf, writerProperties(), pqarrow.NewArrowWriterProperties(pqarrow.WithCoerceTimestamps(arrow.Microsecond)))
	must0(b, err)
	must0(b, w.Write(batch))
	must0(b, w.Close())
	must0(b, folder.Put(ctx, "alone.parquet", buf.Bytes()))
	return processor() - began
}

// processor is the time that this process has had of the processors.
func processor() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// BenchmarkEvents is the same for events with a dozen fields.
func BenchmarkEvents(b *testing.B) {
	const rows = 10_000
	var body strings.Builder
	body.WriteString(`{"p_log_type":"A.One","p_row_id":"0123456789abcdef","p_event_time":"2026-11-01T10:30:00Z","p_parse_time":"2026-11-01T10:30:00Z","p_source_id":"src-1"`)
	for i := range 12 {
		fmt.Fprintf(&body, `,"field%d":"value of the field %d"`, i, i)
	}
	body.WriteString(`}`)
	fields := schemaOf("A.One", 1)
	for i := range 12 {
		fields.Fields = append(fields.Fields, field(fmt.Sprint("field", i), "string"))
	}
	folder, err := OpenFolder(b.TempDir())
	must0(b, err)
	s := NewSink(NewCatalog(folder), library{"A.One": {fields}}.lookup, Options{})
	next := int64(0)
	records := make([]stream.Record, rows)
	var ours time.Duration
	for b.Loop() {
		for i := range records {
			records[i] = event(eventsTopic, next, "A.One", 1, body.String())
			next++
		}
		s.Assign(eventsTopic, records[0].Offset)
		began := processor()
		must0(b, s.Add(ctx, records))
		_, _, err := s.Flush(ctx, true)
		must0(b, err)
		ours += processor() - began
	}
	b.ReportMetric(float64(rows*b.N)/ours.Seconds(), "rows/cpu-s")
}
