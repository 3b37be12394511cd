//go:build cgo && !noduckdb && duckdb_arrow

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"panther/sinks/lake/query/wire"
)

// maxStatement bounds the text of a statement.
const maxStatement = 1 << 20

// A checked statement has passed the gate.
type checked struct {
	text
	tables []wire.NeededTable
}

// check is the gate. What it lets through is one SELECT, over tables of the lake, without functions that reach out of it. The
// text that passes is the text that runs, byte by byte: it is built first, then judged.
func (d *database) check(ctx context.Context, s *wire.Statement) (*checked, *wire.Mistake) {
	if m := plain(s.SQL); m != nil {
		return nil, m
	}
	tree, m := d.parse(ctx, s.SQL)
	if m != nil {
		return nil, m
	}
	c := &checked{text: text{sql: s.SQL}}
	if m := c.expand(tree); m != nil {
		return nil, m
	}
	c.wrap(s)
	if tree, m = d.parse(ctx, c.sql); m == nil {
		m = c.judge(tree, s.Known)
	}
	if m != nil {
		m.Position = c.back(m.Position)
		return nil, m
	}
	d.boundTables(ctx, c, tree)
	if s.Explain {
		c.insert(0, "EXPLAIN ")
		c.inserted = slices.Concat(c.inserted[len(c.inserted)-1:], shifted(c.inserted[:len(c.inserted)-1], len("EXPLAIN ")))
	}
	return c, nil
}

func shifted(in []insertion, by int) []insertion {
	out := slices.Clone(in)
	for i := range out {
		out[i].at += by
	}
	return out
}

// plain refuses text that two readers could take for different statements.
func plain(sql string) *wire.Mistake {
	if len(sql) > maxStatement {
		return &wire.Mistake{Reason: wire.Refused, Text: fmt.Sprintf("the statement has %d bytes, at most %d are read", len(sql), maxStatement), Position: -1}
	}
	if at := strings.IndexByte(sql, 0); at >= 0 {
		return &wire.Mistake{Reason: wire.Refused, Text: "the statement holds a byte 0", Position: at}
	}
	for at := 0; at < len(sql); {
		r, n := utf8.DecodeRuneInString(sql[at:])
		if r == utf8.RuneError && n == 1 {
			return &wire.Mistake{Reason: wire.Refused, Text: "the statement is not UTF-8 here", Position: at}
		}
		at += n
	}
	return nil
}

// wrap limits the rows: one more than is wanted tells that there are more.
func (c *checked) wrap(s *wire.Statement) {
	c.sql = c.sql[:end(c.sql)]
	if s.Limits.Rows <= 0 {
		return
	}
	const before = "SELECT * FROM (\n"
	inserted := shifted(c.inserted, len(before))
	c.inserted = nil
	c.insert(0, before)
	c.inserted = append(c.inserted, inserted...)
	c.insert(len(c.sql), fmt.Sprintf("\n) LIMIT %d", s.Limits.Rows+1))
}

// tableFunctions are the functions that make tables out of nothing but their arguments. Of the others some read files, and
// some change the parser or write logs and profiles, all of it in a SELECT: enable_logging, enable_profiling, read_text.
var tableFunctions = []string{"generate_series", "json_each", "json_tree", "range", "repeat", "unnest"}

// forbiddenFunctions have effects, or look at more than the rows.
var forbiddenFunctions = []string{"currval", "nextval", "setseed", "write_log"}

// catalogTables are tables about tables.
var catalogTables = []string{"columns", "schemata", "tables"}

// judge looks at each node of the tree. Of several mistakes it returns the first one in the text.
func (c *checked) judge(tree node, known []wire.Name) *wire.Mistake {
	j := judge{known: known, ctes: map[string]bool{}, needed: map[wire.Name]bool{}}
	walk(tree, func(n node) {
		for _, entry := range n.child("cte_map").children("map") {
			j.ctes[entry.lower("key")] = true
		}
	})
	walk(tree, j.look)
	for _, name := range known {
		if j.needed[name] || j.all {
			c.tables = append(c.tables, wire.NeededTable{Name: name})
		}
	}
	return j.first
}

// A judge remembers what it saw of a tree.
type judge struct {
	known  []wire.Name
	ctes   map[string]bool // names that the statement gives itself
	needed map[wire.Name]bool
	all    bool // all tables are needed, to be listed
	first  *wire.Mistake
}

func (j *judge) refuse(n node, format string, args ...any) *wire.Mistake {
	m := &wire.Mistake{Reason: wire.Refused, Text: fmt.Sprintf(format, args...), Position: n.at()}
	if j.first == nil || m.Position >= 0 && (j.first.Position < 0 || m.Position < j.first.Position) {
		j.first = m
	}
	return m
}

func (j *judge) look(n node) {
	switch n.text("type") {
	case "BASE_TABLE":
		j.table(n)
	case "TABLE_FUNCTION":
		if name := n.child("function").lower("function_name"); !slices.Contains(tableFunctions, name) {
			j.refuse(n, "%s is not allowed: it may reach out of the tables", name).Hint = "allowed are tables, and " + strings.Join(tableFunctions, ", ")
		}
	case "SHOW_REF":
		if n["query"] == nil {
			j.all = true
		}
	case "FUNCTION", "WINDOW_AGGREGATE":
		if name := n.lower("function_name"); slices.Contains(forbiddenFunctions, name) {
			j.refuse(n, "%s is not allowed: it does more than look at rows", name)
		}
	case "VALUE_PARAMETER":
		j.refuse(n, "there are no values for parameters: write the value itself")
	}
}

// table finds out which table of the lake is meant.
func (j *judge) table(n node) {
	catalog, schema, name := n.lower("catalog_name"), n.lower("schema_name"), n.lower("table_name")
	switch {
	case catalog == "" && schema == "" && j.ctes[name]:
		return
	case catalog == "" && schema == "information_schema" && slices.Contains(catalogTables, name):
		j.all = true
		return
	case catalog == "" && schema != "public" && schema != "main":
		catalog, schema = schema, ""
	}
	if schema == "" || schema == "public" || schema == "main" {
		for _, k := range j.known {
			if (catalog == "" || catalog == strings.ToLower(k.Space)) && name == strings.ToLower(k.Table) {
				j.needed[k] = true
				return // a name alone is looked up in the order of the spaces, as DuckDB does
			}
		}
	}
	written := strings.Trim(strings.Join([]string{n.text("catalog_name"), n.text("schema_name"), n.text("table_name")}, "."), ".")
	m := j.refuse(n, "there is no table %q in the lake", strings.ReplaceAll(written, "..", "."))
	m.Reason = wire.BadStatement
	m.Hint = "SHOW TABLES lists those that there are"
	if near := nearest(name, j.known); near != "" {
		m.Hint = "did you mean " + near + "? " + m.Hint
	}
}

// nearest returns the table whose name needs the fewest changes to become name, if they are few.
func nearest(name string, known []wire.Name) string {
	best, least := "", max(2, len(name)/3)+1
	for _, k := range known {
		if d := distance(name, strings.ToLower(k.Table)); d < least {
			best, least = k.Space+"."+k.Table, d
		}
	}
	return best
}

// distance counts the letters to be added, removed or changed.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		left := row[0]
		row[0] = i + 1
		for j := range len(b) {
			same := left
			if a[i] != b[j] {
				same++
			}
			left = row[j+1]
			row[j+1] = min(same, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
