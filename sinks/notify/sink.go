package notify

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/catalogue"
)

// A Sink makes the attempts of topic schemas.Attempts and answers each with a receipt in schemas.Deliveries.
//
// Each destination has a queue and a few workers of its own, so a dead one delays nobody else. An attempt that cannot be
// started soon is answered with busy, and the dispatcher sends it again. An offset is safe once every attempt up to it has
// its receipt; so after a crash an attempt may be made again, with the same idempotency key.
type Sink struct {
	find  func(id string) (catalogue.Destination, bool)
	build func(catalogue.Destination, Options) (Destination, error)
	o     Options
	ready chan struct{}

	mu         sync.Mutex
	partitions map[stream.Partition]*partition
	ended      []*partition // revoked; their last receipts go out with the next Flush
	queues     map[string]*queue
}

var _ stream.Sink = (*Sink)(nil)

// NewSink makes a sink for the destinations that find knows: those of the catalogue as it is when find is called.
func NewSink(find func(id string) (catalogue.Destination, bool), o Options) *Sink {
	if o.InFlight = cmp.Or(o.InFlight, 4); o.InFlight > 8 {
		o.InFlight = 8
	}
	o.Queue = cmp.Or(o.Queue, 4096) // a thousand sources may fall silent at once, and a quick destination shall hear of all at once
	o.MaxWait = cmp.Or(o.MaxWait, 5*time.Second)
	if o.Transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxResponseHeaderBytes = 64 << 10
		t.MaxIdleConnsPerHost = o.InFlight
		o.Transport = t
	}
	if o.Out != nil {
		o.Out = &lockedWriter{w: o.Out}
	}
	return &Sink{
		find: find, build: Build, o: o, ready: make(chan struct{}, 1),
		partitions: map[stream.Partition]*partition{}, queues: map[string]*queue{},
	}
}

// A partition is what the sink holds of one partition of the topic.
type partition struct {
	id     stream.Partition
	next   int64      // the offset behind the newest record taken
	open   []*attempt // by offset: from the first without a receipt that was handed out
	ctx    context.Context
	cancel context.CancelFunc
}

// An attempt is one record of the topic on its way to its receipt.
type attempt struct {
	schemas.Attempt
	partition *partition
	key       string
	offset    int64
	taken     time.Time
	started   bool
	done      chan struct{}    // closed when the call is over
	receipt   *schemas.Receipt // nil: not finished
	handedOut bool             // the receipt was returned by Flush
}

// Ready has a value when receipts wait for Flush, so that they need not wait for its next turn.
func (s *Sink) Ready() <-chan struct{} { return s.ready }

func (s *Sink) signal() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// Assign begins a partition with nothing in hand.
func (s *Sink) Assign(p stream.Partition, from int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.partitions[p]; old != nil {
		s.drop(old)
		old.cancel()
	}
	s.ended = slices.DeleteFunc(s.ended, func(e *partition) bool { return e.id == p })
	ctx, cancel := context.WithCancel(context.Background())
	s.partitions[p] = &partition{id: p, next: from, ctx: ctx, cancel: cancel}
}

// Add takes attempts and never blocks: what finds its destination's queue full is answered with busy.
func (s *Sink) Add(ctx context.Context, rs []stream.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range rs {
		if p := s.partitions[stream.Partition{Topic: r.Topic, ID: r.TopicID, Num: r.Partition}]; p != nil {
			s.take(p, r)
		}
	}
	return nil
}

// Revoke ends partitions. Attempts that have not started are left to the next owner; calls under way get until ctx ends,
// for the next owner repeats those that have no receipt. The receipts go out with the next Flush.
func (s *Sink) Revoke(ctx context.Context, ps []stream.Partition) {
	s.mu.Lock()
	var calls []*attempt
	var gone []*partition
	for _, id := range ps {
		p := s.partitions[id]
		if p == nil {
			continue
		}
		delete(s.partitions, id)
		s.drop(p)
		gone = append(gone, p)
		for _, a := range p.open {
			if a.started && a.receipt == nil {
				calls = append(calls, a)
			}
		}
	}
	s.ended = append(s.ended, gone...)
	s.mu.Unlock()
	for _, a := range calls {
		select {
		case <-a.done:
		case <-ctx.Done():
		}
	}
	for _, p := range gone {
		p.cancel()
	}
}

// Flush returns the receipts of the attempts that ended since the last one. The offsets count them as written already:
// records are acknowledged before offsets are committed. With last set it ends all partitions first, as Revoke does.
func (s *Sink) Flush(ctx context.Context, last bool) (map[stream.Partition]int64, []stream.Record, error) {
	if last {
		s.Revoke(ctx, s.assigned())
		defer s.closeIdle()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(time.Now())
	live := s.ended
	s.ended = nil
	for _, p := range s.partitions {
		live = append(live, p)
	}
	slices.SortFunc(live, func(a, b *partition) int {
		return cmp.Or(cmp.Compare(a.id.Topic, b.id.Topic), cmp.Compare(a.id.Num, b.id.Num))
	})
	safe := make(map[stream.Partition]int64, len(live))
	var out []stream.Record
	for _, p := range live {
		out = p.handOut(out)
		safe[p.id] = p.safe()
	}
	return safe, out, nil
}

// handOut appends the receipts that are new to out and forgets the attempts below the first without one.
func (p *partition) handOut(out []stream.Record) []stream.Record {
	for _, a := range p.open {
		if a.receipt != nil && !a.handedOut {
			out = append(out, stream.Send(schemas.Deliveries, a.key, schemas.Delivery{Receipt: a.receipt}))
			a.handedOut = true
			a.Attempt = schemas.Attempt{} // may be large, and may stay behind a slow one for a while
		}
	}
	n := 0
	for n < len(p.open) && p.open[n].handedOut {
		n++
	}
	p.open = slices.Delete(p.open, 0, n)
	return out
}

func (p *partition) safe() int64 {
	if len(p.open) > 0 {
		return p.open[0].offset
	}
	return p.next
}

func (s *Sink) assigned() []stream.Partition {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ps []stream.Partition
	for id := range s.partitions {
		ps = append(ps, id)
	}
	return ps
}

// closeIdle gives back the connections that nothing uses.
func (s *Sink) closeIdle() {
	if t, ok := s.o.Transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// A lockedWriter lets several destinations print to one writer.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}
