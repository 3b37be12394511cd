package envelope_test

import (
	"encoding/json"
	"strings"
	"testing"

	"panther/schemas/envelope"
)

// BenchmarkLines compares the split of records with a scan that finds out whether they are JSON.
func BenchmarkLines(b *testing.B) {
	event := `{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::123456789012:user/maria","accountId":"123456789012"},` +
		`"eventTime":"2026-03-01T08:15:30Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","requestParameters":{"bucketName":"logs","key":"` +
		strings.Repeat("x", 800) + `"},"resources":[{"type":"AWS::S3::Object"},{"type":"AWS::S3::Bucket"}]}`
	text := strings.Repeat("2 123456789012 eni-1 198.51.100.7 203.0.113.9 443 49152 6 20 4000 1772352930 1772352990 ACCEPT OK\n", 1000)
	field := envelope.Stream{Type: envelope.JSONArray, ArrayField: "Records"}
	for _, x := range []struct {
		name   string
		stream envelope.Stream
		record string
	}{
		{"one object", envelope.Stream{}, event},
		{"objects by line", envelope.Stream{}, strings.Repeat(event+"\n", 100)},
		{"objects side by side", envelope.Stream{}, strings.Repeat(event, 100)},
		{"array", field, `{"Records":[` + strings.Repeat(event+",", 99) + event + `]}`},
		{"text", envelope.Stream{}, text},
	} {
		b.Run(x.name, func(b *testing.B) {
			record := []byte(x.record)
			b.SetBytes(int64(len(record)))
			b.ReportAllocs()
			for b.Loop() {
				for range x.stream.Lines(record) {
				}
			}
		})
	}
	b.Run("json.Valid", func(b *testing.B) {
		b.SetBytes(int64(len(event)))
		for b.Loop() {
			json.Valid([]byte(event))
		}
	})
}
