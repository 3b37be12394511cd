package stream

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Node is a stage, a mapper or a sink at work: one consumer group. Exactly one of Task, Mapper and Sink is set.
type Node struct {
	Name     string
	Does     string  // in one line
	Reads    []Topic // a stage reads exactly one, so that no two topics need the same partitioning
	Sources  bool    // it also reads the topics that the log sources of the catalogue name
	Writes   []Topic // output to any other topic is refused
	Tables   []string
	Outside  string // what it tells the world, in a word or two, for the picture
	Receives string // the kind of catalogue entries that its stage gets under their ids
	Clocks   string // a node at the edge: the topic that gets its clock records

	Task   func(confirm func() Catalogue) Task
	Mapper func() Mapper
	Sink   func() (Sink, error)
}

// Fold makes the Task of a Node from a stage that receives entries of a kind ("" for none).
func Fold[S any](s Stage[S], kind string) func(func() Catalogue) Task {
	return func(confirm func() Catalogue) Task { return NewTask(s, kind, confirm) }
}

// State is the topic in which the node's state lives: as many partitions as its input has, or few for a node at the edge,
// whose positions are spread by hash. Sinks have none.
func (n *Node) State() (Topic, bool) {
	if n.Sink != nil {
		return Topic{}, false
	}
	t := Topic{Name: "panther." + n.Name + ".state", Key: "key", Holds: "state of " + n.Name, Partitions: Control, Compact: true}
	if n.Task != nil {
		t.Partitions = n.Reads[0].Partitions
	}
	return t, true
}

// DeadLetters is the topic for records that the node cannot handle, with the reason as a header.
func (n *Node) DeadLetters() Topic {
	return Topic{Name: "panther." + n.Name + ".dead-letters", Key: "as the record", Holds: "records that " + n.Name + " cannot handle, with the reason",
		Partitions: One, Keep: 30 * 24 * time.Hour}
}

// MayWrite reports whether the node declares topic as an output.
func (n *Node) MayWrite(topic string) bool {
	return slices.ContainsFunc(n.Writes, func(t Topic) bool { return t.Name == topic })
}

// A Topology is every node of the pipeline: a value that checks and draws itself.
type Topology []Node

// Topics returns every topic of ours, each once: those between nodes, then states and dead letters.
func (t Topology) Topics() (out []Topic) {
	add := func(x Topic) {
		if !slices.ContainsFunc(out, func(y Topic) bool { return y.Name == x.Name }) {
			out = append(out, x)
		}
	}
	for i := range t {
		for _, x := range slices.Concat(t[i].Reads, t[i].Writes) {
			add(x)
		}
	}
	for i := range t {
		if s, ok := t[i].State(); ok {
			add(s)
		}
		add(t[i].DeadLetters())
	}
	return out
}

// Node returns the node of a name.
func (t Topology) Node(name string) (*Node, bool) {
	for i := range t {
		if t[i].Name == name {
			return &t[i], true
		}
	}
	return nil, false
}

// Check returns everything that is wrong with the topology, for a test and for the start of the program.
func (t Topology) Check() error {
	var errs []error
	bad := func(n Node, format string, args ...any) {
		errs = append(errs, fmt.Errorf("node %s: "+format, append([]any{n.Name}, args...)...))
	}
	compacted := map[string]string{}
	for i, n := range t {
		if n.Name == "" || slices.ContainsFunc(t[:i], func(m Node) bool { return m.Name == n.Name }) {
			bad(n, "needs a name of its own")
		}
		kinds := 0
		for _, set := range []bool{n.Task != nil, n.Mapper != nil, n.Sink != nil} {
			if set {
				kinds++
			}
		}
		if kinds != 1 {
			bad(n, "needs exactly one of a task, a mapper and a sink")
		}
		if n.Task != nil && (len(n.Reads) != 1 || n.Sources) {
			bad(n, "a stage reads exactly one topic, else two topics would need the same partitioning")
		}
		if n.Clocks != "" && !n.MayWrite(n.Clocks) {
			bad(n, "writes clocks to %s, which it does not declare", n.Clocks)
		}
		for _, w := range n.Writes {
			if !w.Compact {
				continue
			}
			if other := compacted[w.Name]; other != "" && !strings.Contains(w.Key, "/stage") {
				bad(n, "writes %s, which %s writes too: a key of a compacted topic has one writer", w.Name, other)
			}
			compacted[w.Name] = n.Name
		}
	}
	return errors.Join(errs...)
}
