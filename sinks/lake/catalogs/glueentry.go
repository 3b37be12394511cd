package catalogs

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/apache/iceberg-go/table"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"panther/sinks/lake"
)

// GlueEntries are what Glue says of the tables of a lake: more than a catalog needs, for people look at its pages, permissions
// go by its columns, and other programs, as crawlers, write to it.
type GlueEntries struct {
	*lake.Catalog
	heads *glueHeads
}

// OpenGlue opens a lake whose heads are in Glue.
func OpenGlue(ctx context.Context, o Options) (*GlueEntries, error) {
	store, err := openStore(ctx, o)
	if err != nil {
		return nil, err
	}
	c, err := o.AWS.Config(ctx)
	if err != nil {
		return nil, err
	}
	heads := newGlueHeads(c, store)
	return &GlueEntries{lake.NewCatalogOf(store, heads), heads}, nil
}

// Stored returns the tables that have files in the warehouse, whether Glue names them or not.
func (g *GlueEntries) Stored(ctx context.Context) (ids []table.Identifier, err error) {
	for _, space := range spaces() {
		names, err := g.heads.store.List(ctx, space)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if name.Dir {
				ids = append(ids, table.Identifier{space, name.Name})
			}
		}
	}
	return ids, nil
}

// Forgotten returns the head of a table that Glue does not name, though its files are there: the newest version that Glue can
// have named. Without files it returns ErrNoTable; another error says why it is not known which version counts.
func (g *GlueEntries) Forgotten(ctx context.Context, id table.Identifier) (lake.Head, error) {
	dir := strings.Join(id, "/") + "/metadata"
	files, err := g.heads.store.List(ctx, dir)
	if err != nil {
		return lake.Head{}, err
	}
	newest, names := -1, []string(nil)
	for _, f := range files {
		switch {
		case !strings.HasSuffix(f.Name, ".metadata.json"):
		case strings.HasPrefix(f.Name, "v"):
			return lake.Head{}, errors.New("its head is a file of the lake: it belongs to the catalog file, and Glue would not hear of its commits")
		case number(f.Name) > newest:
			newest, names = number(f.Name), []string{f.Name}
		case number(f.Name) == newest:
			names = append(names, f.Name)
		}
	}
	switch len(names) {
	case 0:
		return lake.Head{}, lake.ErrNoTable
	case 1:
		return g.heads.read(ctx, id, g.heads.store.Root()+"/"+path.Join(dir, names[0]))
	}
	return lake.Head{}, fmt.Errorf("of %s only one was the table: make the table in Glue with that as its metadata_location", strings.Join(names, " and "))
}

// Register has Glue name a table again.
func (g *GlueEntries) Register(ctx context.Context, id table.Identifier, head lake.Head) error {
	return g.heads.name(ctx, id, head)
}

// Differences says in what Glue's entry differs from the table that it names.
func (g *GlueEntries) Differences(ctx context.Context, id table.Identifier) (differences []string, err error) {
	at, head, err := g.heads.load(ctx, id)
	if err != nil {
		return nil, err
	}
	differences = entryDifferences(at, tableInput(id, head, at))
	partitions, err := g.partitions(ctx, id)
	if len(partitions) > 0 {
		differences = append(differences, fmt.Sprintf("Glue lists partitions, %d of them: a table of Iceberg has its own", len(partitions)))
	}
	return differences, err
}

func entryDifferences(at *types.Table, want *types.TableInput) (differences []string) {
	differ := func(format string, args ...any) { differences = append(differences, fmt.Sprintf(format, args...)) }
	var have types.StorageDescriptor
	if at.StorageDescriptor != nil {
		have = *at.StorageDescriptor
	}
	if strings.TrimSuffix(aws.ToString(have.Location), "/") != aws.ToString(want.StorageDescriptor.Location) {
		differ("Glue says it is at %s, and it is at %s", aws.ToString(have.Location), *want.StorageDescriptor.Location)
	}
	if len(at.PartitionKeys) > 0 {
		differ("Glue names partition keys, %d of them: a table of Iceberg has its own", len(at.PartitionKeys))
	}
	before := len(differences)
	named := func(list []types.Column, name *string) int {
		return slices.IndexFunc(list, func(c types.Column) bool { return strings.EqualFold(aws.ToString(c.Name), *name) })
	}
	for _, c := range want.StorageDescriptor.Columns {
		i := named(have.Columns, c.Name)
		switch {
		case i < 0:
			differ("Glue does not show column %s %s", *c.Name, *c.Type)
		case aws.ToString(have.Columns[i].Type) != *c.Type:
			differ("Glue shows column %s as %s, and it is %s", *c.Name, aws.ToString(have.Columns[i].Type), *c.Type)
		case aws.ToString(have.Columns[i].Comment) != aws.ToString(c.Comment):
			differ("Glue describes column %s as %q, and it is %q", *c.Name, aws.ToString(have.Columns[i].Comment), aws.ToString(c.Comment))
		}
	}
	for _, c := range have.Columns {
		if named(want.StorageDescriptor.Columns, c.Name) < 0 {
			differ("Glue shows column %s, which the table has not", aws.ToString(c.Name))
		}
	}
	if len(differences) == before && !slices.EqualFunc(have.Columns, want.StorageDescriptor.Columns, func(a, b types.Column) bool { return strings.EqualFold(*a.Name, *b.Name) }) {
		differ("Glue shows the columns in another order")
	}
	return differences
}

func (g *GlueEntries) partitions(ctx context.Context, id table.Identifier) (values []types.PartitionValueList, err error) {
	pages := glue.NewGetPartitionsPaginator(g.heads.client, &glue.GetPartitionsInput{DatabaseName: &id[0], TableName: &id[1], ExcludeColumnSchema: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, g.heads.explain("list the partitions of", "GetPartitions", id, err)
		}
		for _, p := range page.Partitions {
			values = append(values, types.PartitionValueList{Values: p.Values})
		}
	}
	return values, nil
}

// mostDeleted is how many partitions Glue deletes at once.
const mostDeleted = 25

// Mend makes Glue's entry that of the table. What others wrote beside it stays. If somebody commits to the table at the same
// time, the error wraps table.ErrCommitFailed, and it can be tried again.
func (g *GlueEntries) Mend(ctx context.Context, id table.Identifier) error {
	at, head, err := g.heads.load(ctx, id)
	if err != nil {
		return err
	}
	in := tableInput(id, head, at)
	if len(entryDifferences(at, in)) > 0 {
		delete(in.Parameters, paramPrevious) // it stays the same version
		if previous, ok := at.Parameters[paramPrevious]; ok {
			in.Parameters[paramPrevious] = previous
		}
		_, err = g.heads.client.UpdateTable(ctx, &glue.UpdateTableInput{DatabaseName: &id[0], TableInput: in, VersionId: at.VersionId, SkipArchive: aws.Bool(true)})
		var another *types.ConcurrentModificationException
		if errors.As(err, &another) {
			return fmt.Errorf("mend table %s in Glue: %w: %w", nameOf(id), table.ErrCommitFailed, err)
		}
		if err != nil {
			return g.heads.explain("mend", "UpdateTable", id, err)
		}
	}
	partitions, err := g.partitions(ctx, id)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(partitions, mostDeleted) {
		if _, err := g.heads.client.BatchDeletePartition(ctx, &glue.BatchDeletePartitionInput{DatabaseName: &id[0], TableName: &id[1], PartitionsToDelete: some}); err != nil {
			return g.heads.explain("delete partitions of", "BatchDeletePartition", id, err)
		}
	}
	return nil
}
