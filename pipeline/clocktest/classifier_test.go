package clocktest

import (
	"encoding/json"
	"time"

	"panther/pipeline/stream"
	"panther/schemas"
)

// The classifier's runner: it samples its inputs, reads lines, sums them up by source, and ends a transaction a heartbeat with
// the clocks.

// A summary is what a transaction has seen of a source.
type summary struct {
	activity schemas.Activity
	lives    []int
}

type sampled struct {
	task   *task
	id     stream.ID // of the topic that answered
	sample stream.Sample
	ends   bool
}

func (p *process) loadEdge(t *task) {
	state := stream.EdgeState{Topic: topicName(t.topic.index), ID: t.topic.id, Partition: int32(t.num), Position: int64(t.topic.parts[t.num].start)}
	if b, ok := p.node.changelog[t.key()]["edge"]; ok {
		must(json.Unmarshal(b, &state))
	}
	t.edge = stream.NewEdge(state)
}

func (t *task) keepEdge() kept {
	k := kept{position: int(t.edge.Position)}
	if t.edge.Changed() {
		b, err := json.Marshal(t.edge.Next())
		must(err)
		k.changes = []stream.Record{{Key: []byte("edge"), Value: b}}
	}
	return k
}

// beat takes a sample of each partition: T, then the topics' partitions, then the end offsets, then T'.
func (p *process) beat() {
	w := p.node.w
	p.after(heartbeat, p.beat)
	p.clocksDue = true
	if p.sampling {
		return
	}
	p.sampling = true
	from := w.now
	delay := [3]int64{w.between(1, 40), w.between(1, 40), w.between(1, 40)}
	if w.faulty(fSlow, 6, 6) {
		delay[w.rng.IntN(3)] = w.between(200, 9000)
		if w.hot {
			delay = [3]int64{20, 9000, 20}
		}
	}
	var asked []*sampled
	for _, t := range p.tasks {
		if t.ready {
			asked = append(asked, &sampled{task: t})
		}
	}
	p.after(delay[0], func() {
		p.askTopics(asked)
		p.after(delay[1], func() {
			p.askEnds(asked)
			p.after(delay[2], func() {
				p.sampling = false
				for _, s := range asked {
					s.sample.From, s.sample.To = wall(from), wall(w.now)
					if s.ends && s.id == s.task.topic.id && !s.task.gone {
						p.samples = append(p.samples, *s)
					}
				}
			})
		})
	})
}

func (p *process) askTopics(asked []*sampled) {
	for _, s := range asked {
		t := p.node.w.topics[s.task.topic.index]
		s.id, s.sample.Of = t.id, int32(len(t.parts))
		if t.id != s.task.topic.id || len(t.parts) != p.node.known[t.index].partitions {
			p.refresh(t.index)
		}
	}
}

// askEnds asks by name: a topic made anew answers for the old one. The end is the high watermark.
func (p *process) askEnds(asked []*sampled) {
	for _, s := range asked {
		t := p.node.w.topics[s.task.topic.index]
		if s.task.num < len(t.parts) {
			s.ends, s.sample.End = true, int64(len(t.parts[s.task.num].records))
		}
	}
}

// refresh tells the group about a topic that grew or was made anew.
func (p *process) refresh(topic int) {
	w := p.node.w
	p.after(w.between(50, 3000), func() {
		k, t := &p.node.known[topic], w.topics[topic]
		if k.topic == t && k.partitions == len(t.parts) {
			return
		}
		*k = known{t, len(t.parts)}
		p.node.rebalance()
	})
}

// classify polls, perhaps again, and ends with what was counted, then the clocks.
func (p *process) classify(tx *transaction) {
	w := p.node.w
	for _, s := range p.samples {
		if !s.task.gone {
			s.task.edge.Sample(s.sample, heartbeat*time.Millisecond)
		}
	}
	p.samples = nil
	if p.poll(tx) == 0 && !p.clocksDue {
		return
	}
	p.begin(tx)
	p.after(w.between(20, 150), func() {
		if p.tx != tx {
			return
		}
		if w.oneIn(3) {
			p.poll(tx)
		}
		p.flush(tx)
		p.after(w.between(1, 30), func() {
			if p.tx != tx {
				return
			}
			if tx.clocks = p.clocksDue; tx.clocks {
				p.emitClocks(tx)
				p.clocksDue = false
			}
			p.after(w.between(1, 60), func() { p.prepare(tx) })
		})
	})
}

func (p *process) poll(tx *transaction) (n int) {
	w := p.node.w
	for _, t := range p.tasks {
		index := t.topic.index
		if !t.ready || t.topic.deleted || w.oneIn(8) || w.hot && w.oneIn(2) || w.catalogue[tx.version].owner[index] < 0 {
			continue
		}
		if start := t.topic.parts[t.num].start; int(t.edge.Position) < start {
			w.logf("HOLE %s %s/%d %d..%d", p, topicName(index), t.num, t.edge.Position, start)
			t.edge.Hole(int64(start), wall(w.now))
		}
		most := 1 + w.rng.IntN(60)
		if w.hot {
			most = 1 + most%3
		}
		t.edge.Position = int64(w.read(t, int(t.edge.Position), most, func(offset int, r *record) bool {
			n++
			p.line(tx, t, offset, r)
			return true
		}))
	}
	return n
}

// line credits a line to the source that owns the topic by the catalogue of the transaction: an older version knows another
// owner, or none.
func (p *process) line(tx *transaction, t *task, offset int, r *record) {
	w := p.node.w
	owner := w.catalogue[tx.version].owner[t.topic.index]
	if r.life < 0 {
		return
	}
	w.lives[r.life].lost = owner != w.lives[r.life].source
	if owner < 0 {
		return
	}
	arrival := t.edge.Arrival(int64(offset), wall(w.now))
	s := tx.activity[owner]
	if s == nil {
		s = &summary{activity: schemas.Activity{Source: sourceID(owner), Label: sourceID(owner), FirstArrival: arrival}}
		tx.activity[owner] = s
	}
	s.activity.Events++
	if arrival.After(s.activity.LastArrival) {
		s.activity.LastArrival = arrival
	}
	s.lives = append(s.lives, r.life)
}

func (p *process) flush(tx *transaction) {
	parts := p.node.w.topics[activityTopic].parts
	for i, s := range tx.activity {
		if s == nil {
			continue
		}
		r := stream.Send(schemas.SourceActivity, sourceID(i), s.activity)
		r.Headers = []stream.Header{stream.VersionHeader(versionNumber(tx.version))}
		p.node.w.produce(tx, parts[i%len(parts)], r, s.lives)
	}
	tx.activity = [maxSources]*summary{}
}

// emitClocks writes the clocks of all partitions, to every partition of the activity.
func (p *process) emitClocks(tx *transaction) {
	var clocks []stream.Clock
	for _, t := range p.tasks {
		if !t.ready {
			continue
		}
		if c, ok := t.edge.Clock(versionNumber(tx.version)); ok {
			clocks = append(clocks, c)
		}
	}
	if len(clocks) == 0 {
		return
	}
	r, err := stream.ClockRecord(schemas.SourceActivity.Name, clocks)
	must(err)
	for _, part := range p.node.w.topics[activityTopic].parts {
		p.node.w.produce(tx, part, r, nil)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
