// Package streamtest runs nodes without Kafka: send a record, move the clock by hand, read what came out.
//
// A Driver holds one or more nodes and passes the outputs of one to those that read them. Everything happens at a time that the
// test sets, so a story of three days takes a millisecond and is the same each time. Scenarios run stories from files that
// nobody needs Go to read; Conform holds a stage to what every stage promises. Both run each story several times: as it is, with
// every transaction aborted once, and with a restart from the changelog after each one; all must say the same.
//
// # Scenario files
//
// A file in testdata ends in .txtar. It begins with the rule that it is about, in free text; then comes "-- story --", and lines:
//
//	12:00:00 clock nginx-access 12:00:00
//	-> signals SOURCE_NO_DATA/nginx: raise, silent since 11:45:00
//	day2-09:30:00 time passes
//
// A line that begins with a time is something that happens then: a verb and what belongs to it. Times without a day are of the
// first day, and never go back. The lines with an arrow below it are all that comes out because of it: topic, key, and what it
// says. Lines that begin with # are remarks. "go test -update" writes the arrows anew; read them before you commit.
//
// Verbs that every story has:
//
//	time passes                     timers fire, by the wall clock
//	clock TOPIC TIME                the clock of a topic has reached a time; then, as needed:
//	    partition 1 of 2            which of its partitions (default 0 of 1)
//	    path 1 of 2                 through which partition of a topic between
//	    version 3                   the catalogue version of its writer (default: the newest)
//	    gap TIME TIME               nobody listened from one to the other
//	    id 2                        the topic was made anew (default 1)
//	hole                            records before the next one expired unread
//	restart                         the node stops and goes on from its changelog
//
// A package of stages adds verbs of its own.
package streamtest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"panther/pipeline/stream"
	"panther/schemas/catalogue"
)

// Begin is midnight of the first day of every story.
var Begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// trouble is what a driver puts its nodes to, in every transaction.
type trouble int

const (
	none     trouble = iota
	aborts           // it is aborted once and made again
	restarts         // after it the node goes on from its changelog
	held             // it stays open
)

// A Driver runs nodes, each with one partition, and one transaction a record.
type Driver struct {
	Now time.Time

	nodes     []*node
	trouble   trouble
	catalogue *catalogue.View // delivered
	newest    *catalogue.View // written; nodes learn of it before an alarm
	offsets   map[string]int64
	out       []stream.Record
	err       error // the first thing that no node may do
}

// node is a node at work: a task or a mapper.
type node struct {
	stream.Node
	task      stream.Task
	mapper    stream.Mapper
	mapped    []stream.Record // by the open transaction of a mapper
	changelog map[string][]byte
}

// mapperView is the catalogue as a mapper sees it. A mapper has no timers, so nothing is due.
type mapperView struct{ *catalogue.View }

func (mapperView) Due(stream.Wake) bool { return false }

// New makes a driver of nodes, at the beginning of the first day, with an empty catalogue.
func New(nodes ...stream.Node) *Driver {
	empty := catalogue.NewView(0, map[string]any{})
	d := &Driver{Now: Begin, catalogue: empty, newest: empty, offsets: map[string]int64{}}
	for _, n := range nodes {
		w := &node{Node: n, changelog: map[string][]byte{}}
		d.nodes = append(d.nodes, w)
		d.start(w)
	}
	return d
}

// start makes the node anew: a task from its changelog. The catalogue may have changed meanwhile, and so something come out.
func (d *Driver) start(n *node) {
	if n.Mapper != nil {
		n.mapper = n.Mapper()
		return
	}
	n.task = n.Task(func() stream.Catalogue {
		d.catalogue = d.newest
		return d.newest
	})
	for _, k := range slices.Sorted(maps.Keys(n.changelog)) {
		if err := n.task.Restore([]byte(k), n.changelog[k]); err != nil {
			d.fail("node %s: %w", n.Name, err)
		}
	}
	n.task.Start(func(string) bool { return true })
	n.task.SetCatalogue(d.catalogue, d.Now)
	for _, r := range d.commit(n) {
		d.emit(n, r)
	}
}

// Catalogue makes c the catalogue that all nodes know.
func (d *Driver) Catalogue(c *catalogue.View) {
	d.catalogue, d.newest = c, c
	for _, n := range d.nodes {
		if n.task != nil {
			d.step(n, func() { n.task.SetCatalogue(c, d.Now) })
		}
	}
}

// CatalogueUnread writes a catalogue that no node has read yet.
func (d *Driver) CatalogueUnread(c *catalogue.View) { d.newest = c }

// Newest is the catalogue as last written.
func (d *Driver) Newest() *catalogue.View { return d.newest }

// Until moves the clock to t; the timers due until then fire, each at its time.
func (d *Driver) Until(t time.Time) {
	for {
		var first *node
		for _, n := range d.nodes {
			if n.task == nil {
				continue
			}
			if at := n.task.NextTimer(); !at.IsZero() && !at.After(t) && (first == nil || at.Before(first.task.NextTimer())) {
				first = n
			}
		}
		if first == nil {
			break
		}
		if at := first.task.NextTimer(); at.After(d.Now) {
			d.Now = at
		}
		d.step(first, func() { first.task.Advance(d.Now) })
	}
	if t.After(d.Now) {
		d.Now = t
	}
}

// Send gives a record to the nodes that read its topic, as written now, and their outputs to those that read them. What the
// driver fills in, if it is not set: offset, time and arrival.
func (d *Driver) Send(r stream.Record) {
	r.Offset = d.offsets[r.Topic]
	d.offsets[r.Topic]++
	if r.TopicID == (stream.ID{}) {
		r.TopicID = TopicID(1)
	}
	if r.Time.IsZero() {
		r.Time = d.Now
	}
	if r.Arrival.IsZero() {
		r.Arrival = r.Time
	}
	for _, n := range d.nodes {
		if d.reads(n, r.Topic) {
			d.step(n, func() { n.take(r, d.catalogue) })
		}
	}
}

// Clock gives clocks to every stage, in one record.
func (d *Driver) Clock(clocks ...stream.Clock) {
	r, err := stream.ClockRecord("clocks", clocks)
	if err != nil {
		d.fail("%w", err)
	}
	r.Time = d.Now
	for _, n := range d.nodes {
		if n.task != nil {
			d.step(n, func() { n.task.Process(r) })
		}
	}
}

// Hole tells every stage that records of its input expired unread.
func (d *Driver) Hole() {
	for _, n := range d.nodes {
		if n.task != nil {
			d.step(n, n.task.Hole)
		}
	}
}

// Restart stops every node and starts it from its changelog. It then knows the newest catalogue.
func (d *Driver) Restart() {
	d.catalogue = d.newest
	for _, n := range d.nodes {
		d.start(n)
	}
}

// Read returns what came out since it was last called, in order, and the first thing that a node did which none may do:
// write to a topic that it does not declare, not encode, panic.
func (d *Driver) Read() ([]stream.Record, error) {
	out := d.out
	d.out = nil
	return out, d.err
}

// TopicID is the id of the nth topic of a name.
func TopicID(n byte) stream.ID { return stream.ID{15: n} }

func (d *Driver) reads(n *node, topic string) bool {
	ours := slices.ContainsFunc(n.Reads, func(t stream.Topic) bool { return t.Name == topic })
	return ours || n.Sources && d.topic(topic) == nil
}

// topic returns one of the topics that the nodes name.
func (d *Driver) topic(name string) *stream.Topic {
	for _, n := range d.nodes {
		for _, t := range slices.Concat(n.Reads, n.Writes) {
			if t.Name == name {
				return &t
			}
		}
	}
	return nil
}

// take gives the node a record.
func (n *node) take(r stream.Record, c *catalogue.View) {
	if n.task != nil {
		n.task.Process(r)
		return
	}
	n.mapped = n.mapper.Map(n.mapped, r, mapperView{c})
}

// fail keeps the first error.
func (d *Driver) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
}

// step does one transaction of a node, with the trouble that the driver makes, and passes on what comes out.
func (d *Driver) step(n *node, do func()) {
	if d.trouble == aborts {
		do()
		d.abort(n)
	}
	do()
	if d.trouble == held {
		return
	}
	out := d.commit(n)
	if d.trouble == restarts {
		d.start(n)
	}
	for _, r := range out {
		d.emit(n, r)
	}
}

// rehearse does steps in one transaction of each node, and aborts it: as if they had not been.
func (d *Driver) rehearse(steps []Step) {
	before := *d
	d.offsets, d.trouble = maps.Clone(d.offsets), held
	for _, step := range steps {
		step(d)
	}
	err := d.err
	*d = before
	d.err = err
	for _, n := range d.nodes {
		d.abort(n)
	}
}

func (d *Driver) abort(n *node) {
	if n.mapper != nil {
		n.mapper.Flush(n.mapped, mapperView{d.catalogue})
		n.mapper.Reset()
		n.mapped = nil
		return
	}
	n.task.Outputs()
	n.task.DeadLetters()
	if _, err := n.task.Changes(); err != nil {
		d.fail("node %s: %w", n.Name, err)
	}
	n.task.Abort()
	n.task.SetCatalogue(d.catalogue, d.Now)
}

// commit ends the node's transaction and returns its output.
func (d *Driver) commit(n *node) []stream.Record {
	if n.mapper != nil {
		out := n.mapper.Flush(n.mapped, mapperView{d.catalogue})
		n.mapped = nil
		return out
	}
	out := n.task.Outputs()
	for _, dead := range n.task.DeadLetters() {
		d.fail("node %s, record %s: %s", n.Name, dead.Record.Key, dead.Reason)
	}
	changes, err := n.task.Changes()
	if err != nil {
		d.fail("node %s: %w", n.Name, err)
	}
	for _, c := range changes {
		if c.Value == nil {
			delete(n.changelog, string(c.Key))
		} else {
			n.changelog[string(c.Key)] = c.Value
		}
	}
	n.task.Commit()
	return out
}

// emit reads a record back as others read it, keeps it, and sends it on.
func (d *Driver) emit(n *node, r stream.Record) {
	if !n.MayWrite(r.Topic) {
		d.fail("node %s wrote to topic %s, which it does not declare", n.Name, r.Topic)
		return
	}
	if err := r.Encode(); err != nil {
		d.fail("node %s: %w", n.Name, err)
		return
	}
	r.Time = d.Now
	if t := d.topic(r.Topic); t.Decode != nil {
		m, err := t.Decode(r.Value)
		if err != nil {
			d.fail("node %s, topic %s: %w", n.Name, r.Topic, err)
			return
		}
		r.Message = m
	}
	d.out = append(d.out, r)
	d.Send(r)
}
