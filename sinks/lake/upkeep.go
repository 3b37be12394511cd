package lake

import (
	"context"
	"errors"
	"fmt"
	"path"
	"time"
)

// An Upkeep says what maintenance keeps, and how. Zero values mean the defaults.
type Upkeep struct {
	FileBytes  int64                            // a rewritten hour has files of this size; 128 MiB
	Settle     time.Duration                    // an hour may be rewritten so long after its end; 10 minutes
	RetainLast int                              // snapshots that are kept however old; 10
	OlderThan  time.Duration                    // younger snapshots are kept, too; 24 hours; negative: none
	Keep       func(table string) time.Duration // how long rows are kept, by the table's name with its space; 0: for ever, the default
	Now        func() time.Time                 // time.Now

	wait func(ctx context.Context, try int) error // between tries of a commit: backOff
}

func (p Upkeep) withDefaults() Upkeep {
	if p.FileBytes == 0 {
		p.FileBytes = 128 << 20
	}
	if p.Settle == 0 {
		p.Settle = 10 * time.Minute
	}
	if p.RetainLast == 0 {
		p.RetainLast = 10
	}
	switch {
	case p.OlderThan == 0:
		p.OlderThan = 24 * time.Hour
	case p.OlderThan < 0:
		p.OlderThan = -100 * 365 * 24 * time.Hour // no snapshot is young, whatever its clock
	}
	if p.Keep == nil {
		p.Keep = func(string) time.Duration { return 0 }
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.wait == nil {
		p.wait = backOff
	}
	return p
}

// A Retention says how long rows of a table are kept, or of all tables that a pattern as panther_logs.* means.
type Retention struct {
	Table string
	Keep  time.Duration
}

// KeepBy makes an Upkeep's Keep of a list: of the entries that mean a table, the last counts.
func KeepBy(list []Retention) func(name string) time.Duration {
	return func(name string) (keep time.Duration) {
		for _, r := range list {
			if ok, _ := path.Match(r.Table, name); ok {
				keep = r.Keep
			}
		}
		return keep
	}
}

// Done is what one round of maintenance did to a table.
type Done struct {
	Dropped   Dropped
	Rewritten Rewritten
	Expired   Expired
}

// Maintain does all that there is to do, table by table: it drops hours that are too old, rewrites those that are over, and
// removes what nobody needs. A table that goes wrong does not stop the others. It may be stopped anywhere: the next round
// takes up what is left.
func (c *Catalog) Maintain(ctx context.Context, p Upkeep, report func(Done)) error {
	ids, err := c.ListTables(ctx)
	if err != nil {
		return fmt.Errorf("maintain the lake: %w", err)
	}
	var errs []error
	for _, id := range ids {
		if ctx.Err() != nil {
			break
		}
		var done Done
		var dropErr, rewriteErr, expireErr error
		done.Dropped, dropErr = c.Retain(ctx, id, p, false)
		done.Rewritten, rewriteErr = c.Rewrite(ctx, id, p)
		done.Expired, expireErr = c.Expire(ctx, id, p, false)
		report(done)
		errs = append(errs, dropErr, rewriteErr, expireErr)
	}
	return errors.Join(append(errs, ctx.Err())...)
}
