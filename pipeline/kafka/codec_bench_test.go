package kafka

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"panther/schemas/classify"
	"panther/schemas/classify/mimic"
	"panther/schemas/logtype"
)

// BenchmarkCodecs compresses and unpacks a batch of events of AWS CloudTrail by the codecs of Kafka, as its client does.
func BenchmarkCodecs(b *testing.B) {
	schema, _ := logtype.Builtin("AWS.CloudTrail")
	engine, err := classify.New([]*logtype.Schema{schema})
	if err != nil {
		b.Fatal(err)
	}
	var batch []byte
	for i, line := range mimic.Lines(1000, mimic.New(1).CloudTrail) {
		v := engine.Check(classify.Line{Bytes: line, RowID: fmt.Sprintf("%032x", i), SourceID: "src-1", SourceLabel: "edge", ParseTime: time.Unix(1_800_000_000, 0)})
		batch = append(batch, v.Event...)
	}
	for _, c := range []struct {
		name  string
		codec kgo.CompressionCodec
	}{{"lz4", kgo.Lz4Compression()}, {"snappy", kgo.SnappyCompression()}, {"zstd", kgo.ZstdCompression()}} {
		compressor, err := kgo.DefaultCompressor(c.codec)
		if err != nil {
			b.Fatal(err)
		}
		var buf bytes.Buffer
		packed, kind := compressor.Compress(&buf, batch)
		packed = bytes.Clone(packed)
		b.Run(c.name+"/pack", func(b *testing.B) {
			b.SetBytes(int64(len(batch)))
			for b.Loop() {
				buf.Reset()
				compressor.Compress(&buf, batch)
			}
			b.ReportMetric(float64(len(packed))/float64(len(batch)), "size")
		})
		b.Run(c.name+"/unpack", func(b *testing.B) {
			b.SetBytes(int64(len(batch)))
			unpack := kgo.DefaultDecompressor()
			for b.Loop() {
				if _, err := unpack.Decompress(packed, kind); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
