package classify_test

import (
	"math/rand/v2"

	"panther/schemas/classify"
	"panther/schemas/logtype"
)

// A generator makes schemas and lines by chance: a few names, so that schemas meet each other and the lines, and values that
// are at the edge of something. generateschema_test.go has the schemas of JSON lines, generatetext_test.go those of text and
// scripts, generatelines_test.go the lines; features_test.go counts what comes of it.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator { return generator{rand.New(rand.NewPCG(seed, 1))} }

// choosing makes a generator whose choices are bytes, so that whoever changes the bytes a little changes what is made a little;
// behind them it goes on by chance.
func choosing(by []byte) generator {
	seed := uint64(len(by))
	for _, b := range by {
		seed = seed*31 + uint64(b)
	}
	return generator{rand.New(&choices{by, rand.NewPCG(seed, 2)})}
}

// choices is a source of numbers: of a number below 256 the highest bits decide, or the lowest.
type choices struct {
	left []byte
	then *rand.PCG
}

func (c *choices) Uint64() uint64 {
	if len(c.left) == 0 {
		return c.then.Uint64()
	}
	b := c.left[0]
	c.left = c.left[1:]
	return uint64(b) * 0x0101010101010101
}

func pick[T any](g generator, from ...T) T { return from[g.IntN(len(from))] }

func (g generator) chance(percent int) bool { return g.IntN(100) < percent }

// A made is a schema that was made by chance, and how to make lines that are near to it.
type made struct {
	*logtype.Schema
	text string
	line func(g generator) string
}

func schemasOf(all []made) (plain []*logtype.Schema) {
	for _, m := range all {
		plain = append(plain, m.Schema)
	}
	return plain
}

// any schema: mostly of JSON lines.
func (g generator) schema(number int) made {
	switch n := g.IntN(100); {
	case n < 60:
		return g.jsonSchema(number)
	case n < 92:
		return g.textSchema(number)
	}
	return g.scriptSchema(number)
}

func (g generator) schemas(n int, one func(number int) made) (all []made) {
	for i := range n {
		all = append(all, one(i))
	}
	return all
}

// near makes a line that is near to one of the schemas, or to nothing.
func (g generator) near(all []made) []byte {
	if g.chance(4) {
		return g.damage([]byte(g.any(3)))
	}
	return g.damage([]byte(all[g.IntN(len(all))].line(g)))
}

// lines makes lines that are near to some of the schemas, of one file: they have its header, or none.
func (g generator) lines(all []made, n int) (lines []classify.Line) {
	header := g.near(all)
	for range n {
		l := classify.Line{Bytes: g.near(all)}
		if g.chance(30) {
			l.Header = header
		}
		if g.chance(10) {
			l.Envelope, l.SourceFile = []byte(`{"logGroup":"g"}`), pick(g, "s3://b/k\"", "s3://b/\xff")
		}
		lines = append(lines, l)
	}
	return lines
}
