//go:build cgo && !noduckdb && duckdb_arrow

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"panther/sinks/lake/query/wire"
)

// timeColumns are the columns by which files are told apart without opening them.
var timeColumns = []string{"p_event_time", "p_parse_time"}

// boundTables finds for each table the times outside which no row of it can matter, so that files of other times need not be
// opened, or, where the lake is far away, fetched. It looks at what is certain only: a table that is named once in the whole
// statement, alone behind FROM, with a WHERE whose parts are all needed (AND). Whatever it does not understand bounds nothing.
func (d *database) boundTables(ctx context.Context, c *checked, tree node) {
	named := map[string]int{}
	var selects []node
	walk(tree, func(n node) {
		switch n.text("type") {
		case "BASE_TABLE":
			named[n.lower("table_name")]++
		case "SELECT_NODE":
			if n.child("from_table").text("type") == "BASE_TABLE" && n["where_clause"] != nil {
				selects = append(selects, n)
			}
		}
	})
	for _, s := range selects {
		from := s.child("from_table")
		i := slices.IndexFunc(c.tables, func(t wire.NeededTable) bool { return strings.EqualFold(t.Table, from.text("table_name")) })
		if i < 0 || named[from.lower("table_name")] != 1 || from["sample"] != nil {
			continue
		}
		for _, part := range conjuncts(s.child("where_clause")) {
			c.tables[i].Bounds = append(c.tables[i].Bounds, d.boundsOf(ctx, part)...)
		}
	}
}

// conjuncts are the parts of a condition that must all be true.
func conjuncts(n node) []node {
	if n.text("type") != "CONJUNCTION_AND" {
		return []node{n}
	}
	var out []node
	for _, c := range n.children("children") {
		out = append(out, conjuncts(c)...)
	}
	return out
}

// boundsOf returns what a condition says of a column of times.
func (d *database) boundsOf(ctx context.Context, n node) []wire.Bound {
	least := func(column, moment node) []wire.Bound { return d.bound1(ctx, column, true, moment) }
	most := func(column, moment node) []wire.Bound { return d.bound1(ctx, column, false, moment) }
	args := n.children("children")
	switch n.text("type") {
	case "COMPARE_GREATERTHAN", "COMPARE_GREATERTHANOREQUALTO":
		return slices.Concat(least(n.child("left"), n.child("right")), most(n.child("right"), n.child("left")))
	case "COMPARE_LESSTHAN", "COMPARE_LESSTHANOREQUALTO":
		return slices.Concat(most(n.child("left"), n.child("right")), least(n.child("right"), n.child("left")))
	case "COMPARE_BETWEEN":
		return slices.Concat(least(n.child("input"), n.child("lower")), most(n.child("input"), n.child("upper")))
	case "FUNCTION":
		switch n.lower("function_name") {
		case "p_occurs_since":
			return least(args[0], ago(args[1]))
		case "p_occurs_since_at":
			return least(args[1], ago(args[0]))
		case "p_occurs_between":
			return slices.Concat(least(args[0], args[1]), most(args[0], args[2]))
		case "p_occurs_between_at":
			return slices.Concat(least(args[2], args[0]), most(args[2], args[1]))
		}
	}
	return nil
}

// ago is the expression now() - CAST(period AS INTERVAL).
func ago(period node) node {
	interval := node{"class": "CAST", "type": "OPERATOR_CAST", "alias": "", "try_cast": false, "child": map[string]any(period),
		"cast_type": map[string]any{"id": "INTERVAL", "type_info": nil}}
	call := func(name string, operator bool, args ...any) node {
		return node{"class": "FUNCTION", "type": "FUNCTION", "alias": "", "function_name": name, "schema": "", "catalog": "", "children": append([]any{}, args...),
			"filter": nil, "order_bys": map[string]any{"type": "ORDER_MODIFIER", "orders": []any{}}, "distinct": false, "is_operator": operator, "export_state": false}
	}
	return call("-", true, map[string]any(call("now", false)), map[string]any(interval))
}

// bound1 makes a bound of a column of times and a moment that is known before the statement runs.
func (d *database) bound1(ctx context.Context, column node, least bool, moment node) []wire.Bound {
	names, _ := column["column_names"].([]any)
	if column.text("type") != "COLUMN_REF" || len(names) == 0 {
		return nil
	}
	name, _ := names[len(names)-1].(string)
	name = strings.ToLower(name)
	if !slices.Contains(timeColumns, name) {
		return nil
	}
	now := false // it goes on while the statement is prepared, so an upper bound made of it would be too low
	known := true
	walk(moment, func(n node) {
		switch n.text("class") {
		case "", "CONSTANT", "CAST":
		case "FUNCTION":
			f := n.lower("function_name")
			now = now || f == "now"
			known = known && (f == "now" || f == "-" || f == "+" || strings.HasPrefix(f, "to_"))
		default:
			known = false
		}
	})
	if !known || now && !least {
		return nil
	}
	micros, ok := d.evaluate(ctx, moment)
	if !ok {
		return nil
	}
	return []wire.Bound{{Column: name, Least: least, Micros: micros}}
}

// emptySelect is the tree of SELECT with nothing in it yet.
const emptySelect = `{"type":"SELECT_NODE","modifiers":[],"cte_map":{"map":[]},"from_table":{"type":"EMPTY","alias":"","sample":null},
	"where_clause":null,"group_expressions":[],"group_sets":[],"aggregate_handling":"STANDARD_HANDLING","having":null,"sample":null,"qualify":null}`

// evaluate returns the moment that an expression of constants means, as a column of times would be compared with it.
func (d *database) evaluate(ctx context.Context, moment node) (micros int64, ok bool) {
	var s node
	if err := json.Unmarshal([]byte(emptySelect), &s); err != nil {
		return 0, false
	}
	s["select_list"] = []any{moment}
	tree, err := json.Marshal(map[string]any{"error": false, "statements": []any{map[string]any{"node": s, "named_param_map": []any{}}}})
	if err != nil {
		return 0, false
	}
	var sql string
	if err := d.conn.QueryRowContext(ctx, "SELECT json_deserialize_sql(?::JSON)::VARCHAR", string(tree)).Scan(&sql); err != nil {
		return 0, false
	}
	err = d.conn.QueryRowContext(ctx, fmt.Sprintf("SELECT epoch_us(CAST(v AS TIMESTAMPTZ)) FROM (%s) t(v)", sql)).Scan(&micros)
	return micros, err == nil // what cannot be compared, or is null, bounds nothing: the statement itself will say so
}
