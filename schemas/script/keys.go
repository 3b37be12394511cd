package script

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.starlark.net/starlark"
)

// Whoever writes a line, or a script, can foresee how Starlark hashes integers, and texts of less than 12 bytes. Keys that were
// chosen to have one hash make a list of a dict, and each look into it takes as long as that is. So a run that is not a short one
// counts its keys by their hashes, and a key costs more the more others are like it.
type keys struct {
	known map[any]struct{}
	like  [1 << 14]uint16 // keys by the lower bits of their hashes, by which a dict finds them
	same  map[uint32]int  // by all of the hash, of those that have many like them: they are compared themselves
}

func newKeys() *keys { return &keys{known: map[any]struct{}{}, same: map[uint32]int{}} }

const (
	// keysFrom is how many steps a run takes before its keys are counted: up to there no dict is large.
	keysFrom = 4096
	// keysAlike are as many as keys that nobody chose have in common.
	keysAlike = 64
	// maxWritten are as many of these as a script may write down.
	maxWritten = 256
	// seededFrom is the length of texts from which on Starlark has a hash that nobody can foresee.
	seededFrom = 12
)

// key adds the cost of looking for a key, or of putting it into a dict, beyond that of the key itself.
func (m *meter) key(v starlark.Value) {
	if m.full || m.thread.Steps < keysFrom {
		return
	}
	const local = "keys"
	k, ok := m.thread.Local(local).(*keys)
	if !ok {
		k = newKeys()
		m.thread.SetLocal(local, k)
	}
	m.add(k.count(v))
}

// count returns what a key costs.
func (k *keys) count(v starlark.Value) int {
	if text, ok := v.(starlark.String); ok && len(text) >= seededFrom {
		return 0
	}
	hash, err := v.Hash()
	if err != nil {
		return 0 // the dict says it
	}
	like := &k.like[hash%uint32(len(k.like))]
	id := identity(v)
	if _, known := k.known[id]; !known {
		k.known[id] = struct{}{}
		if *like = min(*like, 1<<16-2) + 1; *like >= keysAlike {
			k.same[hash]++
		}
	}
	if *like < keysAlike {
		return 0
	}
	return int(*like)/32 + k.same[hash]/8 // so many are passed over, and compared, in the time of a step
}

// identity is the same for keys that are the same to a dict, but for 1 and 1.0, and for no others.
func identity(v starlark.Value) any {
	switch v := v.(type) {
	case starlark.String, starlark.Bytes, starlark.Bool, *starlark.Function, *starlark.Builtin:
		return v
	case starlark.Int:
		if n, ok := v.Int64(); ok {
			return n
		}
	case starlark.Tuple:
		all := make([]byte, 0, 64)
		for _, item := range v {
			switch id := identity(item).(type) {
			case *starlark.Function, *starlark.Builtin:
				all = fmt.Appendf(all, "%p ", id)
			default:
				all = fmt.Appendf(all, "%T %#[1]v ", id)
			}
		}
		return string(all)
	}
	return v.String()
}

// spread adds the cost of the keys of a dict that becomes the named arguments of a function.
func (m *meter) spread(v starlark.Value) {
	if d, ok := v.(*starlark.Dict); ok {
		m.keysOf(d)
	}
}

// keysOf adds the cost of the keys that a dict takes from another, or from a list of pairs.
func (m *meter) keysOf(from starlark.Value) {
	all, ok := from.(starlark.Iterable)
	if !ok || m.full {
		return
	}
	_, isDict := from.(*starlark.Dict)
	for item := range starlark.Elements(all) {
		if pair, ok := item.(starlark.Indexable); isDict {
			m.key(item)
		} else if ok && pair.Len() == 2 {
			m.key(pair.Index(0))
		}
		if m.full {
			return
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
	text := string(literal[1 : len(literal)-1])
	if strings.ContainsFunc(text, func(c rune) bool { return c == '\\' || c >= utf8.RuneSelf }) && json.Unmarshal([]byte(literal), &text) != nil {
		return // the decoder reads such names in this way as well: the script does not get it
	}
	m.key(starlark.String(text))
}
