// Package operator is what the programs of the operator share: which lake is meant, which schemas, how a call is read, and how
// its end is told. They are copied to hosts alone, so flags and variables say all; there is no configuration file.
package operator

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"panther/schemas/catalogue"
	"panther/schemas/logtype"
	"panther/sinks/lake/bucket"
	"panther/sinks/lake/catalogs"
)

// Exit codes, besides 0.
const (
	Failed   = 1
	Usage    = 2 // the call is wrong
	Problems = 3 // it did its work, and found something wrong
)

// A Call is a call of a program: what it is called with, and where it writes.
type Call struct {
	Name string // of the program, as its user types it
	Args []string
	Out  io.Writer // data
	Talk io.Writer // all else
	Env  func(name string) string
}

// Parse reads flags, which may have one dash or two. Where help says {program} it says how the program is called. If ok is
// false the program ends with code: help was asked for, or the call is wrong, which has been told.
func (c Call) Parse(help string, add func(f *flag.FlagSet)) (code int, ok bool) {
	f := flag.NewFlagSet(c.Name, flag.ContinueOnError)
	f.SetOutput(io.Discard) // of a mistake it would print all the help, which hides what is wrong
	f.Usage = func() {}
	add(f)
	switch err := f.Parse(c.Args); {
	case errors.Is(err, flag.ErrHelp):
		f.SetOutput(c.Out)
		fmt.Fprintf(c.Out, "%s\n\nFlags:\n", strings.TrimSpace(strings.ReplaceAll(help, "{program}", c.Name)))
		f.PrintDefaults()
		return 0, false
	case err != nil:
		return c.Mistake(fmt.Errorf("%w; %s -h lists the flags", err, c.Name)), false
	case f.NArg() > 0:
		return c.Mistake(fmt.Errorf("it takes flags only, got %q; %s -h lists them", f.Args(), c.Name)), false
	}
	return 0, true
}

// Process is a program of its own: it ends the process with the code that the program returns.
func Process(name string, program func(context.Context, Call) int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := program(ctx, Call{Name: name, Args: os.Args[1:], Out: os.Stdout, Talk: os.Stderr, Env: os.Getenv})
	stop()
	os.Exit(code)
}

// End tells an error, and returns the exit code of a call that has done its work, or not.
func (c Call) End(err error, problems bool) int {
	switch {
	case err != nil:
		fmt.Fprintf(c.Talk, "%s: %v\n", c.Name, err)
		return Failed
	case problems:
		return Problems
	}
	return 0
}

// Mistake tells that the call is wrong.
func (c Call) Mistake(err error) int {
	fmt.Fprintf(c.Talk, "%s: %v\n", c.Name, err)
	return Usage
}

// Work is how a call works: flags that the programs have in common.
type Work struct {
	Lake
	Workers int
	DryRun  bool
	output  string
}

// AddFlags adds the flags. What workers and a dry run do depends on the program.
func (w *Work) AddFlags(f *flag.FlagSet, env func(string) string, workers int, eachDoes, dryRun string) {
	f.IntVar(&w.Workers, "workers", workers, eachDoes)
	f.BoolVar(&w.DryRun, "dry-run", false, dryRun)
	f.StringVar(&w.output, "o", "table", "output `format`: table, or json for machines")
	w.Lake.AddFlags(f, env)
}

// Check says what is wrong with them.
func (w *Work) Check() error {
	switch {
	case w.output != "table" && w.output != "json":
		return fmt.Errorf("-o %s: want table or json", w.output)
	case w.Workers < 1:
		return fmt.Errorf("-workers %d: want 1 or more", w.Workers)
	}
	return nil
}

// Print writes a result as it is wanted: as JSON, or in words.
func (w *Work) Print(out io.Writer, result any, words func() error) error {
	if w.output != "json" {
		return words()
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(result)
}

// Lake is which lake a call means.
type Lake struct {
	env              func(string) string
	warehouse, dir   string
	catalog          string
	restURI, restOf  string
	endpoint, region string
}

// AddFlags adds the flags that say it.
func (l *Lake) AddFlags(f *flag.FlagSet, env func(string) string) {
	l.env = env
	f.StringVar(&l.warehouse, "warehouse", "", "where the lake is: a folder, or s3://bucket/prefix, as `URI` (default $PANTHER_LAKE_WAREHOUSE)")
	f.StringVar(&l.dir, "dir", "", "data `directory` that holds the lake (default panther-data)")
	f.StringVar(&l.catalog, "catalog", env("PANTHER_LAKE_CATALOG"), "`kind` of the lake's catalog: file, glue or rest; file if nothing is said")
	f.StringVar(&l.restURI, "rest-uri", env("PANTHER_LAKE_REST_URI"), "of catalog rest: where the service is, as `URL`; PANTHER_LAKE_REST_TOKEN or _CREDENTIAL refers to its secret")
	f.StringVar(&l.restOf, "rest-warehouse", env("PANTHER_LAKE_REST_WAREHOUSE"), "of catalog rest: what the service calls the warehouse, a `name`")
	f.StringVar(&l.endpoint, "endpoint", env("PANTHER_AWS_ENDPOINT"), "where the services of AWS are, if they are not those of AWS, as `URL`")
	f.StringVar(&l.region, "region", env("PANTHER_AWS_REGION"), "`region` of the buckets and of Glue")
}

// Options say how the lake is opened.
func (l *Lake) Options() (catalogs.Options, error) {
	o := catalogs.Options{Kind: l.catalog, AWS: l.AWS(), REST: catalogs.REST{URI: l.restURI, Warehouse: l.restOf, Scope: l.env("PANTHER_LAKE_REST_SCOPE")}}
	switch {
	case l.warehouse != "" && l.dir != "":
		return o, errors.New("-dir and -warehouse both say where the lake is: leave one out")
	case l.warehouse != "":
		o.Warehouse = l.warehouse
	case l.dir != "":
		o.Warehouse = LakeIn(l.dir)
	case l.env("PANTHER_LAKE_WAREHOUSE") != "":
		o.Warehouse = l.env("PANTHER_LAKE_WAREHOUSE")
	default:
		o.Warehouse = filepath.Join("panther-data", "lake")
	}
	if o.Kind == catalogs.Rest && o.REST.URI == "" {
		return o, errors.New("-catalog rest: say where the service is: -rest-uri")
	}
	var err1, err2 error
	o.REST.Token, err1 = l.secret("PANTHER_LAKE_REST_TOKEN")
	o.REST.Credential, err2 = l.secret("PANTHER_LAKE_REST_CREDENTIAL")
	return o, errors.Join(err1, err2)
}

func (l *Lake) secret(variable string) (string, error) {
	ref := l.env(variable)
	if ref == "" {
		return "", nil
	}
	secret, err := catalogue.Resolve(ref, l.env)
	if err != nil {
		return "", fmt.Errorf("%s: %w", variable, err)
	}
	return secret, nil
}

// AWS is how the services of AWS are reached.
func (l *Lake) AWS() bucket.Options { return bucket.Options{Endpoint: l.endpoint, Region: l.region} }

// Schemas reads the schemas in a file, in those that a pattern means, or in a folder. Of an empty path there are none.
func Schemas(path string) (out []*logtype.Schema, err error) {
	if path == "" {
		return nil, nil
	}
	if IsFolder(path) {
		path = filepath.Join(path, "*.yml")
	}
	files, err := filepath.Glob(path)
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("-schemas %s: there are no schemas", path)
	}
	var errs []error
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("-schemas: %w", err)
		}
		s, err := logtype.Parse(file, data)
		errs = append(errs, err)
		out = append(out, s)
	}
	return out, errors.Join(errs...)
}

// LakeIn is the folder of the lake in a data directory, or the directory itself if it is that folder.
func LakeIn(dir string) string {
	if inside := filepath.Join(dir, "lake"); IsFolder(inside) {
		return inside
	}
	return dir
}

// IsFolder reports whether there is a folder at a path.
func IsFolder(path string) bool {
	fi, err := os.Stat(path)
	return err == nil && fi.IsDir()
}
