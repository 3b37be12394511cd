package gluesync

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"panther/schemas/logtype"
	"panther/sinks/lake/catalogs"
	"panther/sinks/lake/operator"
)

const help = `
Usage: {program} -warehouse URI [-schemas PATH] [-prefix TEXT] [-dry-run] [flags]

Makes what AWS Glue says of the lake's tables agree with the schemas of log types and with the tables themselves, and prints
what differs: tables that are missing, columns that are missing, wrong or without their description, partitions that are not
those of the table. Nothing is taken out of a table. Of log types that are built in it looks at the tables that there are; for
those of -schemas it makes them. It may run while the pipeline writes.

It ends with 3 if something differs that it has not mended: with -dry-run, anything.

  {program} -warehouse s3://logs/panther -region eu-west-1 -dry-run
  {program} -warehouse s3://logs/panther -schemas schemas/ -prefix Custom. -workers 16
`

// A command is a call of the program.
type command struct {
	operator.Work
	schemas, prefix string
}

// Main is the program: it returns the exit code.
func Main(ctx context.Context, call operator.Call) int {
	var c command
	code, ok := call.Parse(help, func(f *flag.FlagSet) {
		f.StringVar(&c.schemas, "schemas", "", "`file` or folder of schemas of your own, beside those built in")
		f.StringVar(&c.prefix, "prefix", "", "only tables, or log types, whose names begin with this `text`")
		c.AddFlags(f, call.Env, 8, "`number` of tables that are looked at at once", "say what differs, and change nothing")
	})
	if !ok {
		return code
	}
	j, err := c.job(ctx)
	if err != nil {
		return call.Mistake(err)
	}
	r, err := j.Run(ctx)
	err = errors.Join(err, c.Print(call.Out, r, func() error { return r.print(call.Out) }))
	return call.End(err, r.Left() > 0)
}

// job is what the flags say.
func (c *command) job(ctx context.Context) (j Job, err error) {
	j = Job{BuiltIn: logtype.Builtins(), Prefix: c.prefix, Workers: c.Workers, DryRun: c.DryRun}
	o, err := c.Options()
	if err == nil {
		err = c.Check()
	}
	switch {
	case err != nil:
		return j, err
	case o.Kind != "" && o.Kind != catalogs.Glue:
		return j, fmt.Errorf("-catalog %s: the tables are not in Glue, so there is nothing to make agree", o.Kind)
	}
	if j.Own, err = operator.Schemas(c.schemas); err != nil {
		return j, err
	}
	j.Lake, err = catalogs.OpenGlue(ctx, o)
	return j, err
}

// print says what was found.
func (r Result) print(w io.Writer) error {
	for _, d := range r.Differences {
		end := ""
		if d.Mended {
			end = " (mended)"
		}
		if _, err := fmt.Fprintf(w, "%s: %s%s\n", d.Table, d.What, end); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%d tables, %d differences, %d mended\n", r.Tables, len(r.Differences), len(r.Differences)-r.Left())
	return err
}
