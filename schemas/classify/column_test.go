package classify_test

import (
	"math/rand/v2"
	"reflect"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"panther/schemas/classify"
)

// A dictionary that is spelled is the column of texts that the same rows would have made, and a dictionary again after that.
func TestSpell(t *testing.T) {
	dictionary := classify.NewColumn(classify.DictionaryColumn, classify.NewColumn(classify.TextColumn))
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		dictionary.Kind = classify.DictionaryColumn
		dictionary.Reset()
		texts := classify.NewColumn(classify.TextColumn)
		words := map[string]bool{}
		rows := r.IntN(40)
		for range rows {
			switch text := []string{"", "a", "b\x00", "ü", "null"}[r.IntN(5)]; {
			case text == "null":
				dictionary.AppendNull()
				texts.AppendNull()
			default:
				dictionary.AppendString(text)
				texts.AppendText([]byte(text))
				words[text] = true
			}
		}
		dictionary.End(rows + 3)
		texts.End(rows + 3)
		if got := dictionary.Children[0].Len; got != len(words) {
			t.Errorf("seed %d: the dictionary has %d texts, want %d", seed, got, len(words))
		}
		if got := dictionary.Knows(""); got != words[""] {
			t.Errorf("seed %d: it knows the empty text: %t, want %t", seed, got, words[""])
		}
		dictionary.Spell()
		type column struct {
			Kind          classify.ColumnKind
			Len, Nulls    int
			Valid         []byte
			Offsets, Text string
		}
		of := func(c *classify.Column) column {
			return column{c.Kind, c.Len, c.Nulls, c.Valid, string(c.Offsets), string(c.Values)}
		}
		if diff := cmp.Diff(of(texts), of(dictionary)); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
	}
}

// A column without nulls has no bits for them.
func TestNoBitsWithoutNulls(t *testing.T) {
	c := classify.NewColumn(classify.IntColumn)
	c.AppendInt(1)
	if c.End(1); len(c.Valid) > 0 {
		t.Errorf("%v", c.Valid)
	}
}

// The texts of a dictionary are spelt out also before its end.
func TestSpellBeforeEnd(t *testing.T) {
	c := classify.NewColumn(classify.DictionaryColumn, classify.NewColumn(classify.TextColumn))
	c.AppendNull()
	for range 9 {
		c.AppendString("a")
	}
	c.Spell()
	if string(c.Values) != "aaaaaaaaa" {
		t.Errorf("%q", c.Values)
	}
}

// Of columns that take two lines of the cache none begins within a line, where what most rows need would take two.
func TestColumnTakesTwoLines(t *testing.T) {
	if size := reflect.TypeFor[classify.Column]().Size(); strconv.IntSize == 64 && size != 128 {
		t.Errorf("a column takes %d bytes, want 128", size)
	}
}
