//go:build cgo && !noduckdb && duckdb_arrow

package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2" // the driver named duckdb

	"panther/sinks/lake/query/wire"
)

// A database is a DuckDB in memory, for one statement.
type database struct {
	db   *sql.DB
	conn *sql.Conn
}

// settings hold from the first statement on. Extensions are what is linked in: json, parquet, icu.
var settings = []string{
	"SET temp_directory = ''",
	"SET autoinstall_known_extensions = false",
	"SET autoload_known_extensions = false",
	"SET errors_as_json = true",
	"SET TimeZone = 'UTC'",
}

// open makes a database.
func open() (*database, error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return nil, fmt.Errorf("start DuckDB: %w", err)
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		return nil, fmt.Errorf("start DuckDB: %w", err)
	}
	d := &database{db, conn}
	return d, d.run(context.Background(), append(settings, macroDefinitions...)...)
}

func (d *database) close() {
	d.conn.Close()
	d.db.Close()
}

func (d *database) run(ctx context.Context, statements ...string) error {
	for _, s := range statements {
		if _, err := d.conn.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%.60s: %w", s, err)
		}
	}
	return nil
}

// bound sets how much a statement may use.
func (d *database) bound(ctx context.Context, l wire.Limits) error {
	if err := d.run(ctx, fmt.Sprintf("SET memory_limit = '%dB'", l.Memory)); err != nil || l.Threads <= 0 {
		return err
	}
	return d.run(ctx, fmt.Sprintf("SET threads = %d", l.Threads))
}

// lock closes the sandbox: from here on DuckDB opens the files of these tables, nothing else, and nothing can change that. The
// order matters: the files are allowed while settings can be changed, and views are made before.
func (d *database) lock(ctx context.Context, tables []wire.Table) error {
	var files []string
	for _, t := range tables {
		files = append(files, t.Files...)
	}
	return d.run(ctx, "SET allowed_paths = "+list(files), "SET enable_external_access = false", "SET lock_configuration = true")
}

// list writes texts as a list of SQL.
func list(texts []string) string {
	quoted := make([]string, len(texts))
	for i, t := range texts {
		quoted[i] = quote(t)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
func ident(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// mistake says what went wrong with a statement.
func (d *database) mistake(ctx context.Context, c *checked, err error) *wire.Mistake {
	if ctx.Err() != nil {
		return tooLong()
	}
	said := err.Error()
	var e struct {
		Type     string `json:"exception_type"`
		Text     string `json:"exception_message"`
		Position string `json:"position"`
	}
	if at := strings.IndexByte(said, '{'); at < 0 || json.Unmarshal([]byte(said[at:]), &e) != nil {
		return broken(err)
	}
	m := &wire.Mistake{Reason: wire.BadStatement, Text: strings.NewReplacer("!\n", "; ", "\n", "; ").Replace(strings.TrimSpace(e.Text)), Position: -1}
	if at, err := strconv.Atoi(e.Position); err == nil {
		m.Position = c.back(at)
	}
	switch e.Type {
	case "Out of Memory":
		m.Reason, m.Text, m.Hint = wire.TooLarge, "it needs more memory than it may use", "ask for less, or give it more (--memory)"
	case "Interrupt":
		m.Reason = wire.TooLong
	case "IO", "Internal", "Fatal", "HTTP", "Network":
		m.Reason = wire.Broken
	case "Permission":
		m.Reason = wire.Refused
	}
	if strings.Contains(e.Text, "Ambiguous reference to column name \""+defaultColumn) {
		m.Hint = "p_occurs_since and p_occurs_between take a column as their last argument, as p_occurs_since('48 hours', a." + defaultColumn + ")"
	}
	return m
}
