package stream

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Draw is the topology as a picture in text, at most 100 letters wide for names of the usual length: for each node what it
// reads, on the left, and writes, on the right; below, what each node does.
func (t Topology) Draw() string {
	var b strings.Builder
	nodes, left, middle := make([]drawing, len(t)), 0, 0
	for i := range t {
		nodes[i] = drawingOf(&t[i])
		middle = max(middle, letters(nodes[i].name))
		for _, in := range nodes[i].in {
			left = max(left, letters(in))
		}
	}
	for _, n := range nodes {
		n.draw(&b, left, middle)
		b.WriteString("\n")
	}
	for i := range t {
		fmt.Fprintf(&b, "%-*s  %s\n", middle-2, t[i].Name, t[i].Does)
	}
	b.WriteString("\n* keeps the newest record of each key. So does NODE.state, where the state of a node lives;\n" +
		"  what a node cannot handle goes to NODE.dead-letters.\n")
	return b.String()
}

// A drawing is a node with the names of what stands around it.
type drawing struct {
	name    string
	in, out []string
}

func drawingOf(n *Node) drawing {
	d := drawing{name: "[" + n.Name + "]"}
	if n.Sources {
		d.in = append(d.in, "(producers' topics)")
	}
	for _, t := range n.Reads {
		d.in = append(d.in, short(t))
	}
	for _, t := range n.Writes {
		d.out = append(d.out, short(t))
	}
	for _, table := range n.Tables {
		d.out = append(d.out, "table "+table)
	}
	if n.Outside != "" {
		d.out = append(d.out, "("+n.Outside+")")
	}
	return d
}

// draw draws the node: the names that it reads within left letters, its own within middle.
func (d drawing) draw(b *strings.Builder, left, middle int) {
	for row := range max(len(d.in), len(d.out)) {
		line := strings.Repeat(" ", left+len(" --"))
		if row < len(d.in) {
			line = d.in[row] + " " + dashes(1+left-letters(d.in[row])) + joint(row, len(d.in), "─┬┤┘")
		}
		name := strings.Repeat(" ", len("--> ")+middle+len(" -"))
		if row == 0 {
			name = "──> " + d.name
			if len(d.out) > 0 {
				name += " " + dashes(1+middle-letters(d.name))
			}
		}
		line += name
		if row < len(d.out) {
			line += joint(row, len(d.out), "─┬├└") + "─> " + d.out[row]
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

// joint is where the line of a row meets those of the others. kinds are the joints of a single row, and of the first, a middle
// and the last one of several.
func joint(row, rows int, kinds string) string {
	k := []rune(kinds)
	switch {
	case rows == 1:
		return string(k[0])
	case row == 0:
		return string(k[1])
	case row < rows-1:
		return string(k[2])
	}
	return string(k[3])
}

func dashes(n int) string { return strings.Repeat("─", n) }

func letters(s string) int { return utf8.RuneCountInString(s) }

// short is the name of a topic without what all have in common.
func short(t Topic) string {
	name := strings.TrimPrefix(t.Name, "panther.")
	if t.Compact {
		name += "*"
	}
	return name
}
