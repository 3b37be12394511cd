package lake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

// Expired is what Expire has removed of a table, or would.
type Expired struct {
	Table     string `json:"table"`
	Snapshots int    `json:"snapshots"`
	Files     int    `json:"files"` // of metadata and of data
	Bytes     int64  `json:"bytes"`
}

// sweptProperty says when files were last removed.
const sweptProperty = "panther.swept"

// Expire forgets snapshots that p does not keep, and removes files that nobody can need any more: see sweepMetadata and
// sweepData. With plan it only says what it would do.
//
// It commits before it removes anything, also when there is no snapshot to forget. A writer may have slept since it wrote
// its files, with nothing left to do but to create the next version; what it made is old, and no version refers to it. With
// a commit in between, its version is no longer the next one.
func (c *Catalog) Expire(ctx context.Context, id table.Identifier, p Upkeep, plan bool) (Expired, error) {
	p = p.withDefaults()
	out := Expired{Table: nameOf(id)}
	for try := 1; ; try++ {
		t, err := c.LoadTable(ctx, id)
		if err != nil {
			return out, err
		}
		drop := p.expired(t.Metadata())
		out.Snapshots = len(drop)
		if !plan {
			t, err = c.dropSnapshots(ctx, t, drop, table.NewSetPropertiesUpdate(iceberg.Properties{sweptProperty: p.Now().UTC().Format(time.RFC3339)}))
		}
		if errors.Is(err, table.ErrCommitFailed) && try < commitTries {
			if err := p.wait(ctx, try); err != nil {
				return out, err
			}
			continue
		}
		if err != nil {
			return out, fmt.Errorf("expire snapshots of table %s: %w", nameOf(id), err)
		}
		for _, sweep := range []func(context.Context, *table.Table, time.Time, bool) (removed, error){c.sweepMetadata, c.sweepData} {
			r, err := sweep(ctx, t, p.Now(), plan)
			out.Files += r.files
			out.Bytes += r.bytes
			if err != nil {
				return out, fmt.Errorf("remove files of table %s: %w", nameOf(id), err)
			}
		}
		return out, nil
	}
}

// expired returns the snapshots that p does not keep: neither among the newest, nor young, nor named by a branch or a tag.
func (p Upkeep) expired(meta table.Metadata) (ids []int64) {
	young := p.Now().Add(-p.OlderThan).UnixMilli()
	byID := map[int64]table.Snapshot{}
	for _, s := range meta.Snapshots() {
		byID[s.SnapshotID] = s
	}
	for _, id := range surplus(meta, p.RetainLast) {
		if byID[id].TimestampMs <= young {
			ids = append(ids, id)
		}
	}
	return ids
}

// surplus returns the snapshots of a table but the newest n, and but those that a branch or tag names.
func surplus(meta table.Metadata, n int) (ids []int64) {
	snaps := slices.Clone(meta.Snapshots())
	slices.SortFunc(snaps, func(a, b table.Snapshot) int { return cmp.Compare(b.SequenceNumber, a.SequenceNumber) })
	named := map[int64]bool{}
	for _, ref := range meta.Refs() {
		named[ref.SnapshotID] = true
	}
	for _, s := range snaps[min(max(n, 1), len(snaps)):] {
		if !named[s.SnapshotID] {
			ids = append(ids, s.SnapshotID)
		}
	}
	return ids
}

// dropSnapshots commits that a table has no longer these snapshots, if nobody has added one meanwhile; others may be made
// in the same commit.
func (c *Catalog) dropSnapshots(ctx context.Context, t *table.Table, ids []int64, ups ...table.Update) (*table.Table, error) {
	reqs := []table.Requirement{table.AssertTableUUID(t.Metadata().TableUUID())}
	for name, ref := range t.Metadata().Refs() {
		reqs = append(reqs, table.AssertRefSnapshotID(name, &ref.SnapshotID))
	}
	if len(ids) > 0 {
		ups = append(ups, table.NewRemoveSnapshotsUpdate(ids, false))
	}
	if _, _, err := c.CommitTable(ctx, t.Identifier(), reqs, ups); err != nil {
		return t, err
	}
	return c.LoadTable(ctx, t.Identifier())
}
