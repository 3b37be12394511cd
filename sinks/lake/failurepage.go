package lake

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"panther/schemas"
)

// Wanted says which failing lines are wanted. Its zero value wants all.
type Wanted struct {
	Source      string    // the id or the name of a log source
	Fingerprint string    // a kind of failure
	Since       time.Time // classified then, or later
	Until       time.Time // classified before
}

// MaxPage is how many lines a page has at most.
const MaxPage = 1000

// FailurePage is some failing lines, the newest first.
type FailurePage struct {
	Failures []schemas.Failure `json:"failures"`
	Next     string            `json:"next,omitempty"` // the cursor of the page behind it; empty: this is the last
}

// FailuresPage reads a page of failing lines from their table, without an SQL engine: the newest first, from the line behind
// cursor on, or from the newest if there is none. A page is stable: lines that come later are newer, or are missed by a reader
// who is behind their place already. It holds one batch of columns and one page in memory, however large the table is.
func (c *Catalog) FailuresPage(ctx context.Context, w Wanted, size int, cursor string) (FailurePage, error) {
	page := FailurePage{Failures: []schemas.Failure{}}
	if size < 1 || size > MaxPage {
		return page, fmt.Errorf("read failing lines: a page of %d: want 1 to %d", size, MaxPage)
	}
	after, err := parseCursor(cursor)
	if err != nil {
		return page, err
	}
	t, err := c.LoadTable(ctx, FailuresTable)
	if err != nil {
		return page, err
	}
	scan := t.Scan(table.WithRowFilter(w.filter(after)), table.WithMaxConcurrency(1))
	tasks, err := scan.PlanFiles(ctx)
	if err != nil {
		return page, fmt.Errorf("read failing lines: %w", err)
	}
	hours := map[int64][]table.FileScanTask{}
	for _, task := range tasks {
		hour, ok := partitionHour(task.File)
		if !ok {
			hour = math.MaxInt64 // who knows; it is looked at first
		}
		hours[hour] = append(hours[hour], task)
	}
	top := newest{size: size + 1, after: after} // one more tells that there are more
	for _, hour := range slices.Backward(slices.Sorted(maps.Keys(hours))) {
		if top.full() && hour != math.MaxInt64 {
			break // what is in older hours is older
		}
		for _, task := range hours[hour] {
			if err := top.read(ctx, scan, task); err != nil {
				return page, fmt.Errorf("read failing lines: %w", err)
			}
		}
	}
	page.Failures = append(page.Failures, top.rows...)
	if len(top.rows) > size {
		page.Failures = page.Failures[:size]
		page.Next = cursorOf(page.Failures[size-1])
	}
	return page, nil
}

// filter is what is wanted, as a filter of files and rows.
func (w Wanted) filter(after *place) iceberg.BooleanExpression {
	var all iceberg.BooleanExpression = iceberg.AlwaysTrue{}
	parse := iceberg.Reference(colParseTime)
	if w.Source != "" {
		all = iceberg.NewOr(iceberg.EqualTo(iceberg.Reference(colSourceID), w.Source), iceberg.EqualTo(iceberg.Reference("p_source_label"), w.Source))
	}
	if w.Fingerprint != "" {
		all = iceberg.NewAnd(all, iceberg.EqualTo(iceberg.Reference("fingerprint"), w.Fingerprint))
	}
	if !w.Since.IsZero() {
		all = iceberg.NewAnd(all, iceberg.GreaterThanEqual(parse, iceberg.Timestamp(w.Since.UnixMicro())))
	}
	if !w.Until.IsZero() {
		all = iceberg.NewAnd(all, iceberg.LessThan(parse, iceberg.Timestamp(w.Until.UnixMicro())))
	}
	if after != nil {
		all = iceberg.NewAnd(all, iceberg.LessThanEqual(parse, iceberg.Timestamp(after.Micros)))
	}
	return all
}

// A place is where a line stands in the order of pages: by time, then by its position, which no other line has.
type place struct {
	Micros    int64  `json:"t"`
	TopicID   string `json:"id"`
	Partition int32  `json:"p"`
	Offset    int64  `json:"o"`
	Line      int64  `json:"l"`
}

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.Micros, q.Micros), cmp.Compare(p.TopicID, q.TopicID), cmp.Compare(p.Partition, q.Partition),
		cmp.Compare(p.Offset, q.Offset), cmp.Compare(p.Line, q.Line))
}

func placeOfFailure(f schemas.Failure) place {
	p := f.Position
	return place{f.ParseTime.UnixMicro(), p.TopicID.String(), p.Partition, p.Offset, p.Line}
}

func cursorOf(f schemas.Failure) string {
	b, _ := json.Marshal(placeOfFailure(f)) // plain numbers and texts
	return base64.RawURLEncoding.EncodeToString(b)
}

// ErrCursor is what FailuresPage returns for a cursor that it has not made.
var ErrCursor = errors.New("is no cursor")

func parseCursor(s string) (*place, error) {
	if s == "" {
		return nil, nil
	}
	var p place
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	if err != nil {
		return nil, fmt.Errorf("read failing lines: %.40q %w: take the one that came with the page before, or none", s, ErrCursor)
	}
	return &p, nil
}

// newest keeps the newest lines behind a place, in order, up to a number.
type newest struct {
	size  int
	after *place
	rows  []schemas.Failure
}

func (n *newest) full() bool { return len(n.rows) == n.size }

func (n *newest) read(ctx context.Context, scan *table.Scan, task table.FileScanTask) error {
	_, batches, err := scan.ReadTasks(ctx, []table.FileScanTask{task})
	if err != nil {
		return err
	}
	for b, err := range batches {
		if err != nil {
			return err
		}
		err = n.addAll(b)
		b.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

func (n *newest) addAll(b arrow.RecordBatch) error {
	read, err := newFailureReader(b)
	if err != nil {
		return err
	}
	for i := range int(b.NumRows()) {
		at := read.place(i)
		if n.after != nil && at.compare(*n.after) >= 0 {
			continue
		}
		if n.full() && at.compare(placeOfFailure(n.rows[n.size-1])) <= 0 {
			continue
		}
		where, _ := slices.BinarySearchFunc(n.rows, at, func(f schemas.Failure, at place) int { return at.compare(placeOfFailure(f)) })
		n.rows = slices.Insert(n.rows, where, read.failure(i))
		if len(n.rows) > n.size {
			n.rows = n.rows[:n.size]
		}
	}
	return nil
}
