package clocktest

import (
	"slices"

	"panther/pipeline/stream"
)

type nodeKind int

const (
	classifier nodeKind = iota
	dropoff
)

// A node is a consumer group: its processes, who owns what, and its changelog.
type node struct {
	w           *world
	kind        nodeKind
	procs       []*process
	generation  int
	owners      []owner
	known       [maxTopics + 1]known // what the group knows of topics
	changelog   map[partitionKey]map[string][]byte
	positions   map[partitionKey]int
	prepared    []*transaction
	rebalancing bool
}

type owner struct {
	topic *topic
	num   int
	proc  *process
	since int // the generation from which proc has owned it without a break
}

type known struct {
	topic      *topic
	partitions int
}

// keep writes to the changelog of a task.
func (n *node) keep(t *task, k kept) {
	if n.changelog[t.key()] == nil {
		n.changelog[t.key()] = map[string][]byte{}
	}
	for _, r := range k.changes {
		if len(r.Value) == 0 {
			delete(n.changelog[t.key()], string(r.Key))
		} else {
			n.changelog[t.key()][string(r.Key)] = r.Value
		}
	}
	n.positions[t.key()] = k.position
}

// rebalance happens soon; several causes make one.
func (n *node) rebalance() {
	if n.rebalancing {
		return
	}
	n.rebalancing = true
	n.w.in(n.w.between(10, 1000), func() { n.rebalancing = false; n.assign() })
}

func (n *node) assign() {
	n.generation++
	old := n.owners
	n.owners = nil
	for i, t := range n.w.topics {
		if n.known[i].topic == nil && t != nil {
			n.known[i] = known{t, len(t.parts)}
		}
		if k := n.known[i]; k.topic != nil {
			n.share(k, old)
		}
	}
	for _, o := range old {
		if !slices.Contains(n.owners, o) {
			n.w.heard(partitionKey{o.topic.id, o.num}, false)
		}
	}
	generation := n.generation
	for _, p := range n.procs {
		if p.alive {
			p.after(n.w.between(50, 4000), func() {
				if n.generation == generation && !p.expelled {
					p.join(generation)
				}
			})
		}
	}
}

// share gives the partitions of a topic to members; most stay where they were.
func (n *node) share(k known, old []owner) {
	var members []*process
	for _, p := range n.procs {
		if p.alive && !p.expelled && p.subscribes(k.topic.index) {
			members = append(members, p)
		}
	}
	for num := 0; num < k.partitions && len(members) > 0; num++ {
		o := owner{k.topic, num, members[n.w.rng.IntN(len(members))], n.generation}
		for _, x := range old {
			if x.topic == o.topic && x.num == num && slices.Contains(members, x.proc) && (n.w.rng.IntN(10) < 7 || x.proc == o.proc) {
				o.proc, o.since = x.proc, x.since
			}
		}
		n.owners = append(n.owners, o)
	}
}

// A task is a partition at work in a process.
type task struct {
	node  *node
	topic *topic
	num   int
	ready bool
	gone  bool

	edge *stream.Edge // of the classifier

	fold     stream.Task // of dropoff
	position int
	taken    int // position of the open transaction
	seen     int // catalogue version delivered
	fresh    bool
}

func (t *task) key() partitionKey { return partitionKey{t.topic.id, t.num} }

func (p *process) owns(t *task) bool {
	for _, o := range p.node.owners {
		if o.topic == t.topic && o.num == t.num {
			return o.proc == p
		}
	}
	return false
}

func (p *process) subscribes(topic int) bool {
	if p.node.kind == dropoff {
		return topic == activityTopic
	}
	return topic != activityTopic && p.node.w.catalogue[p.version].owner[topic] >= 0
}

// join takes up an assignment. A partition that left and came back between two joins is restored.
func (p *process) join(generation int) {
	var stay []*task
	for _, t := range p.tasks {
		t.gone = true
		for _, o := range p.node.owners {
			if o.topic == t.topic && o.num == t.num && o.proc == p && o.since <= p.generation {
				t.gone = false
				stay = append(stay, t)
			}
		}
	}
	p.generation, p.tasks = generation, stay
	for _, o := range p.node.owners {
		has := slices.ContainsFunc(stay, func(t *task) bool { return t.topic == o.topic && t.num == o.num })
		if o.proc == p && !has {
			t := &task{node: p.node, topic: o.topic, num: o.num}
			p.tasks = append(p.tasks, t)
			p.after(p.node.w.between(20, 3000), func() { p.restore(t) })
		}
	}
}
