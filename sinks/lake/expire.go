package lake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/iceberg-go/table"
)

// Expired is what Expire has removed of a table, or would.
type Expired struct {
	Table     string `json:"table"`
	Snapshots int    `json:"snapshots"`
	Files     int    `json:"files"` // of metadata and of data
	Bytes     int64  `json:"bytes"`
}

// Expire forgets snapshots that p does not keep, and removes files that nobody can need any more: see sweep. With plan it
// only says what it would do.
func (c *Catalog) Expire(ctx context.Context, id table.Identifier, p Upkeep, plan bool) (Expired, error) {
	p = p.withDefaults()
	for try := 1; ; try++ {
		out, err := c.expire(ctx, id, p, plan)
		if !errors.Is(err, table.ErrCommitFailed) || try == commitTries {
			return out, err
		}
		if err := p.wait(ctx, try); err != nil {
			return out, err
		}
	}
}

func (c *Catalog) expire(ctx context.Context, id table.Identifier, p Upkeep, plan bool) (Expired, error) {
	out := Expired{Table: nameOf(id)}
	t, err := c.LoadTable(ctx, id)
	if err != nil {
		return out, err
	}
	drop := p.expired(t.Metadata())
	if !plan && len(drop) > 0 {
		if t, err = c.dropSnapshots(ctx, t, drop); err != nil {
			return out, fmt.Errorf("expire snapshots of table %s: %w", nameOf(id), err)
		}
	}
	out.Snapshots = len(drop)
	gone, err := c.sweep(ctx, t, p.Now(), true, plan)
	out.Files, out.Bytes = gone.files, gone.bytes
	if err != nil {
		return out, fmt.Errorf("remove files of table %s: %w", nameOf(id), err)
	}
	return out, nil
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

// dropSnapshots commits that a table has no longer these snapshots, if nobody has added one meanwhile.
func (c *Catalog) dropSnapshots(ctx context.Context, t *table.Table, ids []int64) (*table.Table, error) {
	if err := c.update(ctx, t, []table.Update{table.NewRemoveSnapshotsUpdate(ids, false)}); err != nil {
		return t, err
	}
	return c.LoadTable(ctx, t.Identifier())
}
