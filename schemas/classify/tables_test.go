package classify_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"panther/schemas/classify"
	"panther/schemas/logtype"
)

// twoTables are two of the same columns: one is filled from events, the other one from lines, too.
type twoTables struct {
	columns [2][]*classify.Column
	fillers [2]*classify.Filler
	rows    int
	lines   []string
}

func newTwoTables(seed uint64, percent int, s *logtype.Schema) *twoTables {
	t := &twoTables{}
	for k := range t.columns {
		c := &carpenter{rand.New(rand.NewPCG(seed, uint64(s.Version))), percent}
		t.columns[k], t.fillers[k] = c.table(s)
	}
	return t
}

// compare wants the same of both, to the last bit.
func (tt *twoTables) compare(t *testing.T) {
	t.Helper()
	tt.each(func(c *classify.Column) { c.End(tt.rows) })
	if diff := cmp.Diff(tt.columns[0], tt.columns[1], cmpopts.IgnoreUnexported(classify.Column{})); diff != "" {
		t.Fatalf("after %q:\n%s", tt.lines, diff)
	}
}

func (tt *twoTables) each(do func(*classify.Column)) {
	for _, columns := range tt.columns {
		for _, c := range columns {
			do(c)
		}
	}
}

// spell makes columns of texts of some dictionaries.
func (tt *twoTables) spell(some int) {
	n := 0
	var in func(c *classify.Column)
	in = func(c *classify.Column) {
		n++
		switch c.Kind {
		case classify.DictionaryColumn:
			if n%3 == some%3 {
				c.Spell()
			}
		case classify.StructColumn, classify.ListColumn:
			for _, child := range c.Children {
				in(child)
			}
		}
	}
	for _, columns := range tt.columns {
		n = 0
		for _, c := range columns {
			in(c)
		}
	}
}

// A filling is candidates, and lines of theirs on the way into tables.
type filling struct {
	generator
	all     []made
	engines []*classify.Engine // the first sees nothing but the lines; the others share their memory with another one
	other   *classify.Engine
	oracle  *classify.Engine
}

func newFilling(t *testing.T, g generator, one func(int) made) *filling {
	f := &filling{generator: g, all: g.schemas(1+g.IntN(4), one)}
	if g.chance(3) {
		f.all = g.schemas(60+g.IntN(80), one)
	}
	schemas := schemasOf(f.all)
	var plans classify.Plans
	w := plans.Worker()
	f.engines = []*classify.Engine{engineOf(t, schemas...), w.Checker(schemas).(*classify.Engine)}
	f.other, f.oracle = w.Checker(schemas[:1]).(*classify.Engine), engineOf(t, schemas...)
	return f
}

// line puts p_ fields to a line.
func (f *filling) line(l classify.Line) classify.Line {
	g := f.generator
	l.RowID, l.SourceID, l.SourceLabel = pick(g, "row", "", "r\xffw", "0123456789abcdef0123456789abcdef"), pick(g, "id", "a\"b"), pick(g, "", "label", "\xe2\x82")
	l.ParseTime = pick(g, time.Unix(1700000000, 120000999), time.Time{}, time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), time.Unix(-5, 999).In(time.FixedZone("x", 3600)))
	if g.chance(10) {
		l.Envelope = []byte(pick(g, `{"a":1}`, `{"a":{"b":["x","é"]},"a":null}`, `{}`))
	}
	if g.chance(10) {
		l.SourceFile = "s3://b/k"
	}
	return l
}

// into fills a row of both tables, and wants that the same is left over.
func (f *filling) into(t *testing.T, tt *twoTables, l classify.Line, event []byte) {
	t.Helper()
	tt.lines = append(tt.lines, string(l.Bytes))
	left := tt.fillers[0].Add(event, tt.rows)
	var got map[string]json.RawMessage
	if way := f.IntN(5); way == 0 {
		got = tt.fillers[1].Add(event, tt.rows)
	} else {
		f.other.Check(classify.Line{Bytes: f.near(f.all)})
		e := f.engines[way%2]
		if way < 3 {
			e.Match(l)
		} else {
			e.Check(l)
		}
		got = tt.fillers[1].AddMatched(e, &l, tt.rows)
	}
	tt.rows++
	if diff := cmp.Diff(left, got); diff != "" {
		t.Errorf("%q: left over:\n%s", l.Bytes, diff)
	}
}

// Whatever the columns of a table are, and whether or not values fit, a line fills its row as its event does.
func TestTablesOfLinesAndEvents(t *testing.T) {
	for seed := range rounds(150) {
		g := newGenerator(seed)
		f := newFilling(t, g, pick(g, g.jsonSchema, g.textSchema, g.scriptSchema, g.schema))
		percent := pick(g, 0, 2, 2, 3, 10, 30)
		tables := map[*logtype.Schema]*twoTables{}
		for round, l := range g.lines(f.all, 60) {
			l = f.line(l)
			v := f.oracle.Check(l)
			if v.Schema == nil {
				continue
			}
			tt := tables[v.Schema]
			if tt == nil {
				tt = newTwoTables(uint64(seed), percent, v.Schema)
				tables[v.Schema] = tt
			}
			f.into(t, tt, l, bytes.Clone(v.Event))
			switch {
			case g.chance(5):
				tt.compare(t)
				tt.spell(round)
				tt.compare(t)
			case g.chance(4):
				tt.compare(t)
				tt.each((*classify.Column).Reset)
				tt.rows, tt.lines = 0, nil
			}
		}
		for _, tt := range tables {
			tt.compare(t)
		}
		if t.Failed() {
			t.Fatalf("seed %d, %d %%:\n%s", seed, percent, texts(f.all))
		}
	}
}
