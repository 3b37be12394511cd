// Command samplelake writes a lake of which every value is known, for readers of other makes: into the folder written, as it
// was written, and into the folder rewritten after each hour's files were made one. rows.json has the rows that they must find,
// by table, in the order of their offsets: the columns that depend on the log type, without those that are null.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"panther/sinks/lake"
	"panther/sinks/lake/laketest"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "Usage: samplelake DIR")
		os.Exit(2)
	}
	if err := write(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintf(os.Stderr, "samplelake: %v\n", err)
		os.Exit(1)
	}
}

func write(ctx context.Context, dir string) error {
	if _, err := writeLake(ctx, filepath.Join(dir, "written")); err != nil {
		return err
	}
	c, err := writeLake(ctx, filepath.Join(dir, "rewritten"))
	if err != nil {
		return err
	}
	later := lake.Upkeep{Now: func() time.Time { return laketest.Start.Add(1000 * time.Hour) }}
	ids, err := c.ListTables(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := c.Rewrite(ctx, id, later); err != nil {
			return err
		}
	}
	var events []json.RawMessage
	for _, row := range laketest.Events {
		events = append(events, json.RawMessage(row))
	}
	b, err := json.Marshal(map[string][]json.RawMessage{"panther_logs.a_one": events})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "rows.json"), b, 0o644)
}

func writeLake(ctx context.Context, dir string) (*lake.Catalog, error) {
	folder, err := lake.OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	c := lake.NewCatalog(folder)
	return c, laketest.Write(ctx, c)
}
