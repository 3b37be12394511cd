//go:build cgo && !noduckdb && duckdb_arrow

package main

import (
	"bufio"
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/duckdb/duckdb-go/v2"

	"panther/sinks/lake/query/wire"
)

// stream runs the statement and sends its rows, up to its limits.
func (d *database) stream(ctx context.Context, c *checked, l wire.Limits, out *bufio.Writer) (wire.Summary, error) {
	var summary wire.Summary
	err := d.conn.Raw(func(driver any) error {
		a, err := duckdb.NewArrowFromConn(driver.(*duckdb.Conn))
		if err != nil {
			return err
		}
		rows, err := a.QueryContext(ctx, c.sql)
		if err != nil {
			return err
		}
		defer rows.Release()
		pieces := &pieces{out: out}
		w := ipc.NewWriter(pieces, ipc.WithSchema(rows.Schema()))
		if summary, err = copyRows(w, rows, pieces, l); err != nil {
			return err
		}
		return w.Close() // which writes the schema also where there are no rows
	})
	return summary, err
}

// copyRows sends batches until one of the limits.
func copyRows(w *ipc.Writer, rows array.RecordReader, sent *pieces, l wire.Limits) (wire.Summary, error) {
	var s wire.Summary
	for rows.Next() {
		batch := rows.RecordBatch()
		if left := l.Rows - s.Rows; l.Rows > 0 && batch.NumRows() > left {
			s.Cut = fmt.Sprintf("%d rows", l.Rows)
			if left == 0 {
				return s, nil
			}
			batch = batch.NewSlice(0, left)
			defer batch.Release()
		}
		if err := w.Write(batch); err != nil {
			return s, err
		}
		s.Rows += batch.NumRows()
		if s.Cut != "" {
			return s, nil
		}
		if l.Bytes > 0 && sent.bytes > l.Bytes {
			s.Cut = fmt.Sprintf("%d bytes", l.Bytes)
			return s, nil
		}
	}
	return s, rows.Err()
}

// pieces sends what is written to it as frames.
type pieces struct {
	out   *bufio.Writer
	bytes int64
}

func (p *pieces) Write(b []byte) (int, error) {
	p.bytes += int64(len(b))
	return len(b), wire.Write(p.out, wire.Rows, b)
}
