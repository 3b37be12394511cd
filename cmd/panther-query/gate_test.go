//go:build cgo && !noduckdb && duckdb_arrow

package main

import (
	"context"
	"strings"
	"testing"

	"panther/sinks/lake/query/wire"
)

var known = []wire.Name{{Space: "panther_logs", Table: "nginx_access"}, {Space: "panther_monitor", Table: "classification_failures"}}

// gate opens a database that judges statements.
func gate(t testing.TB) *database {
	d, err := open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.close)
	return d
}

func (d *database) ask(sql string) (*checked, *wire.Mistake) {
	return d.check(context.Background(), &wire.Statement{SQL: sql, Known: known, Limits: wire.Limits{Rows: 10}})
}

func TestStatementsThatPass(t *testing.T) {
	d := gate(t)
	for sql, tables := range map[string]int{
		"select 1":                  0,
		"SELECT 1;":                 0,
		"select 1 ; -- and no more": 0,
		"/* first */ select ';' as \"a;b\", $$;$$;": 0,
		"values (1), (2)":        0,
		"select * from range(3)": 0,
		"select * from panther_monitor.public.classification_failures where p_occurs_since('48 hours') and p_source_label = 'x' order by p_parse_time desc limit 10": 1,
		"from Panther_Logs.NGINX_access":                                                                      1,
		"table panther_logs.main.nginx_access":                                                                1,
		"select * from nginx_access, classification_failures":                                                 2,
		"with nginx_access as (select 1 as a) select * from nginx_access":                                     0,
		"select (select max(x) from classification_failures) from range(2) t(x) where exists (from range(1))": 1,
		"show tables": 2,
		"select * from information_schema.columns":     2,
		"describe nginx_access":                        1,
		"summarize panther_logs.nginx_access":          1,
		"select 1 union all (select 2 order by 1)":     0,
		"select unnest(from_json('[1]', '[\"INT\"]'))": 0,
		"select p_occurs_between('2026-01-01', '2026-01-02', f.p_parse_time) from classification_failures f": 1,
		"select \"P_OCCURS_SINCE\" /* ( */ ('1 h') from nginx_access":                                        1,
	} {
		c, m := d.ask(sql)
		if m != nil {
			t.Errorf("%s: %+v", sql, m)
		} else if len(c.tables) != tables {
			t.Errorf("%s: tables %v, want %d", sql, c.tables, tables)
		}
	}
}

// attacks are statements that must not run. Those of the first kinds did harm, in a SELECT or not, in a sandbox without a gate.
var attacks = []struct {
	sql  string
	at   int // the position that is shown
	want wire.Reason
}{
	{"copy (select 1) to 'OUT/x.csv'", 0, wire.Refused},
	{"copy (select 1) to 'FILE' (use_tmp_file false)", 0, wire.Refused},
	{"explain analyze copy (select 1) to 'FILE' (use_tmp_file false)", 0, wire.Refused},
	{"copy (select 1) to 'FILE'; select 1", 27, wire.Refused},
	{"select 1; copy (select 1) to 'FILE'", 10, wire.Refused},
	{" explain select 1", 1, wire.Refused},
	{"select * from enable_profiling(save_location = 'OUT/profile')", 14, wire.Refused},
	{"select * from enable_logging(storage = 'file', storage_path = 'OUT')", 14, wire.Refused},
	{"select * from enable_peg_parser()", 14, wire.Refused},
	{"select * from checkpoint()", 14, wire.Refused},
	{"select * from query('copy (select 1) to ''OUT/x''')", 14, wire.Refused},
	{"select * from query_table('FILE')", 14, wire.Refused},
	{"from json_execute_serialized_sql(json_serialize_sql('select 1'))", 5, wire.Refused},
	{"select * from read_text('SECRET')", 14, wire.Refused},
	{"select * from read_csv('SECRET')", 14, wire.Refused},
	{"select * from read_blob('/etc/passwd')", 14, wire.Refused},
	{"select * from read_parquet('FILE')", 14, wire.Refused},
	{"select * from glob('/etc/*')", 14, wire.Refused},
	{"select * from sniff_csv('SECRET')", 14, wire.Refused},
	{"select * from duckdb_secrets()", 14, wire.Refused},
	{"select * from duckdb_settings()", 14, wire.Refused},
	{"select * from 'SECRET'", 14, wire.BadStatement},
	{"select * from \"http://ADDR/x.parquet\"", 14, wire.BadStatement},
	{"select * from read_parquet('http://ADDR/x.parquet')", 14, wire.Refused},
	{"select * from read_json('s3://bucket/x')", 14, wire.Refused},
	{"select 1 from range(1) where exists (select 1 from read_text('SECRET'))", 51, wire.Refused},
	{"with x as (select * from read_text('SECRET')) select 1", 25, wire.Refused},
	{"select [x for x in (select content from read_text('SECRET'))]", 40, wire.Refused},
	{"attach 'OUT/x.db'", 0, wire.Refused},
	{"attach ':memory:' as m", 0, wire.Refused},
	{"detach memory", 0, wire.Refused},
	{"use temp", 0, wire.Refused},
	{"install httpfs", 0, wire.Refused},
	{"load httpfs", 0, wire.Refused},
	{"load 'OUT/x.duckdb_extension'", 0, wire.Refused},
	{"set enable_external_access=true", 0, wire.Refused},
	{"set allowed_directories=['/']", 0, wire.Refused},
	{"reset lock_configuration", 0, wire.Refused},
	{"set variable x = 1", 0, wire.Refused},
	{"pragma enable_profiling", 0, wire.Refused},
	{"pragma database_list", 0, wire.Refused},
	{"call enable_logging()", 0, wire.Refused},
	{"create table t as select 1", 0, wire.Refused},
	{"create or replace macro now() as 1", 0, wire.Refused},
	{"create secret s (type s3)", 0, wire.Refused},
	{"drop view panther_logs.main.nginx_access", 0, wire.Refused},
	{"insert into panther_logs.main.nginx_access values (1)", 0, wire.Refused},
	{"update nginx_access set a = 1", 0, wire.Refused},
	{"delete from nginx_access", 0, wire.Refused},
	{"truncate nginx_access", 0, wire.Refused},
	{"alter table nginx_access add column a int", 0, wire.Refused},
	{"merge into nginx_access using range(1) on true when matched then delete", 0, wire.Refused},
	{"export database 'OUT/exp'", 0, wire.Refused},
	{"import database 'OUT'", 0, wire.Refused},
	{"vacuum", 0, wire.Refused},
	{"checkpoint", 0, wire.Refused},
	{"begin", 0, wire.Refused},
	{"prepare p as select 1", 0, wire.Refused},
	{"execute p", 0, wire.Refused},
	{"with a as (insert into nginx_access values (1) returning *) select * from a", -1, wire.BadStatement},
	{"select nextval('s')", 7, wire.Refused},
	{"select write_log('x')", 7, wire.Refused},
	{"select $1", -1, wire.Refused},
	{"select ?", -1, wire.Refused},
	{"select 1\x00; copy (select 1) to 'FILE'", 8, wire.Refused},
	{"select '\xff'", 8, wire.Refused},
	{"", -1, wire.BadStatement},
	{"-- nothing", -1, wire.BadStatement},
	{"select * from nginx_acces", 14, wire.BadStatement},
	{"select * from panther_logs.classification_failures", 14, wire.BadStatement},
	{"select * from duckdb_tables", 14, wire.BadStatement},
	{"select * from pg_catalog.pg_class", 14, wire.BadStatement},
	{"select 1) limit 5; copy (select 1) to 'FILE'; select (1", 8, wire.BadStatement},
	{"select 'é' fro m x", 16, wire.BadStatement},
	{"select p_occurs_since()", 7, wire.BadStatement},
	{"select p_occurs_between('1 day')", 7, wire.BadStatement},
	{"select p_occurs_since('1 day') from read_text('SECRET')", 36, wire.Refused},
}

func TestAttacks(t *testing.T) {
	d := gate(t)
	for _, a := range attacks {
		_, m := d.ask(a.sql)
		if m == nil {
			t.Errorf("%q passes", a.sql)
		} else if m.Reason != a.want || m.Position != a.at {
			t.Errorf("%q: %+v, want %s at %d", a.sql, m, a.want, a.at)
		}
	}
}

func TestHints(t *testing.T) {
	d := gate(t)
	for sql, want := range map[string]string{
		"select * from clasification_failures": "panther_monitor.classification_failures",
		"select * from elsewhere":              "SHOW TABLES",
		"explain select 1":                     "--explain",
		"select p_occurs_since()":              "p_occurs_since('48 hours')",
		"from read_text('x')":                  "allowed are",
		"":                                     "SELECT count(*)",
	} {
		if _, m := d.ask(sql); m == nil || !strings.Contains(m.Hint, want) {
			t.Errorf("%q: %+v, want a hint with %q", sql, m, want)
		}
	}
}

func TestBounds(t *testing.T) {
	d := gate(t)
	const day = int64(24 * 3600 * 1e6)
	const from = int64(1_793_491_200 * 1e6) // 2026-11-01
	least := func(column string, at int64) wire.Bound { return wire.Bound{Column: column, Least: true, Micros: at} }
	most := func(column string, at int64) wire.Bound { return wire.Bound{Column: column, Micros: at} }
	for where, want := range map[string][]wire.Bound{
		"p_occurs_between('2026-11-01', '2026-11-02')":                                            {least("p_event_time", from), most("p_event_time", from+day)},
		"p_occurs_between('2026-11-01', '2026-11-02', nginx_access.p_parse_time)":                 {least("p_parse_time", from), most("p_parse_time", from+day)},
		"p_parse_time >= '2026-11-01' and (status > 3 and p_event_time < timestamp '2026-11-02')": {least("p_parse_time", from), most("p_event_time", from+day)},
		"p_event_time between date '2026-11-01' and '2026-11-01'::date + to_days(1)":              {least("p_event_time", from), most("p_event_time", from+day)},
		"timestamptz '2026-11-01 01:00:00+01' <= p_event_time":                                    {least("p_event_time", from)},
		"p_parse_time >= '2026-11-01' or status = 1":                                              nil,
		"not p_parse_time >= '2026-11-01'":                                                        {most("p_parse_time", from)},
		"p_parse_time <= now()":                                                                   nil, // it goes on
		"p_parse_time >= now() - to_hours(cast(random() * 10 as int))":                            nil,
		"p_parse_time >= (select max(p_parse_time) from nginx_access)":                            nil,
		"p_parse_time >= p_event_time":                                                            nil,
		"p_parse_time >= null":                                                                    nil,
		"p_parse_time >= 'yesterday'":                                                             nil, // the statement itself says what is wrong
		"status >= '2026-11-01'":                                                                  nil,
	} {
		c, m := d.ask("select count(*) from nginx_access where " + where)
		if m != nil {
			t.Errorf("%s: %+v", where, m)
			continue
		}
		if got := c.tables[0].Bounds; !equal(got, want) {
			t.Errorf("%s: %+v, want %+v", where, got, want)
		}
	}
	for _, sql := range []string{ // another mention of the table needs all of it
		"select * from nginx_access where p_parse_time >= '2026-11-01' union all from nginx_access",
		"select * from nginx_access a, nginx_access b where a.p_parse_time >= '2026-11-01'",
		"select * from nginx_access left join range(1) t(x) on x = 1 where p_parse_time >= '2026-11-01'",
	} {
		if c, m := d.ask(sql); m != nil || len(c.tables[0].Bounds) > 0 {
			t.Errorf("%s: %+v, %+v", sql, c, m)
		}
	}
}

func equal(a, b []wire.Bound) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestPositionsLeadBack(t *testing.T) {
	d := gate(t)
	const sql = "select p_occurs_since('1 h'), p_occurs_since('1 h', p_parse_time), here from nginx_access"
	for _, explain := range []bool{false, true} {
		c, m := d.check(context.Background(), &wire.Statement{SQL: sql, Known: known, Limits: wire.Limits{Rows: 5}, Explain: explain})
		if m != nil {
			t.Fatal(m)
		}
		if got := c.back(strings.Index(c.sql, "here")); got != strings.Index(sql, "here") {
			t.Errorf("explain %v: %q leads back to %d, want %d: %s", explain, "here", got, strings.Index(sql, "here"), c.sql)
		}
		if got := c.back(len(c.sql)); got > len(sql) {
			t.Errorf("the end leads back to %d of %d", got, len(sql))
		}
	}
}
