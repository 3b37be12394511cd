package clocktest

import (
	"math/rand/v2"
)

// newWorld draws a schedule from a seed, with the faults given, if any.
func newWorld(seed uint64, only fault) *world {
	w := &world{rng: rand.New(rand.NewPCG(seed, 1)), faultRng: rand.New(rand.NewPCG(seed, 2)), unheard: map[partitionKey]*unheard{}}
	draw := w.faultRng
	w.faults = fault(draw.Uint32()) & allFaults
	switch draw.IntN(12) {
	case 0:
		w.faults = 0
	case 1, 2, 3:
		w.faults &= fault(draw.Uint32())
		w.faults &= fault(draw.Uint32()) // a quarter of them
	}
	if seed%5 == 0 {
		w.faults |= fHot
	}
	if only != 0 {
		w.faults = only
	}
	w.hot = w.faults&fHot != 0
	w.now = 1_000_000
	w.faultsEnd = w.now + w.between(900, 1800)*1000
	w.quietAt = w.faultsEnd + 5000
	w.end = w.quietAt + 640_000
	for k := range w.tailLag {
		if w.faults&fLag != 0 {
			w.tailLag[k] = []int64{0, 0, 0, 20_000, 60_000}[draw.IntN(5)]
		}
	}
	w.producers = 4 + draw.IntN(4)
	for i := range w.producers {
		w.newTopic(i, 1+draw.IntN(maxPartitions))
	}
	w.newTopic(activityTopic, 2+draw.IntN(2))
	w.drawSources()
	for k := range w.nodes {
		n := &node{w: w, kind: nodeKind(k), changelog: map[partitionKey]map[string][]byte{}, positions: map[partitionKey]int{}}
		w.nodes[k] = n
		for i := range 1 + draw.IntN(3-k) {
			p := &process{node: n, id: i}
			n.procs = append(n.procs, p)
			p.start()
		}
	}
	for i := range w.sources {
		w.send(i)
	}
	for i := range w.producers { // lines that no source sends: the topic is busy, its source silent
		if w.oneIn(3) {
			w.noise(i, w.between(1000, 12_000))
		}
	}
	w.faultEvery = 8000 + draw.Int64N(60_000)
	w.in(w.faultEvery, w.strike)
	w.at(w.quietAt, w.quiet)
	return w
}

func (w *world) drawThreshold() int64 {
	return []int64{60_000, 60_000, 90_000, 120_000, 180_000, 240_000}[w.faultRng.IntN(6)]
}

// drawSources makes the first version of the catalogue.
func (w *world) drawSources() {
	draw := w.faultRng
	var first version
	free := 0
	w.sources = 3 + draw.IntN(4)
	for i := range w.sources {
		w.keyed[i], w.inTx[i] = w.oneIn(2), w.faults&fProducerTx != 0 && w.oneIn(2)
		if free == w.producers {
			continue
		}
		s := &source{threshold: w.drawThreshold(), created: w.now, topics: []int{free}}
		free++
		if free < w.producers && draw.IntN(3) == 0 {
			s.topics = append(s.topics, free)
			free++
		}
		first.sources[i] = s
	}
	w.publish(first)
}

// publish adds a version of the catalogue.
func (w *world) publish(v version) {
	for i := range v.owner {
		v.owner[i] = -1
	}
	for i, s := range v.sources {
		if s == nil {
			continue
		}
		for _, t := range s.topics {
			v.owner[t] = i
		}
	}
	w.catalogue = append(w.catalogue, v)
}

// send is a producer: bursts of life and silences.
func (w *world) send(source int) {
	draw := rand.New(rand.NewPCG(w.rng.Uint64(), 3))
	until := w.now + draw.Int64N(200_000)
	alive, every := draw.IntN(2) == 0, int64(0)
	var step func()
	step = func() {
		if w.now >= until {
			alive = !alive
			until = w.now + 20_000 + draw.Int64N(400_000)
			every = 2000 + draw.Int64N(40_000)
		}
		if alive {
			w.line(source, draw)
		}
		if alive && every > 0 {
			w.at(min(until, w.now+1+draw.Int64N(2*every)), step)
		} else {
			w.at(until, step)
		}
	}
	w.in(1, step)
}

// line is one line of a source, in one of the topics that it truly has now.
func (w *world) line(i int, draw *rand.Rand) {
	which, where, hang := draw.Uint32(), draw.Uint32(), draw.Int64N(90_000)
	s := w.catalogue[w.newest()].sources[i]
	if s == nil || len(s.topics) == 0 {
		return
	}
	t := w.topics[s.topics[int(which)%len(s.topics)]]
	num := int(where) % len(t.parts)
	if w.keyed[i] {
		num = i * 7 % len(t.parts)
	}
	w.lives = append(w.lives, life{source: i, topic: t.index, at: w.now})
	r := record{at: w.now, life: len(w.lives) - 1}
	w.logf("LINE of %s in %s/%d (%s) at offset %d", sourceID(i), topicName(t.index), num, t.id, len(t.parts[num].records))
	if !w.inTx[i] {
		t.parts[num].records = append(t.parts[num].records, r)
		return
	}
	tx := &transaction{}
	tx.append(t.parts[num], r)
	state, open := txCommitted, 50+hang%2000
	switch where >> 8 % 10 {
	case 0:
		state = txAborted
		w.lives[r.life].aborted = true
	case 1: // it hangs
		if w.now < w.faultsEnd-100_000 {
			open = hang
		}
	}
	w.in(open, func() { w.finish(tx, state) })
}

func (w *world) noise(topic int, every int64) {
	w.in(w.between(1, 2*every), func() {
		parts := w.topics[topic].parts
		p := parts[w.rng.IntN(len(parts))]
		p.records = append(p.records, record{at: w.now, life: -1})
		w.noise(topic, every)
	})
}

// change writes a version of the catalogue. Processes learn of it at different times.
func (w *world) change(what string, edit func(v *version)) {
	before := w.catalogue[w.newest()]
	v := version{sources: before.sources}
	edit(&v)
	n := len(w.catalogue)
	for i, s := range v.sources {
		old := before.sources[i]
		if s == nil || s == old {
			continue
		}
		s.changed = n
		if old == nil || !equalInts(old.topics, s.topics) {
			s.inputs = n
		}
	}
	w.publish(v)
	w.logf("CATALOGUE version %d: %s", versionNumber(n), what)
	if w.hot {
		w.in(w.between(0, 40_000), w.nodes[dropoff].rebalance)
	}
	for _, node := range w.nodes {
		for _, p := range node.procs {
			delay := w.between(20, 3000)
			if w.faults&fCatalogueDelay != 0 && (w.hot || w.oneIn(3)) {
				delay = w.between(3000, 150_000)
			}
			p.after(delay, func() { p.learn(n) })
		}
	}
}

func equalInts(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
