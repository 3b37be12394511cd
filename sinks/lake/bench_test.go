package lake

import (
	"bytes"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/iceberg-go/table"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/classify"
	"panther/schemas/classify/mimic"
	"panther/schemas/logtype"
)

// BenchmarkFailures commits classification failures of 600 bytes to a folder, 10,000 a commit: rows a second of the processor,
// and ready-rows, if what it costs to make columns of them is left out. It writes the same rows with pqarrow alone: makes
// columns of the table's types of them, and a file. The ratio is of the two; columns-ratio leaves out of pqarrow's part, though
// not of ours, that rows are made columns.
func BenchmarkFailures(b *testing.B) {
	const rows = 10_000
	records := make([]stream.Record, rows)
	for i := range records {
		records[i] = failure(failuresTopic, int64(i), line600(int64(i)))
	}
	folder, err := OpenFolder(b.TempDir())
	must0(b, err)
	s := NewSink(NewCatalog(folder), library{}.lookup, Options{})
	var ours, ourEncoding, encoding, alone time.Duration
	s.encoder = func(f *fixedTable, set *columnSet, l Lookup) encoder {
		return timed{newEncoder(f, set, l), &ourEncoding}
	}
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
		encode, write := writeAlone(b, folder, records)
		encoding, alone = encoding+encode, alone+write
	}
	perSecond := func(d time.Duration) float64 { return float64(rows*b.N) / d.Seconds() }
	b.ReportMetric(perSecond(ours), "rows/cpu-s")
	b.ReportMetric(perSecond(ours-ourEncoding), "ready-rows/cpu-s")
	b.ReportMetric(perSecond(encoding+alone), "pqarrow-rows/cpu-s")
	b.ReportMetric((encoding+alone).Seconds()/ours.Seconds(), "ratio")
	b.ReportMetric(alone.Seconds()/ours.Seconds(), "columns-ratio")
}

// writeAlone returns what it costs to make columns of rows, and to write them.
func writeAlone(b *testing.B, folder Folder, records []stream.Record) (encode, write time.Duration) {
	schema, err := table.SchemaToArrowSchema(tableSchema(failureColumns()), nil, true, false)
	must0(b, err)
	enc := fixedTables()[schemas.ClassificationFailures.Name].encoder(newColumnSet(tableSchema(failureColumns())))
	withoutDictionaries(enc.set.columns)
	rows := make([]*row, len(records))
	for i, r := range records {
		rows[i] = &row{Record: stream.Record{Message: r.Message.(schemas.Failure)}, at: start}
	}
	began := processor()
	batch := enc.encode(schema, rows)
	defer batch.Release()
	encode = processor() - began
	began = processor()
	var buf bytes.Buffer
	w, err := pqarrow.NewFileWriter(batch.Schema(), &buf, writerProperties(batch), pqarrow.NewArrowWriterProperties(pqarrow.WithCoerceTimestamps(arrow.Microsecond)))
	must0(b, err)
	must0(b, w.Write(batch))
	must0(b, w.Close())
	must0(b, folder.Put(ctx, "alone.parquet", buf.Bytes()))
	return encode, processor() - began
}

// withoutDictionaries makes columns as a table has them.
func withoutDictionaries(columns []*classify.Column) {
	for _, c := range columns {
		if c.Kind == classify.DictionaryColumn {
			*c = *c.Children[0]
		}
		withoutDictionaries(c.Children)
	}
}

// processor is the time that this process has had of the processors.
func processor() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// BenchmarkEvents commits events, 10,000 a commit, from columns, as the sink does, and from rows: by the slow reader that tests
// compare it with. The ratio is of rows per second of the processor; that of encoding has only what is before the Parquet writer.
func BenchmarkEvents(b *testing.B) {
	g := mimic.New(1)
	for _, c := range []struct {
		logType string
		line    func() string
	}{{"AWS.CloudTrail", g.CloudTrail}, {"AWS.VPCFlow", g.VPCFlow}, {"Nginx.Access", g.Nginx}} {
		b.Run(c.logType, func(b *testing.B) { benchmarkEvents(b, c.logType, mimic.Lines(10_000, c.line)) })
	}
}

func benchmarkEvents(b *testing.B, logType string, lines [][]byte) {
	s, _ := logtype.Builtin(logType)
	checker, err := classify.New([]*logtype.Schema{s})
	must0(b, err)
	records := make([]stream.Record, len(lines))
	for i, line := range lines {
		v := checker.Check(classify.Line{Bytes: line, RowID: fmt.Sprintf("%032x", i), SourceID: "src-1", SourceLabel: "edge", ParseTime: start})
		records[i] = event(eventsTopic, int64(i), logType, s.Version, string(v.Event))
	}
	var used, encoding [2]time.Duration
	for b.Loop() {
		for k, events := range []func(*columnSet, Lookup) encoder{newEventEncoder, newRowEncoder} {
			folder, err := OpenFolder(b.TempDir())
			must0(b, err)
			sink := NewSink(NewCatalog(folder), library{logType: {s}}.lookup, Options{})
			sink.encoder = func(_ *fixedTable, set *columnSet, l Lookup) encoder { return timed{events(set, l), &encoding[k]} }
			sink.Assign(eventsTopic, 0)
			began := processor()
			must0(b, sink.Add(ctx, records))
			_, _, err = sink.Flush(ctx, true)
			must0(b, err)
			used[k] += processor() - began
		}
	}
	b.ReportMetric(float64(len(lines)*b.N)/used[0].Seconds(), "rows/cpu-s")
	b.ReportMetric(used[1].Seconds()/used[0].Seconds(), "ratio")
	b.ReportMetric(encoding[1].Seconds()/encoding[0].Seconds(), "encoding-ratio")
	b.ReportMetric(encoding[0].Seconds()/used[0].Seconds(), "encoding-share")
}

// timed is an encoder that notes what it costs.
type timed struct {
	encoder
	used *time.Duration
}

func (t timed) encode(schema *arrow.Schema, rows []*row) arrow.RecordBatch {
	began := processor()
	defer func() { *t.used += processor() - began }()
	return t.encoder.encode(schema, rows)
}
