package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"panther/pipeline"
	"panther/pipeline/stream"
	"panther/schemas/strict"
)

const topologyHelp = `
Usage: panther topology [--topics] [-o json]

Draws the pipeline: each node with the topics that it reads and writes, and what it does. --topics lists the topics instead:
their keys, what they hold, and for how long.

  panther topology
  panther topology --topics
`

// runTopology is `panther topology`. It needs no broker: the topology is part of the program.
func runTopology(_ context.Context, p *program, args []string) error {
	f := p.flags("topology", topologyHelp)
	topics := f.Bool("topics", false, "list the topics")
	out := outputFlag(f)
	if rest, err := parse(f, args); err != nil {
		return err
	} else if len(rest) > 0 {
		return usageError("panther topology takes no arguments, got %q", rest)
	}
	t := pipeline.Topology(pipeline.Parts{})
	switch {
	case *out == forMachines:
		return printJSON(p.out, shownTopology(t))
	case *topics:
		return printTopics(p.out, pipeline.Topics())
	}
	_, err := io.WriteString(p.out, picture(t))
	return err
}

// picture is the topology as README shows it.
func picture(t stream.Topology) string {
	return t.Draw() + "  Every node follows catalogue*, which `panther apply` writes.\n"
}

// A shownNode is a node for machines.
type shownNode struct {
	Name    string   `json:"name"`
	Does    string   `json:"does"`
	Sources bool     `json:"readsProducersTopics,omitempty"`
	Reads   []string `json:"reads"`
	Writes  []string `json:"writes"`
	Tables  []string `json:"tables,omitempty"`
	Outside string   `json:"outside,omitempty"`
}

func shownTopology(t stream.Topology) (nodes []shownNode) {
	names := func(topics []stream.Topic) []string {
		names := []string{}
		for _, t := range topics {
			names = append(names, t.Name)
		}
		return names
	}
	for _, n := range t {
		nodes = append(nodes, shownNode{n.Name, n.Does, n.Sources, names(n.Reads), names(n.Writes), n.Tables, n.Outside})
	}
	return nodes
}

func printTopics(w io.Writer, topics []stream.Topic) error {
	t := newTable("TOPIC", "#PARTITIONS", "KEPT", "KEY", "VALUE")
	for _, topic := range topics {
		t.add(topic.Name, strconv.Itoa(topic.Partitions), kept(topic), topic.Key, topic.Holds)
	}
	return t.print(w, "")
}

// kept says for how long a topic keeps its records.
func kept(t stream.Topic) string {
	age := strict.FormatDuration(t.Keep.Round(time.Second))
	switch {
	case t.Compact && t.Keep > 0:
		return fmt.Sprintf("newest of a key, %s", age)
	case t.Compact:
		return "newest of a key"
	case t.Keep == 0:
		return "for ever"
	}
	return age
}
