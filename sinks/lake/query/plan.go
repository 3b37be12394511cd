package query

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"panther/sinks/lake/query/wire"
)

// plan finds the columns of a table, and those of its files in which rows of the wanted times may be.
func (e *Engine) plan(ctx context.Context, need wire.NeededTable) (wire.Table, error) {
	out := wire.Table{Name: need.Name, Files: []string{}}
	t, err := e.Catalog.LoadTable(ctx, table.Identifier{need.Space, need.Table})
	if err != nil {
		return out, err
	}
	fail := func(err error) (wire.Table, error) {
		return out, fmt.Errorf("read table %s.%s: %w", need.Space, need.Table, err)
	}
	if out.Columns, err = columns(t.Schema().Fields()); err != nil {
		return fail(err)
	}
	out.ByID = membersRenamed(t.Metadata().Schemas())
	tasks, err := t.Scan(table.WithRowFilter(within(t.Schema(), need.Bounds))).PlanFiles(ctx)
	if err != nil {
		return fail(err)
	}
	for _, task := range tasks {
		if len(task.DeleteFiles)+len(task.EqualityDeleteFiles)+len(task.DeletionVectorFiles) > 0 {
			return fail(fmt.Errorf("another engine has deleted single rows of it, which this one cannot see: have that engine rewrite the table (compaction)"))
		}
		if f := task.File.FileFormat(); f != iceberg.ParquetFile {
			return fail(fmt.Errorf("file %s is %s; only Parquet is read", task.File.FilePath(), f))
		}
		out.Files = append(out.Files, strings.TrimPrefix(task.File.FilePath(), "file://"))
	}
	slices.Sort(out.Files)
	out.Files = slices.Compact(out.Files) // a large file may be several tasks
	return out, nil
}

// within is what bounds say of rows, as a filter of files.
func within(s *iceberg.Schema, bounds []wire.Bound) iceberg.BooleanExpression {
	var all iceberg.BooleanExpression = iceberg.AlwaysTrue{}
	for _, b := range bounds {
		if f, ok := s.FindFieldByName(b.Column); !ok || !f.Type.Equals(iceberg.PrimitiveTypes.TimestampTz) {
			continue
		}
		column, moment := iceberg.Reference(b.Column), iceberg.Timestamp(b.Micros)
		if b.Least {
			all = iceberg.NewAnd(all, iceberg.GreaterThanEqual(column, moment))
		} else {
			all = iceberg.NewAnd(all, iceberg.LessThanEqual(column, moment))
		}
	}
	return all
}

// columns says how DuckDB calls the types of columns.
func columns(fields []iceberg.NestedField) ([]wire.Column, error) {
	out := make([]wire.Column, len(fields))
	for i, f := range fields {
		c, err := column(f.ID, f.Name, f.Type)
		if err != nil {
			return nil, err
		}
		out[i] = c
	}
	return out, nil
}

// plainTypes are the types that need no more than a name.
var plainTypes = map[iceberg.Type]string{
	iceberg.PrimitiveTypes.Bool: "BOOLEAN", iceberg.PrimitiveTypes.Int32: "INTEGER", iceberg.PrimitiveTypes.Int64: "BIGINT",
	iceberg.PrimitiveTypes.Float32: "FLOAT", iceberg.PrimitiveTypes.Float64: "DOUBLE", iceberg.PrimitiveTypes.Date: "DATE",
	iceberg.PrimitiveTypes.Time: "TIME", iceberg.PrimitiveTypes.Timestamp: "TIMESTAMP", iceberg.PrimitiveTypes.TimestampTz: "TIMESTAMP WITH TIME ZONE",
	iceberg.PrimitiveTypes.String: "VARCHAR", iceberg.PrimitiveTypes.Binary: "BLOB", iceberg.PrimitiveTypes.UUID: "UUID",
}

func column(id int, name string, t iceberg.Type) (wire.Column, error) {
	c := wire.Column{ID: id, Name: name}
	var err error
	switch t := t.(type) {
	case *iceberg.StructType:
		c.Type = "STRUCT"
		c.Inside, err = columns(t.FieldList)
	case *iceberg.ListType:
		c.Type = "LIST"
		c.Inside = make([]wire.Column, 1)
		c.Inside[0], err = column(t.ElementID, "", t.Element)
	case *iceberg.MapType:
		c.Type = "MAP"
		c.Inside = make([]wire.Column, 2)
		if c.Inside[0], err = column(t.KeyID, "", t.KeyType); err == nil {
			c.Inside[1], err = column(t.ValueID, "", t.ValueType)
		}
	case iceberg.DecimalType:
		c.Type = fmt.Sprintf("DECIMAL(%d, %d)", t.Precision(), t.Scale())
	case iceberg.FixedType:
		c.Type = "BLOB"
	default:
		if c.Type = plainTypes[t]; c.Type == "" {
			err = fmt.Errorf("column %s has the type %s, which is not read here", name, t)
		}
	}
	return c, err
}

// membersRenamed reports whether in the history of a table a member of a struct had another name than later, or a name went from
// one member to another. Then members must be found by their ids.
func membersRenamed(schemas []*iceberg.Schema) bool {
	type place struct {
		parent int
		name   string
	}
	names, ids := map[int]string{}, map[place]int{}
	var conflict func(t iceberg.Type, parent int) bool
	conflict = func(t iceberg.Type, parent int) bool {
		switch t := t.(type) {
		case *iceberg.StructType:
			for _, f := range t.FieldList {
				at := place{parent, f.Name}
				name, seen := names[f.ID]
				id, taken := ids[at]
				if seen && name != f.Name || taken && id != f.ID || conflict(f.Type, f.ID) {
					return true
				}
				names[f.ID], ids[at] = f.Name, f.ID
			}
		case *iceberg.ListType:
			return conflict(t.Element, t.ElementID)
		case *iceberg.MapType:
			return conflict(t.KeyType, t.KeyID) || conflict(t.ValueType, t.ValueID)
		}
		return false
	}
	for _, s := range schemas {
		for _, f := range s.Fields() { // columns themselves are found by their ids in any case
			if conflict(f.Type, f.ID) {
				return true
			}
		}
	}
	return false
}
