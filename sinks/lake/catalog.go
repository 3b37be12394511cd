package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/catalog"
	iceio "github.com/apache/iceberg-go/io"
	"github.com/apache/iceberg-go/table"
)

// A Catalog finds tables in a Store, without any service: the newest metadata/vN.metadata.json of a folder is the table.
// A commit is the atomic creation of version N+1, then of version-hint.text, which only other engines read. The layout is
// that of Hadoop tables, which they open by the path of the folder.
type Catalog struct {
	store Store

	mu    sync.Mutex
	cache map[string]version // by table; metadata is immutable
}

type version struct {
	n    int
	meta table.Metadata
}

// NewCatalog makes a catalog of the tables in s.
func NewCatalog(s Store) *Catalog { return &Catalog{store: s, cache: map[string]version{}} }

// ErrNoTable is what LoadTable returns for a table that was never created.
var ErrNoTable = catalog.ErrNoSuchTable

const (
	metadataDir    = "metadata"
	metadataSuffix = ".metadata.json"
)

func folderOf(id table.Identifier) string { return strings.Join(id, "/") }

func versionFile(id table.Identifier, n int) string {
	return fmt.Sprintf("%s/%s/v%d%s", folderOf(id), metadataDir, n, metadataSuffix)
}

// versionOf returns the N of a file vN.metadata.json, or 0.
func versionOf(file string) int {
	s, ok := strings.CutSuffix(file, metadataSuffix)
	if !ok || !strings.HasPrefix(s, "v") {
		return 0
	}
	n, err := strconv.Atoi(s[1:])
	if err != nil || n < 1 {
		return 0
	}
	return n
}

// latest returns the newest version of a table; 0 if there is none.
func (c *Catalog) latest(ctx context.Context, id table.Identifier) (int, error) {
	files, err := c.store.List(ctx, folderOf(id)+"/"+metadataDir)
	if err != nil {
		return 0, fmt.Errorf("find the newest version of table %s: %w", strings.Join(id, "."), err)
	}
	n := 0
	for _, f := range files {
		n = max(n, versionOf(f.Name))
	}
	return n, nil
}

func (c *Catalog) load(ctx context.Context, id table.Identifier) (version, error) {
	n, err := c.latest(ctx, id)
	if err != nil {
		return version{}, err
	}
	if n == 0 {
		return version{}, fmt.Errorf("%w: %s in %s", ErrNoTable, strings.Join(id, "."), c.store.Root())
	}
	c.mu.Lock()
	v := c.cache[folderOf(id)]
	c.mu.Unlock()
	if v.n == n {
		return v, nil
	}
	b, err := readAll(ctx, c.store, versionFile(id, n))
	if err != nil {
		return version{}, fmt.Errorf("load table %s: %w", strings.Join(id, "."), err)
	}
	meta, err := table.ParseMetadataBytes(b)
	if err != nil {
		return version{}, fmt.Errorf("load table %s from %s: %w", strings.Join(id, "."), versionFile(id, n), err)
	}
	return c.remember(id, version{n, meta}), nil
}

func (c *Catalog) remember(id table.Identifier, v version) version {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cache[folderOf(id)].n < v.n {
		c.cache[folderOf(id)] = v
	}
	return v
}

func (c *Catalog) table(id table.Identifier, v version) *table.Table {
	open := func(ctx context.Context) (iceio.IO, error) { return storeIO{ctx, c.store}, nil }
	return table.New(id, v.meta, c.store.Root()+"/"+versionFile(id, v.n), open, c)
}

// LoadTable returns the table as it is now, or ErrNoTable.
func (c *Catalog) LoadTable(ctx context.Context, id table.Identifier) (*table.Table, error) {
	v, err := c.load(ctx, id)
	if err != nil {
		return nil, err
	}
	return c.table(id, v), nil
}

// CommitTable makes the next version of a table, if the requirements hold for the present one and nobody else makes one at
// the same time; else the error wraps table.ErrCommitFailed and nothing has changed. After any other error it may have.
func (c *Catalog) CommitTable(ctx context.Context, id table.Identifier, reqs []table.Requirement, ups []table.Update) (table.Metadata, string, error) {
	v, err := c.load(ctx, id)
	if err != nil {
		return nil, "", err
	}
	for _, r := range reqs {
		if err := r.Validate(v.meta); err != nil {
			return nil, "", fmt.Errorf("commit to table %s: %w: %w", strings.Join(id, "."), table.ErrCommitFailed, err)
		}
	}
	meta, err := table.UpdateTableMetadata(v.meta, ups, c.store.Root()+"/"+versionFile(id, v.n))
	if err != nil {
		return nil, "", fmt.Errorf("commit to table %s: %w", strings.Join(id, "."), err)
	}
	if err := c.publish(ctx, id, version{v.n + 1, meta}); err != nil {
		return nil, "", err
	}
	return meta, c.store.Root() + "/" + versionFile(id, v.n+1), nil
}

// CreateTable makes a table with a schema that brings its own field ids, or returns the one that there is.
func (c *Catalog) CreateTable(ctx context.Context, id table.Identifier, s *iceberg.Schema, spec *iceberg.PartitionSpec, props iceberg.Properties) (*table.Table, error) {
	meta, err := table.NewMetadata(s, spec, table.UnsortedSortOrder, c.store.Root()+"/"+folderOf(id), props)
	if err != nil {
		return nil, fmt.Errorf("create table %s: %w", strings.Join(id, "."), err)
	}
	if err := c.publish(ctx, id, version{1, meta}); err != nil && !errors.Is(err, table.ErrCommitFailed) {
		return nil, err
	}
	return c.LoadTable(ctx, id)
}

// publish creates a version, which is the commit.
func (c *Catalog) publish(ctx context.Context, id table.Identifier, v version) error {
	b, err := json.Marshal(v.meta)
	if err != nil {
		return fmt.Errorf("commit to table %s: %w", strings.Join(id, "."), err)
	}
	name := versionFile(id, v.n)
	switch err := c.store.Create(ctx, name, b); {
	case errors.Is(err, ErrExists):
		return fmt.Errorf("commit to table %s: %w: another writer made version %d", strings.Join(id, "."), table.ErrCommitFailed, v.n)
	case err != nil:
		return fmt.Errorf("commit to table %s: %w", strings.Join(id, "."), err)
	}
	// Old versions are removed by age. A writer that slept longer than that may have created, without a conflict, a version
	// that others had made, left behind and removed: nobody will ever read it. So if there is a newer one, that must tell.
	n, err := c.latest(ctx, id)
	if err != nil {
		return err
	}
	if n > v.n {
		return fmt.Errorf("commit to table %s: version %d is there already, so it is not known whether version %d counts: load the table and look", strings.Join(id, "."), n, v.n)
	}
	c.remember(id, v)
	// The hint is only a hint: whoever reads it looks for newer versions, and the next commit writes it again.
	_ = c.store.Put(ctx, folderOf(id)+"/"+metadataDir+"/version-hint.text", []byte(strconv.Itoa(v.n)))
	return nil
}

// ListTables returns the identifiers of all tables, in order.
func (c *Catalog) ListTables(ctx context.Context) ([]table.Identifier, error) {
	var out []table.Identifier
	spaces, err := c.store.List(ctx, ".")
	if err != nil {
		return nil, err
	}
	for _, space := range spaces {
		if !space.Dir {
			continue
		}
		names, err := c.store.List(ctx, space.Name)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			id := table.Identifier{space.Name, name.Name}
			if n, err := c.latest(ctx, id); err != nil {
				return nil, err
			} else if name.Dir && n > 0 {
				out = append(out, id)
			}
		}
	}
	slices.SortFunc(out, func(a, b table.Identifier) int { return slices.Compare(a, b) })
	return out, nil
}
