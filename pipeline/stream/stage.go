package stream

import (
	"context"
	"errors"
	"iter"
	"time"
)

// A Stage folds the records of one key into the state of that key. It is pure: no clock, no I/O, no log, no goroutine, and no
// error, for bad data is data: emit it. S is kept in the node's changelog as JSON.
type Stage[S any] interface {
	// Process folds r into s, the state of r's key; the zero S is a key never seen. Returning a zero S forgets the key.
	// A record of the catalogue's topic is the key's own entry, new, changed, or (Message nil) gone.
	Process(s S, r Record, v View) (S, []Record)
	// Wake says when Tick is due, from the state alone. The zero Wake: never.
	Wake(s S) Wake
	// Tick is called when the Wake of s is due. now is the time by the log: when the record was written that made it due.
	Tick(s S, key string, now time.Time, v View) (S, []Record)
}

// A Wake is a condition for Tick. At and Clocks may be combined; then both must hold.
type Wake struct {
	At time.Time // not before

	// Each of Clocks, which are names of topics, has shown For since Since, gaps left out, with records of catalogue
	// Version or newer. See Clocks.Silent.
	Clocks  []string
	Since   time.Time
	For     time.Duration
	Version int64
}

// IsZero reports that w never wakes.
func (w Wake) IsZero() bool { return w.At.IsZero() && len(w.Clocks) == 0 }

// A Catalogue is what people configure, at one version: immutable.
type Catalogue interface {
	Version() int64
	Get(key string) (any, bool)                 // an entry, by kind/id
	Entries(kind string) iter.Seq2[string, any] // the entries of a kind by id, in order
}

// An Entry is an entry of the catalogue that a stage receives as a record under its id.
type Entry interface {
	ChangedAt() int64 // the catalogue version that last wrote it
}

// CatalogueTopic is the topic of the records by which a stage receives entries.
const CatalogueTopic = "panther.catalogue"

// A View is what a stage may look at beside its own key: the catalogue, fixed while a record is handled, and the clocks.
type View interface {
	Catalogue
	Due(w Wake) bool // whether w, were it the Wake of this key, is due now
}

// A Mapper turns records into records and remembers nothing between transactions: what Map counted, Flush emits before the
// commit. After an abort Reset is called instead. Outputs are appended to dst; they, and their bytes, are the caller's.
type Mapper interface {
	Map(dst []Record, r Record, v View) []Record
	Flush(dst []Record, v View) []Record
	Reset()
}

// A Splitter is a Mapper that can stop within a record: one record may hold a million lines, and what becomes of them does not
// fit into one transaction.
type Splitter interface {
	Mapper
	// MapFrom maps r from a place on, and gives away what becomes of each line as soon as it is made; the records given, and their
	// bytes, are the caller's only until give returns. When give returns false it stops behind that line and returns where to go
	// on. The zero Place is the beginning of a record and, returned, its end.
	MapFrom(r Record, v View, from Place, give func([]Record) (more bool)) (next Place)
}

// A Place is one within a record, between two lines.
type Place struct {
	Line int64 `json:"line"` // how many lines are done
	// How says, in the words of the Splitter, how it took the record apart. It goes on so whatever the catalogue says by then,
	// else the lines would have other numbers.
	How string `json:"how,omitempty"`
}

// ErrFenced is what a Sink's Flush returns, among others, when another has taken over a partition that was assigned to it.
// The runner then leaves the group and joins it again. After any other error the sink is flushed again, and keeps what it has.
var ErrFenced = errors.New("another process has taken the partition over")

// A Sink lets records out of the pipeline, outside transactions: what it does must be idempotent.
type Sink interface {
	// Assign begins a partition at offset from; what was buffered for it is dropped.
	Assign(p Partition, from int64)
	// Revoke ends partitions: work under way is finished within ctx, or dropped.
	Revoke(ctx context.Context, ps []Partition)
	// Add takes records; it may block while its buffers are full.
	Add(ctx context.Context, rs []Record) error
	// Flush does what is due and returns, per partition, the offset below which every record is safe, and records to
	// produce; these are acknowledged by the broker before the offsets are committed. It is called about once a second,
	// after each Revoke, and, with last set, before the sink stops: then everything is due.
	Flush(ctx context.Context, last bool) (safe map[Partition]int64, out []Record, err error)
}
