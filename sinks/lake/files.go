package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/apache/iceberg-go/table"
)

// fileHeads are heads that need no service: the newest metadata/vN.metadata.json of a folder is the table. A commit is the
// atomic creation of version N+1, then of version-hint.text, which only other engines read. The layout is that of Hadoop
// tables, which they open by the path of the folder.
type fileHeads struct {
	store Store

	mu    sync.Mutex
	cache map[string]version // by table; metadata is immutable
}

type version struct {
	n    int
	meta table.Metadata
}

func (f *fileHeads) head(id table.Identifier, v version) Head {
	return Head{Meta: v.meta, Location: f.store.Root() + "/" + versionFile(id, v.n)}
}

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
	if !strings.HasPrefix(file, "v") || strings.Contains(file, "-") {
		return 0
	}
	return numberOf(file)
}

// numberOf returns the N of a file vN.metadata.json, or of a file N-<uuid>.metadata.json, as catalogs with a service call them;
// else 0. Of the latter there may be several with the same N, of which one counts.
func numberOf(file string) int {
	s, ok := strings.CutSuffix(file, metadataSuffix)
	s, _, _ = strings.Cut(strings.TrimPrefix(s, "v"), "-")
	n, err := strconv.Atoi(s)
	if !ok || err != nil || n < 1 {
		return 0
	}
	return n
}

func readMetadata(ctx context.Context, s Store, name string) (table.Metadata, error) {
	b, err := readAll(ctx, s, name)
	if err != nil {
		return nil, err
	}
	meta, err := table.ParseMetadataBytes(b)
	if err != nil {
		return nil, fmt.Errorf("read %s/%s: %w", s.Root(), name, err)
	}
	return meta, nil
}

// latest returns the newest version of a table; 0 if there is none.
func (f *fileHeads) latest(ctx context.Context, id table.Identifier) (int, error) {
	files, err := f.store.List(ctx, folderOf(id)+"/"+metadataDir)
	if err != nil {
		return 0, fmt.Errorf("find the newest version of table %s: %w", nameOf(id), err)
	}
	n := 0
	for _, file := range files {
		n = max(n, versionOf(file.Name))
	}
	return n, nil
}

func (f *fileHeads) load(ctx context.Context, id table.Identifier) (version, error) {
	n, err := f.latest(ctx, id)
	if err != nil {
		return version{}, err
	}
	if n == 0 {
		return version{}, fmt.Errorf("%w: %s in %s", ErrNoTable, nameOf(id), f.store.Root())
	}
	f.mu.Lock()
	v := f.cache[folderOf(id)]
	f.mu.Unlock()
	if v.n == n {
		return v, nil
	}
	meta, err := readMetadata(ctx, f.store, versionFile(id, n))
	if err != nil {
		return version{}, fmt.Errorf("load table %s: %w", nameOf(id), err)
	}
	v = version{n, meta}
	f.remember(id, v)
	return v, nil
}

func (f *fileHeads) remember(id table.Identifier, v version) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cache[folderOf(id)].n < v.n {
		f.cache[folderOf(id)] = v
	}
}

// Load returns the newest version.
func (f *fileHeads) Load(ctx context.Context, id table.Identifier) (Head, error) {
	v, err := f.load(ctx, id)
	if err != nil {
		return Head{}, err
	}
	return f.head(id, v), nil
}

// Commit makes the next version.
func (f *fileHeads) Commit(ctx context.Context, id table.Identifier, reqs []table.Requirement, ups []table.Update) (Head, error) {
	v, err := f.load(ctx, id)
	if err != nil {
		return Head{}, err
	}
	for _, r := range reqs {
		if err := r.Validate(v.meta); err != nil {
			return Head{}, fmt.Errorf("commit to table %s: %w: %w", nameOf(id), table.ErrCommitFailed, err)
		}
	}
	meta, err := table.UpdateTableMetadata(v.meta, ups, f.store.Root()+"/"+versionFile(id, v.n))
	if err != nil {
		return Head{}, fmt.Errorf("commit to table %s: %w", nameOf(id), err)
	}
	if v, err = f.publish(ctx, id, v.n+1, meta); err != nil {
		return Head{}, err
	}
	return f.head(id, v), nil
}

// Create makes the first version.
func (f *fileHeads) Create(ctx context.Context, id table.Identifier, meta table.Metadata) error {
	_, err := f.publish(ctx, id, 1, meta)
	if errors.Is(err, table.ErrCommitFailed) {
		return nil // there is one
	}
	return err
}

// Render returns metadata as its file has it, and as it is when it is read from there. That is to be kept, not what was given:
// metadata that was built upon other metadata has that in memory, and so all that ever was.
func Render(built table.Metadata) (file []byte, read table.Metadata, err error) {
	if file, err = json.Marshal(built); err != nil {
		return nil, nil, err
	}
	read, err = table.ParseMetadataBytes(file)
	return file, read, err
}

// publish creates a version, which is the commit.
func (f *fileHeads) publish(ctx context.Context, id table.Identifier, n int, built table.Metadata) (version, error) {
	b, meta, err := Render(built)
	if err != nil {
		return version{}, fmt.Errorf("commit to table %s: %w", nameOf(id), err)
	}
	switch err := f.store.Create(ctx, versionFile(id, n), b); {
	case errors.Is(err, ErrExists):
		return version{}, fmt.Errorf("commit to table %s: %w: another writer made version %d", nameOf(id), table.ErrCommitFailed, n)
	case err != nil:
		return version{}, fmt.Errorf("commit to table %s: %w", nameOf(id), err)
	}
	// Old versions are removed by age. A writer that slept longer than that may have created, without a conflict, a version
	// that others had made, left behind and removed: nobody will ever read it. So if there is a newer one, that must tell.
	newest, err := f.latest(ctx, id)
	if err != nil {
		return version{}, err
	}
	if newest > n {
		return version{}, fmt.Errorf("commit to table %s: version %d is there already, so it is not known whether version %d counts: load the table and look", nameOf(id), newest, n)
	}
	v := version{n, meta}
	f.remember(id, v)
	// The hint is only a hint: whoever reads it looks for newer versions, and the next commit writes it again.
	_ = f.store.Put(ctx, folderOf(id)+"/"+metadataDir+"/version-hint.text", []byte(strconv.Itoa(n)))
	return v, nil
}

// List looks for folders of folders with versions.
func (f *fileHeads) List(ctx context.Context) ([]table.Identifier, error) {
	var out []table.Identifier
	spaces, err := f.store.List(ctx, ".")
	if err != nil {
		return nil, err
	}
	for _, space := range spaces {
		if !space.Dir {
			continue
		}
		names, err := f.store.List(ctx, space.Name)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if !name.Dir {
				continue
			}
			id := table.Identifier{space.Name, name.Name}
			if n, err := f.latest(ctx, id); err != nil {
				return nil, err
			} else if n > 0 {
				out = append(out, id)
			}
		}
	}
	return out, nil
}
