package lake

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/google/uuid"
)

// sweptProperty says that data files written before a time may be gone, unless the table refers to them.
const sweptProperty = "panther.swept-before"

// sweptBefore reports whether files that were written at a time may have been removed since, by what the table says. A writer
// whose clock stood still while it slept learns it from nobody else.
func sweptBefore(t *table.Table, written time.Time) bool {
	swept, err := time.Parse(time.RFC3339Nano, t.Properties()[sweptProperty])
	return err == nil && written.Before(swept)
}

// mayBeGone reports whether Expire may have removed data files that no version refers to: they were written so long ago that
// whoever wrote them took very long, or slept. The wall clock says so, for a timeout does not run while a machine sleeps; and
// the table does, where that clock stood still as well.
func mayBeGone(t *table.Table, written, now time.Time) bool {
	return now.Round(0).Sub(written.Round(0)) > keepOrphans/2 || sweptBefore(t, written)
}

// announce writes down, before data files are removed, how old they are; more may change in the same commit.
func (c *Catalog) announce(ctx context.Context, t *table.Table, before time.Time, more ...table.Update) error {
	return c.update(ctx, t, append(more, table.NewSetPropertiesUpdate(iceberg.Properties{sweptProperty: before.UTC().Format(time.RFC3339Nano)})))
}

// update commits what no writer does, if nobody has added a snapshot since t was loaded.
func (c *Catalog) update(ctx context.Context, t *table.Table, ups []table.Update) error {
	reqs := []table.Requirement{table.AssertTableUUID(t.Metadata().TableUUID())}
	for name, ref := range t.Metadata().Refs() {
		reqs = append(reqs, table.AssertRefSnapshotID(name, &ref.SnapshotID))
	}
	_, _, err := c.CommitTable(ctx, t.Identifier(), reqs, ups)
	return err
}

// fence gives a table a snapshot that holds the same as the present one: no commit that was begun before comes to an end. It
// also announces that data files written before a time go.
func (c *Catalog) fence(ctx context.Context, t *table.Table, before time.Time) error {
	meta, now := t.Metadata(), t.CurrentSnapshot()
	manifests, err := now.Manifests(storeIO{ctx, c.store})
	if err != nil {
		return err
	}
	next := *now
	next.SnapshotID = rand.Int64()
	next.ParentSnapshotID = &now.SnapshotID
	next.SequenceNumber = meta.LastSequenceNumber() + 1
	next.TimestampMs = max(time.Now().UnixMilli(), now.TimestampMs)
	next.ManifestList = fmt.Sprintf("%s/%s/snap-%d-0-%s.avro", t.Location(), metadataDir, next.SnapshotID, uuid.New())
	next.Summary = &table.Summary{Operation: table.OpReplace, Properties: totals(now)}
	first := meta.NextRowID()
	if meta.Version() > 2 {
		next.FirstRowID, next.AddedRows = &first, new(int64)
	}
	var list bytes.Buffer
	if err := iceberg.WriteManifestList(meta.Version(), &list, next.SnapshotID, next.ParentSnapshotID, &next.SequenceNumber, first, manifests); err != nil {
		return err
	}
	if err := (storeIO{ctx, c.store}).WriteFile(next.ManifestList, list.Bytes()); err != nil {
		return err
	}
	return c.announce(ctx, t, before, table.NewAddSnapshotUpdate(&next), table.NewSetSnapshotRefUpdate(table.MainBranch, next.SnapshotID, table.BranchRef, 0, 0, 0))
}

// totals are what a snapshot's summary says of the whole table.
func totals(s *table.Snapshot) iceberg.Properties {
	out := iceberg.Properties{}
	if s.Summary != nil {
		maps.Copy(out, s.Summary.Properties)
	}
	maps.DeleteFunc(out, func(k, _ string) bool { return !strings.HasPrefix(k, "total-") })
	return out
}
