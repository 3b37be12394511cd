package clocktest

// A process is a member of a node's group: the runner, played.
type process struct {
	node       *node
	id         int
	life       int // counts starts and crashes: what was scheduled in another one does not happen
	alive      bool
	paused     bool // stopped by a signal; what was scheduled happens when it goes on
	pauses     int
	expelled   bool // by the group, while paused
	waiting    []func()
	generation int
	version    int // the newest catalogue version that it has read
	tasks      []*task
	tx         *transaction
	summing    *transaction // the next one, while it is still empty

	sampling  bool
	samples   []sampled // taken, not handed to the edges yet
	clocksDue bool
}

func (p *process) after(d int64, do func()) {
	life := p.life
	p.node.w.in(d, func() {
		switch {
		case p.life != life:
		case p.paused:
			p.waiting = append(p.waiting, do)
		default:
			do()
		}
	})
}

func (p *process) start() {
	w := p.node.w
	p.life++
	p.alive, p.paused, p.expelled, p.sampling, p.clocksDue = true, false, false, false, false
	p.tasks, p.tx, p.summing, p.waiting, p.samples, p.generation, p.version = nil, nil, nil, nil, nil, -1, w.newest()
	w.logf("START %s", p)
	if p.node.kind == classifier {
		p.after(w.between(100, heartbeat), p.beat)
	}
	p.after(w.between(10, 500), p.turn)
	p.node.rebalance()
}

func (p *process) crash(down int64) {
	w := p.node.w
	if !p.alive {
		return
	}
	w.logf("CRASH %s for %d", p, down)
	for _, t := range p.tasks {
		if p.owns(t) {
			w.heard(t.key(), false)
		}
		t.gone = true
	}
	if tx := p.tx; tx != nil && tx.state == txPrepared && w.oneIn(2) { // its last words had reached the broker
		w.in(w.between(1, 100), func() { w.finish(tx, txCommitted) })
	}
	p.alive, p.paused = false, false
	p.life++
	life := p.life
	w.in(sessionTimout, func() {
		if !p.alive && p.life == life {
			p.node.rebalance()
		}
	})
	w.in(down, func() {
		if !p.alive && p.life == life {
			p.start()
		}
	})
}

func (p *process) pause(d int64) {
	w := p.node.w
	if !p.alive || p.paused {
		return
	}
	w.logf("PAUSE %s for %d", p, d)
	p.paused = true
	p.pauses++
	pause, life := p.pauses, p.life
	for _, t := range p.tasks {
		if p.owns(t) {
			w.heard(t.key(), false)
		}
	}
	w.in(sessionTimout, func() {
		if p.paused && p.pauses == pause && p.life == life {
			p.expelled = true
			p.node.rebalance()
		}
	})
	w.in(d, func() {
		if p.pauses == pause && p.life == life {
			p.resume()
		}
	})
}

func (p *process) resume() {
	w := p.node.w
	if !p.paused {
		return
	}
	w.logf("RESUME %s, expelled: %v", p, p.expelled)
	p.paused = false
	if p.expelled {
		p.reset()
	} else {
		for _, t := range p.tasks {
			if t.ready && p.owns(t) {
				w.heard(t.key(), true)
			}
		}
	}
	p.expelled = false
	waiting := p.waiting
	p.waiting = nil
	for _, do := range waiting {
		do()
	}
	p.node.rebalance()
}

// reset closes the client and makes it anew; state is restored.
func (p *process) reset() {
	for _, t := range p.tasks {
		if p.owns(t) {
			p.node.w.heard(t.key(), false)
		}
		t.gone = true
	}
	if p.tx != nil {
		p.node.w.finish(p.tx, txAborted)
	}
	p.tasks, p.tx, p.generation = nil, nil, -1
	for i := range p.node.owners {
		if p.node.owners[i].proc == p {
			p.node.owners[i].proc = nil
		}
	}
}

// restore reads the changelog of a task, behind whatever transaction of the former owner is still to be decided.
func (p *process) restore(t *task) {
	w := p.node.w
	if t.gone || !p.owns(t) {
		return
	}
	wait := false
	for _, tx := range p.node.prepared {
		for other := range tx.kept {
			wait = wait || tx.state == txPrepared && other.key() == t.key()
		}
	}
	if wait || !p.load(t) {
		p.after(300, func() { p.restore(t) })
		return
	}
	t.ready = true
	w.heard(t.key(), true)
	w.logf("OWNER of %s/%d (%s) is %s", topicName(t.topic.index), t.num, t.topic.id, p)
}

// load makes a task of its changelog. It waits for the catalogue version that the changelog names.
func (p *process) load(t *task) bool {
	if p.node.kind == classifier {
		p.loadEdge(t)
		return true
	}
	return p.loadFold(t)
}

// turn is one turn of the runner: poll, fold, and commit in one transaction.
func (p *process) turn() {
	w := p.node.w
	p.after(w.between(100, 900), p.turn)
	if p.tx != nil || p.generation != p.node.generation {
		return
	}
	if p.summing == nil {
		p.summing = &transaction{proc: p}
	}
	tx := p.summing
	tx.generation, tx.version = p.generation, p.version
	if p.node.kind == classifier {
		p.classify(tx)
		return
	}
	if p.watch(tx) {
		p.begin(tx)
		p.after(w.between(5, 100), func() { p.prepare(tx) })
	}
}

func (p *process) begin(tx *transaction) {
	p.tx, p.summing = tx, nil
	p.node.w.in(txTimeout, func() { p.node.w.finish(tx, txAborted) })
}

// prepare sends changelog and offsets, which the group fences by its generation.
func (p *process) prepare(tx *transaction) {
	w := p.node.w
	if p.tx != tx {
		return
	}
	tx.kept = map[*task]kept{}
	for _, t := range p.tasks {
		if t.ready {
			tx.kept[t] = t.keep()
		}
	}
	fault := w.faulty(fAbort, 25, 5)
	if tx.state != txOpen || tx.generation != p.node.generation || fault {
		w.logf("ABORT %s, by chance: %v", p, fault)
		p.abort(tx)
		return
	}
	tx.state = txPrepared
	p.node.remember(tx)
	delay := w.between(3, 60)
	if w.faulty(fAbort, 60, 60) {
		delay = w.between(500, 8000)
	}
	p.after(delay, func() { p.commit(tx) })
}

// remember keeps the transactions that are prepared and not decided.
func (n *node) remember(tx *transaction) {
	open := []*transaction{tx}
	for _, x := range n.prepared {
		if x.state == txPrepared && x != tx {
			open = append(open, x)
		}
	}
	n.prepared = open
}

func (p *process) commit(tx *transaction) {
	w := p.node.w
	if p.tx != tx {
		return
	}
	if tx.state != txPrepared {
		p.abort(tx)
		return
	}
	w.finish(tx, txCommitted)
	p.tx = nil
	for _, t := range p.tasks {
		if k, ok := tx.kept[t]; ok {
			t.commit(k)
		}
	}
	if w.faulty(fAbort, 120, 120) { // it was applied, and answered with an error: a new client
		w.logf("END ERROR %s", p)
		p.reset()
		p.node.rebalance()
	}
}

func (p *process) abort(tx *transaction) {
	p.node.w.finish(tx, txAborted)
	p.clocksDue = p.clocksDue || tx.clocks
	for _, t := range p.tasks {
		if t.ready {
			t.abort()
		}
	}
	p.tx = nil
}

// learn reads the catalogue up to a version.
func (p *process) learn(v int) {
	if v <= p.version {
		return
	}
	p.node.w.logf("LEARN %s version %d", p, versionNumber(v))
	p.version = v
	if p.node.kind == classifier {
		p.node.rebalance()
	}
}

func (p *process) String() string {
	return [...]string{"classifier", "dropoff"}[p.node.kind] + "-" + string(rune('a'+p.id))
}
