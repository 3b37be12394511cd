package main

import (
	"context"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"

	"panther/pipeline"
	"panther/schemas/catalogue"
	"panther/sinks/lake"
	"panther/sinks/lake/bucket"
	"panther/sinks/lake/catalogs"
	"panther/sinks/lake/operator"
)

// lakeFlags adds to f the flags by which a command that needs the lake, and no broker, finds it.
func lakeFlags(f *flag.FlagSet) *place {
	w := &place{}
	f.StringVar(&w.config, "config", "", "configuration `file`; every key is also a PANTHER_* variable")
	f.StringVar(&w.dir, "dir", "", "data `directory`, which holds the lake, or the folder of a lake (default "+pipeline.DefaultDir+")")
	w.warehouseFlag(f)
	return w
}

// warehouseFlag adds the flag that names the lake, wherever it is.
func (w *place) warehouseFlag(f *flag.FlagSet) {
	f.StringVar(&w.warehouse, "warehouse", "", "where the lake is, in place of what the configuration says: a folder, or s3://bucket/prefix as `URI`")
}

// openLake opens the lake that the flags name, else that of the configuration. It asks nobody yet: the first use does.
func (w *place) openLake(ctx context.Context, p *program) (*lake.Catalog, error) {
	o, err := w.lakeOptions(p)
	if err != nil {
		return nil, err
	}
	return openLake(ctx, o)
}

// lakeOptions say which lake openLake opens.
func (w *place) lakeOptions(p *program) (o catalogs.Options, err error) {
	if w.dir != "" && w.warehouse != "" {
		return o, usageError("--dir and --warehouse both say where the lake is: leave one out")
	}
	c, err := w.load(p)
	if err != nil {
		return o, err
	}
	if w.dir != "" {
		c.Lake.Catalog, c.Lake.REST, c.Lake.Warehouse = catalogs.File, catalogs.REST{}, operator.LakeIn(w.dir)
	}
	if o, err = lakeOptions(c, p.env); err != nil {
		return o, err
	}
	return o, w.mustBeThere(o)
}

// mustBeThere says that the folder of a lake is none. A lake without tables is empty; a folder that is not there is more likely
// a slip of the pen.
func (w *place) mustBeThere(o catalogs.Options) error {
	if catalogs.OnS3(o.Warehouse) || o.Kind != catalogs.File && o.Kind != "" {
		return nil
	}
	if _, err := os.Stat(o.Warehouse); !errors.Is(err, fs.ErrNotExist) {
		return nil // what else may be wrong the first use says
	}
	if w.dir != "" {
		return usageError("there is no folder %s: --dir names a data directory, which holds the lake, or the folder of a lake", w.dir)
	}
	return usageError("there is no lake at %s: `panther run -f DIR` and `panther demo` make one; --dir names another folder, --warehouse a bucket", o.Warehouse)
}

// lakeOptions say which lake a configuration names.
func lakeOptions(c pipeline.Config, env func(name string) string) (o catalogs.Options, err error) {
	o = catalogs.Options{Warehouse: c.Lake.Warehouse, Kind: c.Lake.Catalog, REST: c.Lake.REST,
		AWS: bucket.Options{Endpoint: c.AWS.Endpoint, Region: c.AWS.Region, PathStyle: c.AWS.PathStyle}}
	for _, secret := range []*string{&o.REST.Token, &o.REST.Credential} {
		if *secret == "" {
			continue
		}
		if *secret, err = catalogue.Resolve(*secret, env); err != nil {
			return o, usageError("the catalog of the lake: %v", err)
		}
	}
	return o, nil
}

// openLake opens a lake. An error is one of the settings.
func openLake(ctx context.Context, o catalogs.Options) (*lake.Catalog, error) {
	l, err := catalogs.Open(ctx, o)
	if err != nil {
		return nil, &exitError{exitUsage, err.Error()}
	}
	return l, nil
}

// lakeOf is the folder of the lake beside a broker's data.
func lakeOf(dir string) string { return filepath.Join(dir, "lake") }
