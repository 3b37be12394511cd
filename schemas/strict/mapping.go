package strict

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// A Mapping is a node with keys, while it is read: see Node.Mapping.
type Mapping struct {
	node  Node
	pairs []Pair
	asked []string // every key that was asked for
}

// A Pair is a key and its value.
type Pair struct {
	Key   string
	Name  Node // the key itself, for problems
	Value Node
}

// Mapping calls read with the mapping at n, if there is one, and then reports the keys that read has not asked for.
func (n Node) Mapping(read func(m *Mapping)) {
	if !n.is(yaml.MappingNode, "!!map", "a mapping of keys to values") {
		return
	}
	m := &Mapping{node: n, pairs: n.pairs()}
	read(m)
	for _, p := range m.pairs {
		if !m.wants(p.Key) {
			p.Name.Problem(fmt.Sprintf("unknown key %q", p.Key), DidYouMean(p.Key, m.asked))
		}
	}
}

// Pairs returns the keys and values of a mapping whose keys are people's to choose, in the order of the file.
func (n Node) Pairs() []Pair {
	if !n.is(yaml.MappingNode, "!!map", "a mapping of keys to values") {
		return nil
	}
	return n.pairs()
}

// Required returns the value of a key that must be there; the zero Node if it is not.
func (m *Mapping) Required(key string) Node {
	if !m.Has(key) {
		m.node.Problem(fmt.Sprintf("the key %q is missing", key), "")
	}
	return m.Optional(key)
}

// Optional returns the value of a key; the zero Node if it is not there.
func (m *Mapping) Optional(key string) Node {
	if !m.wants(key) {
		m.asked = append(m.asked, key)
	}
	for _, p := range m.pairs {
		if p.Key == key {
			return p.Value
		}
	}
	return Node{}
}

// Has reports whether a key is there. It does not count as asking for it.
func (m *Mapping) Has(key string) bool {
	for _, p := range m.pairs {
		if p.Key == key {
			return true
		}
	}
	return false
}

// Keys returns the keys in the order of the file.
func (m *Mapping) Keys() []string {
	keys := make([]string, len(m.pairs))
	for i, p := range m.pairs {
		keys[i] = p.Key
	}
	return keys
}

// Refuse reports key, if it is there, in the caller's words, and drops it.
func (m *Mapping) Refuse(key, text, hint string) {
	for _, p := range m.pairs {
		if p.Key == key {
			p.Name.Problem(text, hint)
		}
	}
	m.Drop(key)
}

// Drop makes as if key were not there.
func (m *Mapping) Drop(key string) {
	m.pairs = slices.DeleteFunc(m.pairs, func(p Pair) bool { return p.Key == key })
}

// Problem reports a mistake of the mapping as a whole, at its beginning.
func (m *Mapping) Problem(text, hint string) { m.node.Problem(text, hint) }

// Node returns the place of the mapping.
func (m *Mapping) Node() Node { return m.node }

func (m *Mapping) wants(key string) bool { return slices.Contains(m.asked, key) }

// pairs lists the keys of a mapping that are texts, each once: the first of several.
func (n Node) pairs() []Pair {
	seen := map[string]Node{}
	var pairs []Pair
	for i := 0; i+1 < len(n.yaml.Content); i += 2 {
		key, value := n.at(n.yaml.Content[i], "the key"), n.yaml.Content[i+1]
		switch {
		case !key.Present(): // an alias, reported already
			continue
		case key.yaml.ShortTag() == "!!merge":
			key.Problem("the merge key <<", aliasHint)
			continue
		case !key.is(yaml.ScalarNode, "!!str", "a text"):
			continue
		}
		name := key.yaml.Value
		if first, ok := seen[name]; ok {
			key.Problem(fmt.Sprintf("duplicate key %q", name), fmt.Sprintf("the first one is in line %d", first.line+first.yaml.Line))
			continue
		}
		seen[name] = key
		pairs = append(pairs, Pair{Key: name, Name: key, Value: n.at(value, name)})
	}
	return pairs
}
