package kafka

import (
	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/stream"
)

// A memory is what the records of a transaction are made of. There are as many as lines, and once it is committed nobody has any:
// the client is done with a record before the transaction can end. So the next one is made of the same.
type memory struct {
	records slab[kgo.Record]
	headers slab[kgo.RecordHeader]
	bytes   slab[byte]
}

func newMemory() memory {
	return memory{slab[kgo.Record]{piece: 64}, slab[kgo.RecordHeader]{piece: 256}, slab[byte]{piece: 64 << 10}}
}

// record copies r.
func (m *memory) record(r stream.Record, partition int32) *kgo.Record {
	size := len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		size += len(h.Value)
	}
	room := m.bytes.take(size)
	kr := &m.records.take(1)[0]
	*kr = kgo.Record{Topic: r.Topic, Partition: partition}
	kr.Key, room = keep(room, r.Key)
	kr.Value, room = keep(room, r.Value)
	if len(r.Headers) > 0 {
		kr.Headers = m.headers.take(len(r.Headers))
	}
	for i, h := range r.Headers {
		kr.Headers[i].Key = h.Key
		kr.Headers[i].Value, room = keep(room, h.Value)
	}
	return kr
}

// keep copies b into room and returns what is left of that. Nil stays nil: it is not the same as empty.
func keep(room, b []byte) (kept, left []byte) {
	switch {
	case b == nil:
		return nil, room
	case len(b) == 0:
		return []byte{}, room
	}
	n := copy(room, b)
	return room[:n:n], room[n:]
}

// reuse makes what comes next of the memory of records that are done with.
func (m *memory) reuse() {
	m.records.reuse()
	m.headers.reuse()
	m.bytes.reuse()
}

// forget leaves records their memory, for as long as the client has them.
func (m *memory) forget() {
	m.records.forget()
	m.headers.forget()
	m.bytes.forget()
}
