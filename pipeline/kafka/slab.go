package kafka

// A slab hands out parts of larger pieces of memory, for what is made by the thousand and is done with all at once: a piece is
// one allocation, and serves again. One goroutine uses a slab.
type slab[T any] struct {
	piece int   // how many values a piece has; more than a quarter of that at once are an allocation of their own
	free  []T   // the rest of the newest of used
	used  [][]T // parts of them are handed out
	spare [][]T // nothing of them is
}

// take returns n values, and no capacity beyond them. They are not zeroed.
func (s *slab[T]) take(n int) []T {
	if n > s.piece/4 { // else the rest of a piece, which is lost, could be as large
		return make([]T, n)
	}
	if n > len(s.free) {
		s.free = s.next()
		s.used = append(s.used, s.free)
	}
	part := s.free[:n:n]
	s.free = s.free[n:]
	return part
}

func (s *slab[T]) next() []T {
	last := len(s.spare) - 1
	if last < 0 {
		return make([]T, s.piece)
	}
	piece := s.spare[last]
	s.spare[last] = nil
	s.spare = s.spare[:last]
	return piece
}

// reuse hands out again what was handed out: nobody may use it any more. Pieces that were not needed since the last call are
// let go, so that a slab does not stay as large as it was at its largest.
func (s *slab[T]) reuse() {
	clear(s.spare)
	s.spare, s.used, s.free = s.used, s.spare[:0], nil
}

// forget leaves what was handed out to those who may use it still.
func (s *slab[T]) forget() {
	clear(s.used)
	s.used, s.free = s.used[:0], nil
}
