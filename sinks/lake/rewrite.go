package lake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

// Rewritten is what a rewrite has done, or would do, to a table.
type Rewritten struct {
	Table       string `json:"table"`
	Hours       int    `json:"hours"`
	FilesBefore int    `json:"filesBefore"`
	FilesAfter  int    `json:"filesAfter"`
	BytesBefore int64  `json:"bytesBefore"`
	BytesAfter  int64  `json:"bytesAfter"`
	Rows        int64  `json:"rows"`
}

// Rewrite makes few files of the many small ones of each hour that is over: readers open one instead of hundreds. The rows
// stay the same, in columns of the newest schema, and so do the offsets. Each hour is one commit; an hour that somebody else
// has rewritten meanwhile is left to them. Hours with deletes of another engine are left alone.
func (c *Catalog) Rewrite(ctx context.Context, id table.Identifier, p Upkeep) (Rewritten, error) {
	p = p.withDefaults()
	done := Rewritten{Table: nameOf(id)}
	t, err := c.LoadTable(ctx, id)
	if err != nil {
		return done, err
	}
	hours, err := filesByHour(ctx, t)
	if err != nil {
		return done, err
	}
	for _, hour := range slices.Sorted(maps.Keys(hours)) {
		small := p.small(hours[hour])
		if len(small) < 2 || p.Now().Before(timeOf(hour+1).Add(p.Settle)) {
			continue
		}
		err := c.rewriteHour(ctx, t, hour, small, p, &done)
		if err != nil && !errors.Is(err, errTaken) {
			return done, fmt.Errorf("rewrite hour %s of table %s: %w", timeOf(hour).Format(hourFormat), nameOf(id), err)
		}
	}
	return done, nil
}

// small returns the files that are worth to be made one, the earliest rows first; none if rows of the hour were deleted by
// another engine.
func (p Upkeep) small(tasks []table.FileScanTask) (small []table.FileScanTask) {
	for _, t := range tasks {
		if len(t.DeleteFiles)+len(t.EqualityDeleteFiles)+len(t.DeletionVectorFiles) > 0 {
			return nil
		}
		if t.File.FileSizeBytes() < p.FileBytes/4*3 {
			small = append(small, t)
		}
	}
	slices.SortFunc(small, func(a, b table.FileScanTask) int {
		return cmp.Or(cmp.Compare(sequenceOf(a), sequenceOf(b)), cmp.Compare(a.File.FilePath(), b.File.FilePath()))
	})
	return small
}

// sequenceOf orders files by the commits that brought them.
func sequenceOf(t table.FileScanTask) int64 {
	if t.DataSequenceNumber == nil {
		return 0
	}
	return *t.DataSequenceNumber
}

func (c *Catalog) rewriteHour(ctx context.Context, t *table.Table, hour int64, tasks []table.FileScanTask, p Upkeep, done *Rewritten) error {
	x := exchange{began: p.Now()}
	var rows, before, after int64
	for _, task := range tasks {
		x.old = append(x.old, task.File)
		rows += task.File.Count()
		before += task.File.FileSizeBytes()
	}
	_, batches, err := t.Scan(table.WithMaxConcurrency(1), table.WithArrowBatchSize(rewriteRows)).ReadTasks(ctx, tasks)
	if err != nil {
		return err
	}
	if x.fresh, err = c.writeBatches(ctx, t, hour, batches, p.FileBytes); err != nil {
		return err
	}
	for _, f := range x.fresh {
		rows -= f.Count()
		after += f.FileSizeBytes()
	}
	if rows != 0 {
		return fmt.Errorf("the files that were read hold %d rows more than the table says; nothing was replaced: `panther lake verify` says which file is damaged", -rows)
	}
	if _, err := c.exchange(ctx, t.Identifier(), x, p); err != nil {
		return err
	}
	done.Hours++
	done.FilesBefore += len(x.old)
	done.FilesAfter += len(x.fresh)
	done.BytesBefore += before
	done.BytesAfter += after
	for _, f := range x.fresh {
		done.Rows += f.Count()
	}
	return nil
}

// rewriteRows are the rows that are read at once: of long lines, a few MB.
const rewriteRows = 4096

// writeBatches writes rows of one hour into files of a size.
func (c *Catalog) writeBatches(ctx context.Context, t *table.Table, hour int64, batches iter.Seq2[arrow.RecordBatch, error], fileBytes int64) (files []iceberg.DataFile, err error) {
	schema, err := table.SchemaToArrowSchema(t.Schema(), nil, true, false)
	if err != nil {
		return nil, err
	}
	var f *parquetFile
	var group int64 // bytes of the row group
	for batch, err := range batches {
		if err != nil {
			return nil, err
		}
		if f == nil {
			if f, err = c.newParquetFile(schema, batch); err != nil {
				return nil, err
			}
			group = groupBytes
		}
		if group >= groupBytes {
			if err := f.NewBufferedRowGroupChecked(); err != nil {
				return nil, err
			}
			group = 0
		}
		for _, col := range batch.Columns() {
			group += int64(col.Data().SizeInBytes())
		}
		err = f.writeColumns(schema, batch)
		batch.Release()
		if err != nil {
			return nil, err
		}
		if int64(f.buf.Len())+f.RowGroupTotalCompressedBytes() < fileBytes {
			continue
		}
		if files, err = c.appendFile(ctx, t, hour, f, files); err != nil {
			return nil, err
		}
		f = nil
	}
	if f != nil {
		return c.appendFile(ctx, t, hour, f, files)
	}
	return files, nil
}

// writeColumns appends what was read, as columns of the schema that is written: it has the ids of the table.
func (f *parquetFile) writeColumns(schema *arrow.Schema, batch arrow.RecordBatch) error {
	for i, field := range batch.Schema().Fields() {
		if want := schema.Field(i); field.Name != want.Name || !arrow.TypeEqual(field.Type, want.Type) {
			return fmt.Errorf("column %s was read as %s %s, want %s", want.Name, field.Name, field.Type, want.Type)
		}
	}
	columns := array.NewRecordBatch(schema, batch.Columns(), batch.NumRows())
	defer columns.Release()
	return f.WriteBuffered(columns)
}

func (c *Catalog) appendFile(ctx context.Context, t *table.Table, hour int64, f *parquetFile, files []iceberg.DataFile) ([]iceberg.DataFile, error) {
	file, err := c.storeFile(ctx, t, hour, f)
	return append(files, file), err
}
