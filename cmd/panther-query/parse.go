//go:build cgo && !noduckdb && duckdb_arrow

package main

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"panther/sinks/lake/query/wire"
)

// A node is an object of the tree that DuckDB makes of a statement: a clause, an expression, a table.
type node map[string]any

func (n node) text(key string) string { s, _ := n[key].(string); return s }

// lower is a text of a name, which has no case in SQL.
func (n node) lower(key string) string { return strings.ToLower(n.text(key)) }

func (n node) child(key string) node { c, _ := n[key].(map[string]any); return c }

func (n node) children(key string) []node {
	list, _ := n[key].([]any)
	var out []node
	for _, v := range list {
		if c, ok := v.(map[string]any); ok {
			out = append(out, c)
		}
	}
	return out
}

// at is where the node is in the text; -1 if it does not say.
func (n node) at() int {
	number, _ := n["query_location"].(json.Number)
	at, err := strconv.Atoi(number.String())
	if err != nil {
		return -1 // not known is written as the largest number of 64 bits
	}
	return at
}

// walk visits a node and all below it.
func walk(v any, visit func(node)) {
	switch v := v.(type) {
	case map[string]any:
		visit(v)
		for _, c := range v {
			walk(c, visit)
		}
	case node:
		walk(map[string]any(v), visit)
	case []any:
		for _, c := range v {
			walk(c, visit)
		}
	}
}

// parse turns text into the tree of its one SELECT. It runs nothing. Positions are those of the text.
func (d *database) parse(ctx context.Context, sql string) (node, *wire.Mistake) {
	var answer string
	if err := d.conn.QueryRowContext(ctx, "SELECT json_serialize_sql(?::VARCHAR)::VARCHAR", sql).Scan(&answer); err != nil {
		return nil, broken(err)
	}
	decode := json.NewDecoder(strings.NewReader(answer))
	decode.UseNumber()
	var parsed struct {
		Error      bool             `json:"error"`
		Type       string           `json:"error_type"`
		Message    string           `json:"error_message"`
		Position   string           `json:"position"`
		Statements []map[string]any `json:"statements"`
	}
	if err := decode.Decode(&parsed); err != nil {
		return nil, broken(err)
	}
	switch {
	case parsed.Error && parsed.Type == "parser":
		m := &wire.Mistake{Reason: wire.BadStatement, Text: parsed.Message, Position: -1}
		if letters, err := strconv.Atoi(parsed.Position); err == nil {
			m.Position = bytesOf(sql, letters)
		}
		return nil, m
	case parsed.Error:
		return nil, notSelect(sql)
	case len(parsed.Statements) == 0:
		return nil, &wire.Mistake{Reason: wire.BadStatement, Text: "there is no statement", Position: -1, Hint: `write one, as "SELECT count(*) FROM panther_monitor.classification_failures"`}
	case len(parsed.Statements) > 1:
		return nil, notOne(sql)
	}
	return parsed.Statements[0], nil
}

func notOne(sql string) *wire.Mistake {
	return &wire.Mistake{Reason: wire.Refused, Text: "one statement at a time: a second one begins here", Position: second(sql)}
}

// bytesOf returns how many bytes so many letters are: the parser counts letters, all else counts bytes.
func bytesOf(sql string, letters int) int {
	for at := range sql {
		if letters == 0 {
			return at
		}
		letters--
	}
	return len(sql)
}

// notSelect says why a statement that is SQL is not answered.
func notSelect(sql string) *wire.Mistake {
	if second(sql) < len(sql) {
		return notOne(sql)
	}
	at := start(sql, 0)
	m := &wire.Mistake{Reason: wire.Refused, Text: "only SELECT is answered: tables of the lake are read here, never changed", Position: at}
	if word := strings.ToUpper(sql[at:wordEnd(sql, at)]); word == "EXPLAIN" || word == "ANALYZE" {
		m.Hint = "--explain before the statement shows how it would be done"
	}
	return m
}

func wordEnd(sql string, at int) int {
	if at < len(sql) {
		return next(sql, at)
	}
	return at
}

// start returns the first position from at on that is neither blank nor in a comment.
func start(sql string, at int) int {
	for at < len(sql) && blank(sql, at) {
		at = next(sql, at)
	}
	return min(at, len(sql))
}

// second returns where the second statement begins.
func second(sql string) int {
	at := end(sql)
	for at < len(sql) && (sql[at] == ';' || blank(sql, at)) {
		at = next(sql, at)
	}
	return min(at, len(sql))
}
