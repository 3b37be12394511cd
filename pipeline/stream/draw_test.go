package stream

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDraw(t *testing.T) {
	a, b, c := Topic{Name: "panther.a"}, Topic{Name: "panther.b-long", Compact: true}, Topic{Name: "other"}
	topology := Topology{
		{Name: "reader", Does: "reads lines", Sources: true, Reads: []Topic{a, c}, Writes: []Topic{b}},
		{Name: "übermut", Does: "writes", Reads: []Topic{b}, Writes: []Topic{a, c}, Tables: []string{"t"}, Outside: "world"},
		{Name: "end", Does: "writes nothing", Reads: []Topic{c}},
	}
	want := `(producers' topics) ─┬──> [reader] ────> b-long*
a ───────────────────┤
other ───────────────┘

b-long* ────────────────> [übermut] ─┬─> a
                                     ├─> other
                                     ├─> table t
                                     └─> (world)

other ──────────────────> [end]

reader   reads lines
übermut  writes
end      writes nothing

* keeps the newest record of each key. So does NODE.state, where the state of a node lives;
  what a node cannot handle goes to NODE.dead-letters.
`
	if diff := cmp.Diff(want, topology.Draw()); diff != "" {
		t.Error(diff)
	}
}
