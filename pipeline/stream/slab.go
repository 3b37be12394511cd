package stream

// A Slab hands out parts of larger pieces of memory, for what is made by the thousand and lives about equally long: a piece is
// one allocation. It stays, with all that its parts point at, as long as any of them is used or there is a rest to hand out. One
// goroutine uses a Slab.
type Slab[T any] struct {
	Piece int // how many values a piece has; more at once are an allocation of their own
	free  []T
}

// Take returns n zero values, and no capacity beyond them.
func (s *Slab[T]) Take(n int) []T {
	if n > s.Piece {
		return make([]T, n)
	}
	if n > len(s.free) {
		s.free = make([]T, s.Piece)
	}
	part := s.free[:n:n]
	s.free = s.free[n:]
	return part
}
