package stream_test

import (
	"testing"

	"panther/pipeline/stream"
)

func TestSlab(t *testing.T) {
	slab := stream.Slab[int]{Piece: 10}
	var parts [][]int
	for i, n := range []int{4, 4, 4, 0, 25, 10, 1} {
		part := slab.Take(n)
		if len(part) != n || cap(part) != n {
			t.Fatalf("Take(%d) has length %d and capacity %d", n, len(part), cap(part))
		}
		for k := range part {
			if part[k] != 0 {
				t.Fatalf("part %d holds %d, which another part has written", i, part[k])
			}
			part[k] = i + 1
		}
		parts = append(parts, append(part, -1)[:n])
	}
	for i, part := range parts {
		for k := range part {
			if part[k] != i+1 {
				t.Errorf("part %d was changed by another: %v", i, part)
			}
		}
	}
	if n := testing.AllocsPerRun(100, func() {
		for range 10 {
			slab.Take(1)
		}
	}); n > 1 {
		t.Errorf("ten parts take %v allocations, want one piece", n)
	}
}
