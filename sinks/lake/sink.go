package lake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/apache/iceberg-go/table"

	"panther/pipeline/stream"
	"panther/schemas"
)

// Options of a Sink. Zero values mean the defaults.
type Options struct {
	Interval  time.Duration    // rows wait for a commit at most this long; 60s
	Idle      time.Duration    // a table that gets no rows for this long commits what it has; 5s
	FileBytes int64            // a table commits when it has this much; 128 MiB, of records as they are in Kafka
	Memory    int64            // of all tables together, about; beyond it the largest commit; 512 MiB
	Now       func() time.Time // time.Now
}

// A Sink is the stream.Sink that feeds the tables.
type Sink struct {
	catalog *Catalog
	lookup  Lookup
	opt     Options
	fixed   map[string]*fixedTable                         // by topic
	held    func(t *table.Table, p stream.Partition) int64 // heldOffset
	wait    func(ctx context.Context, try int) error       // between tries of a commit: backOff
	encoder func(*fixedTable, *columnSet, Lookup) encoder  // newEncoder

	mu      sync.Mutex
	buffers map[string]*buffer // by folder of the table
	parts   map[stream.Partition]*position
	left    map[stream.Partition]int64 // safe offsets of partitions that were revoked since the last Flush
}

// position is how far a partition was taken in.
type position struct {
	next   int64        // the offset behind the last record
	fenced *FencedError // another writer has it
}

// A FencedError tells that another writer commits rows of a partition that was assigned to this one: it lost the partition
// and has not been told yet. What was buffered of it is dropped, in all tables, and its offset does not move. The cure is to
// leave the consumer group and to join it again: Assign begins the partition anew, wherever it goes.
type FencedError struct {
	Table     string
	Partition stream.Partition
	Want, Has int64 // the offset that the table should have had, and the one that it has
}

func (e *FencedError) Error() string {
	return fmt.Sprintf("commit rows of %s to table %s: another writer has taken it from offset %d to %d: leave the consumer group and join it again", e.Partition, e.Table, e.Want, e.Has)
}

// Is tells the runner that it is fenced.
func (e *FencedError) Is(target error) bool { return target == stream.ErrFenced }

// NewSink makes a sink that writes to the tables of c. lookup gives the log types, whose fields become columns.
func NewSink(c *Catalog, lookup Lookup, opt Options) *Sink {
	if opt.Interval == 0 {
		opt.Interval = time.Minute
	}
	if opt.Idle == 0 {
		opt.Idle = 5 * time.Second
	}
	if opt.FileBytes == 0 {
		opt.FileBytes = 128 << 20
	}
	if opt.Memory == 0 {
		opt.Memory = 512 << 20
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &Sink{catalog: c, lookup: lookup, opt: opt, held: heldOffset, wait: backOff, encoder: newEncoder,
		fixed: fixedTables(), buffers: map[string]*buffer{}, parts: map[stream.Partition]*position{}, left: map[stream.Partition]int64{}}
}

// Topics returns the topics that a Sink reads.
func Topics() []stream.Topic {
	topics := []stream.Topic{schemas.Events}
	for _, f := range fixedTables() {
		topics = append(topics, f.topic)
	}
	slices.SortFunc(topics[1:], func(a, b stream.Topic) int { return cmp.Compare(a.Name, b.Name) })
	return topics
}

// Assign begins a partition at offset from. It finds nothing of the time before: rows that were buffered, and what was known
// of the tables' offsets, are forgotten, else rows that come again would go in twice.
func (s *Sink) Assign(p stream.Partition, from int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(p)
	delete(s.left, p)
	s.parts[p] = &position{next: from}
}

func (s *Sink) forget(p stream.Partition) {
	for _, b := range s.buffers {
		b.drop(p)
	}
}

// Revoke ends partitions: what is buffered of them is committed within ctx, or dropped. The next Flush tells how far each got.
func (s *Sink) Revoke(ctx context.Context, ps []stream.Partition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range buffersBySize(s.buffers) {
		for _, p := range ps {
			if q := b.parts[p]; q != nil && len(q.rows) > 0 {
				_ = s.flush(ctx, b) // what did not get in comes again, to the next owner
				break
			}
		}
	}
	for _, p := range ps {
		if at, ok := s.safe(p); ok {
			s.left[p] = at
		}
		s.forget(p)
		delete(s.parts, p)
	}
}

// Add takes records. When the buffers are full it commits the largest first, and takes nothing if that fails: then the same
// records may be given again. A record below the position of its partition is one that came before, and is skipped.
func (s *Sink) Add(ctx context.Context, rs []stream.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var need int64
	for i := range rs {
		need += sizeOf(&rs[i])
	}
	if err := s.makeRoom(ctx, need); err != nil {
		return err
	}
	now := s.opt.Now()
	for i := range rs {
		r := &rs[i]
		p := stream.Partition{Topic: r.Topic, ID: r.TopicID, Num: r.Partition}
		at := s.parts[p]
		if at == nil {
			return fmt.Errorf("take offset %d of %s into the lake: the partition is not assigned", r.Offset, p)
		}
		if r.Offset < at.next || at.fenced != nil {
			continue
		}
		if err := s.take(p, r, now); err != nil {
			return err
		}
		at.next = r.Offset + 1
	}
	return nil
}

func (s *Sink) take(p stream.Partition, r *stream.Record, now time.Time) error {
	row := &row{Record: *r, size: sizeOf(r)}
	id, logType, ok, err := rowFor(s.fixed, row, now)
	if err != nil || !ok {
		return err
	}
	b := s.buffer(id, logType)
	if b.fixed = s.fixed[r.Topic]; b.fixed != nil {
		row.Value, row.Headers = nil, nil // what they say is in the message
	}
	b.add(p, row, now)
	return nil
}

// rowFor prepares a row and says which table it belongs to; the log type is that of an event. Not every record is a row.
func rowFor(fixed map[string]*fixedTable, r *row, now time.Time) (id table.Identifier, logType string, ok bool, err error) {
	if f := fixed[r.Topic]; f != nil {
		return f.id, "", f.prepare(r, now), nil // false also of bytes that do not decode: the runner has put them aside
	}
	if r.Topic != schemas.Events.Name {
		return nil, "", false, fmt.Errorf("take offset %d of topic %s into the lake: no table is fed from this topic", r.Offset, r.Topic)
	}
	if len(r.Value) == 0 {
		return nil, "", false, nil // a tombstone, which nobody writes
	}
	prepareEvent(r, now)
	logType = r.Header(schemas.HeaderLogType)
	return LogTable(logType), logType, true, nil
}

func (s *Sink) buffer(id table.Identifier, logType string) *buffer {
	b := s.buffers[folderOf(id)]
	if b == nil {
		b = &buffer{table: id, logType: logType, parts: map[stream.Partition]*pending{}}
		s.buffers[folderOf(id)] = b
	}
	return b
}

func sizeOf(r *stream.Record) int64 { return int64(len(r.Value)) + 500 }

func (s *Sink) bytes() (n int64) {
	for _, b := range s.buffers {
		n += b.bytes
	}
	return n
}

func (s *Sink) makeRoom(ctx context.Context, need int64) error {
	for _, b := range buffersBySize(s.buffers) {
		if s.bytes()+need <= s.opt.Memory*3/10 { // columns in the making, and garbage that is not collected yet, take the rest
			return nil
		}
		if err := s.flush(ctx, b); err != nil {
			return fmt.Errorf("make room for %d bytes: %w", need, err)
		}
	}
	return nil // more than the budget at once: what can be done
}

// Flush commits the tables that are due: those whose oldest row has waited for the interval, that have enough for a file, or
// that have had no rows for a while; all of them if last. An offset is safe when every row below it is in its table; it is
// returned whatever else went wrong. Errors are of single tables; a *FencedError among them is found by errors.As.
func (s *Sink) Flush(ctx context.Context, last bool) (map[stream.Partition]int64, []stream.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	now := s.opt.Now()
	for _, b := range buffersBySize(s.buffers) {
		if last || now.Sub(b.first) >= s.opt.Interval || b.bytes >= s.opt.FileBytes || now.Sub(b.newest) >= s.opt.Idle {
			errs = append(errs, s.flush(ctx, b))
		}
	}
	safe := s.left
	s.left = map[stream.Partition]int64{}
	for p, at := range s.parts {
		if at.fenced != nil {
			errs = append(errs, at.fenced)
		}
		if offset, ok := s.safe(p); ok {
			safe[p] = offset
		}
	}
	return safe, nil, errors.Join(errs...)
}

// safe returns the offset of p below which every row is in its table.
func (s *Sink) safe(p stream.Partition) (int64, bool) {
	at := s.parts[p]
	if at == nil || at.fenced != nil {
		return 0, false
	}
	offset := at.next
	for _, b := range s.buffers {
		if q := b.parts[p]; q != nil && len(q.rows) > 0 {
			offset = min(offset, q.rows[0].Offset)
		}
	}
	return offset, true
}

// fence gives a partition up.
func (s *Sink) fence(p stream.Partition, err *FencedError) {
	s.forget(p)
	if at := s.parts[p]; at != nil {
		at.fenced = err
	}
}

var _ stream.Sink = (*Sink)(nil)
