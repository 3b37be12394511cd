package lake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

// Dropped is what retention has taken out of a table, or would.
type Dropped struct {
	Table  string    `json:"table"`
	Before time.Time `json:"before"` // rows classified earlier are out
	Hours  int       `json:"hours"`
	Files  int       `json:"files"`
	Rows   int64     `json:"rows"`
	Bytes  int64     `json:"bytes"`
}

// droppedProperty says up to which hour retention has emptied a table: rows classified earlier are not missed.
const droppedProperty = "panther.dropped-before"

// Retain takes whole hours out of a table that are older than p keeps rows of it, in one commit. Their files stay until
// Expire finds that no reader can need them. With plan it only says what it would do.
func (c *Catalog) Retain(ctx context.Context, id table.Identifier, p Upkeep, plan bool) (Dropped, error) {
	p = p.withDefaults()
	keep := p.Keep(nameOf(id))
	out := Dropped{Table: nameOf(id)}
	if keep <= 0 {
		return out, nil
	}
	if keep < time.Hour {
		return out, fmt.Errorf("keep rows of table %s for %s: want an hour or more, as 90d", nameOf(id), keep)
	}
	first := hourOf(p.Now()) - hoursOf(keep)
	out.Before = timeOf(first)
	for range commitTries {
		t, err := c.LoadTable(ctx, id)
		if err != nil {
			return out, err
		}
		old, err := out.olderFiles(ctx, t, first)
		if err != nil || plan || len(old) == 0 {
			return out, err
		}
		props := iceberg.Properties{}
		if droppedBefore(t).Before(out.Before) {
			props[droppedProperty] = out.Before.Format(time.RFC3339)
		}
		_, err = c.exchange(ctx, id, exchange{old: old, props: props}, p)
		if !errors.Is(err, errTaken) {
			return out, err
		}
	}
	return out, fmt.Errorf("take hours out of table %s: %w", nameOf(id), errTaken)
}

// olderFiles counts the files of the hours before the first, and returns them.
func (d *Dropped) olderFiles(ctx context.Context, t *table.Table, first int64) (old []iceberg.DataFile, err error) {
	hours, err := filesByHour(ctx, t)
	if err != nil {
		return nil, err
	}
	d.Hours, d.Files, d.Rows, d.Bytes = 0, 0, 0, 0
	for _, hour := range slices.Sorted(maps.Keys(hours)) {
		if hour >= first {
			break
		}
		d.Hours++
		for _, task := range hours[hour] {
			d.Files++
			d.Rows += task.File.Count()
			d.Bytes += task.File.FileSizeBytes()
			old = append(old, task.File)
		}
	}
	return old, nil
}

// droppedBefore returns the time before which retention has emptied the table; the zero time if it never did.
func droppedBefore(t *table.Table) time.Time {
	at, _ := time.Parse(time.RFC3339, t.Properties()[droppedProperty])
	return at
}
