package lake

import (
	"slices"
	"strings"
	"testing"

	"github.com/apache/iceberg-go"

	foretell "panther/schemas/evolve"
	"panther/schemas/logtype"
)

// What package evolve says of columns is what becomes of them here: for each pair of types, at the top, in an object, as
// elements, and in objects that are elements.
func TestColumnsAreAsForetold(t *testing.T) {
	object := func(v logtype.Value) logtype.Value {
		return logtype.Value{Type: logtype.Object, Fields: []logtype.Field{{Name: "x", Value: v}}}
	}
	array := func(v logtype.Value) logtype.Value { return logtype.Value{Type: logtype.Array, Element: &v} }
	var values []logtype.Value
	for _, typ := range []logtype.Type{logtype.String, logtype.Int, logtype.SmallInt, logtype.BigInt, logtype.Float, logtype.Boolean, logtype.Timestamp, logtype.JSON} {
		values = append(values, logtype.Value{Type: typ})
	}
	values = append(values, object(logtype.Value{Type: logtype.Int}), array(logtype.Value{Type: logtype.Int}),
		array(logtype.Value{Type: logtype.String}), array(object(logtype.Value{Type: logtype.Float})), array(array(logtype.Value{Type: logtype.BigInt})))
	within := map[string]func(logtype.Value) logtype.Value{
		"top":              func(v logtype.Value) logtype.Value { return v },
		"object":           object,
		"array":            array,
		"array of objects": func(v logtype.Value) logtype.Value { return array(object(v)) },
	}
	for place, put := range within {
		for _, old := range values {
			for _, new := range values {
				a := &logtype.Schema{Name: "A.B", Fields: []logtype.Field{{Name: "f", Value: put(old)}}}
				b := &logtype.Schema{Name: "A.B", Fields: []logtype.Field{{Name: "f", Value: put(new)}}}
				id := 0
				next := func() int { id++; return id }
				before, _ := merge(nil, structOf(fieldColumns(a.Fields, map[string]bool{})).FieldList, next, true)
				after, changed := merge(before, structOf(fieldColumns(b.Fields, map[string]bool{})).FieldList, next, true)
				foretold := ""
				for _, c := range foretell.Compare(a, b, foretell.Options{}) {
					foretold += c.Column + "\n"
				}
				_, stays, anew := strings.Cut(foretold, "what it had stays in ")
				table := strings.Join(columnNames(after), " ")
				switch {
				case anew && !slices.Contains(columnNames(after), strings.TrimSpace(stays)):
					t.Errorf("%s: %s to %s: %s but %s", place, old.Type, new.Type, foretold, table)
				case anew != strings.Contains(table, kept):
					t.Errorf("%s: %s to %s: foretold %q, became %s", place, old.Type, new.Type, foretold, table)
				case changed != (anew || strings.Contains(foretold, "widens") || strings.Contains(foretold, "is new")):
					t.Errorf("%s: %s to %s: foretold %q, changed is %t: %s", place, old.Type, new.Type, foretold, changed, table)
				}
			}
		}
	}
}

// columnNames are the names of columns and of all within them.
func columnNames(fields []iceberg.NestedField) (names []string) {
	for _, f := range fields {
		names = append(names, f.Name)
		t := f.Type
		for {
			list, ok := t.(*iceberg.ListType)
			if !ok {
				break
			}
			t = list.Element
		}
		if object, ok := t.(*iceberg.StructType); ok {
			names = append(names, columnNames(object.FieldList)...)
		}
	}
	return names
}
