package clocktest

import (
	"panther/pipeline/stream"
)

// A record is one offset of a partition.
type record struct {
	at      int64 // appended
	tx      *transaction
	control bool
	life    int   // the event that a producer's line is; -1: none
	lives   []int // the events that an activity sums up
	wire    stream.Record
}

type partition struct {
	records []record
	start   int // retention deleted what is before
}

type topic struct {
	index   int
	id      stream.ID
	parts   []*partition
	deleted bool
}

type partitionKey struct {
	id  stream.ID
	num int
}

type txState uint8

const (
	txOpen txState = iota
	txPrepared
	txCommitted
	txAborted
)

// A transaction of a producer, or of a turn of one of our processes.
type transaction struct {
	state  txState
	logs   []*partition
	proc   *process // nil: a producer's
	signal []signal

	generation int
	version    int // of the catalogue
	activity   [maxSources]*summary
	clocks     bool
	kept       map[*task]kept
}

// kept is what a transaction holds of a task: its changelog, and its position in the input.
type kept struct {
	changes  []stream.Record
	position int
}

func (w *world) newTopic(index, partitions int) *topic {
	w.made++
	t := &topic{index: index, id: topicID(w.made)}
	w.topics[index] = t
	for range partitions {
		w.addPartition(t)
	}
	return t
}

func (w *world) addPartition(t *topic) {
	t.parts = append(t.parts, &partition{})
	w.unheard[partitionKey{t.id, len(t.parts) - 1}] = &unheard{topic: t.index, since: w.now}
}

func (tx *transaction) append(p *partition, r record) {
	r.tx = tx
	p.records = append(p.records, r)
	for _, l := range tx.logs {
		if l == p {
			return
		}
	}
	tx.logs = append(tx.logs, p)
}

// produce appends a record of ours; its timestamp is the time of writing.
func (w *world) produce(tx *transaction, p *partition, r stream.Record, lives []int) {
	if err := r.Encode(); err != nil {
		panic(err)
	}
	r.Message, r.Time = nil, wall(w.now)
	tx.append(p, record{at: w.now, life: -1, lives: lives, wire: r})
}

// finish writes the markers that end a transaction, and keeps what it holds.
func (w *world) finish(tx *transaction, state txState) {
	if tx.state >= txCommitted {
		return
	}
	tx.state = state
	for _, p := range tx.logs {
		p.records = append(p.records, record{at: w.now, life: -1, control: true})
	}
	if tx.proc == nil || state != txCommitted {
		return
	}
	for t, k := range tx.kept {
		tx.proc.node.keep(t, k)
	}
	for _, s := range tx.signal {
		s.at = w.now
		w.signals = append(w.signals, s)
		w.logf("SIGNAL %s", s)
	}
}

// read hands committed records to f, from a position on, until f returns false. It returns the position behind them, control
// records and aborted ones included.
func (w *world) read(t *task, position, most int, f func(offset int, r *record) bool) int {
	log := t.topic.parts[t.num]
	lag := w.lag[t.node.kind][t.topic.index][t.num]
	after := position
	for i := 0; position < len(log.records) && i < most; i++ {
		r := &log.records[position]
		if r.at+lag > w.now || r.tx != nil && r.tx.state < txCommitted {
			break
		}
		data := !r.control && (r.tx == nil || r.tx.state == txCommitted)
		if data && !f(position, r) {
			break
		}
		position++
		after = position
	}
	return after
}

// trim is retention: what the reader had not committed is lost.
func (w *world) trim(n *node, t *topic, num, to int) {
	log, position := t.parts[num], n.positions[partitionKey{t.id, num}]
	for o := log.start; o < to; o++ {
		if o >= position {
			w.lose(&log.records[o])
		}
	}
	log.start = max(log.start, to)
	w.logf("RETENTION %s/%d: starts at %d, ends at %d, committed %d", topicName(t.index), num, log.start, len(log.records), position)
}
