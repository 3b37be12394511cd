package clocktest

import (
	"slices"
	"strings"
)

// A fault is something that may go wrong in a schedule.
type fault uint32

const (
	fCrash fault = 1 << iota
	fPause
	fRebalance
	fAbort
	fLag
	fRetention // of a producers' topic, unread
	fHole      // of the activity, unread
	fGrow
	fRecreate
	fEdit // of a source: threshold, off, deleted and made again
	fMove // of a source's topics
	fCatalogueDelay
	fSlow // brokers answer late
	fProducerTx
	fDown // everything, for long
	fHot  // rare faults often

	allFaults = fHot - 1
)

var faultNames = []string{"crash", "pause", "rebalance", "abort", "lag", "retention", "hole", "grow", "recreate", "edit", "move", "catalogue-delay", "slow", "producer-tx", "down", "hot"}

// struck are those that strike at a moment; the others are always there.
const struck = allFaults &^ (fAbort | fCatalogueDelay | fSlow | fProducerTx)

func (f fault) String() string {
	var names []string
	for i, n := range faultNames {
		if f&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return strings.Join(names, " ")
}

func parseFaults(list string) (f fault) {
	for name := range strings.SplitSeq(list, ",") {
		i := slices.Index(faultNames, name)
		switch {
		case i >= 0:
			f |= 1 << i
		case name != "":
			panic("no fault is named " + name + "; there are " + strings.Join(faultNames, ", "))
		}
	}
	return f
}

// A chance is what a fault draws, all at once, so that the next fault does not depend on this one.
type chance [6]int64

func (c chance) of(i, n int) int { return int(c[i] % int64(n)) }

func (w *world) strike() {
	draw := w.faultRng
	w.in(1000+draw.Int64N(2*w.faultEvery), w.strike)
	var kinds []fault
	for i := range faultNames {
		if f := fault(1) << i; w.faults&struck&f != 0 {
			kinds = append(kinds, f)
		}
	}
	if len(kinds) == 0 || w.now > w.faultsEnd {
		return
	}
	kind := kinds[draw.IntN(len(kinds))]
	var c chance
	for i := range c {
		c[i] = draw.Int64N(1 << 40)
	}
	if kind&(fRecreate|fHole|fDown) != 0 && !w.hot && c[5]>>36%3 > 0 {
		return
	}
	n := w.nodes[c.of(0, 2)]
	p := n.procs[c.of(1, len(n.procs))]
	t := w.topics[c.of(2, w.producers)]
	num := c.of(3, len(t.parts))
	switch kind {
	case fCrash:
		p.crash(500 + c[4]%60_000)
	case fPause:
		p.pause([]int64{500 + c[4]%11_000, 1000 + c[4]%70_000}[c.of(5, 2)])
	case fRebalance:
		n.rebalance()
	case fLag:
		w.slowDown(n, t, num, c)
	case fRetention:
		w.expire(t, num, c)
	case fHole:
		w.expireActivity(c)
	case fGrow:
		if len(t.parts) < maxPartitions {
			w.addPartition(t)
			w.logf("GROW %s to %d partitions", topicName(t.index), len(t.parts))
		}
	case fRecreate:
		w.recreate(t, c)
	case fDown:
		for _, n := range w.nodes {
			for _, p := range n.procs {
				p.crash(20_000 + c[4]%200_000)
			}
		}
	case fEdit:
		w.edit(c)
	case fMove:
		w.move(c)
	}
}

// slowDown lets a node's reading of a topic, or of one partition, lag.
func (w *world) slowDown(n *node, t *topic, num int, c chance) {
	if n.kind == dropoff {
		t = w.topics[activityTopic]
	}
	for i := range w.lag[n.kind][t.index] {
		if c[5]>>8%2 == 0 || i == num {
			w.lag[n.kind][t.index][i] = c[4] % 120_000
		}
	}
}

// expire deletes what a reader that stands still has not read.
func (w *world) expire(t *topic, num int, c chance) {
	lag := &w.lag[classifier][t.index][num]
	*lag = 300_000
	w.in(5000+c[4]%120_000, func() {
		if w.now >= w.quietAt {
			return
		}
		if log := t.parts[num]; !t.deleted {
			w.trim(w.nodes[classifier], t, num, max(log.start, len(log.records)-c.of(5, 4)))
		}
		*lag = 0
	})
}

// expireActivity stops dropoff for longer than its input is kept.
func (w *world) expireActivity(c chance) {
	n, t := w.nodes[dropoff], w.topics[activityTopic]
	for _, p := range n.procs {
		p.crash(1 << 40)
	}
	w.in(10_000+c[4]%200_000, func() {
		if w.now >= w.quietAt {
			return
		}
		for i, log := range t.parts {
			w.trim(n, t, i, max(log.start, len(log.records)-int(c[5]>>(4*i)%12)))
		}
		for _, p := range n.procs {
			if !p.alive {
				p.start()
			}
		}
	})
}

func (w *world) recreate(t *topic, c chance) {
	t.deleted = true
	for i, log := range t.parts {
		w.trim(w.nodes[classifier], t, i, len(log.records))
	}
	t = w.newTopic(t.index, 1+c.of(4, maxPartitions))
	w.logf("RECREATE %s as %s", topicName(t.index), t.id)
}

// edit changes a source's threshold, switches its alarm off and on, or deletes it and makes it again.
func (w *world) edit(c chance) {
	i := c.of(1, w.sources)
	old := w.catalogue[w.newest()].sources[i]
	if old == nil || len(old.topics) == 0 {
		return
	}
	s := *old
	switch how := c.of(4, 5); {
	case how < 3 && !w.hot:
		s.threshold = w.drawThreshold()
	case how == 3:
		s.threshold = 0
		w.in(c[5]%150_000, func() { w.touch(i, func(s *source) { s.threshold = w.drawThreshold() }) })
	default:
		w.change("delete "+sourceID(i), func(v *version) { v.sources[i] = nil })
		w.in(c[5]%150_000, func() { w.again(i, s) })
		return
	}
	w.change("edit "+sourceID(i), func(v *version) { v.sources[i] = &s })
}

// again makes a source that was deleted, if its topics are still free.
func (w *world) again(i int, s source) {
	now := w.catalogue[w.newest()]
	for _, t := range s.topics {
		if now.owner[t] >= 0 || now.sources[i] != nil {
			return
		}
	}
	s.created = w.now
	w.change("make "+sourceID(i)+" again", func(v *version) { v.sources[i] = &s })
}

func (w *world) touch(i int, f func(s *source)) {
	old := w.catalogue[w.newest()].sources[i]
	if old == nil {
		return
	}
	s := *old
	s.topics = append([]int(nil), s.topics...)
	f(&s)
	w.change("change "+sourceID(i), func(v *version) { v.sources[i] = &s })
}

// move changes the topics of sources: one more, one less, another one, an exchange between two.
func (w *world) move(c chance) {
	i, j := c.of(1, w.sources), c.of(2, w.sources)
	now := w.catalogue[w.newest()]
	a, b := now.sources[i], now.sources[j]
	if a == nil || len(a.topics) == 0 {
		return
	}
	free := -1
	for t := range w.producers {
		if now.owner[t] < 0 {
			free = t
		}
	}
	k := c.of(3, len(a.topics))
	switch how := c.of(4, 4); {
	case how == 0 && free >= 0 && len(a.topics) < 3:
		w.touch(i, func(s *source) { s.topics = append(s.topics, free) })
	case how == 1 && len(a.topics) > 1:
		w.touch(i, func(s *source) { s.topics = append(s.topics[:k], s.topics[k+1:]...) })
	case how == 2 && free >= 0:
		w.touch(i, func(s *source) { s.topics[k] = free })
	case i != j && b != nil && len(b.topics) > 0:
		l := c.of(5, len(b.topics))
		w.change("exchange topics of "+sourceID(i)+" and "+sourceID(j), func(v *version) {
			x, y := *a, *b
			x.topics, y.topics = append([]int(nil), a.topics...), append([]int(nil), b.topics...)
			x.topics[k], y.topics[l] = b.topics[l], a.topics[k]
			v.sources[i], v.sources[j] = &x, &y
		})
	}
}

// quiet ends all faults: from here on nothing may be missed.
func (w *world) quiet() {
	w.logf("QUIET, with lags %v", w.tailLag)
	for k, n := range w.nodes {
		for i := range w.lag[k] {
			for j := range w.lag[k][i] {
				w.lag[k][i][j] = w.tailLag[k]
			}
		}
		for _, p := range n.procs {
			if !p.alive {
				p.start()
			}
			p.resume()
			p.learn(w.newest())
		}
	}
}
