//go:build cgo && !noduckdb && duckdb_arrow

package main

import (
	"cmp"
	"slices"
	"strings"

	"panther/sinks/lake/query/wire"
)

// A macro is a function that people know from their console: it speaks of the time of a row without naming the column. DuckDB's
// own macros cannot do that, so the column is written into the statement: p_occurs_since('48 hours') becomes
// p_occurs_since(p_event_time, '48 hours'). Who joins tables names the column, as the last argument; that call is
// p_occurs_since_at.
type macro struct {
	name string
	args int    // without the column
	how  string // it is written
}

var macros = []macro{
	{"p_occurs_since", 1, "p_occurs_since('48 hours')"},
	{"p_occurs_between", 2, "p_occurs_between('2026-11-01 10:00', '2026-11-01 11:00')"},
}

// withColumn ends the names of macros whose column is the last argument.
const withColumn = "_at"

// macroDefinitions are what the calls mean. Times without a zone are UTC; both ends of between belong to it.
var macroDefinitions = []string{
	"CREATE TEMP MACRO p_occurs_since(moment, period) AS moment >= now() - CAST(period AS INTERVAL)",
	"CREATE TEMP MACRO p_occurs_since_at(period, moment) AS moment >= now() - CAST(period AS INTERVAL)",
	"CREATE TEMP MACRO p_occurs_between(moment, first, last) AS moment BETWEEN CAST(first AS TIMESTAMPTZ) AND CAST(last AS TIMESTAMPTZ)",
	"CREATE TEMP MACRO p_occurs_between_at(first, last, moment) AS moment BETWEEN CAST(first AS TIMESTAMPTZ) AND CAST(last AS TIMESTAMPTZ)",
}

// defaultColumn is the column of which macros speak.
const defaultColumn = "p_event_time"

// A macroCall is a call in a statement.
type macroCall struct {
	macro
	at, args int
}

// expand writes out the macros of a statement.
func (c *checked) expand(tree node) *wire.Mistake {
	var calls []macroCall
	walk(tree, func(n node) {
		if n.text("type") != "FUNCTION" {
			return
		}
		if i := slices.IndexFunc(macros, func(m macro) bool { return m.name == n.lower("function_name") }); i >= 0 {
			calls = append(calls, macroCall{macros[i], n.at(), len(n.children("children"))})
		}
	})
	slices.SortFunc(calls, func(a, b macroCall) int { return cmp.Compare(a.at, b.at) })
	written := len(c.sql)
	for _, m := range calls {
		at := m.at + len(c.sql) - written
		open := -1
		if m.at >= 0 && at < len(c.sql) {
			open = paren(c.sql, at)
		}
		switch {
		case open >= 0 && m.args == m.macro.args:
			c.insert(open, defaultColumn+", ")
		case open >= 0 && m.args == m.macro.args+1:
			c.insert(at+strings.Index(strings.ToLower(c.sql[at:open]), m.name)+len(m.name), withColumn) // the name may be in quotes
		default:
			return &wire.Mistake{Reason: wire.BadStatement, Text: m.name + " does not take these arguments", Position: m.at,
				Hint: "write " + m.how + ", and a column of times as the last argument if it is not to be " + defaultColumn}
		}
	}
	return nil
}
