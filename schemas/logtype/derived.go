package logtype

import "strings"

// Derived says what a field is made of that is not a member of its line. Exactly one of its parts is set. Whatever it makes is
// then read as if it stood in the line.
//
// Transformations follow each other: expandFields of the parser, rename, copy, concat, split, mask. Each sees what the ones
// before it made, and Parse has worked that into paths and literals: paths name members as the line has them, a copy of a copy
// does not exist, and a concat of what expandFields made is one Join.
type Derived struct {
	Copy  Path  // copy: the value at a place, of any kind
	Join  *Join // concat and expandFields: a text put together
	Split *Split
}

// A Path leads from the top of a line to a value: the names of the members on the way. Of a name that is there twice the last
// one counts. It leads neither into arrays nor into embedded JSON.
type Path []string

// String writes the path as schemas have it.
func (p Path) String() string { return strings.Join(p, ".") }

// A Join puts texts together. It has no value unless each of them has one.
type Join struct {
	Paths    []Path
	Literals []string // one more than paths: Literals[i] stands before the text at Paths[i], the last one behind the last
}

// A Split cuts a text at each Separator and takes the part at Index, from 0. It has no value if there are fewer parts.
type Split struct {
	Path      Path  // where the text is; nil: it is that of Join
	Join      *Join // what was put together before
	Separator string
	Index     int
}

// Paths returns all places that the field is made of.
func (d *Derived) Paths() []Path {
	switch {
	case d.Join != nil:
		return d.Join.Paths
	case d.Split != nil && d.Split.Join != nil:
		return d.Split.Join.Paths
	case d.Split != nil:
		return []Path{d.Split.Path}
	}
	return []Path{d.Copy}
}

// then puts the texts of o behind those of j, with a literal between them.
func (j *Join) then(literal string, o *Join) *Join {
	if j == nil {
		return &Join{Paths: o.Paths, Literals: append([]string{literal + o.Literals[0]}, o.Literals[1:]...)}
	}
	last := len(j.Literals) - 1
	joined := &Join{Paths: append(j.Paths[:len(j.Paths):len(j.Paths)], o.Paths...)}
	joined.Literals = append(joined.Literals, j.Literals[:last]...)
	joined.Literals = append(joined.Literals, j.Literals[last]+literal+o.Literals[0])
	joined.Literals = append(joined.Literals, o.Literals[1:]...)
	return joined
}

// size is how many bytes of text there are between what is put together.
func (j *Join) size() (n int) {
	for _, literal := range j.Literals {
		n += len(literal)
	}
	return n
}

// join returns what is put together before it is split; nil if it is not.
func (d *Derived) join() *Join {
	if d.Split == nil {
		return nil
	}
	return d.Split.Join
}

// joinOf is the Join of the text at one path.
func joinOf(p Path) *Join { return &Join{Paths: []Path{p}, Literals: []string{"", ""}} }
