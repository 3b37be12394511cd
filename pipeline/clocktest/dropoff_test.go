package clocktest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/catalogue"
	"panther/stages"
)

// The runner of dropoff: it gives the activity and the clocks to the tasks, and notes what they signal.

// A signal is what dropoff said of a source, and what it went by.
type signal struct {
	at                     int64 // committed
	source                 int
	verb                   schemas.Verb
	reason, cause          string
	version                int // of the catalogue
	threshold, last, since int64
	topics                 []int
	claims                 []claim // of a raise: for each topic of the source
}

// A claim is a clock as the task had it when it raised.
type claim struct {
	topic    int
	caughtUp int64
	gaps     []span
}

func (s signal) String() string {
	return fmt.Sprintf("%s %s %s; threshold %d, last arrival %d, since %d, version %d, claims %v", sourceID(s.source), s.verb, s.reason, s.threshold, s.last, s.since,
		versionNumber(s.version), s.claims)
}

func newFold(confirm func() stream.Catalogue) stream.Task {
	return stream.NewTask(stages.Dropoff{}, catalogue.KindSource, confirm)
}

func (p *process) loadFold(t *task) bool {
	w := p.node.w
	t.fold = newFold(func() stream.Catalogue { // read to its end
		p.learn(w.newest())
		return w.view(p.version)
	})
	stored := p.node.changelog[t.key()]
	for _, key := range slices.Sorted(maps.Keys(stored)) {
		must(t.fold.Restore([]byte(key), stored[key]))
	}
	if t.fold.Version() > versionNumber(p.version) {
		return false
	}
	parts := len(t.topic.parts)
	t.fold.Start(func(key string) bool { return sourceIndex(key)%parts == t.num })
	_, next, _ := t.fold.Position()
	t.position = int(next)
	if start := t.topic.parts[t.num].start; t.position < start {
		w.logf("HOLE %s %d..%d", p, t.position, start)
		t.fold.Hole()
		t.fold.Commit() // it holds whatever becomes of the first transaction
		t.position = start
	}
	t.taken, t.fresh = t.position, true
	return true
}

// watch gives to each task its part of the catalogue and of the log; it reports whether there was something to do.
func (p *process) watch(tx *transaction) (any bool) {
	w := p.node.w
	for _, t := range p.tasks {
		if !t.ready {
			continue
		}
		any = any || t.fresh || t.seen != p.version
		if t.fresh || t.seen != p.version {
			t.fold.SetCatalogue(w.view(p.version), wall(w.now))
			t.seen, t.fresh = p.version, false
			p.collect(tx, t)
		}
		t.taken = w.read(t, t.position, 1+w.rng.IntN(100), func(offset int, r *record) bool {
			if v, _ := strconv.ParseInt(r.wire.Header(stream.HeaderVersion), 10, 64); v > versionNumber(p.version) {
				return false
			}
			t.fold.Process(decode(r.wire))
			p.collect(tx, t)
			return true
		})
		any = any || t.taken != t.position
		t.fold.Moved(t.topic.id, int64(t.taken))
	}
	return any
}

// decode reads a record off the wire.
func decode(r stream.Record) stream.Record {
	if r.Header(stream.HeaderClock) == "" {
		m, err := schemas.SourceActivity.Decode(r.Value)
		must(err)
		r.Message = m
	}
	return r
}

// collect notes the signals among the outputs of a task.
func (p *process) collect(tx *transaction, t *task) {
	for _, d := range t.fold.DeadLetters() {
		panic(fmt.Sprintf("dead letter: %s: %s", d.Record.Key, d.Reason))
	}
	for _, r := range t.fold.Outputs() {
		m, ok := r.Message.(schemas.Signal)
		if !ok {
			continue
		}
		s := signalOf(m)
		s.version = int(t.fold.Version() - 1)
		if m.Verb == schemas.Raise {
			entry := p.node.w.catalogue[s.version].sources[s.source]
			s.topics = entry.topics
			s.claims = p.claims(t, s.topics)
		}
		tx.signal = append(tx.signal, s)
	}
}

func signalOf(m schemas.Signal) signal {
	s := signal{source: sourceIndex(m.Component.ID), verb: m.Verb, reason: m.Reason, cause: m.Cause}
	if d := m.DropOff; d != nil {
		s.threshold, s.since = d.Threshold.Milliseconds(), d.Since.UnixMilli()
		if s.last = beginning; !d.LastEvent.IsZero() {
			s.last = d.LastEvent.UnixMilli()
		}
	}
	return s
}

// claims reads the clocks of topics out of the changelog, as it would be if the transaction ended here.
func (p *process) claims(t *task, topics []int) (out []claim) {
	changes, err := t.fold.Changes()
	must(err)
	for _, topic := range topics {
		key := "\x00clock/" + topicName(topic)
		value := p.node.changelog[t.key()][key]
		for _, c := range changes {
			if string(c.Key) == key {
				value = c.Value
			}
		}
		out = append(out, readClaim(topic, value))
	}
	return out
}

func readClaim(topic int, value []byte) claim {
	var stored struct {
		Parts []struct {
			At time.Time `json:"at"`
		} `json:"parts"`
		Gaps []stream.Gap `json:"gaps"`
	}
	if value == nil {
		return claim{topic: topic, caughtUp: beginning}
	}
	must(json.Unmarshal(value, &stored))
	c := claim{topic: topic, caughtUp: 1 << 60}
	for _, p := range stored.Parts {
		c.caughtUp = min(c.caughtUp, p.At.UnixMilli())
	}
	for _, g := range stored.Gaps {
		s := span{beginning, g.To.UnixMilli()}
		if !g.From.IsZero() {
			s.from = g.From.UnixMilli()
		}
		c.gaps = append(c.gaps, s)
	}
	return c
}

func (c claim) String() string {
	gaps := make([]string, len(c.gaps))
	for i, g := range c.gaps {
		gaps[i] = fmt.Sprintf("%d..%d", max(g.from, 0), g.to)
	}
	return fmt.Sprintf("%s up to %d without %s", topicName(c.topic), c.caughtUp, strings.Join(gaps, ","))
}

// keep is what the open transaction holds of the task.
func (t *task) keep() kept {
	if t.node.kind == classifier {
		return t.keepEdge()
	}
	changes, err := t.fold.Changes()
	must(err)
	return kept{changes: changes, position: t.taken}
}

func (t *task) commit(k kept) {
	if t.node.kind == classifier {
		t.edge.Commit()
		return
	}
	t.fold.Commit()
	t.position = k.position
}

// abort drops what the open transaction changed; the records come again.
func (t *task) abort() {
	if t.node.kind == classifier {
		t.edge.Abort()
		return
	}
	t.fold.Abort()
	t.taken, t.fresh = t.position, true
}
