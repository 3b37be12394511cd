package lake

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/apache/iceberg-go/table"
)

// How long files stay that no version of the table needs.
const (
	keepFiles    = time.Hour        // a reader works with the version that it has loaded
	keepSlack    = 10 * time.Minute // from the writing of a file to the commit that shows it, and between clocks
	keepOrphans  = 24 * time.Hour   // data: a file is written long before its commit where an hour is rewritten
	keepVersions = 100              // of the metadata, however old
)

// removed counts files.
type removed struct {
	files int
	bytes int64
}

// sweepMetadata removes files of metadata that nobody has needed since an hour ago: versions older than the one that was the
// newest then, and manifests, written before, that neither that version nor t refers to. Those of the versions between are
// younger, or were in that version. It goes by age, never by count: a writer that slept would create its next version in the
// place of one that is gone, and believe it had committed. With plan it only counts.
func (c *Catalog) sweepMetadata(ctx context.Context, t *table.Table, now time.Time, plan bool) (removed, error) {
	dir, err := c.folder(t)
	if err != nil {
		return removed{}, err
	}
	dir += "/" + metadataDir
	files, err := c.store.List(ctx, dir)
	if err != nil {
		return removed{}, err
	}
	then := versionAt(files, now.Add(-keepFiles))
	if then == 0 {
		return removed{}, nil // the table is younger
	}
	used, err := c.needed(ctx, t, dir, files, then, false)
	if err != nil {
		return removed{}, err
	}
	newest := versionAt(files, now.Add(keepOrphans))
	var out removed
	var errs []error
	for _, f := range files {
		n := numberOf(f.Name)
		old := n > 0 && n < then && n <= newest-keepVersions || strings.HasSuffix(f.Name, ".avro") && !used[dir+"/"+f.Name] || strings.HasPrefix(f.Name, tmpPrefix)
		if old && !f.Dir && f.Written.Before(now.Add(-keepFiles-keepSlack)) {
			errs = append(errs, c.remove(ctx, dir, f, plan, &out))
		}
	}
	return out, errors.Join(errs...)
}

// versionAt returns the number of the version that was the newest at a time; 0 if there was none.
func versionAt(files []Entry, at time.Time) (newest int) {
	for _, f := range files {
		if f.Written.Before(at) {
			newest = max(newest, numberOf(f.Name))
		}
	}
	return newest
}

func (c *Catalog) remove(ctx context.Context, dir string, f Entry, plan bool, out *removed) error {
	if !plan {
		if err := c.store.Remove(ctx, dir+"/"+f.Name); err != nil {
			return err
		}
	}
	out.files++
	out.bytes += f.Size
	return nil
}

// needed returns the names, in the store, of the files that t or the version of a number refers to: manifests and lists of
// manifests, and with data also data files.
func (c *Catalog) needed(ctx context.Context, t *table.Table, dir string, files []Entry, then int, data bool) (map[string]bool, error) {
	metas := []table.Metadata{t.Metadata()}
	for _, f := range files {
		if numberOf(f.Name) != then {
			continue
		}
		meta, err := readMetadata(ctx, c.store, dir+"/"+f.Name)
		if err != nil {
			return nil, err
		}
		metas = append(metas, meta)
	}
	used := map[string]bool{}
	for _, meta := range metas {
		for _, snap := range meta.Snapshots() {
			if err := c.addNeeded(ctx, used, snap, data); err != nil {
				return nil, err
			}
		}
	}
	return used, nil
}

// addNeeded adds the names of a snapshot's files. What is known is not read again: most snapshots share their manifests.
func (c *Catalog) addNeeded(ctx context.Context, used map[string]bool, snap table.Snapshot, data bool) error {
	io := storeIO{ctx, c.store}
	name := func(location string) string { return strings.TrimPrefix(location, c.store.Root()+"/") }
	if used[name(snap.ManifestList)] {
		return nil
	}
	used[name(snap.ManifestList)] = true
	manifests, err := snap.Manifests(io)
	if err != nil {
		return err
	}
	for _, m := range manifests {
		if used[name(m.FilePath())] {
			continue
		}
		used[name(m.FilePath())] = true
		if !data {
			continue
		}
		for e, err := range m.Entries(io, true) {
			if err != nil {
				return err
			}
			used[name(e.DataFile().FilePath())] = true
		}
	}
	return nil
}

// sweepData removes data files that no snapshot of t, and none of the version of an hour ago, refers to, a day after they
// were written: those of hours that were rewritten or dropped, once their snapshots are forgotten, and those of commits that
// never came to an end. Folders of hours that are empty go, too. With plan it only counts.
func (c *Catalog) sweepData(ctx context.Context, t *table.Table, now time.Time, plan bool) (removed, error) {
	dir, err := c.folder(t)
	if err != nil {
		return removed{}, err
	}
	versions, err := c.store.List(ctx, dir+"/"+metadataDir)
	if err != nil {
		return removed{}, err
	}
	used, err := c.needed(ctx, t, dir+"/"+metadataDir, versions, versionAt(versions, now.Add(-keepFiles)), true)
	if err != nil {
		return removed{}, err
	}
	var out removed
	return out, c.sweepFolder(ctx, dir+"/"+dataDir, used, now.Add(-keepOrphans), plan, &out)
}

func (c *Catalog) sweepFolder(ctx context.Context, dir string, used map[string]bool, before time.Time, plan bool, out *removed) error {
	files, err := c.store.List(ctx, dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		name := dir + "/" + f.Name
		switch {
		case f.Dir:
			err = c.sweepFolder(ctx, name, used, before, plan, out)
		case used[name] || !f.Written.Before(before) || !strings.HasSuffix(f.Name, ".parquet") && !strings.HasPrefix(f.Name, tmpPrefix):
		default:
			err = c.remove(ctx, dir, f, plan, out)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
