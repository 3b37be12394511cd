//go:build cgo && !noduckdb && duckdb_arrow

package main

import (
	"context"
	"fmt"
	"strings"

	"panther/sinks/lake/query/wire"
)

// load makes the tables known to DuckDB: a view of each, as space.table, and as space.public.table, which is how people
// write it who come from other engines. A name alone is looked up in all spaces.
func (d *database) load(ctx context.Context, tables []wire.Table) error {
	spaces := []string{"temp.main"}
	for _, t := range tables {
		space := ident(t.Space)
		if name := space + ".main"; !contains(spaces, name) {
			spaces = append(spaces, name)
			if err := d.run(ctx, "ATTACH ':memory:' AS "+space, "CREATE SCHEMA "+space+".public"); err != nil {
				return err
			}
		}
		body, err := d.selectFrom(ctx, t)
		if err != nil {
			return err
		}
		name := ident(t.Table)
		if err := d.run(ctx, fmt.Sprintf("CREATE VIEW %s.main.%s AS %s", space, name, body), fmt.Sprintf("CREATE VIEW %s.public.%s AS FROM %s.main.%s", space, name, space, name)); err != nil {
			return err
		}
	}
	return d.run(ctx, "SET search_path = "+quote(strings.Join(append(spaces[1:], "memory.main"), ",")))
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// selectFrom writes the rows of a table as SQL. Columns are found in files by their ids: a file keeps the names and types that
// the table had when the file was written.
func (d *database) selectFrom(ctx context.Context, t wire.Table) (string, error) {
	switch {
	case len(t.Files) == 0:
		cols := make([]string, len(t.Columns))
		for i, c := range t.Columns {
			cols[i] = fmt.Sprintf("CAST(NULL AS %s) AS %s", typeOf(c), ident(c.Name))
		}
		return "SELECT " + strings.Join(cols, ", ") + " WHERE false", nil
	case t.ByID:
		return d.selectByID(ctx, t)
	}
	cols := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		cols[i] = fmt.Sprintf("%d: {name: %s, type: %s, default_value: NULL}", c.ID, quote(c.Name), quote(typeOf(c)))
	}
	return fmt.Sprintf("FROM read_parquet(%s, schema = MAP {%s})", list(t.Files), strings.Join(cols, ", ")), nil
}

// typeOf writes a type as DuckDB does.
func typeOf(c wire.Column) string {
	switch c.Type {
	case "STRUCT":
		members := make([]string, len(c.Inside))
		for i, m := range c.Inside {
			members[i] = ident(m.Name) + " " + typeOf(m)
		}
		return "STRUCT(" + strings.Join(members, ", ") + ")"
	case "LIST":
		return typeOf(c.Inside[0]) + "[]"
	case "MAP":
		return fmt.Sprintf("MAP(%s, %s)", typeOf(c.Inside[0]), typeOf(c.Inside[1]))
	}
	return c.Type
}
