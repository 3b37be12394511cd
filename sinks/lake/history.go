package lake

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/apache/iceberg-go/table"
)

// A history is versions of a table's metadata, oldest first: those that were the table, one after the other. Each names the
// ones before it. The numbers of files would not do: with a catalog that is a service a commit that came to nothing leaves a
// file under the number of one that counts, and an engine that does not know our names begins to count anew.
type history struct {
	store Store
	names []string // in the store
}

// historySince returns the versions that a reader may have loaded since a time: from the newest that was written by then. It is
// empty if they are not known: the table is younger, or another program has removed some.
//
// A service may name a version long after it was written, if the writer sleeps. Until then readers load the one before, and
// nothing of that is missing: the snapshot that is the table in one version is there in the next.
func (c *Catalog) historySince(ctx context.Context, t *table.Table, dir string, files []Entry, at time.Time) (history, error) {
	written := map[string]time.Time{}
	for _, f := range files {
		written[dir+"/"+f.Name] = f.Written
	}
	h := history{store: c.store}
	for name, err := range c.backwards(ctx, t) {
		came, ok := written[name]
		if err != nil || !ok {
			return history{}, err
		}
		h.names = append(h.names, name)
		if came.Before(at) {
			slices.Reverse(h.names)
			return h, nil
		}
	}
	return history{}, nil
}

// backwards yields the names of a table's versions, newest first.
func (c *Catalog) backwards(ctx context.Context, t *table.Table) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		oldest := c.nameIn(t.MetadataLocation())
		if !yield(oldest, nil) {
			return
		}
		for meta := t.Metadata(); ; {
			earlier := namesBefore(c, meta)
			if len(earlier) == 0 {
				return
			}
			for _, name := range slices.Backward(earlier) {
				if !yield(name, nil) {
					return
				}
			}
			var err error
			if meta, err = readMetadata(ctx, c.store, earlier[0]); err != nil {
				yield("", err)
				return
			}
		}
	}
}

// namesBefore are the names of the versions before one that it knows of, oldest first.
func namesBefore(c *Catalog, meta table.Metadata) (names []string) {
	for e := range meta.PreviousFiles() {
		names = append(names, c.nameIn(e.MetadataFile))
	}
	return names
}

// nameIn is the name in the store of a file at a place.
func (c *Catalog) nameIn(location string) string {
	return strings.TrimPrefix(location, c.store.Root()+"/")
}

// read reads a version.
func (h history) read(ctx context.Context, i int) (table.Metadata, error) {
	return readMetadata(ctx, h.store, h.names[i])
}

// reaching returns the first version that has come to a sequence number: the one whose newest snapshot has it.
func (h history) reaching(ctx context.Context, seq int64) (table.Metadata, error) {
	var failed error
	i := sort.Search(len(h.names)-1, func(i int) bool {
		meta, err := h.read(ctx, i)
		failed = errors.Join(failed, err)
		return err == nil && meta.LastSequenceNumber() >= seq
	})
	if failed != nil {
		return nil, failed
	}
	return h.read(ctx, i)
}
