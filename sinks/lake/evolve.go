package lake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

// merge adds to the fields of a table what a schema wants beside them. Nothing is ever removed. A type that Iceberg can
// widen is widened in place. Where the type changed otherwise, and retype is set, the old column is kept under the name
// <name>__<its type> and the name goes to a new column, or to the one that had this type before; without retype, which is
// for schemas older than the table's, the column stays as it is.
func merge(have, want []iceberg.NestedField, next func() int, retype bool) (fields []iceberg.NestedField, changed bool) {
	fields = slices.Clone(have)
	for _, w := range want {
		i := indexOf(fields, w.Name)
		if i < 0 {
			if have != nil {
				w.Required = false // rows that are there have no value
			}
			fields = append(fields, fresh(w, next))
			changed = true
			continue
		}
		t, ok := mergeType(fields[i].Type, w.Type, next, retype)
		if ok {
			changed = changed || !t.Equals(fields[i].Type)
			fields[i].Type = t
			continue
		}
		if retype {
			fields = swap(fields, i, w, next)
			changed = true
		}
	}
	return fields, changed
}

// mergeType returns the type that holds values of both types, if Iceberg can get there from have.
func mergeType(have, want iceberg.Type, next func() int, retype bool) (iceberg.Type, bool) {
	switch h := have.(type) {
	case *iceberg.StructType:
		w, ok := want.(*iceberg.StructType)
		if !ok {
			return nil, false
		}
		fields, changed := merge(h.FieldList, w.FieldList, next, retype)
		if !changed {
			return have, true
		}
		return &iceberg.StructType{FieldList: fields}, true
	case *iceberg.ListType:
		w, ok := want.(*iceberg.ListType)
		if !ok {
			return nil, false
		}
		t, ok := mergeType(h.Element, w.Element, next, retype)
		if !ok {
			return nil, false
		}
		return &iceberg.ListType{ElementID: h.ElementID, Element: t, ElementRequired: h.ElementRequired}, true
	}
	if have.Equals(longType) && want.Equals(intType) {
		return have, true
	}
	if have.Equals(want) || have.Equals(intType) && want.Equals(longType) {
		return want, true
	}
	return nil, false
}

// swap gives the name of field i to w.
func swap(fields []iceberg.NestedField, i int, w iceberg.NestedField, next func() int) []iceberg.NestedField {
	before := w.Name + kept + typeName(w.Type)
	fields[i].Name = freeName(fields, w.Name+kept+typeName(fields[i].Type))
	fields[i].Required = false
	if j := indexOf(fields, before); j >= 0 && j != i {
		if t, ok := mergeType(fields[j].Type, w.Type, next, true); ok {
			fields[j].Name, fields[j].Type = w.Name, t
			return fields
		}
	}
	w.Required = false
	return append(fields, fresh(w, next))
}

// kept stands between the name of a column and its type, when the name has gone to another one.
const kept = "__"

func freeName(fields []iceberg.NestedField, name string) string {
	for free, n := name, 2; ; n++ {
		if indexOf(fields, free) < 0 {
			return free
		}
		free = name + strconv.Itoa(n)
	}
}

func indexOf(fields []iceberg.NestedField, name string) int {
	return slices.IndexFunc(fields, func(f iceberg.NestedField) bool { return f.Name == name })
}

// fresh gives ids to a field and to all that is in it.
func fresh(f iceberg.NestedField, next func() int) iceberg.NestedField {
	f.ID = next()
	f.Type = freshType(f.Type, next)
	return f
}

func freshType(t iceberg.Type, next func() int) iceberg.Type {
	switch t := t.(type) {
	case *iceberg.StructType:
		fields := make([]iceberg.NestedField, len(t.FieldList))
		for i, f := range t.FieldList {
			fields[i] = fresh(f, next)
		}
		return &iceberg.StructType{FieldList: fields}
	case *iceberg.ListType:
		id := next()
		return &iceberg.ListType{ElementID: id, Element: freshType(t.Element, next)}
	}
	return t
}

// typeName is the name of a type in the language of log types.
func typeName(t iceberg.Type) string {
	switch t.(type) {
	case *iceberg.StructType:
		return "object"
	case *iceberg.ListType:
		return "array"
	}
	switch {
	case t.Equals(intType):
		return "int"
	case t.Equals(longType):
		return "bigint"
	case t.Equals(iceberg.PrimitiveTypes.Float64):
		return "float"
	case t.Equals(iceberg.PrimitiveTypes.Bool):
		return "boolean"
	case t.Equals(timeType):
		return "timestamp"
	}
	return "string"
}

// evolve brings the columns of a table up to a version of its log type, in one commit of metadata alone. It is fenced like
// any other: if somebody else changes the schema at the same time, that is seen, and this starts from there.
func evolve(ctx context.Context, c *Catalog, t *table.Table, cols []column, schemaVersion int64) (*table.Table, error) {
	for range commitTries {
		meta := t.Metadata()
		has := t.Properties().GetInt64(versionProperty, -1)
		id := meta.LastColumnID()
		// Version 0 is built in: it changes when the program does.
		retype := schemaVersion > has || schemaVersion == has && schemaVersion == 0
		fields, changed := merge(t.Schema().Fields(), structOf(cols).FieldList, func() int { id++; return id }, retype)
		if !changed && schemaVersion <= has {
			return t, nil
		}
		reqs := []table.Requirement{
			table.AssertTableUUID(meta.TableUUID()),
			table.AssertCurrentSchemaID(t.Schema().ID),
			table.AssertLastAssignedFieldID(meta.LastColumnID()),
		}
		var ups []table.Update
		if changed {
			s := iceberg.NewSchemaWithIdentifiers(len(meta.Schemas()), t.Schema().IdentifierFieldIDs, fields...)
			ups = append(ups, table.NewAddSchemaUpdate(s), table.NewSetCurrentSchemaUpdate(-1))
		}
		if schemaVersion > has {
			ups = append(ups, table.NewSetPropertiesUpdate(iceberg.Properties{versionProperty: strconv.FormatInt(schemaVersion, 10)}))
		}
		_, _, err := c.CommitTable(ctx, t.Identifier(), reqs, ups)
		fresh, lerr := c.LoadTable(ctx, t.Identifier())
		if lerr != nil {
			return nil, errors.Join(err, lerr)
		}
		if t = fresh; err != nil && !errors.Is(err, table.ErrCommitFailed) {
			return nil, fmt.Errorf("add columns to table %s: %w", strings.Join(t.Identifier(), "."), err)
		}
	}
	return nil, fmt.Errorf("add columns to table %s: other writers were faster %d times", strings.Join(t.Identifier(), "."), commitTries)
}
