package lake

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	iceio "github.com/apache/iceberg-go/io"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/logtype"
)

// The simulation: workers in a consumer group write to one lake, and see to its tables. They crash at every step of a commit,
// of a rewrite, of retention and of expiry, their answers are lost, others act in the middle of theirs, they sleep for hours,
// and they go on for a while after their partitions were given to others. At the end every row must be in its table once,
// but for hours that were dropped; and whoever opened a table could read it for an hour.

var errCrashed, errLost = errors.New("the process was killed"), errors.New("connection reset")

// A simulation is one run.
type simulation struct {
	rng     *rand.Rand
	clock   clock
	store   *memStore
	types   library
	log     map[stream.Partition][]stream.Record
	group   map[stream.Partition]int64   // committed offsets
	owner   map[stream.Partition]*worker // by the group's word
	workers []*worker
	calm    bool           // nothing goes wrong any more
	nested  bool           // somebody acts in the middle of another's commit
	seen    map[string]int // what has happened, by step
	readers []reader
	missed  []string // what readers did not find
	mutate  func(w *worker)
	hasty   time.Duration // a mutant: expiry is so far ahead of the clock
	early   bool          // a mutant: the group's offset moves past rows that are only buffered
	keep    bool          // a mutant: Assign leaves the buffers as they are
}

// A worker is a process: a sink, and where it reads.
type worker struct {
	sim  *simulation
	sink *Sink
	read map[stream.Partition]int64 // what it believes to own, and its position
	dead bool
	busy string // what it does at the tables; empty: it writes rows
}

// workerStore is the store as one worker sees it.
type workerStore struct {
	*memStore
	w *worker
}

func (s workerStore) List(ctx context.Context, dir string) ([]Entry, error) {
	if s.w.dead {
		return nil, errCrashed
	}
	return s.memStore.List(ctx, dir)
}

func (s workerStore) Open(ctx context.Context, name string) (iceio.File, error) {
	if s.w.dead {
		return nil, errCrashed
	}
	return s.memStore.Open(ctx, name)
}

func (s workerStore) Create(ctx context.Context, name string, b []byte) error {
	return s.w.fault(name, func() error { return s.memStore.Create(ctx, name, b) })
}

func (s workerStore) Put(ctx context.Context, name string, b []byte) error {
	return s.w.fault(name, func() error { return s.memStore.Put(ctx, name, b) })
}

func (s workerStore) Remove(ctx context.Context, name string) error {
	return s.w.fault(name, func() error { return s.memStore.Remove(ctx, name) })
}

// fault does a write, or lets something go wrong with it.
func (w *worker) fault(name string, do func() error) error {
	s := w.sim
	if w.dead {
		return errCrashed
	}
	if s.calm {
		return do()
	}
	what, step := s.rng.IntN(40), stepOf(name)
	if w.busy != "" {
		what, step = s.rng.IntN(60), w.busy
	}
	switch {
	case what == 0:
		s.seen["crash before "+step]++
		w.dead = true
		return errCrashed
	case what == 1:
		s.seen["crash after "+step]++
		_ = do()
		w.dead = true
		return errCrashed
	case what == 2:
		s.seen["refused "+step]++
		return errLost
	case what == 3:
		s.seen["answer lost "+step]++
		_ = do()
		return errLost
	case !s.nested && (what < 8 || step == "commit" && what < 20):
		s.seen["another one acts at "+step]++
		s.nested = true
		for range 3 {
			s.act(s.workers[s.rng.IntN(len(s.workers))], w)
		}
		s.nested = false
		if w.dead {
			return errCrashed
		}
	}
	return do()
}

func stepOf(name string) string {
	switch {
	case strings.HasSuffix(name, ".parquet"):
		return "upload"
	case strings.HasSuffix(name, ".avro"):
		return "manifest"
	case strings.HasSuffix(name, ".json"):
		return "commit"
	}
	return "hint"
}

func newSimulation(seed uint64) *simulation {
	s := &simulation{rng: rand.New(rand.NewPCG(seed, 1)), store: newMemory(), log: map[stream.Partition][]stream.Record{}, group: map[stream.Partition]int64{},
		owner: map[stream.Partition]*worker{}, seen: map[string]int{}}
	s.clock.t = start
	s.store.now = s.clock.now
	s.types = library{"A.One": {schemaOf("A.One", 1, field("n", logtype.Int))}, "A.Two": {schemaOf("A.Two", 1, field("n", logtype.Int))}}
	for _, p := range []stream.Partition{of(eventsTopic, 0), of(eventsTopic, 1), of(failuresTopic, 2)} {
		offset := int64(s.rng.IntN(3))
		for range 20 + s.rng.IntN(20) {
			s.log[p] = append(s.log[p], s.record(p, offset))
			offset += 1 + int64(s.rng.IntN(2)) // markers of transactions leave holes
		}
	}
	return s
}

func (s *simulation) record(p stream.Partition, offset int64) stream.Record {
	at := start.Add(time.Duration(offset) * 4 * time.Minute) // so that rows are of some hours
	if p.Topic == failuresTopic.Topic {
		r := failure(p, offset, "x")
		f := r.Message.(schemas.Failure)
		f.ParseTime = at
		r.Message = f
		return r
	}
	name := "A.One"
	if s.rng.IntN(8) == 0 {
		name = "A.Two" // a table that is idle for long
	}
	r := event(p, offset, name, 1, `{"n":1}`)
	for i, h := range r.Headers {
		if h.Key == schemas.HeaderParseTime {
			r.Headers[i].Value = []byte(at.Format(time.RFC3339Nano))
		}
	}
	return r
}

func (s *simulation) start(w *worker) {
	w.dead, w.busy, w.read = false, "", map[stream.Partition]int64{}
	w.sim = s
	w.sink = NewSink(NewCatalog(workerStore{s.store, w}), s.types.lookup, Options{Interval: 10 * time.Second, Idle: 5 * time.Second, Memory: 60 << 10, Now: s.clock.now})
	w.sink.wait = func(ctx context.Context, _ int) error { return ctx.Err() }
	if s.mutate != nil {
		s.mutate(w)
	}
}

func (s *simulation) partitions() []stream.Partition {
	ps := slices.Collect(maps.Keys(s.log))
	sortPartitions(ps)
	return ps
}

// give assigns a partition by the group's word; the one before is not told.
func (s *simulation) give(p stream.Partition, w *worker) {
	s.owner[p] = w
	w.read[p] = s.group[p]
	kept := map[*buffer]*pending{}
	if s.keep {
		for _, b := range w.sink.buffers {
			kept[b] = b.parts[p]
			delete(b.parts, p)
		}
	}
	w.sink.Assign(p, s.group[p])
	for b, q := range kept {
		if q != nil {
			b.parts[p] = q
		}
	}
}

// act is one step of a worker, which is not the one that is busy.
func (s *simulation) act(w, busy *worker) {
	if w == busy {
		return
	}
	switch n := s.rng.IntN(26); {
	case n < 9:
		w.take(s)
	case n < 15:
		s.clock.t = s.clock.t.Add(time.Duration(s.rng.IntN(8)) * time.Second)
		w.flush(s, s.rng.IntN(6) == 0)
	case n < 17: // the group gives a partition to w; its owner learns of it later, or never
		p := s.partitions()[s.rng.IntN(len(s.log))]
		if s.owner[p] != busy && s.owner[p] != w {
			s.seen["zombie"]++
			s.give(p, w)
		}
	case n < 19: // an orderly rebalance, perhaps back to the same
		p := s.partitions()[s.rng.IntN(len(s.log))]
		if old := s.owner[p]; old != busy {
			s.revoke(old, p)
			s.give(p, w)
		}
	case n < 20:
		s.rejoin(w)
	case n < 24:
		w.keep(s)
	case n < 25:
		s.open()
	default:
		s.sleep()
	}
	if w.dead {
		s.start(w)
		s.reassign(w)
	}
}

// rejoin is what a runner does after an error: everything is revoked without time to finish, then assigned anew.
func (s *simulation) rejoin(w *worker) {
	gone, cancel := context.WithCancel(ctx)
	cancel()
	w.sink.Revoke(gone, slices.Collect(maps.Keys(w.read)))
	clear(w.read)
	s.reassign(w)
}

func (s *simulation) reassign(w *worker) {
	for _, p := range s.partitions() {
		if s.owner[p] == w {
			s.give(p, w)
		}
	}
}

func (s *simulation) revoke(w *worker, p stream.Partition) {
	w.sink.Revoke(ctx, []stream.Partition{p})
	w.flush(s, false)
	delete(w.read, p)
}

// take lets the worker read on, whatever the group thinks of it.
func (w *worker) take(s *simulation) {
	for _, p := range s.partitions() {
		at, ok := w.read[p]
		if !ok || w.dead {
			continue
		}
		log := s.log[p]
		i, _ := slices.BinarySearchFunc(log, at, func(r stream.Record, o int64) int { return int(r.Offset - o) })
		rs := log[i:min(len(log), i+1+s.rng.IntN(12))]
		if len(rs) == 0 {
			continue
		}
		if err := w.sink.Add(ctx, slices.Clone(rs)); err != nil {
			s.seen["add failed"]++
			continue // and is given the same again
		}
		w.read[p] = rs[len(rs)-1].Offset + 1
	}
}

// flush commits what is safe to the group, which takes it from owners only.
func (w *worker) flush(s *simulation, last bool) {
	safe, _, err := w.sink.Flush(ctx, last)
	var fenced *FencedError
	if errors.As(err, &fenced) {
		s.seen["fenced"]++
	}
	if w.dead || !s.calm && s.rng.IntN(10) == 0 {
		s.seen["crash before the group's offset"]++
		return
	}
	for p, offset := range safe {
		if s.early {
			if at, ok := w.read[p]; ok {
				offset = at
			}
		}
		if s.owner[p] == w {
			s.group[p] = max(s.group[p], offset)
		}
	}
	if err != nil && !s.nested {
		s.rejoin(w)
	}
}

// run plays one seed and returns what is wrong with the tables at its end.
func (s *simulation) run(t *testing.T) []string {
	s.workers = make([]*worker, 3)
	for i := range s.workers {
		s.workers[i] = &worker{}
		s.start(s.workers[i])
	}
	for i, p := range s.partitions() {
		s.give(p, s.workers[i%len(s.workers)])
	}
	for range 35 {
		s.act(s.workers[s.rng.IntN(len(s.workers))], nil)
	}
	s.calm = true
	heir := &worker{}
	s.start(heir)
	for _, p := range s.partitions() {
		s.give(p, heir)
	}
	for _, awake := range [][]*worker{{heir}, s.workers, {heir}, {heir}, s.workers} { // zombies wake up in between and last
		for _, w := range awake {
			for range 10 {
				w.take(s)
			}
			w.flush(s, true)
		}
	}
	return s.wrong(t)
}
