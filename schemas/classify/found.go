package classify

import (
	"bytes"
	"slices"

	"panther/schemas/logtype"
)

// Found is the indicators of a line: for each set of logtype.IndicatorSets the places of texts in the worker's buffer.
type found struct {
	sets [maxSets][]place
	used uint64 // which sets have any

	plain bool // of the text that is looked at: it stands in events as it is
}

const (
	maxSets  = 16
	compared = 16 // texts of a set, those added last, that a new one is compared with
)

type place struct {
	from, to uint32
	plain    bool
}

// setNames are the names of the sets as events write them, with a comma before, and padding behind.
var setNames = func() (names [maxSets]setName) {
	for i, set := range logtype.IndicatorSets() {
		names[i].length = copy(names[i].text[:], `,"`+set+`":[`)
	}
	return names
}()

type setName struct {
	text   [32]byte
	length int
}

// append writes the name: all of the padding is copied too, which is faster than to copy no more than the name.
func (s *setName) append(dst []byte) []byte {
	return append(dst, s.text[:]...)[:len(dst)+s.length]
}

func (f *found) reset() {
	for ; f.used != 0; f.used &= f.used - 1 {
		set := &f.sets[lowest(f.used)]
		*set = (*set)[:0]
	}
}

// indicated adds a text to a set, unless one of those added last is the same.
func (w *worker) indicated(set uint8, from, to int) {
	places := &w.found.sets[set%maxSets]
	for i := max(0, len(*places)-compared); i < len(*places); i++ {
		if p := &(*places)[i]; int(p.to-p.from) == to-from && sameText(w.buf, int(p.from), from, to-from) {
			return
		}
	}
	*places = append(*places, place{uint32(from), uint32(to), w.found.plain})
	w.found.used |= 1 << (set % maxSets)
}

// sameText reports whether the texts of a size at two places are the same.
func sameText(b []byte, i, k, size int) bool {
	if size < 8 || size > 16 {
		return string(b[i:i+size]) == string(b[k:k+size])
	}
	return word(b, i) == word(b, k) && word(b, i+size-8) == word(b, k+size-8)
}

// distinct returns the indicators of a set: sorted by bytes, each value once.
func (w *worker) distinct(set int) []place {
	places := w.found.sets[set]
	if len(places) < 2 {
		return places
	}
	w.sortPlaces(places)
	if len(places) <= compared { // each was, with all before it
		return places
	}
	n := 0
	for _, p := range places {
		if n == 0 || string(w.buf[p.from:p.to]) != string(w.buf[places[n-1].from:places[n-1].to]) {
			places[n] = p
			n++
		}
	}
	return places[:n]
}

// writeSets writes the indicators that were found.
func (w *worker) writeSets() {
	out, buf := w.out, w.buf
	for used := w.found.used; used != 0; used &= used - 1 {
		set := lowest(used)
		out = setNames[set].append(out)
		for i, p := range w.distinct(set) {
			if i > 0 {
				out = append(out, ',')
			}
			if p.plain {
				out = append(appendShort(append(out, '"'), buf, int(p.from), int(p.to)), '"')
			} else {
				out = appendTextAt(out, buf, int(p.from), int(p.to))
			}
		}
		out = append(out, ']')
	}
	w.out = out
}

// sortPlaces sorts by bytes. There are few in most lines, and for few this is the fastest way.
func (w *worker) sortPlaces(places []place) {
	buf := w.buf
	if len(places) > 24 {
		slices.SortFunc(places, func(a, b place) int { return bytes.Compare(buf[a.from:a.to], buf[b.from:b.to]) })
		return
	}
	for i := 1; i < len(places); i++ {
		p, k := places[i], i
		for ; k > 0; k-- {
			o := places[k-1]
			if bytes.Compare(buf[o.from:o.to], buf[p.from:p.to]) <= 0 {
				break
			}
			places[k] = o
		}
		places[k] = p
	}
}
