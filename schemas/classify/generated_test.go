package classify_test

import (
	"os"
	"strconv"
	"testing"
)

// rounds is how often a property is tried: less often where tests are to be short, and PANTHER_ROUNDS times as often as usual
// by whoever looks for what is rare.
func rounds(n int) uint64 {
	times, _ := strconv.Atoi(os.Getenv("PANTHER_ROUNDS"))
	switch {
	case times > 0:
		n *= times
	case testing.Short():
		n /= 10
	}
	return uint64(n)
}

// Schemas of one kind, and lines near to them.
func TestGeneratedLikeReference(t *testing.T) {
	for name, one := range map[string]func(g generator) func(int) made{
		"json":   func(g generator) func(int) made { return g.jsonSchema },
		"text":   func(g generator) func(int) made { return g.textSchema },
		"script": func(g generator) func(int) made { return g.scriptSchema },
		"mixed":  func(g generator) func(int) made { return g.schema },
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range rounds(150) {
				g := newGenerator(seed)
				all := g.schemas(1+g.IntN(5), one(g))
				p := newPair(t, schemasOf(all)...)
				for _, l := range g.lines(all, 20) {
					if p.checkLine(t, l); t.Failed() {
						t.Fatalf("seed %d:\n%s", seed, texts(all))
					}
				}
			}
		})
	}
}

func texts(all []made) (text string) {
	for _, m := range all {
		text += m.text
	}
	return text
}

// More schemas than a group has, of which many match.
func TestManySchemasLikeReference(t *testing.T) {
	for seed := range rounds(15) {
		g := newGenerator(seed)
		all := g.schemas(50+int(seed)*7%200, g.schema)
		p := newPair(t, schemasOf(all)...)
		for _, l := range g.lines(all, 20) {
			if p.checkLine(t, l); t.Failed() {
				t.Fatalf("seed %d:\n%s", seed, texts(all))
			}
		}
	}
}
