package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/iceberg-go/table"

	"panther/pipeline/stream"
	"panther/schemas"
)

// An Inspection is what was found out about a table by reading all of it.
type Inspection struct {
	Table    string   `json:"table"`
	Rows     int64    `json:"rows"`
	Distinct int64    `json:"distinct"` // topic, topic id, partition, offset, line
	Files    int      `json:"files"`
	Bytes    int64    `json:"bytes"`
	Records  int64    `json:"records"` // of topics, that were looked for: see Expect
	Damage   []string `json:"damage"`  // files that are gone, short, not readable, or hold other rows than the table says
	Missing  []string `json:"missing"` // records without a row; the first of them
	Lost     int64    `json:"lost"`    // how many records have no row

	places  places
	dropped time.Time // retention has taken out the rows from before
}

// OK reports whether the table holds each row once, nothing is missing and every file can be read.
func (i *Inspection) OK() bool {
	return i.Rows == i.Distinct && i.Lost == 0 && len(i.Damage) == 0
}

// Problems says what is wrong, in words.
func (i *Inspection) Problems() []string {
	out := i.Damage
	if n := i.Rows - i.Distinct; n > 0 {
		out = append(out, fmt.Sprintf("%d rows are there more than once: the line with the same topic, topic id, partition, offset and line", n))
	}
	if i.Lost > 0 {
		out = append(out, fmt.Sprintf("%d records of the topics have no row, as %s", i.Lost, strings.Join(i.Missing, "; ")))
	}
	return out
}

// Inspect reads every column of every file of a table. What is wrong with it is in the Inspection; an error says that it could
// not be inspected.
func (c *Catalog) Inspect(ctx context.Context, id table.Identifier) (*Inspection, error) {
	in := &Inspection{Table: nameOf(id), Damage: []string{}, Missing: []string{}, places: places{}}
	t, err := c.LoadTable(ctx, id)
	if errors.Is(err, table.ErrInvalidMetadata) {
		in.Damage = append(in.Damage, fmt.Sprintf("its newest version cannot be read: %v", err))
		return in, nil
	}
	if err != nil {
		return nil, err
	}
	in.dropped = droppedBefore(t)
	tasks, err := t.Scan().PlanFiles(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("list the files of table %s: %w", nameOf(id), ctx.Err())
	case errors.Is(err, fs.ErrNotExist):
		in.Damage = append(in.Damage, fmt.Sprintf("a manifest is gone: %v", err))
		return in, nil
	case err != nil:
		in.Damage = append(in.Damage, fmt.Sprintf("a manifest cannot be read: %v", err))
		return in, nil
	}
	for _, task := range tasks {
		in.Files++
		in.Bytes += task.File.FileSizeBytes()
		if err := c.inspectFile(ctx, t, task, in); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			in.Damage = append(in.Damage, fmt.Sprintf("%s: %v", task.File.FilePath(), err))
		}
	}
	in.Distinct = in.places.settle()
	return in, nil
}

// inspectFile reads a file; the error is what is wrong with it.
func (c *Catalog) inspectFile(ctx context.Context, t *table.Table, task table.FileScanTask, in *Inspection) error {
	f, err := storeIO{ctx, c.store}.Open(task.File.FilePath())
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if info.Size() != task.File.FileSizeBytes() {
		return fmt.Errorf("it has %d bytes, the table says %d", info.Size(), task.File.FileSizeBytes())
	}
	_, batches, err := t.Scan(table.WithMaxConcurrency(1), table.WithArrowBatchSize(rewriteRows)).ReadTasks(ctx, []table.FileScanTask{task})
	if err != nil {
		return err
	}
	rows := int64(0)
	for batch, err := range batches {
		if err != nil {
			return err
		}
		rows += batch.NumRows()
		err = in.places.add(batch)
		batch.Release()
		if err != nil {
			return err
		}
	}
	in.Rows += rows
	if deleted := len(task.DeleteFiles)+len(task.EqualityDeleteFiles)+len(task.DeletionVectorFiles) > 0; rows != task.File.Count() && !deleted {
		return fmt.Errorf("it has %d rows, the table says %d", rows, task.File.Count())
	}
	return nil
}

// Inspections are those of tables, by their names.
type Inspections map[string]*Inspection

// Expect looks for the row that a record must have become, in the tables that were inspected. With all, a table that was not
// inspected is one that is not there, and should be.
func (is Inspections) Expect(r stream.Record, all bool) {
	e, ok := Expect(r)
	if !ok {
		return
	}
	name := nameOf(e.Table)
	if is[name] == nil && all {
		is[name] = &Inspection{Table: name, Damage: []string{"there is no such table"}, Missing: []string{}}
	}
	if in := is[name]; in != nil {
		in.Expect(e)
	}
}

// Expect notes that a row should be there, and whether it is: one with a place among those that were read, or one of an hour
// that retention has taken out.
func (i *Inspection) Expect(e Expected) {
	i.Records++
	if i.places.has(e.Place) || e.At.Before(i.dropped) {
		return
	}
	if i.Lost++; len(i.Missing) < 5 {
		i.Missing = append(i.Missing, fmt.Sprintf("topic id %s, partition %d, offset %d, line %d", e.Place.TopicID, e.Place.Partition, e.Place.Offset, e.Place.Line))
	}
}

// Expected is the row that a record must have become.
type Expected struct {
	Table table.Identifier
	Place Place
	At    time.Time // its hour is that of the row
}

// Expect says which row a record of one of Topics becomes; none if it becomes none, as a clock.
func Expect(r stream.Record) (e Expected, ok bool) {
	row := &row{Record: r}
	id, _, ok, err := rowFor(fixedTables(), row, r.Time)
	if !ok || err != nil {
		return e, false
	}
	p := placeOf(row)
	if f, ok := row.Message.(schemas.Failure); ok {
		p = f.Position
	} else if r.Topic == schemas.Events.Name {
		p = positionOf(row)
	}
	return Expected{id, Place{p.TopicID.String(), p.Partition, p.Offset, p.Line}, row.at}, true
}

// columnOf returns a column of a batch by its name and type.
func columnOf[T arrow.Array](b arrow.RecordBatch, name string) (T, error) {
	var none T
	at := b.Schema().FieldIndices(name)
	if len(at) != 1 {
		return none, fmt.Errorf("it has no column %s", name)
	}
	col, ok := b.Column(at[0]).(T)
	if !ok {
		return none, fmt.Errorf("its column %s is a %s", name, b.Column(at[0]).DataType())
	}
	return col, nil
}

// add takes the places of the rows of a batch.
func (p places) add(b arrow.RecordBatch) error {
	ids, err1 := columnOf[*array.String](b, colTopicID)
	parts, err2 := columnOf[*array.Int32](b, colPartition)
	offsets, err3 := columnOf[*array.Int64](b, colOffset)
	lines, err4 := columnOf[*array.Int64](b, colLine)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	var last *[]spot
	var id string
	var part int32
	for i := range int(b.NumRows()) {
		if last == nil || ids.Value(i) != id || parts.Value(i) != part {
			id, part = strings.Clone(ids.Value(i)), parts.Value(i)
			last = p.of(id, part)
		}
		*last = append(*last, spot{offsets.Value(i), lines.Value(i)})
	}
	return nil
}
