package lake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/catalog"
	iceio "github.com/apache/iceberg-go/io"
	"github.com/apache/iceberg-go/table"
	"github.com/google/uuid"
)

// A Catalog is the tables of a lake: their files, in a Store, and their heads, which say what of the files counts.
type Catalog struct {
	store Store
	heads Heads
	files sync.Pool // of *bytes.Buffer: the memory of files that are stored, for those that come next
}

// Heads know the head of each table: the metadata that is the table now. To commit is to put another one in its place, if it
// is still the one that the requirements were made for: compare-and-swap. That is all that differs between catalogs: see
// NewCatalog for the one that needs no service, and package catalogs for others.
type Heads interface {
	// Load returns the head, or ErrNoTable.
	Load(ctx context.Context, id table.Identifier) (Head, error)
	// Create makes a table. If there is one, it is left as it is, without an error.
	Create(ctx context.Context, id table.Identifier, meta table.Metadata) error
	// Commit replaces the head. An error that wraps table.ErrCommitFailed says that somebody else was faster and that nothing
	// has changed; after any other error it may have.
	Commit(ctx context.Context, id table.Identifier, reqs []table.Requirement, ups []table.Update) (Head, error)
	// List returns all tables, in any order.
	List(ctx context.Context) ([]table.Identifier, error)
}

// A Head is the newest metadata of a table, and the file that holds it.
type Head struct {
	Meta     table.Metadata
	Location string
}

// NewCatalog makes a catalog of the tables in s whose heads are files of s too: it needs no service.
func NewCatalog(s Store) *Catalog {
	return NewCatalogOf(s, &fileHeads{store: s, cache: map[string]version{}})
}

// NewCatalogOf makes a catalog whose files are in s and whose heads are elsewhere.
func NewCatalogOf(s Store, h Heads) *Catalog { return &Catalog{store: s, heads: h} }

// ErrNoTable is what LoadTable returns for a table that was never created.
var ErrNoTable = catalog.ErrNoSuchTable

func nameOf(id table.Identifier) string { return strings.Join(id, ".") }

// Root is where the files of the lake are: an absolute path, or a URI.
func (c *Catalog) Root() string { return c.store.Root() }

func (c *Catalog) table(id table.Identifier, h Head) *table.Table {
	open := func(ctx context.Context) (iceio.IO, error) { return storeIO{ctx, c.store}, nil }
	return table.New(id, h.Meta, h.Location, open, c)
}

// folder returns the name, in the store, of the folder that holds the files of a table.
func (c *Catalog) folder(t *table.Table) (string, error) {
	name, ok := strings.CutPrefix(t.Location(), c.store.Root()+"/")
	if !ok {
		return "", fmt.Errorf("use table %s: its files are in %s, outside the lake at %s: name the warehouse that holds them", nameOf(t.Identifier()), t.Location(), c.store.Root())
	}
	return strings.TrimSuffix(name, "/"), nil
}

// LoadTable returns the table as it is now, or ErrNoTable.
func (c *Catalog) LoadTable(ctx context.Context, id table.Identifier) (*table.Table, error) {
	h, err := c.heads.Load(ctx, id)
	if err != nil {
		return nil, err
	}
	return c.table(id, h), nil
}

// CommitTable makes the next version of a table, if the requirements hold for the present one and nobody else makes one at
// the same time; else the error wraps table.ErrCommitFailed and nothing has changed. After any other error it may have.
func (c *Catalog) CommitTable(ctx context.Context, id table.Identifier, reqs []table.Requirement, ups []table.Update) (table.Metadata, string, error) {
	h, err := c.heads.Commit(ctx, id, reqs, ups)
	return h.Meta, h.Location, err
}

// CreateTable makes a table with a schema that brings its own field ids, or returns the one that there is. Its rows are best
// sorted by the time of events, and that is what it asks of engines that rewrite it.
func (c *Catalog) CreateTable(ctx context.Context, id table.Identifier, s *iceberg.Schema, spec *iceberg.PartitionSpec, props iceberg.Properties) (*table.Table, error) {
	order, err := byEventTime(s)
	if err != nil {
		return nil, fmt.Errorf("create table %s: %w", nameOf(id), err)
	}
	meta, err := table.NewMetadata(s, spec, order, c.store.Root()+"/"+folderOf(id), props)
	if err != nil {
		return nil, fmt.Errorf("create table %s: %w", nameOf(id), err)
	}
	if err := c.heads.Create(ctx, id, meta); err != nil {
		return nil, err
	}
	return c.LoadTable(ctx, id)
}

// Check tries whether the lake can be used: files written, read, listed and removed, and the catalog asked. Where heads are
// files, it tries what commits depend on: that nobody can create a file twice. A store that ignores the condition would let
// two writers commit the same version.
func (c *Catalog) Check(ctx context.Context) (err error) {
	probe := ".panther-check-" + uuid.NewString()
	if err := c.store.Put(ctx, probe, []byte("one")); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.store.Remove(ctx, probe)) }()
	if _, files := c.heads.(*fileHeads); files {
		switch err := c.store.Create(ctx, probe, []byte("two")); {
		case err == nil:
			return fmt.Errorf("use the lake at %s: the store ignores the condition of a write (If-None-Match: *), so writers would overwrite each other's commits: choose a store that keeps to it, or keep the heads of tables elsewhere with lake.catalog", c.store.Root())
		case !errors.Is(err, ErrExists):
			return err
		}
	}
	if _, err := readAll(ctx, c.store, probe); err != nil {
		return err
	}
	_, err = c.heads.List(ctx)
	return err
}

// ListTables returns the identifiers of all tables, in order.
func (c *Catalog) ListTables(ctx context.Context) ([]table.Identifier, error) {
	ids, err := c.heads.List(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(ids, func(a, b table.Identifier) int { return slices.Compare(a, b) })
	return ids, nil
}
