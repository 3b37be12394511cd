package classify

import "hash/maphash"

// A keyTable finds a field by its name: open addressing at a load of at most a half. Its seed is random, so that nobody can
// make names, in a schema or in a line, that all fall on one place.
type keyTable struct {
	seed  maphash.Seed
	slots []keySlot // a power of two
}

type keySlot struct {
	tag   uint32 // the upper bits of the hash
	field uint32 // 1 + its place in the node; 0: free
}

func newKeyTable(names []string) keyTable {
	size := 4
	for size < 2*len(names) {
		size *= 2
	}
	t := keyTable{maphash.MakeSeed(), make([]keySlot, size)}
	for i, name := range names {
		h := maphash.String(t.seed, name)
		at := int(h) & (size - 1)
		for t.slots[at].field != 0 {
			at = (at + 1) & (size - 1)
		}
		t.slots[at] = keySlot{uint32(h >> 32), uint32(i) + 1}
	}
	return t
}

// find returns the place of the field called key among names, or -1.
func (t *keyTable) find(key []byte, names []string) int {
	h := maphash.Bytes(t.seed, key)
	last := len(t.slots) - 1
	for at := int(h) & last; ; at = (at + 1) & last {
		s := t.slots[at]
		if s.field == 0 {
			return -1
		}
		if s.tag == uint32(h>>32) && names[s.field-1] == string(key) {
			return int(s.field) - 1
		}
	}
}
