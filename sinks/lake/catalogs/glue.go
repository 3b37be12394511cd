package catalogs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"sync"

	"github.com/apache/iceberg-go/table"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/google/uuid"

	"panther/sinks/lake"
	"panther/sinks/lake/bucket"
)

// glueHeads are heads in AWS Glue: a table there names the file of metadata that is the table now. A commit writes the next
// file, under a name that nobody else uses, and has Glue name it, if the table there has the version that it had before.
type glueHeads struct {
	client *glue.Client
	store  lake.Store

	mu    sync.Mutex
	cache map[string]lake.Head // by table: metadata is immutable
}

func newGlueHeads(c aws.Config, s lake.Store) *glueHeads {
	return &glueHeads{client: glue.NewFromConfig(c), store: s, cache: map[string]lake.Head{}}
}

// What Glue calls tables of Iceberg, as every engine that reads them there expects it.
const (
	paramType     = "table_type"
	paramLocation = "metadata_location"
	paramPrevious = "previous_metadata_location"
	typeIceberg   = "ICEBERG"
	typeExternal  = "EXTERNAL_TABLE"
)

// ErrNotIceberg says that a name in Glue is that of something else.
var ErrNotIceberg = errors.New("it is no table of Iceberg")

// Load returns the table that Glue names.
func (h *glueHeads) Load(ctx context.Context, id table.Identifier) (lake.Head, error) {
	_, head, err := h.load(ctx, id)
	return head, err
}

func (h *glueHeads) load(ctx context.Context, id table.Identifier) (*types.Table, lake.Head, error) {
	out, err := h.client.GetTable(ctx, &glue.GetTableInput{DatabaseName: &id[0], Name: &id[1]})
	var none *types.EntityNotFoundException
	if errors.As(err, &none) {
		return nil, lake.Head{}, fmt.Errorf("%w: %s in Glue", lake.ErrNoTable, nameOf(id))
	}
	if err != nil {
		return nil, lake.Head{}, h.explain("load", "GetTable", id, err)
	}
	location := out.Table.Parameters[paramLocation]
	if !strings.EqualFold(out.Table.Parameters[paramType], typeIceberg) || location == "" {
		return nil, lake.Head{}, fmt.Errorf("load table %s from Glue: %w: remove it there, or use another account", nameOf(id), ErrNotIceberg)
	}
	head, err := h.read(ctx, id, location)
	return out.Table, head, err
}

func (h *glueHeads) read(ctx context.Context, id table.Identifier, location string) (lake.Head, error) {
	h.mu.Lock()
	head := h.cache[nameOf(id)]
	h.mu.Unlock()
	if head.Location == location {
		return head, nil
	}
	name, ok := strings.CutPrefix(location, h.store.Root()+"/")
	if !ok {
		return head, fmt.Errorf("load table %s: Glue says that it is at %s, outside the lake at %s: name the warehouse that holds it", nameOf(id), location, h.store.Root())
	}
	meta, err := readMetadata(ctx, h.store, name)
	if err != nil {
		return head, fmt.Errorf("load table %s: %w", nameOf(id), err)
	}
	head = lake.Head{Meta: meta, Location: location}
	h.remember(id, head)
	return head, nil
}

func (h *glueHeads) remember(id table.Identifier, head lake.Head) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cache[nameOf(id)] = head
}

func readMetadata(ctx context.Context, s lake.Store, name string) (table.Metadata, error) {
	f, err := s.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	meta, err := table.ParseMetadataBytes(b)
	if err != nil {
		return nil, fmt.Errorf("read %s/%s: %w", s.Root(), name, err)
	}
	return meta, nil
}

// write writes the file of the nth version of the metadata of a table.
func (h *glueHeads) write(ctx context.Context, id table.Identifier, n int, built table.Metadata) (lake.Head, error) {
	b, meta, err := lake.Render(built)
	if err != nil {
		return lake.Head{}, fmt.Errorf("write the metadata of table %s: %w", nameOf(id), err)
	}
	name := fmt.Sprintf("%s/metadata/%05d-%s.metadata.json", strings.Join(id, "/"), n, uuid.NewString())
	if err := h.store.Put(ctx, name, b); err != nil {
		return lake.Head{}, err
	}
	return lake.Head{Meta: meta, Location: h.store.Root() + "/" + name}, nil
}

// number is that of the version which a file of metadata holds.
func number(location string) (n int) {
	fmt.Sscanf(location[strings.LastIndexByte(location, '/')+1:], "%d-", &n) // a name of another make counts from 0 again
	return n
}

// Create makes a table, and its database if there is none.
func (h *glueHeads) Create(ctx context.Context, id table.Identifier, meta table.Metadata) error {
	head, err := h.write(ctx, id, 0, meta)
	if err != nil {
		return err
	}
	return h.name(ctx, id, head)
}

// name has Glue name a new table, in a database that it makes if there is none. If there is the table, it is left as it is.
func (h *glueHeads) name(ctx context.Context, id table.Identifier, head lake.Head) error {
	create := func() error {
		_, err := h.client.CreateTable(ctx, &glue.CreateTableInput{DatabaseName: &id[0], TableInput: tableInput(id, head, nil)})
		return err
	}
	err := create()
	var none *types.EntityNotFoundException
	var exists *types.AlreadyExistsException
	if errors.As(err, &none) {
		if _, err = h.client.CreateDatabase(ctx, &glue.CreateDatabaseInput{DatabaseInput: &types.DatabaseInput{Name: &id[0]}}); err != nil && !errors.As(err, &exists) {
			return h.explain("make the database of", "CreateDatabase", id, err)
		}
		err = create()
	}
	if errors.As(err, &exists) {
		return nil // the file that was written is swept in time, if it is not that of the table: an answer may have been lost
	}
	return h.explain("make", "CreateTable", id, err)
}

// Commit names the next version.
func (h *glueHeads) Commit(ctx context.Context, id table.Identifier, reqs []table.Requirement, ups []table.Update) (lake.Head, error) {
	at, now, err := h.load(ctx, id)
	if err != nil {
		return lake.Head{}, err
	}
	for _, r := range reqs {
		if err := r.Validate(now.Meta); err != nil {
			return lake.Head{}, fmt.Errorf("commit to table %s: %w: %w", nameOf(id), table.ErrCommitFailed, err)
		}
	}
	meta, err := table.UpdateTableMetadata(now.Meta, ups, now.Location)
	if err != nil {
		return lake.Head{}, fmt.Errorf("commit to table %s: %w", nameOf(id), err)
	}
	if aws.ToString(at.VersionId) == "" {
		return lake.Head{}, fmt.Errorf("commit to table %s: Glue names no version of it, without which writers would overwrite each other's commits", nameOf(id))
	}
	next, err := h.write(ctx, id, number(now.Location)+1, meta)
	if err != nil {
		return lake.Head{}, err
	}
	_, err = h.client.UpdateTable(ctx, &glue.UpdateTableInput{DatabaseName: &id[0], TableInput: tableInput(id, next, at), VersionId: at.VersionId, SkipArchive: aws.Bool(true)})
	var another *types.ConcurrentModificationException
	if errors.As(err, &another) {
		return h.whose(ctx, id, next, err)
	}
	if err != nil {
		return lake.Head{}, h.explain("commit to", "UpdateTable", id, err)
	}
	h.remember(id, next)
	return next, nil
}

// whose looks who was faster. The client repeats a request whose answer was lost, and then it is our own commit that is in the
// way of the second one.
func (h *glueHeads) whose(ctx context.Context, id table.Identifier, next lake.Head, conflict error) (lake.Head, error) {
	_, now, err := h.load(ctx, id)
	if err != nil {
		return lake.Head{}, err // whether it counts is not known
	}
	if now.Location == next.Location {
		return next, nil
	}
	for entry := range now.Meta.PreviousFiles() {
		if entry.MetadataFile == next.Location {
			return next, nil // and another one was built on it
		}
	}
	return lake.Head{}, fmt.Errorf("commit to table %s: %w: %w", nameOf(id), table.ErrCommitFailed, conflict)
}

// tableInput is what Glue is told of a table. What others wrote there stays.
func tableInput(id table.Identifier, head lake.Head, before *types.Table) *types.TableInput {
	params := map[string]string{}
	in := &types.TableInput{Name: &id[1], TableType: aws.String(typeExternal), Parameters: params,
		StorageDescriptor: &types.StorageDescriptor{Location: aws.String(head.Meta.Location()), Columns: glueColumns(head.Meta.CurrentSchema())}}
	if before != nil {
		maps.Copy(params, before.Parameters)
		params[paramPrevious] = before.Parameters[paramLocation]
		in.Description, in.Owner, in.Retention = before.Description, before.Owner, before.Retention
	}
	params[paramType], params[paramLocation] = typeIceberg, head.Location
	return in
}

// List returns the tables of our databases.
func (h *glueHeads) List(ctx context.Context) (out []table.Identifier, err error) {
	for _, space := range spaces() {
		pages := glue.NewGetTablesPaginator(h.client, &glue.GetTablesInput{DatabaseName: aws.String(space)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			var none *types.EntityNotFoundException
			if errors.As(err, &none) {
				break
			}
			if err != nil {
				return nil, h.explain("list", "GetTables", table.Identifier{space, "*"}, err)
			}
			for _, t := range page.TableList {
				if strings.EqualFold(t.Parameters[paramType], typeIceberg) {
					out = append(out, table.Identifier{space, *t.Name})
				}
			}
		}
	}
	return out, nil
}

// explain says what was asked of Glue, and how to mend what a person can mend.
func (h *glueHeads) explain(doing, action string, id table.Identifier, err error) error {
	if err == nil {
		return nil
	}
	hint := bucket.Missing(err)
	switch bucket.Code(err) {
	case "AccessDeniedException", "AccessDenied":
		hint = fmt.Sprintf("; allow glue:%s on the catalog, the database %s and its tables to these credentials", action, id[0])
	case "UnrecognizedClientException", "InvalidSignatureException", "IncompleteSignature", "InvalidClientTokenId":
		hint = "; Glue does not know these credentials: look at AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile"
	case "ExpiredTokenException":
		hint = "; the credentials have expired: get new ones"
	case "ResourceNumberLimitExceededException":
		hint = "; have the limit of tables raised"
	}
	return fmt.Errorf("%s table %s in Glue: %w%s", doing, nameOf(id), bucket.Readable(err), hint)
}

var _ lake.Heads = (*glueHeads)(nil)
