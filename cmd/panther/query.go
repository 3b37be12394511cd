package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"panther/schemas"
	"panther/sinks/lake/query"
)

const queryHelp = `
Usage: panther query [--dir DIR | --warehouse URI | --config FILE] [-o table|json|csv|parquet] "SELECT ..."

Answers one SELECT, in the SQL of DuckDB, over the tables of the lake; a statement "-" is read from standard input. Tables are
panther_monitor.classification_failures or panther_monitor.public.classification_failures; SHOW TABLES lists them, DESCRIBE NAME
shows columns. p_occurs_since('48 hours') and p_occurs_between('2026-11-01 10:00', '2026-11-01 11:00') speak of p_event_time, or
of a column that is their last argument. Times are UTC. Nothing is ever changed. Exit code 3: rows were left out, by a limit.

  panther query "SELECT p_source_label, count(*) FROM panther_monitor.classification_failures GROUP BY ALL"
  panther query -o csv "SELECT * FROM panther_logs.nginx_access WHERE p_occurs_since('1 hour')" > access.csv
`

// A queryCall is `panther query` with its flags.
type queryCall struct {
	lake    *place
	limits  query.Limits
	memory  byteCount
	most    byteCount
	cache   query.Cache
	caches  byteCount
	explain bool
	output  string
}

// runQuery is `panther query`.
func runQuery(ctx context.Context, p *program, args []string) error {
	d := query.DefaultLimits
	q := queryCall{memory: byteCount(d.Memory), most: byteCount(d.Bytes), caches: query.DefaultCacheBytes}
	f := p.flags("query", queryHelp)
	q.lake = lakeFlags(f)
	f.StringVar(&q.output, "o", "table", "output `format`: table, json, csv or parquet")
	f.Int64Var(&q.limits.Rows, "rows", d.Rows, "rows of the answer at most; 0: no limit")
	f.Var(&q.most, "bytes", "size of the answer at most, as 256MB; 0: no limit")
	f.Var(&q.memory, "memory", "memory that the statement may use, as 1GB")
	f.IntVar(&q.limits.Threads, "threads", 0, "processors that it may use (default all)")
	f.DurationVar(&q.limits.Timeout, "timeout", d.Timeout, "how long it may take")
	f.BoolVar(&q.explain, "explain", false, "show how it would be done, in place of its rows")
	f.StringVar(&q.cache.Dir, "cache", "", "`folder` for copies of files of a lake on S3 (default in the user's folder of caches)")
	f.Var(&q.caches, "cache-bytes", "size of these copies at most, as 10GB")
	rest, err := parse(f, args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return usageError(`panther query wants one statement, in quotes: panther query "SELECT count(*) FROM panther_monitor.classification_failures"`)
	}
	if err := q.check(); err != nil {
		return err
	}
	sql := rest[0]
	if sql == "-" {
		b, err := io.ReadAll(p.in)
		if err != nil {
			return fmt.Errorf("read the statement from standard input: %w", err)
		}
		sql = string(b)
	}
	return q.run(ctx, p, sql)
}

// check looks at what the flags say together, and says it as the engine wants to hear it: zero there is the default.
func (q *queryCall) check() error {
	if answerFormats[q.output] == nil {
		return usageError("-o %s: want table, json, csv or parquet", q.output)
	}
	if q.limits.Rows < 0 || q.limits.Threads < 0 || q.limits.Timeout <= 0 || q.memory <= 0 || q.caches <= 0 {
		return usageError("--rows and --threads are 0 or more; --timeout, --memory and --cache-bytes are more than 0")
	}
	if q.limits.Rows == 0 {
		q.limits.Rows = -1
	}
	q.limits.Bytes, q.limits.Memory, q.cache.Bytes = int64(q.most), int64(q.memory), int64(q.caches)
	if q.limits.Bytes == 0 {
		q.limits.Bytes = -1
	}
	return nil
}

func (q *queryCall) run(ctx context.Context, p *program, sql string) error {
	path, err := query.Find(p.env("PANTHER_QUERY"))
	if err != nil {
		return &exitError{exitUsage, err.Error()}
	}
	c, err := q.lake.openLake(ctx, p)
	if err != nil {
		return err
	}
	engine := query.Engine{Catalog: c, Program: path, Cache: q.cache}
	answer, err := engine.Run(ctx, query.Statement{SQL: sql, Explain: q.explain, Limits: q.limits})
	if err != nil {
		return p.statementError(err)
	}
	defer answer.Close()
	format := answerFormats[q.output]
	if q.explain && q.output == "table" {
		format = writePlan
	}
	if err := format(p.out, answer); err != nil {
		return p.statementError(err)
	}
	if cut := answer.Cut(); cut != "" {
		return &exitError{exitProblems, fmt.Sprintf("there are more rows: the limit of %s was reached; --rows N and --bytes N set it", cut)}
	}
	return nil
}

// statementError tells what is wrong with a statement, and shows where.
func (p *program) statementError(err error) error {
	var e *query.Error
	if !errors.As(err, &e) {
		return err
	}
	code := exitFailed
	if e.Permanent() {
		code = exitUsage
	}
	fmt.Fprintln(p.err, "panther: "+printable(e.Error()))
	if line, from, to, ok := e.Excerpt(); ok {
		shown, marks := mark([]byte(line), schemas.Span{Start: from, End: to}, lineWidth)
		fmt.Fprintf(p.err, "  %s\n  %s\n", shown, marks)
	}
	return &exitError{code: code}
}
