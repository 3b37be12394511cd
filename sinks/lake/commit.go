package lake

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"panther/pipeline/stream"
)

const (
	commitTries   = 20               // when other writers are faster
	errorTries    = 3                // when the store does not do what it is told
	commitTimeout = 30 * time.Second // of all of it: longer, and the consumer group takes the partitions away
)

// A retry says whether a commit is tried again.
type retry struct {
	doing  string                                   // what is done, for errors
	wait   func(ctx context.Context, try int) error // between tries
	tries  int
	failed int // of them, by the store: the others were too late
}

// after waits for the next try, or returns the error to give up with.
func (r *retry) after(ctx context.Context, err error) error {
	r.tries++
	if !errors.Is(err, table.ErrCommitFailed) {
		r.failed++
	}
	if r.tries == commitTries || r.failed == errorTries {
		return fmt.Errorf("%s, tried %d times: %w", r.doing, r.tries, err)
	}
	if werr := r.wait(ctx, r.tries); werr != nil {
		return fmt.Errorf("%s: %w", r.doing, errors.Join(err, werr))
	}
	return nil
}

// flush commits what a buffer holds. When it returns without an error, its rows are in the table or their partition is
// fenced; after an error they wait for the next time.
func (s *Sink) flush(ctx context.Context, b *buffer) error {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	defer s.keepColumns(b)
	var files []iceberg.DataFile
	var written []batch // the rows that are in files
	var at time.Time    // when they were written
	again := retry{doing: "commit rows to table " + folderOf(b.table), wait: s.wait}
	for {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("commit rows to table %s: %w", folderOf(b.table), err)
		}
		t, enc, err := s.open(ctx, b)
		if err != nil {
			return err
		}
		todo := s.settle(t, b)
		if len(todo) == 0 {
			return nil
		}
		if !slices.Equal(todo, written) || mayBeGone(t, at, s.opt.Now()) {
			at = s.opt.Now()
			if files, err = s.catalog.writeFiles(ctx, t, enc, b.rows(todo)); err != nil {
				return fmt.Errorf("write rows for table %s: %w", folderOf(b.table), err)
			}
			written = todo
		}
		for _, w := range todo {
			b.parts[w.p].tried = w.to
		}
		t, err = commit(ctx, t, files, offsetsOf(todo))
		if err == nil {
			for _, w := range todo {
				b.settled(w.p, w.to)
			}
			return s.tidy(ctx, t)
		}
		if err := again.after(ctx, err); err != nil {
			return err
		}
	}
}

// commit makes files and offsets part of the table in one step, if nobody has added to it since t was loaded. Without a
// snapshot of its own a commit would not be fenced, so there is always a file.
func commit(ctx context.Context, t *table.Table, files []iceberg.DataFile, offsets iceberg.Properties) (*table.Table, error) {
	tx := t.NewTransaction()
	if err := tx.AssertRefSnapshotID(""); err != nil {
		return nil, err
	}
	if err := tx.AddDataFiles(ctx, files, nil, table.WithoutDuplicateCheck(), table.WithoutAutoNameMapping()); err != nil {
		return nil, err
	}
	if err := tx.SetProperties(offsets); err != nil {
		return nil, err
	}
	return tx.Commit(ctx)
}

// ours reports whether the offset that the table has is one that this writer knows of: the one it found or made, or the one
// of a commit whose answer was lost. A partition just assigned may have any.
func ours(held int64, q *pending) bool {
	return q.from == unknown || held == q.from || held == q.tried
}

// A batch is what waits of one partition: rows from an offset up to, not including, another.
type batch struct {
	p        stream.Partition
	from, to int64
}

// settle looks at the table and returns what is to be committed. Rows that are in are dropped;
// partitions that others have are given up.
func (s *Sink) settle(t *table.Table, b *buffer) (todo []batch) {
	for _, p := range b.waiting() {
		q := b.parts[p]
		held := s.held(t, p)
		if !ours(held, q) {
			s.fence(p, &FencedError{Table: strings.Join(b.table, "."), Partition: p, Want: q.from, Has: held})
			continue
		}
		b.settled(p, held) // also rows that came again since the last look, if the table was ahead of the group
		if len(q.rows) > 0 {
			todo = append(todo, batch{p, q.rows[0].Offset, q.to()})
		}
	}
	return todo
}

// settled notes that the table has all rows of p below an offset.
func (b *buffer) settled(p stream.Partition, offset int64) {
	b.dropBelow(p, offset)
	b.parts[p].from, b.parts[p].tried = offset, unknown
}

func offsetKey(p stream.Partition) string {
	return offsetProperty + p.ID.String() + "." + strconv.Itoa(int(p.Num))
}

// heldOffset returns the offset of p below which the table has every row: 0 if it never had one. The key is the topic's id,
// not its name: a topic that is made again begins at 0, and its rows would be taken for known.
func heldOffset(t *table.Table, p stream.Partition) int64 {
	n, err := strconv.ParseInt(t.Properties()[offsetKey(p)], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func offsetsOf(todo []batch) iceberg.Properties {
	props := iceberg.Properties{}
	for _, w := range todo {
		props[offsetKey(w.p)] = strconv.FormatInt(w.to, 10)
	}
	return props
}

func (b *buffer) rows(todo []batch) (out []*row) {
	for _, w := range todo {
		out = append(out, b.parts[w.p].rows...)
	}
	return out
}

// open loads the table of a buffer, makes it if there is none, and gives it the columns that its rows need.
func (s *Sink) open(ctx context.Context, b *buffer) (*table.Table, encoder, error) {
	var cols []column
	version := int64(1)
	if b.fixed != nil {
		cols = b.fixed.columns()
	} else {
		cols, version = s.columnsFor(b)
	}
	t, err := s.catalog.follow(ctx, b.table, cols, version)
	if err != nil {
		return nil, nil, err
	}
	if b.columns == nil || !b.columns.schema.Equals(t.Schema()) {
		b.columns = newColumnSet(t.Schema())
	}
	return t, s.encoder(b.fixed, b.columns, s.lookup), nil
}

// keepColumns lets the columns of a buffer keep their memory until the next commit, if those of all have little.
func (s *Sink) keepColumns(b *buffer) {
	var kept int64
	for _, other := range s.buffers {
		if other.columns != nil {
			kept += int64(other.columns.size())
		}
	}
	if kept > s.opt.Memory/10 {
		b.columns = nil
	}
}

// columnsFor returns the columns of the newest version of a log type that the rows of b name.
func (s *Sink) columnsFor(b *buffer) ([]column, int64) {
	newest := int64(unknown)
	for _, q := range b.parts {
		for _, r := range q.rows {
			newest = max(newest, schemaVersion(r))
		}
	}
	schema, ok := s.lookup(b.logType, newest)
	if !ok {
		return logColumns(nil), unknown
	}
	return logColumns(schema), schema.Version
}

// backOff waits a little, longer each time, and not as long as others do.
func backOff(ctx context.Context, try int) error {
	most := min(10*time.Millisecond<<min(try, 10), time.Second)
	t := time.NewTimer(rand.N(most))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
