package classify

import "math/bits"

// lacking returns the schemas of a group, out of m, that miss a member of the object whose members stand from one entry to
// another. Of those that were given some may be absent, be it only for some schemas.
func (w *worker) lacking(g int, ni int32, m mask, all []seenMembers, from, to int) (bad mask) {
	r := &w.groups[g].required[ni]
	left := r.schemas & m
	if !w.explaining && left != 0 {
		bad = r.missing(left, all[0].given)
	}
	indexed := false
	for left &^= bad; left != 0; left &= left - 1 {
		bit := left & -left
		for i, wanted := range r.of(lowest(left)) {
			seen := &all[i]
			lacks := wanted &^ (seen.given &^ seen.absent)
			if lacks == 0 {
				continue
			}
			if !w.explaining && wanted&^seen.given != 0 {
				bad |= bit
				break
			}
			if !indexed {
				w.indexMembers(from, to)
				indexed = true
			}
			if w.lacksSome(g, w.nodes[ni].first+uint32(64*i), lacks, bit, from, to) {
				bad |= bit
			}
		}
	}
	return bad
}

// missing returns the schemas, out of m, that require one of the first 64 members that was not given. Of many candidates it is
// nearly all, so it comes before all else.
func (r *required) missing(m mask, given uint64) (bad mask) {
	bad = m
	for i := range r.firsts {
		if f := &r.firsts[i]; f.wanted&^given == 0 {
			bad &^= f.schema
		}
	}
	return bad
}

// lacksSome reports whether a schema lacks any of the members first+n, for n in the bit set lacks: they were not given, or are
// absent for some. The members are indexed.
func (w *worker) lacksSome(g int, first uint32, lacks uint64, bit mask, from, to int) (some bool) {
	for ; lacks != 0; lacks &= lacks - 1 {
		id := first + uint32(bits.TrailingZeros64(lacks))
		if w.isThere(g, id, bit, from, to) {
			continue
		}
		some = true
		if w.explaining {
			w.noteMissing(bit, from-1, id)
		}
	}
	return some
}

// indexMembers notes the last entry of each member of an object.
func (w *worker) indexMembers(from, to int) {
	w.last = fit(w.last, len(w.fields))
	for t := from; t < to; t = int(w.tape[t].next) {
		w.last[w.tape[t].field] = int32(t)
	}
}

// isThere reports whether a member is present for one schema: "" is for a string, and is not for a number.
func (w *worker) isThere(g int, id uint32, bit mask, from, to int) bool {
	t := w.lastOf(id, from, to)
	return t >= 0 && !w.isAbsent(t, w.view(g, w.rule(g, id), bit))
}
