package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"panther/sinks/lake"
)

const lakeHelp = `
Usage: panther lake tables  [-o json]
       panther lake serve   [--listen HOST:PORT]
       panther lake verify  [TABLE...] [--tables-only] [-o json]
       panther lake rewrite [TABLE...] [-o json]
       panther lake retain  [TABLE...] [--keep 90d] [--yes] [-o json]
       panther lake expire  [TABLE...] [--retain-last 10] [--older-than 24h] [--yes] [-o json]

Each with --dir DIR, --warehouse URI or --config FILE, which say where the lake is.

tables lists them: rows, files, bytes, and when something was last committed. The folder of a table is an Apache Iceberg table
that other engines open by its path.

verify proves that each line is there once: it reads all of every table, counts rows and distinct positions, and says which
files are gone or damaged. Where brokers are known, it also looks for a row of every record that the topics still hold. It
ends with 3 if something is wrong.

rewrite makes few large files of the many small ones of each hour that is over. The rows stay the same.

retain takes out whole hours of rows that are older than the tables keep them: by lake.retention of the configuration, or by
--keep. expire forgets old snapshots, and removes files that no reader of the last hour can need. Both show what they would
do, and do it with --yes.

serve shows the lake to other engines, which then open the tables by name; ` + "`panther lake serve -h`" + ` says more.

Panther does the upkeep by itself, every hour, while it runs. To do it at the same time as well is harmless.

  panther lake tables --warehouse s3://logs/panther -o json
  panther lake retain panther_logs.nginx_access --keep 90d --yes
`

// A lakeCommand is one call of panther lake.
type lakeCommand struct {
	*program
	place      *place
	output     output
	lake       *lake.Catalog
	upkeep     lake.Upkeep
	tables     []string // named as space.table; empty: all
	yes        bool
	tablesOnly bool
	keep       string
}

// runLake is `panther lake`.
func runLake(ctx context.Context, p *program, args []string) error {
	if len(args) > 0 && args[0] == "serve" {
		return runLakeServe(ctx, p, args[1:])
	}
	f := p.flags("lake", lakeHelp)
	l := &lakeCommand{program: p, place: lakeFlags(f)}
	out := outputFlag(f)
	l.addFlags(f)
	verb, rest, err := parseVerb(f, args)
	if err != nil {
		return err
	}
	verbs := map[string]func(context.Context) error{"tables": l.list, "verify": l.verify, "rewrite": l.rewrite, "retain": l.retain, "expire": l.expire}
	if verbs[verb] == nil {
		return wantsVerb("lake", verb, "tables", "serve", "verify", "rewrite", "retain", "expire")
	}
	if verb == "tables" && len(rest) > 0 {
		return usageError("panther lake tables lists all of them; it takes no names")
	}
	l.output, l.tables = *out, rest
	if l.upkeep.RetainLast < 1 {
		return usageError("--retain-last %d: want 1 or more: the newest snapshot is the table", l.upkeep.RetainLast)
	}
	if l.lake, err = l.place.openLake(ctx, p); err != nil {
		return err
	}
	ctx, stop := interruptible(ctx, p)
	defer stop()
	return verbs[verb](ctx)
}

func (l *lakeCommand) addFlags(f *flag.FlagSet) {
	f.StringVar(&l.place.brokers, "brokers", "", "of verify: Kafka brokers that hold the topics, `host:port,...`")
	f.BoolVar(&l.tablesOnly, "tables-only", false, "of verify: do not look for the records of the topics")
	f.StringVar(&l.keep, "keep", "", "of retain: how long rows are kept, as 90d; in place of lake.retention, as `duration`")
	f.IntVar(&l.upkeep.RetainLast, "retain-last", 10, "of expire: keep this `number` of snapshots, however old")
	l.upkeep.OlderThan = 24 * time.Hour
	f.Func("older-than", "of expire: keep snapshots that are younger, as `duration`, as 90m or 7d (default 24h)", l.setOlderThan)
	f.BoolVar(&l.yes, "yes", false, "of retain and expire: do what the plan says")
	l.upkeep.Now = l.time
}

// list is `panther lake tables`.
func (l *lakeCommand) list(ctx context.Context) error {
	tables, err := l.lake.Tables(ctx)
	if err != nil && len(tables) == 0 {
		return err
	}
	if l.output == forMachines {
		return errors.Join(err, printJSON(l.out, append([]lake.TableInfo{}, tables...)))
	}
	if len(tables) == 0 {
		l.nothing()
		return nil
	}
	t := newTable("TABLE", "#ROWS", "#FILES", "#SIZE", "LAST COMMIT")
	for _, info := range tables {
		t.add(info.Name, fmt.Sprint(info.Rows), fmt.Sprint(info.Files), byteSize(info.Bytes), when(info.Commit, l.time()))
	}
	return errors.Join(err, t.print(l.out, ""))
}

func (l *lakeCommand) nothing() {
	fmt.Fprintf(l.err, "There are no tables in %s. `--dir` names another folder, `--warehouse` a bucket; `panther demo` makes one with data.\n", l.lake.Root())
}

// each calls do for each table that was named, or for all. One that goes wrong does not stop the others.
func (l *lakeCommand) each(ctx context.Context, do func(id []string) error) error {
	ids, err := l.lake.ListTables(ctx)
	if err != nil {
		return err
	}
	if len(ids) == 0 && len(l.tables) == 0 {
		l.nothing()
		return nil
	}
	if len(l.tables) > 0 {
		if ids, err = choose(ids, l.tables); err != nil {
			return err
		}
	}
	var errs []error
	for _, id := range ids {
		if ctx.Err() != nil {
			return errors.Join(append(errs, ctx.Err())...)
		}
		errs = append(errs, do(id))
	}
	return errors.Join(errs...)
}

// choose finds tables by their names; one that is not there is a mistake.
func choose(ids [][]string, names []string) (out [][]string, err error) {
	known := map[string][]string{}
	var all []string
	for _, id := range ids {
		known[strings.Join(id, ".")] = id
		all = append(all, strings.Join(id, "."))
	}
	for _, name := range names {
		if known[name] == nil {
			return nil, unknown("table", name, all)
		}
		out = append(out, known[name])
	}
	return out, nil
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

// planned says under a plan that it was one.
func (l *lakeCommand) planned(w io.Writer, something bool) {
	switch {
	case l.yes:
	case something:
		fmt.Fprintln(w, "Nothing was removed: this is the plan. --yes does it.")
	default:
		fmt.Fprintln(w, "There is nothing to remove.")
	}
}
