package lake

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	iceio "github.com/apache/iceberg-go/io"
	"github.com/apache/iceberg-go/table"
)

// TableInfo says how large a table is.
type TableInfo struct {
	Name   string    `json:"name"` // with its space, as panther_logs.okta_systemlog
	Rows   int64     `json:"rows"`
	Files  int64     `json:"files"`
	Bytes  int64     `json:"bytes"` // of data files
	Commit time.Time `json:"lastCommit,omitzero"`
	Path   string    `json:"path"`
}

// HoldsEvents reports whether a table, named with its space, is one of a log type.
func HoldsEvents(name string) bool { return strings.HasPrefix(name, LogsSpace+".") }

// HoldsFailures reports whether a table, named with its space, is FailuresTable.
func HoldsFailures(name string) bool { return name == strings.Join(FailuresTable, ".") }

// Tables lists the tables by name. Those that cannot be read do not hide the others: they are in the error.
func (c *Catalog) Tables(ctx context.Context) ([]TableInfo, error) {
	ids, err := c.ListTables(ctx)
	if err != nil {
		return nil, err
	}
	var out []TableInfo
	var errs []error
	for _, id := range ids {
		t, err := c.LoadTable(ctx, id)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		info := TableInfo{Name: strings.Join(id, "."), Path: t.Location()}
		if s := t.CurrentSnapshot(); s != nil {
			info.Commit = time.UnixMilli(s.TimestampMs).UTC()
			total := func(name string) int64 { return int64(s.Summary.Properties.GetInt(name, 0)) }
			info.Rows, info.Files, info.Bytes = total("total-records"), total("total-data-files"), total("total-files-size")
		}
		out = append(out, info)
	}
	return out, errors.Join(errs...)
}

// Parse returns the identifier of a table named as space.table.
func Parse(name string) (table.Identifier, error) {
	space, rest, ok := strings.Cut(name, ".")
	if !ok || rest == "" || space == "" || strings.Trim(rest, ".") == "" || strings.ContainsAny(name, "/\\") {
		return nil, fmt.Errorf("table %q: want a name as panther_logs.okta_systemlog", name)
	}
	return table.Identifier{space, rest}, nil
}

// Scan reads the named columns, or all, of a table as it is now, in batches. A batch is valid until the next one.
func (c *Catalog) Scan(ctx context.Context, id table.Identifier, columns ...string) iter.Seq2[arrow.RecordBatch, error] {
	return func(yield func(arrow.RecordBatch, error) bool) {
		t, err := c.LoadTable(ctx, id)
		if err != nil {
			yield(nil, err)
			return
		}
		var opts []table.ScanOption
		if len(columns) > 0 {
			opts = append(opts, table.WithSelectedFields(columns...))
		}
		_, batches, err := t.Scan(opts...).ToArrowRecords(ctx)
		if err != nil {
			yield(nil, fmt.Errorf("scan table %s: %w", strings.Join(id, "."), err))
			return
		}
		for b, err := range batches {
			if err != nil {
				yield(nil, fmt.Errorf("scan table %s: %w", strings.Join(id, "."), err))
				return
			}
			more := yield(b, nil)
			b.Release()
			if !more {
				return
			}
		}
	}
}

// OpenFile opens a file that a table refers to, by its location.
func (c *Catalog) OpenFile(ctx context.Context, location string) (iceio.File, error) {
	return storeIO{ctx, c.store}.Open(location)
}

// Proof is the answer to the question whether a table holds each line once: then Rows and Distinct are the same.
type Proof struct {
	Rows     int64 `json:"rows"`
	Distinct int64 `json:"distinct"` // positions: topic id, partition, offset, line
}

// Verify counts rows and distinct positions of each table, by name. It reads every position there is.
func (c *Catalog) Verify(ctx context.Context) (map[string]Proof, error) {
	ids, err := c.ListTables(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]Proof{}
	for _, id := range ids {
		seen := map[Place]struct{}{}
		var rows int64
		for p, err := range c.Places(ctx, id) {
			if err != nil {
				return nil, err
			}
			rows++
			seen[p] = struct{}{}
		}
		out[strings.Join(id, ".")] = Proof{Rows: rows, Distinct: int64(len(seen))}
	}
	return out, nil
}

// A Place is the position of a row's line in the topic of its producer.
type Place struct {
	TopicID   string
	Partition int32
	Offset    int64
	Line      int64
}

// Places reads the position of each row of a table.
func (c *Catalog) Places(ctx context.Context, id table.Identifier) iter.Seq2[Place, error] {
	return func(yield func(Place, error) bool) {
		for b, err := range c.Scan(ctx, id, colTopicID, colPartition, colOffset, colLine) {
			if err != nil {
				yield(Place{}, err)
				return
			}
			col := func(name string) arrow.Array { return b.Column(b.Schema().FieldIndices(name)[0]) }
			ids, parts := col(colTopicID).(*array.String), col(colPartition).(*array.Int32)
			offsets, lines := col(colOffset).(*array.Int64), col(colLine).(*array.Int64)
			for i := range int(b.NumRows()) {
				if !yield(Place{strings.Clone(ids.Value(i)), parts.Value(i), offsets.Value(i), lines.Value(i)}, nil) {
					return
				}
			}
		}
	}
}
