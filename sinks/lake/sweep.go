package lake

import (
	"context"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/apache/iceberg-go/table"
)

// How long files stay that no version of the table needs.
const (
	keepFiles    = time.Hour        // a reader works with the version that it has loaded
	keepSlack    = 10 * time.Minute // between clocks
	keepOrphans  = 24 * time.Hour   // data: a file is written long before its commit where an hour is rewritten
	keepVersions = 100              // of the metadata, however old
)

// removed counts files.
type removed struct {
	files int
	bytes int64
}

// sweep removes files of a table that nobody can need any more, those of data only with data; with plan it only counts them.
//
//   - Readers work with a version that they have loaded within the last hour: what any version since then refers to stays.
//   - Writers in the middle of a commit have written files that no version refers to, and may sleep for long. Their commit
//     fails if the table has got a snapshot since they loaded it. They write manifests after that, and data no more than half
//     a day before: see mayBeGone. So what is older than the present snapshot, by that much, goes. If a table is idle, that
//     would never be, so it gets another snapshot: see fence. Whoever tries again learns from the table whether the data that
//     it has written may be gone.
//
// Versions of the metadata go by age, never by count alone: a writer that slept would create its next version in the place of
// one that is gone, and believe it had committed.
func (c *Catalog) sweep(ctx context.Context, t *table.Table, now time.Time, data, plan bool) (removed, error) {
	folder, err := c.folder(t)
	if err != nil {
		return removed{}, err
	}
	dir := folder + "/" + metadataDir
	files, err := c.store.List(ctx, dir)
	if err != nil {
		return removed{}, err
	}
	h, err := c.historySince(ctx, t, dir, files, now.Add(-keepFiles))
	if err != nil || len(h.names) == 0 || t.CurrentSnapshot() == nil {
		return removed{}, err // the table is younger, or was never written to
	}
	used, err := c.needed(ctx, t, h, data)
	if err != nil {
		return removed{}, err
	}
	garbage := c.unusedMetadata(t, dir, files, used, now, h)
	if data {
		more, err := c.unusedData(ctx, folder+"/"+dataDir, used, now.Add(-keepOrphans))
		if err != nil {
			return removed{}, err
		}
		garbage = append(garbage, more...)
	}
	isData := func(f Entry) bool { return strings.HasSuffix(f.Name, dataSuffix) }
	came := snapshotAt(files, t)
	waits := func(f Entry) bool {
		if isData(f) {
			return !f.Written.Before(came.Add(-keepOrphans))
		}
		return !f.Written.Before(came.Add(-keepSlack))
	}
	before, idle := now.Add(keepSlack-keepOrphans), came.Before(now.Add(-keepFiles))
	if !data || !idle {
		garbage = slices.DeleteFunc(garbage, waits)
	}
	switch {
	case plan:
	case slices.ContainsFunc(garbage, waits):
		err = c.fence(ctx, t, before)
	case slices.ContainsFunc(garbage, isData):
		err = c.announce(ctx, t, before)
	}
	if err != nil {
		return removed{}, err
	}
	return c.remove(ctx, garbage, plan)
}

// snapshotAt returns when the present snapshot of a table came, or a little before: when its list of manifests was written.
func snapshotAt(files []Entry, t *table.Table) (at time.Time) {
	for _, f := range files {
		if f.Name == path.Base(t.CurrentSnapshot().ManifestList) {
			at = f.Written
		}
	}
	return at
}

func (c *Catalog) remove(ctx context.Context, garbage []Entry, plan bool) (out removed, err error) {
	for _, f := range garbage {
		if !plan {
			if err := c.store.Remove(ctx, f.Name); err != nil {
				return out, err
			}
		}
		out.files++
		out.bytes += f.Size
	}
	return out, nil
}

// needed returns the names, in the store, of the files that t, or any version of its history, refers to: metadata, manifests
// and lists of manifests, and with data also data files.
func (c *Catalog) needed(ctx context.Context, t *table.Table, h history, data bool) (map[string]bool, error) {
	used, known := map[string]bool{}, map[int64]bool{}
	for _, name := range append(namesBefore(c, t.Metadata()), h.names...) {
		used[name] = true
	}
	add := func(metas ...table.Metadata) error {
		for _, meta := range metas {
			for _, snap := range meta.Snapshots() {
				known[snap.SequenceNumber] = true
				if err := c.addNeeded(ctx, used, snap, data); err != nil {
					return err
				}
			}
		}
		return nil
	}
	first, err := h.read(ctx, 0)
	if err != nil {
		return nil, err
	}
	if err := add(first, t.Metadata()); err != nil {
		return nil, err
	}
	// A snapshot that came since then and has gone is missing in the sequence. The first version that has reached its number
	// has it.
	for seq := t.Metadata().LastSequenceNumber(); seq > first.LastSequenceNumber(); seq-- {
		if known[seq] {
			continue
		}
		meta, err := h.reaching(ctx, seq)
		if err != nil {
			return nil, err
		}
		if err := add(meta); err != nil {
			return nil, err
		}
	}
	return used, nil
}

// addNeeded adds the names of a snapshot's files. What is known is not read again: most snapshots share their manifests.
func (c *Catalog) addNeeded(ctx context.Context, used map[string]bool, snap table.Snapshot, data bool) error {
	io := storeIO{ctx, c.store}
	if used[c.nameIn(snap.ManifestList)] {
		return nil
	}
	used[c.nameIn(snap.ManifestList)] = true
	manifests, err := snap.Manifests(io)
	if err != nil {
		return err
	}
	for _, m := range manifests {
		if used[c.nameIn(m.FilePath())] {
			continue
		}
		used[c.nameIn(m.FilePath())] = true
		if !data {
			continue
		}
		for e, err := range m.Entries(io, true) {
			if err != nil {
				return err
			}
			used[c.nameIn(e.DataFile().FilePath())] = true
		}
	}
	return nil
}

// unusedMetadata returns the files of metadata that are not used: manifests, and versions older than a history. One that is to
// be named by a service next, whose writer sleeps, has a higher number than the present one.
func (c *Catalog) unusedMetadata(t *table.Table, dir string, files []Entry, used map[string]bool, now time.Time, h history) (out []Entry) {
	first, last := numberOf(path.Base(h.names[0])), numberOf(path.Base(t.MetadataLocation()))
	for _, f := range files {
		n := numberOf(f.Name)
		old := n > 0 && n < first && n <= last-keepVersions || strings.HasPrefix(f.Name, tmpPrefix) || strings.HasSuffix(f.Name, ".avro")
		f.Name = dir + "/" + f.Name
		if old && !used[f.Name] && !f.Dir && f.Written.Before(now.Add(-keepFiles-keepSlack)) {
			out = append(out, f)
		}
	}
	return out
}

// unusedData returns the data files in a folder, and in those below, that are not used and were written before a time: those of
// hours that were rewritten or dropped, once their snapshots are forgotten, and those of commits that never came to an end.
func (c *Catalog) unusedData(ctx context.Context, dir string, used map[string]bool, before time.Time) (out []Entry, err error) {
	files, err := c.store.List(ctx, dir)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		f.Name = dir + "/" + f.Name
		base := path.Base(f.Name)
		switch {
		case f.Dir:
			below, err := c.unusedData(ctx, f.Name, used, before)
			if err != nil {
				return nil, err
			}
			out = append(out, below...)
		case used[f.Name] || !f.Written.Before(before) || !strings.HasSuffix(base, dataSuffix) && !strings.HasPrefix(base, tmpPrefix):
		default:
			out = append(out, f)
		}
	}
	return out, nil
}
