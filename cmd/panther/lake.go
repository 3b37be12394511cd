package main

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"

	"panther/sinks/lake"
)

const lakeHelp = `
Usage: panther lake tables [--dir DIR | --warehouse URI | --config FILE] [-o json]

Lists the tables of the lake: rows, files, bytes, and when something was last committed. The folder of a table is an Apache
Iceberg table that other engines open by its path.

  panther lake tables
  panther lake tables --warehouse s3://logs/panther -o json
`

// runLake shows what is in the lake.
func runLake(ctx context.Context, p *program, args []string) error {
	f := p.flags("lake", lakeHelp)
	at := lakeFlags(f)
	output := f.String("o", "table", "output `format`: table, or json for machines")
	rest, err := parse(f, args)
	if err != nil {
		return err
	}
	if len(rest) != 1 || rest[0] != "tables" {
		return usageError("panther lake wants what to do: `panther lake tables`")
	}
	if *output != "table" && *output != "json" {
		return usageError("-o %s: want table or json", *output)
	}
	c, err := at.openLake(ctx, p)
	if err != nil {
		return err
	}
	tables, err := c.Tables(ctx)
	if err != nil {
		return err
	}
	if *output == "json" {
		e := json.NewEncoder(p.out)
		e.SetIndent("", "  ")
		return e.Encode(append([]lake.TableInfo{}, tables...))
	}
	if len(tables) == 0 {
		fmt.Fprintf(p.err, "There are no tables in %s. `--dir` names another folder, `--warehouse` a bucket; `panther demo` makes one with data.\n", c.Root())
		return nil
	}
	return printTables(p, tables)
}

func printTables(p *program, tables []lake.TableInfo) error {
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TABLE\tROWS\tFILES\tSIZE\tLAST COMMIT")
	for _, t := range tables {
		commit := "never"
		if !t.Commit.IsZero() {
			commit = t.Commit.Local().Format(time.DateTime)
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\n", t.Name, t.Rows, t.Files, byteSize(t.Bytes), commit)
	}
	return w.Flush()
}

// byteSize writes a number of bytes for people.
func byteSize(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	v, unit := float64(n)/1024, 0
	for v >= 1024 && unit < 4 {
		v, unit = v/1024, unit+1
	}
	return fmt.Sprintf("%.1f %ciB", v, "KMGTP"[unit])
}
