package kafka

import "testing"

// Parts of a slab are apart from each other until reuse, and pieces serve again behind it.
func TestSlab(t *testing.T) {
	s := slab[int]{piece: 16}
	fill := func(from int) (parts [][]int) {
		for i, n := range []int{4, 3, 4, 0, 25, 5, 4, 4, 1} {
			part := s.take(n)
			if len(part) != n || cap(part) != n {
				t.Fatalf("take(%d) has length %d and capacity %d", n, len(part), cap(part))
			}
			for k := range part {
				part[k] = from + i
			}
			parts = append(parts, append(part, -1)[:n])
		}
		return parts
	}
	holds := func(parts [][]int, from int) {
		t.Helper()
		for i, part := range parts {
			for k := range part {
				if part[k] != from+i {
					t.Fatalf("part %d was changed by another: %v", i, part)
				}
			}
		}
	}
	first := fill(100)
	holds(first, 100)
	s.forget()
	second := fill(200)
	holds(first, 100)
	s.reuse()
	third := fill(300)
	holds(first, 100)
	holds(third, 300)
	if &second[0][0] == &first[0][0] {
		t.Error("what was forgotten is handed out again")
	}
	if n := testing.AllocsPerRun(100, func() {
		for range 20 {
			s.take(1)
		}
		s.reuse()
	}); n != 0 {
		t.Errorf("what is reused takes %v allocations", n)
	}
	s.take(1)
	s.reuse()
	if len(s.spare) != 1 {
		t.Errorf("%d pieces are kept, of which one was needed", len(s.spare))
	}
}
