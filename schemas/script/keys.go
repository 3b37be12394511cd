package script

import (
	"encoding/json"

	"go.starlark.net/starlark"
)

// Whoever writes a line, or a script, can foresee how Starlark hashes integers, and texts of less than 12 bytes. Keys that were
// chosen to have one hash make a list of a dict, and each look into it takes as long as that is. So a run that is not a short one
// counts its keys by their hashes, and a key costs more the more others are like it.
type keys struct {
	known map[any]struct{}
	like  [1 << 14]uint16 // keys by the lower bits of their hashes, by which a dict finds them
}

const (
	// keysFrom is how many steps a run takes before its keys are counted: up to there no dict is large.
	keysFrom = 4096
	// keysAlike are as many as keys that nobody chose may have in common.
	keysAlike = 64
	// seededFrom is the length of texts from which on Starlark has a hash that nobody can foresee.
	seededFrom = 12
)

// key adds the cost of looking for a key, or of putting it into a dict, beyond that of the key itself.
func (m *meter) key(v starlark.Value) {
	if text, ok := v.(starlark.String); m.full || m.thread.Steps < keysFrom || ok && len(text) >= seededFrom {
		return
	}
	hash, err := v.Hash()
	if err != nil {
		return // the dict says it
	}
	const local = "keys"
	k, ok := m.thread.Local(local).(*keys)
	if !ok {
		k = &keys{known: map[any]struct{}{}}
		m.thread.SetLocal(local, k)
	}
	m.add(k.count(hash, v))
}

// count returns what a key costs.
func (k *keys) count(hash uint32, v starlark.Value) int {
	like := &k.like[hash%uint32(len(k.like))]
	id := identity(v)
	if _, known := k.known[id]; !known {
		k.known[id] = struct{}{}
		*like = min(*like, 1<<16-2) + 1
	}
	if *like < keysAlike {
		return 0
	}
	return int(*like) / 8 // so many are seen at once
}

// identity is the same for keys that are the same to a dict, and almost only for these.
func identity(v starlark.Value) any {
	switch v := v.(type) {
	case starlark.String, starlark.Bytes, starlark.Bool:
		return v
	case starlark.Int:
		if n, ok := v.Int64(); ok {
			return n
		}
	}
	return v.String()
}

// keysOf adds the cost of the keys that a dict takes from another, or from a list of pairs.
func (m *meter) keysOf(from starlark.Value) {
	if d, ok := from.(*starlark.Dict); ok {
		for key := range d.Entries() {
			m.key(key)
		}
		return
	}
	pairs, ok := from.(starlark.Iterable)
	if !ok {
		return
	}
	for pair := range starlark.Elements(pairs) {
		if p, ok := pair.(starlark.Indexable); ok && p.Len() == 2 && !m.full {
			m.key(p.Index(0))
		}
	}
}

// maxDigits are those of the longest number in a JSON text: it takes maxBits.
const maxDigits = maxBits * 3 / 10

// decode adds the cost of what a JSON text holds, and refuses one that is nested too deep for the decoder's stack, or with a
// number that is too long.
func (m *meter) decode(v starlark.Value) {
	text, _ := v.(starlark.String)
	m.add(len(text) / 4)
	depth, digits := 0, 0
	for i := 0; i < len(text) && !m.full; i++ {
		c := text[i]
		if c < '0' || c > '9' {
			digits = 0
		}
		switch {
		case c == '"':
			end := endOfString(text, i+1)
			if next := end + 1; next < len(text) && isName(text[next:]) {
				m.name(text[i : end+1])
			}
			i = end
		case c == '{' || c == '[':
			if depth++; depth > maxMeasured {
				m.full = true
			}
		case c == '}' || c == ']':
			depth--
		case c >= '0' && c <= '9':
			if digits++; digits > maxDigits {
				m.full = true
			}
		}
	}
}

// endOfString returns where the quote behind a string stands, or the end of the text.
func endOfString(text starlark.String, i int) int {
	for ; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return min(i, len(text))
}

// isName reports whether a string is a name, by what is behind it.
func isName(behind starlark.String) bool {
	for i := range len(behind) {
		if c := behind[i]; c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c == ':'
		}
	}
	return false
}

// name adds the cost of a name, in its quotes, as a key.
func (m *meter) name(literal starlark.String) {
	if len(literal) > 6*seededFrom+2 { // even if each character is an escape
		return
	}
	var text string
	if json.Unmarshal([]byte(literal), &text) == nil {
		m.key(starlark.String(text))
	}
}
