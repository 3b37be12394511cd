package clocktest

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"time"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/catalogue"
)

// Times of the world are milliseconds since 1970.
const (
	heartbeat     = 10_000
	sessionTimout = 12_000  // until the group expels a member that is not heard of
	txTimeout     = 15_000  // until the broker aborts a transaction that nobody ends
	settling      = 150_000 // from the last fault until nothing may be missed any more
	beginning     = -1 << 60

	maxSources    = 8
	maxTopics     = 8
	maxPartitions = 4
	activityTopic = maxTopics // behind the producers' topics
)

// A world is one schedule: everything in it follows from its seed.
type world struct {
	now, faultsEnd, quietAt, end int64
	faultEvery                   int64
	queue                        eventQueue
	scheduled                    int64
	rng, faultRng                *rand.Rand
	faults                       fault
	hot                          bool // rare faults often

	topics    [maxTopics + 1]*topic
	made      int // topics, ever
	producers int // topics of producers
	sources   int
	nodes     [2]*node
	catalogue []version
	lives     []life
	signals   []signal
	unheard   map[partitionKey]*unheard
	lag       [2][maxTopics + 1][maxPartitions]int64
	tailLag   [2]int64
	keyed     [maxSources]bool // the source sends to one partition
	inTx      [maxSources]bool // the source sends in transactions
	trace     func(string)
}

// A life is one line that a source sent.
type life struct {
	source, topic int
	at            int64
	lost          bool // deleted by retention before it was read, or credited to nobody
	aborted       bool // by its producer
}

// A version is the true catalogue from a time on.
type version struct {
	sources [maxSources]*source
	owner   [maxTopics]int // the source of a topic; -1: none
	view    *catalogue.View
}

// A source is an entry of the catalogue.
type source struct {
	topics             []int
	threshold, created int64 // threshold 0: off
	inputs, changed    int   // catalogue versions
}

// unheard is when nobody listened to a partition.
type unheard struct {
	topic int
	since int64 // of the stretch that lasts; -1: somebody listens
	spans []span
}

func wall(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func topicName(i int) string {
	if i == activityTopic {
		return schemas.SourceActivity.Name
	}
	return fmt.Sprintf("topic-%d", i)
}

func sourceID(i int) string { return fmt.Sprintf("source-%d", i) }

func sourceIndex(id string) (i int) {
	fmt.Sscanf(id, "source-%d", &i)
	return i
}

// versionNumber is what the catalogue calls the version at an index: 0 is one that was never written.
func versionNumber(i int) int64 { return int64(i) + 1 }

func (w *world) view(v int) *catalogue.View {
	if w.catalogue[v].view == nil {
		entries := map[string]any{}
		for i, s := range w.catalogue[v].sources {
			if s == nil {
				continue
			}
			e := catalogue.LogSource{ID: sourceID(i), Label: "Source " + sourceID(i), Alarm: time.Duration(s.threshold) * time.Millisecond,
				Created: wall(s.created), Version: versionNumber(s.changed)}
			if s.inputs > 0 { // 0: they never changed; then nothing but the gaps tells from when a clock counts
				e.InputsVersion = versionNumber(s.inputs)
			}
			for _, t := range s.topics {
				e.Topics = append(e.Topics, topicName(t))
			}
			entries[catalogue.Key(e)] = e
		}
		w.catalogue[v].view = catalogue.NewView(versionNumber(v), entries)
	}
	return w.catalogue[v].view
}

func (w *world) newest() int { return len(w.catalogue) - 1 }

// An event happens at a time; of one time the one that was scheduled first.
type event struct {
	at, order int64
	do        func()
}

type eventQueue []event

func (q eventQueue) Len() int { return len(q) }
func (q eventQueue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].order < q[j].order
}
func (q eventQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *eventQueue) Push(x any)   { *q = append(*q, x.(event)) }
func (q *eventQueue) Pop() any {
	old := *q
	e := old[len(old)-1]
	old[len(old)-1] = event{}
	*q = old[:len(old)-1]
	return e
}

func (w *world) at(t int64, do func()) {
	w.scheduled++
	heap.Push(&w.queue, event{t, w.scheduled, do})
}

func (w *world) in(d int64, do func()) { w.at(w.now+d, do) }

func (w *world) run() {
	for len(w.queue) > 0 && w.queue[0].at <= w.end {
		e := heap.Pop(&w.queue).(event)
		w.now = e.at
		e.do()
	}
	w.now = w.end
}

// between draws a number from a to b.
func (w *world) between(a, b int64) int64 { return a + w.rng.Int64N(b-a+1) }

func (w *world) oneIn(n int) bool { return w.rng.IntN(n) == 0 }

// faulty reports whether a fault may strike now, and drew it: one in n, in a hot schedule one in hot.
func (w *world) faulty(f fault, n, hot int) bool {
	if w.faults&f == 0 || w.now >= w.faultsEnd {
		return false
	}
	return w.oneIn(n) || w.hot && w.oneIn(hot)
}

func (w *world) logf(format string, args ...any) {
	if w.trace != nil {
		w.trace(fmt.Sprintf("%9.2f %s", float64(w.now)/1000, fmt.Sprintf(format, args...)))
	}
}

func (w *world) heard(k partitionKey, yes bool) {
	u := w.unheard[k]
	if !yes && u.since < 0 {
		u.since = w.now
	} else if yes && u.since >= 0 {
		u.spans, u.since = append(u.spans, span{u.since, w.now}), -1
	}
}

// lose marks the life that a record holds as deleted unread.
func (w *world) lose(r *record) {
	if r.life >= 0 {
		w.lives[r.life].lost = true
	}
	for _, l := range r.lives {
		w.lives[l].lost = true
	}
}

func topicID(n int) (id stream.ID) {
	id[15], id[14] = byte(n), byte(n>>8)
	return id
}
