package lake

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/apache/iceberg-go/table"
)

const (
	keepSnapshots = 100       // after this many more, they are expired down to this many
	keepFiles     = time.Hour // nothing is removed that a reader, or a writer that slept, could need
	keepVersions  = 100       // of the metadata, however old
)

// tidy keeps commits cheap, for their cost grows with the snapshots of the table. Old snapshots leave the metadata at once;
// their files, and old versions of the metadata, stay for an hour after they were written: by count, a writer that slept
// would create its next version in the place of one that is gone, and believe it had committed.
func (s *Sink) tidy(ctx context.Context, t *table.Table) error {
	if len(t.Metadata().Snapshots()) < 2*keepSnapshots {
		return nil
	}
	tx := t.NewTransaction()
	err := tx.ExpireSnapshots(table.WithRetainLast(keepSnapshots), table.WithOlderThan(0), table.WithPostCommit(false))
	if err == nil {
		t, err = tx.Commit(ctx)
	}
	if errors.Is(err, table.ErrCommitFailed) {
		return nil // somebody else has committed; the next one tidies
	}
	if err == nil {
		err = s.catalog.sweep(ctx, t, s.opt.Now().Add(-keepFiles))
	}
	if err != nil {
		return fmt.Errorf("expire snapshots of table %s: %w", folderOf(t.Identifier()), err)
	}
	return nil
}

// sweep removes files of metadata that nobody has needed since a time: versions older than the one that was the newest then,
// and manifests, written before, that neither that version nor t refers to. Those of the versions between are younger, or
// were in that version.
func (c *Catalog) sweep(ctx context.Context, t *table.Table, since time.Time) error {
	dir, err := c.folder(t)
	if err != nil {
		return err
	}
	dir += "/" + metadataDir
	files, err := c.store.List(ctx, dir)
	if err != nil {
		return err
	}
	newest, then := 0, 0
	for _, f := range files {
		n := numberOf(f.Name)
		newest = max(newest, n)
		if f.Written.Before(since) {
			then = max(then, n)
		}
	}
	if then == 0 {
		return nil
	}
	used := map[string]bool{}
	if err := c.addManifests(ctx, used, t.Metadata()); err != nil {
		return err
	}
	for _, f := range files {
		if numberOf(f.Name) != then {
			continue
		}
		meta, err := readMetadata(ctx, c.store, dir+"/"+f.Name)
		if err != nil {
			return err
		}
		if err := c.addManifests(ctx, used, meta); err != nil {
			return err
		}
	}
	var errs []error
	for _, f := range files {
		n := numberOf(f.Name)
		old := n > 0 && n < then && n <= newest-keepVersions || strings.HasSuffix(f.Name, ".avro") && !used[f.Name] || strings.HasPrefix(f.Name, tmpPrefix)
		if old && f.Written.Before(since) {
			errs = append(errs, c.store.Remove(ctx, dir+"/"+f.Name))
		}
	}
	return errors.Join(errs...)
}

// addManifests adds the names of the manifests, and lists of manifests, of all snapshots.
func (c *Catalog) addManifests(ctx context.Context, names map[string]bool, meta table.Metadata) error {
	for _, snap := range meta.Snapshots() {
		names[base(snap.ManifestList)] = true
		ms, err := snap.Manifests(storeIO{ctx, c.store})
		if err != nil {
			return err
		}
		for _, m := range ms {
			names[base(m.FilePath())] = true
		}
	}
	return nil
}

func base(location string) string { return location[strings.LastIndexByte(location, '/')+1:] }
