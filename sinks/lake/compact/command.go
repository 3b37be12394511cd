package compact

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime"
	"strings"

	"panther/schemas/logtype"
	"panther/sinks/lake"
	"panther/sinks/lake/bucket"
	"panther/sinks/lake/catalogs"
	"panther/sinks/lake/operator"
)

const help = `
Usage: {program} -log-type TYPE {-path DIR | -s3path s3://BUCKET/PREFIX} [-warehouse URI | -dir DIR] [flags]

Back-fills JSON log data into the table of a log type: .json, .ndjson, .jsonl, and what gzip and zstd have packed. Each hour of
the table gets one set of Parquet files of the best size. Lines are checked against the schema, and belong to the hour in which
they happened; those that are events of Panther already stay as they are, in the hour in which they were classified.

It can be stopped and started again at any time: a line of a file is a row once, however often it is brought. That holds for
files that stay where and as they are; lines that came through Kafka, too, it cannot know. Lines that do not say when they
happened belong to the hour in which their file was written. It ends with 3 if lines do not match.

  {program} -log-type AWS.CloudTrail -array-field Records -s3path s3://org-trail/AWSLogs -warehouse s3://logs/panther -dry-run
  {program} -log-type Custom.Payments -schemas schemas/ -path /var/log/payments -workers 4
`

// A command is a call of the program.
type command struct {
	operator.Work
	logType, schemas, source string
	path, s3path, prefix     string
	array                    string
	temp                     string
}

// Main is the program: it returns the exit code.
func Main(ctx context.Context, call operator.Call) int {
	var c command
	code, ok := call.Parse(help, func(f *flag.FlagSet) {
		c.flags(f)
		c.AddFlags(f, call.Env, runtime.GOMAXPROCS(0), "`number` of files that are read at once", "read and count only")
	})
	if !ok {
		return code
	}
	j, err := c.job(ctx)
	if err != nil {
		return call.Mistake(err)
	}
	var status operator.Status
	if operator.IsTerminal(call.Talk) {
		j.Progress = func(r Result) {
			status.Show(call.Talk, fmt.Sprintf("%d files, %d MB, %d lines; %d hours, %d rows", r.Files, r.Bytes>>20, r.Lines, r.Hours, r.Added+r.Known))
		}
	}
	r, err := j.Run(ctx)
	status.Clear(call.Talk)
	err = errors.Join(err, c.Print(call.Out, r, func() error { return c.print(call.Out, r) }))
	for _, why := range r.Why {
		fmt.Fprintf(call.Talk, "no row: %s\n", why)
	}
	return call.End(err, r.Failed > 0)
}

func (c *command) flags(f *flag.FlagSet) {
	f.StringVar(&c.logType, "log-type", "", "the log `type` of the lines")
	f.StringVar(&c.schemas, "schemas", "", "`file` or folder of schemas of your own, beside those built in")
	f.StringVar(&c.source, "source", "", "the `id` of the log source that rows name")
	f.StringVar(&c.path, "path", "", "`folder` that holds the files")
	f.StringVar(&c.s3path, "s3path", "", "S3 `path` that holds them, as s3://bucket/prefix")
	f.StringVar(&c.prefix, "prefix", "", "only files whose names, below that, begin with this `text`")
	f.StringVar(&c.array, "array-field", "", "the `member` of an object that has the lines, as Records in files of CloudTrail")
	f.StringVar(&c.temp, "temp", "", "`folder` for rows on their way; they need about a tenth of the room of the data, unpacked")
}

// job is what the flags say.
func (c *command) job(ctx context.Context) (j Job, err error) {
	j = Job{Prefix: c.prefix, Array: c.array, Source: c.source, Workers: c.Workers, DryRun: c.DryRun, Temp: c.temp}
	switch {
	case c.logType == "":
		return j, errors.New("name the log type of the lines: -log-type")
	case (c.path == "") == (c.s3path == ""):
		return j, errors.New("say where the files are: -path or -s3path, one of them")
	}
	if _, _, err := bucket.Parse(c.s3path); c.s3path != "" && err != nil {
		return j, fmt.Errorf("-s3path: %w", err)
	}
	if err := c.Check(); err != nil {
		return j, err
	}
	warehouse, err := c.Options()
	if err != nil {
		return j, err
	}
	if j.Schema, err = c.schema(); err != nil {
		return j, err
	}
	if j.Input, err = c.store(ctx); err != nil {
		return j, err
	}
	j.Lake, err = catalogs.Open(ctx, warehouse)
	return j, err
}

// store opens the folder or bucket that holds the files.
func (c *command) store(ctx context.Context) (lake.Store, error) {
	if c.path != "" {
		if !operator.IsFolder(c.path) {
			return nil, fmt.Errorf("-path %s: there is no such folder", c.path)
		}
		return lake.OpenFolder(c.path)
	}
	config, err := c.AWS().Config(ctx)
	if err != nil {
		return nil, err
	}
	return bucket.Open(c.s3path, config, c.AWS())
}

// schema finds the schema of the log type: one of the user's own wins.
func (c *command) schema() (*logtype.Schema, error) {
	names := logtype.BuiltinNames()
	own, err := operator.Schemas(c.schemas)
	if err != nil {
		return nil, err
	}
	for _, s := range own {
		if s.Name == c.logType {
			return s, nil
		}
		names = append(names, s.Name)
	}
	if s, ok := logtype.Builtin(c.logType); ok {
		return s, nil
	}
	return nil, fmt.Errorf("there is no log type %q; there are %s; -schemas names your own", c.logType, strings.Join(names, ", "))
}

// print says what was done.
func (c *command) print(w io.Writer, r Result) error {
	verb := "rows added"
	if c.DryRun {
		verb = "rows would be looked at"
	}
	others := ""
	if r.Others > 0 {
		others = fmt.Sprintf(" (and %d of other kinds, which are not read)", r.Others)
	}
	_, err := fmt.Fprintf(w, "%d files%s, %d lines, %d without a row; %d %s, %d were there already; %d hours, %d Parquet files\n",
		r.Files, others, r.Lines, r.Failed, r.Added, verb, r.Known, r.Hours, r.Made)
	return err
}
