//go:build cgo && !noduckdb && duckdb_arrow

package main

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"panther/sinks/lake/query/wire"
)

// A layout is a column, member or element as a file has it.
type layout struct {
	id     int64
	name   string
	inside []*layout
}

// String tells layouts apart.
func (l *layout) String() string { return fmt.Sprint(l.id, l.name, l.inside) }

func (l *layout) find(id int) *layout {
	i := slices.IndexFunc(l.inside, func(in *layout) bool { return in.id == int64(id) })
	if i < 0 {
		return nil
	}
	return l.inside[i]
}

// selectByID writes the rows of a table in which members of structs have had other names or types: read_parquet finds columns
// by their ids, but members by their names, and one that is new may have the name that another had. So the files are grouped
// by their layout, and each group's columns are written out.
func (d *database) selectByID(ctx context.Context, t wire.Table) (string, error) {
	groups := map[string][]string{}
	layouts := map[string]*layout{}
	var order []string
	for _, file := range t.Files {
		l, err := d.layoutOf(ctx, file)
		if err != nil {
			return "", err
		}
		key := l.String()
		if layouts[key] == nil {
			layouts[key] = l
			order = append(order, key)
		}
		groups[key] = append(groups[key], file)
	}
	parts := make([]string, len(order))
	for i, key := range order {
		cols := make([]string, len(t.Columns))
		for j, c := range t.Columns {
			cols[j] = valueOf(c, layouts[key].find(c.ID), "", 0) + " AS " + ident(c.Name)
		}
		parts[i] = fmt.Sprintf("SELECT %s FROM read_parquet(%s) AS f", strings.Join(cols, ", "), list(groups[key]))
	}
	return strings.Join(parts, " UNION ALL "), nil
}

// valueOf writes the value of a wanted column out of what a file has at a place. from is the value that it is inside of.
func valueOf(want wire.Column, have *layout, from string, depth int) string {
	if have == nil {
		return "CAST(NULL AS " + typeOf(want) + ")"
	}
	place := from
	if have.name != "" {
		place = ident(have.name)
		switch {
		case from != "":
			place = fmt.Sprintf("struct_extract(%s, %s)", from, quote(have.name))
		default:
			place = "f." + place
		}
	}
	switch {
	case want.Type == "STRUCT":
		members := make([]string, len(want.Inside))
		for i, m := range want.Inside {
			members[i] = ident(m.Name) + " := " + valueOf(m, have.find(m.ID), place, depth)
		}
		return fmt.Sprintf("CASE WHEN %s IS NOT NULL THEN struct_pack(%s) END", place, strings.Join(members, ", "))
	case want.Type == "LIST" && len(have.inside) == 1:
		element := fmt.Sprintf("e%d", depth)
		return fmt.Sprintf("list_transform(%s, lambda %s: %s)", place, element, valueOf(want.Inside[0], have.inside[0], element, depth+1))
	}
	return fmt.Sprintf("CAST(%s AS %s)", place, typeOf(want))
}

// layoutOf reads the layout of a file. Parquet writes trees as a list, each with the number of those below it.
func (d *database) layoutOf(ctx context.Context, file string) (*layout, error) {
	rows, err := d.conn.QueryContext(ctx, "SELECT name, field_id, num_children, converted_type FROM parquet_schema(?)", file)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var read func() (*layout, error)
	read = func() (*layout, error) {
		var l layout
		var id, children sql.NullInt64
		var converted sql.NullString
		if !rows.Next() {
			return nil, fmt.Errorf("read %s: its schema ends early", file)
		}
		if err := rows.Scan(&l.name, &id, &children, &converted); err != nil {
			return nil, err
		}
		l.id = id.Int64
		for range children.Int64 {
			in, err := read()
			if err != nil {
				return nil, err
			}
			l.inside = append(l.inside, in)
		}
		if converted.String == "LIST" && len(l.inside) == 1 && len(l.inside[0].inside) == 1 {
			l.inside = l.inside[0].inside // the group that repeats has no meaning of its own
			l.inside[0].name = ""
		}
		return &l, nil
	}
	root, err := read()
	if err != nil {
		return nil, fmt.Errorf("read the schema of %s: %w", file, err)
	}
	return root, rows.Err()
}
