package kafka

import (
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/stream"
)

// Limits of a dead letter. It has to fit into its topic, whatever is wrong with the record: else nothing could ever be
// committed behind it.
const (
	maxDeadLetter = maxOutput // of the record in it
	maxReason     = 16 << 10
)

// deadLetter makes the record that puts r aside, with the reason and the place where it was. If r is too large to be put
// aside itself, it is named by that place only.
func deadLetter(topic string, r stream.Record, reason string) *kgo.Record {
	out := &kgo.Record{Topic: topic, Key: r.Key, Value: r.Value}
	size := len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		out.Headers = append(out.Headers, kgo.RecordHeader{Key: h.Key, Value: h.Value})
		size += len(h.Key) + len(h.Value)
	}
	if size > maxDeadLetter {
		out.Key, out.Value, out.Headers = nil, nil, nil
	}
	add := func(key string, value []byte) {
		out.Headers = append(out.Headers, kgo.RecordHeader{Key: key, Value: value})
	}
	add("reason", []byte(reason[:min(len(reason), maxReason)]))
	add("topic", []byte(r.Topic))
	add("topic-id", []byte(r.TopicID.String()))
	add("partition", strconv.AppendInt(nil, int64(r.Partition), 10))
	add("offset", strconv.AppendInt(nil, r.Offset, 10))
	return out
}
