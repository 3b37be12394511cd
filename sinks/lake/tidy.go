package lake

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/iceberg-go/table"
)

// keepSnapshots is how many snapshots a table keeps at most: after as many again, the writer expires them.
const keepSnapshots = 100

// tidy keeps commits cheap, for their cost grows with the snapshots of the table. Old snapshots leave the metadata at once;
// their files stay for as long as a reader could need them: see sweep.
func (s *Sink) tidy(ctx context.Context, t *table.Table) error {
	if len(t.Metadata().Snapshots()) < 2*keepSnapshots {
		return nil
	}
	t, err := s.catalog.dropSnapshots(ctx, t, surplus(t.Metadata(), keepSnapshots))
	if errors.Is(err, table.ErrCommitFailed) {
		return nil // somebody else has committed; the next one tidies
	}
	if err == nil {
		_, err = s.catalog.sweep(ctx, t, s.opt.Now(), false, false)
	}
	if err != nil {
		return fmt.Errorf("expire snapshots of table %s: %w", folderOf(t.Identifier()), err)
	}
	return nil
}
