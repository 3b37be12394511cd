// Package catalogs opens lakes: it knows every kind of warehouse, where the files are, and every kind of catalog, where the
// heads of the tables are. Its one idea: both are small interfaces of package lake (Store, Heads), so that a lake is any of
// the one with any of the other, and all that is said there of commits holds for each pair.
package catalogs

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"panther/sinks/lake"
	"panther/sinks/lake/bucket"
)

// Kinds of catalogs.
const (
	File = "file" // the heads are files of the warehouse: it needs no service
	Rest = "rest" // a service of Iceberg's REST protocol
	Glue = "glue" // AWS Glue
)

// Options say which lake.
type Options struct {
	Warehouse string         // a folder, or s3://bucket/prefix
	Kind      string         // of catalog; empty: File
	REST      REST           // of the kind Rest
	AWS       bucket.Options // of a warehouse on S3, and of the kind Glue
}

// Open opens a lake. It reads settings and asks nobody: whether the lake can be used, lake.Catalog.Check finds out. So an
// error is one of the settings.
func Open(ctx context.Context, o Options) (*lake.Catalog, error) {
	store, err := openStore(ctx, o)
	if err != nil {
		return nil, err
	}
	switch o.Kind {
	case File, "":
		return lake.NewCatalog(store), nil
	case Rest:
		return lake.NewCatalogOf(store, newRESTHeads(o.REST)), nil
	case Glue:
		c, err := o.AWS.Config(ctx)
		if err != nil {
			return nil, err
		}
		return lake.NewCatalogOf(store, newGlueHeads(c, store)), nil
	}
	return nil, fmt.Errorf("open the catalog of the lake: there is no kind %q: want %s, %s or %s", o.Kind, File, Rest, Glue)
}

// Properties tell engines of other makes, in Iceberg's own names, where the files are. Credentials are not among them.
func (o Options) Properties() map[string]string {
	p := map[string]string{}
	if !OnS3(o.Warehouse) {
		return p
	}
	if o.AWS.Endpoint != "" {
		p["s3.endpoint"] = o.AWS.Endpoint
		p["s3.path-style-access"] = "true"
	}
	if o.AWS.PathStyle != nil {
		p["s3.path-style-access"] = strconv.FormatBool(*o.AWS.PathStyle)
	}
	if o.AWS.Region != "" {
		p["s3.region"], p["client.region"] = o.AWS.Region, o.AWS.Region
	}
	return p
}

// OnS3 reports whether a warehouse is a bucket.
func OnS3(warehouse string) bool { return strings.Contains(warehouse, "://") }

func openStore(ctx context.Context, o Options) (lake.Store, error) {
	if !OnS3(o.Warehouse) {
		return lake.OpenFolder(o.Warehouse)
	}
	if _, _, err := bucket.Parse(o.Warehouse); err != nil {
		return nil, err
	}
	c, err := o.AWS.Config(ctx)
	if err != nil {
		return nil, err
	}
	return bucket.Open(o.Warehouse, c, o.AWS)
}
