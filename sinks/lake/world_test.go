package lake

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	iceio "github.com/apache/iceberg-go/io"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/logtype"
)

// memStore is a Store that is not a disk: fast, with a clock of its own, and it fails where a test wants.
type memStore struct {
	mu    sync.Mutex
	files map[string]memoryFile
	now   func() time.Time
	// before is asked before each operation that changes something: apply says whether it takes effect, err what is answered.
	before func(op, name string) (apply bool, err error)
}

type memoryFile struct {
	data    []byte
	written time.Time
}

func newMemory() *memStore {
	return &memStore{files: map[string]memoryFile{}, now: time.Now}
}

func (m *memStore) Root() string { return "/lake" }

func (m *memStore) change(op, name string, do func() error) error {
	apply, answer := true, error(nil)
	if m.before != nil {
		apply, answer = m.before(op, name)
	}
	if apply {
		m.mu.Lock()
		defer m.mu.Unlock()
		if err := do(); err != nil {
			return err
		}
	}
	return answer
}

func (m *memStore) Create(_ context.Context, name string, b []byte) error {
	return m.change("create", name, func() error {
		if _, ok := m.files[name]; ok {
			return ErrExists
		}
		m.files[name] = memoryFile{bytes.Clone(b), m.now()}
		return nil
	})
}

func (m *memStore) Put(_ context.Context, name string, b []byte) error {
	return m.change("put", name, func() error {
		m.files[name] = memoryFile{bytes.Clone(b), m.now()}
		return nil
	})
}

func (m *memStore) Remove(_ context.Context, name string) error {
	return m.change("remove", name, func() error {
		delete(m.files, name)
		return nil
	})
}

func (m *memStore) Open(_ context.Context, name string) (iceio.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, ok := m.files[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return openMemory{bytes.NewReader(f.data), path.Base(name), f}, nil
}

func (m *memStore) List(_ context.Context, dir string) (out []Entry, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	seen := map[string]bool{}
	for name, f := range m.files {
		rest, ok := strings.CutPrefix(name, dir+"/")
		if dir == "." {
			rest, ok = name, true
		}
		if !ok {
			continue
		}
		first, _, deeper := strings.Cut(rest, "/")
		if !seen[first] {
			seen[first] = true
			out = append(out, Entry{Name: first, Dir: deeper, Size: int64(len(f.data)), Written: f.written})
		}
	}
	return out, nil
}

type openMemory struct {
	*bytes.Reader
	name string
	file memoryFile
}

func (o openMemory) Close() error               { return nil }
func (o openMemory) Stat() (fs.FileInfo, error) { return o, nil }
func (o openMemory) Name() string               { return o.name }
func (o openMemory) Mode() fs.FileMode          { return 0o644 }
func (o openMemory) ModTime() time.Time         { return o.file.written }
func (o openMemory) IsDir() bool                { return false }
func (o openMemory) Sys() any                   { return nil }
func (o openMemory) Size() int64                { return o.Reader.Size() }

var _ io.ReaderAt = openMemory{}

// The topics that the tests write to.
var (
	failuresTopic = stream.Partition{Topic: schemas.ClassificationFailures.Name, ID: stream.ID{1}}
	eventsTopic   = stream.Partition{Topic: schemas.Events.Name, ID: stream.ID{2}}
	producerTopic = stream.ID{9}
	start         = time.Date(2026, 11, 1, 10, 30, 0, 0, time.UTC)
)

func failure(p stream.Partition, offset int64, payload string) stream.Record {
	f := schemas.Failure{
		RowID: fmt.Sprintf("row-%d-%d", p.Num, offset), Source: "src-1", Label: "edge", Payload: schemas.Line(payload),
		Position:  schemas.Position{Topic: "edge-logs", TopicID: producerTopic, Partition: p.Num, Offset: offset},
		ParseTime: start, Error: "port: want int, got \"x\"", Fingerprint: "f1",
		Candidates: []schemas.Candidate{{Schema: "Edge.Log", Version: 3, Reasons: []schemas.Reason{{Code: schemas.TypeMismatch, Field: "port", Expected: "int", Got: "x", Span: schemas.Span{Start: 8, End: 11}}}}},
	}
	return stream.Record{Topic: p.Topic, TopicID: p.ID, Partition: p.Num, Offset: offset, Message: f, Value: []byte(payload), Time: start}
}

func event(p stream.Partition, offset int64, logType string, version int64, body string) stream.Record {
	pos, _ := json.Marshal(schemas.Position{Topic: "edge-logs", TopicID: producerTopic, Partition: p.Num, Offset: offset})
	h := func(k, v string) stream.Header { return stream.Header{Key: k, Value: []byte(v)} }
	return stream.Record{Topic: p.Topic, TopicID: p.ID, Partition: p.Num, Offset: offset, Value: []byte(body), Time: start, Headers: []stream.Header{
		h(schemas.HeaderLogType, logType), h(schemas.HeaderSource, "src-1"), h(schemas.HeaderSchemaVersion, fmt.Sprint(version)),
		h(schemas.HeaderParseTime, start.Format(time.RFC3339Nano)), h(schemas.HeaderPosition, string(pos)),
	}}
}

func of(topic stream.Partition, num int32) stream.Partition {
	topic.Num = num
	return topic
}

// library is a set of log types: every version, the newest last.
type library map[string][]*logtype.Schema

func (l library) lookup(name string, version int64) (*logtype.Schema, bool) {
	versions := l[name]
	for _, s := range versions {
		if s.Version == version {
			return s, true
		}
	}
	if len(versions) == 0 {
		return nil, false
	}
	return versions[len(versions)-1], true
}

func field(name string, t logtype.Type) logtype.Field {
	return logtype.Field{Name: name, Value: logtype.Value{Type: t}, Description: "the " + name}
}

func schemaOf(name string, version int64, fields ...logtype.Field) *logtype.Schema {
	return &logtype.Schema{Name: name, Version: version, Fields: fields}
}

// rowsIn reads a table as one map per row, values as text.
func rowsIn(t *testing.T, c *Catalog, name string) (out []map[string]string) {
	t.Helper()
	id, err := Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	for b, err := range c.Scan(context.Background(), id) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range int(b.NumRows()) {
			row := map[string]string{}
			for j, f := range b.Schema().Fields() {
				if col := b.Column(j); !col.IsNull(i) {
					row[f.Name] = col.ValueStr(i)
				}
			}
			out = append(out, row)
		}
	}
	return out
}

func must0(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
