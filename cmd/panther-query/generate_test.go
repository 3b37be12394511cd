//go:build cgo && !noduckdb && duckdb_arrow

package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// pick chooses one.
func pick(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }

// generate makes a statement: mostly a SELECT, with attacks where tables, values and other statements may stand.
func generate(r *rand.Rand, depth int) string {
	switch r.IntN(10) {
	case 0:
		return attacks[r.IntN(len(attacks))].sql
	case 1:
		return pick(r, "explain ", "explain analyze ", "describe ", "summarize ", "prepare p as ", "create view v as ", "copy (", "call ", "") + query(r, depth) + pick(r, "", ") to 'OUT/x.csv'", ")")
	case 2:
		return query(r, depth) + pick(r, ";", "; ", " -- ", "/*") + pick(r, "", query(r, 1), attacks[r.IntN(len(attacks))].sql)
	case 3:
		return mangle(r, query(r, depth))
	}
	return query(r, depth)
}

// query makes a SELECT.
func query(r *rand.Rand, depth int) string {
	var b strings.Builder
	if depth > 0 && r.IntN(5) == 0 {
		fmt.Fprintf(&b, "with x as %s(%s) ", pick(r, "", "materialized "), query(r, depth-1))
	}
	fmt.Fprintf(&b, "select %s%s from %s", pick(r, "", "distinct "), values(r, depth), source(r, depth))
	if r.IntN(2) == 0 {
		b.WriteString(" where " + condition(r, depth))
	}
	if r.IntN(5) == 0 {
		b.WriteString(pick(r, " order by 1", " limit 3", " group by all", " using sample 1", " qualify true", " offset 1"))
	}
	if depth > 0 && r.IntN(6) == 0 {
		b.WriteString(pick(r, " union all ", " except ", " intersect ") + query(r, depth-1))
	}
	return b.String()
}

func values(r *rand.Rand, depth int) string {
	n := 1 + r.IntN(3)
	out := make([]string, n)
	for i := range out {
		out[i] = value(r, depth)
	}
	return strings.Join(out, ", ")
}

func value(r *rand.Rand, depth int) string {
	if depth > 0 && r.IntN(4) == 0 {
		return "(" + query(r, depth-1) + pick(r, " limit 1", "") + ")"
	}
	if r.IntN(8) > 0 {
		return pick(r, "1", "*", "status", "payload", "count(*)", "now()", "null", "'x'", "[1, 2]", "{'a': 1}", "status + 1", "upper(payload)", "unnest([1, 2])", "row_number() over ()")
	}
	return pick(r, "p_event_time", "current_setting('home_directory')", "getenv('HOME')", "nextval('s')", "write_log('x')", "current_query()", "read_text('SECRET')", "columns(*)",
		"json_serialize_sql('copy (select 1) to ''OUT/x''')", "$1", "unnest([1, 2])", "cast('SECRET' as varchar)", "case when status > 1 then 'a' end", "row_number() over ()")
}

func source(r *rand.Rand, depth int) string {
	if depth > 0 && r.IntN(5) == 0 {
		return "(" + query(r, depth-1) + ") s"
	}
	if depth > 0 && r.IntN(6) == 0 {
		return source(r, depth-1) + pick(r, ", ", " cross join ", " natural join ", " positional join ") + source(r, depth-1)
	}
	if r.IntN(6) > 0 {
		return pick(r, "nginx_access", "panther_logs.nginx_access", "panther_logs.public.nginx_access", "(select 1 as status, 'a' as payload)", "(values (1, 'a')) v(status, payload)")
	}
	return pick(r, "x", "range(3) t(status)", "read_text('SECRET')", "read_csv('SECRET')", "read_parquet('FILE')", "read_parquet('FILE', filename = true)", "'SECRET'", "'FILE'", "glob('/*')", "'http://ADDR/x.csv'",
		"read_csv('http://ADDR/x.csv')", "enable_profiling(save_location = 'OUT/p')", "enable_logging(storage = 'file', storage_path = 'OUT')", "duckdb_secrets()", "query('select 1')",
		"query_table('nginx_access')", "sqlite_scan('SECRET', 'x')", "parquet_metadata('FILE')", "json_each('{\"a\": 1}')", "unnest([1]) u(status)", "(show tables)", "(describe nginx_access)",
		"information_schema.tables", "pragma_version()", "checkpoint()", "read_blob('/etc/*')", "test_all_types()")
}

func condition(r *rand.Rand, depth int) string {
	if depth > 0 && r.IntN(3) == 0 {
		return condition(r, depth-1) + pick(r, " and ", " or ") + condition(r, depth-1)
	}
	if depth > 0 && r.IntN(5) == 0 {
		return pick(r, "exists ", "not exists ", "1 in ") + "(" + query(r, depth-1) + ")"
	}
	if r.IntN(4) > 0 {
		return pick(r, "true", "status > 1", "payload like '%1%'", "not false")
	}
	return pick(r, "p_occurs_since('48 hours')", "p_occurs_between('2026-11-01', '2026-11-02')", "p_event_time > now() - interval '1 year'", "payload like '%1%'",
		"status = (select max(status) from nginx_access)", "p_occurs_since()", "payload = $$x;$$", "payload = 'it''s; -- not'", "not false", "(select true from read_text('SECRET'))")
}

// mangle changes some bytes, as a slip of the keyboard or a person who tries things would.
func mangle(r *rand.Rand, sql string) string {
	b := []byte(sql)
	for range 1 + r.IntN(3) {
		at := r.IntN(len(b))
		switch r.IntN(3) {
		case 0:
			b[at] = pick(r, ";", "'", "\"", "(", ")", "$", "-", "/", "*", "\\", "\x00", "é", " ")[0]
		case 1:
			b = append(b[:at], b[min(len(b), at+1+r.IntN(5)):]...)
			if len(b) == 0 {
				return "select"
			}
		default:
			b = append(b[:at:at], append([]byte(pick(r, "--", "/*", "*/", ";", "$$", "''", " ) ", " ( ")), b[at:]...)...)
		}
	}
	return string(b)
}
