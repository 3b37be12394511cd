package lake

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/logtype"
)

// A Backfill is rows of files for one hour of the table of a log type. A line of a file is a row once, whoever brings it, how
// often: its place is the file's id and its number.
type Backfill struct {
	Schema *logtype.Schema
	Source string                               // the id of the log source; may be empty
	Hour   time.Time                            // all rows are in it
	Rows   func() iter.Seq2[BackfillRow, error] // begins anew each time
	Upkeep Upkeep                               // size of files, and clock
}

// A BackfillRow is an event that a line of a file became.
type BackfillRow struct {
	File  string    // where the line is from
	ID    stream.ID // of the file
	Line  int64     // in the file, from 0
	At    time.Time
	Event []byte // as JSON
}

// Backfilled is what became of the rows.
type Backfilled struct {
	Added, Known int64 // rows that are there now, and that were there
	Files        int
}

// Backfill puts rows into an hour, in files of the best size, those left out that it has already. It is one commit: a crash
// leaves all of the hour to be done again. If somebody else changes the hour meanwhile it looks again.
func (c *Catalog) Backfill(ctx context.Context, b Backfill) (Backfilled, error) {
	b.Upkeep = b.Upkeep.withDefaults()
	id := LogTable(b.Schema.Name)
	for range errorTries {
		done, err := c.backfillOnce(ctx, id, b)
		if !errors.Is(err, errTaken) {
			return done, err
		}
	}
	return Backfilled{}, fmt.Errorf("fill hour %s of table %s: %w", b.Hour.Format(hourFormat), nameOf(id), errTaken)
}

func (c *Catalog) backfillOnce(ctx context.Context, id table.Identifier, b Backfill) (done Backfilled, err error) {
	began := b.Upkeep.Now()
	t, err := c.Follow(ctx, b.Schema)
	if err != nil {
		return done, err
	}
	there, err := filesOfHour(ctx, t, hourOf(b.Hour))
	if err != nil {
		return done, err
	}
	known, err := placesIn(ctx, t, there)
	if err != nil {
		return done, err
	}
	files, done, err := c.writeBackfill(ctx, t, b, known)
	if err != nil || len(files) == 0 {
		return done, err
	}
	return done, c.addToHour(ctx, id, addition{hour: hourOf(b.Hour), there: pathsOf(there), files: files, began: began}, b.Upkeep)
}

// placesIn reads the places of the rows of files.
func placesIn(ctx context.Context, t *table.Table, tasks []table.FileScanTask) (places, error) {
	p := places{}
	if len(tasks) == 0 {
		return p, nil
	}
	_, batches, err := t.Scan(table.WithSelectedFields(colTopicID, colPartition, colOffset, colLine)).ReadTasks(ctx, tasks)
	if err != nil {
		return nil, err
	}
	for batch, err := range batches {
		if err == nil {
			err = p.add(batch)
			batch.Release()
		}
		if err != nil {
			return nil, fmt.Errorf("read which rows table %s has: %w", nameOf(t.Identifier()), err)
		}
	}
	p.settle()
	return p, nil
}

func pathsOf(tasks []table.FileScanTask) []string {
	var paths []string
	for _, t := range tasks {
		paths = append(paths, t.File.FilePath())
	}
	slices.Sort(paths)
	return paths
}

// writeBackfill writes the rows that are not known, those of a row group sorted by time.
func (c *Catalog) writeBackfill(ctx context.Context, t *table.Table, b Backfill, known places) (files []iceberg.DataFile, done Backfilled, err error) {
	schema, err := table.SchemaToArrowSchema(t.Schema(), nil, true, false)
	if err != nil {
		return nil, done, err
	}
	w := hourWriter{catalog: c, table: t, schema: schema, hour: hourOf(b.Hour), fileBytes: b.Upkeep.FileBytes,
		encoder: newEventEncoder(newColumnSet(t.Schema()), func(string, int64) (*logtype.Schema, bool) { return b.Schema, true })}
	header := func(k, v string) stream.Header { return stream.Header{Key: k, Value: []byte(v)} }
	headers := []stream.Header{header(schemas.HeaderLogType, b.Schema.Name), header(schemas.HeaderSource, b.Source),
		header(schemas.HeaderSchemaVersion, strconv.FormatInt(b.Schema.Version, 10))}
	for r, err := range b.Rows() {
		if err != nil {
			return nil, done, err
		}
		if known.has(Place{r.ID.String(), 0, r.Line, 0}) {
			done.Known++
			continue
		}
		done.Added++
		record := stream.Record{Topic: r.File, TopicID: r.ID, Offset: r.Line, Value: r.Event, Headers: headers}
		if err := w.add(ctx, &row{Record: record, at: r.At, size: sizeOf(&record)}); err != nil {
			return nil, done, err
		}
	}
	files, err = w.end(ctx)
	done.Files = len(files)
	return files, done, err
}

// An hourWriter writes rows of one hour into files of a size.
type hourWriter struct {
	catalog   *Catalog
	table     *table.Table
	schema    *arrow.Schema
	encoder   encoder
	hour      int64
	fileBytes int64

	rows  []*row // of the row group that comes next
	bytes int64
	file  *parquetFile
	files []iceberg.DataFile
}

func (w *hourWriter) add(ctx context.Context, r *row) error {
	w.rows = append(w.rows, r)
	if w.bytes += r.size; w.bytes < groupBytes {
		return nil
	}
	return w.group(ctx)
}

// group writes a row group, and ends the file if it is large enough.
func (w *hourWriter) group(ctx context.Context) (err error) {
	slices.SortStableFunc(w.rows, func(a, b *row) int { return a.at.Compare(b.at) })
	batch := w.encoder.encode(w.schema, w.rows)
	defer batch.Release()
	if w.file == nil {
		if w.file, err = w.catalog.newParquetFile(w.schema, batch); err != nil {
			return err
		}
	}
	err = w.file.Write(batch)
	w.rows, w.bytes = nil, 0
	if err != nil || int64(w.file.buf.Len()) < w.fileBytes {
		return err
	}
	return w.endFile(ctx)
}

func (w *hourWriter) endFile(ctx context.Context) (err error) {
	w.files, err = w.catalog.appendFile(ctx, w.table, w.hour, w.file, w.files)
	w.file = nil
	return err
}

func (w *hourWriter) end(ctx context.Context) ([]iceberg.DataFile, error) {
	if len(w.rows) > 0 {
		if err := w.group(ctx); err != nil {
			return nil, err
		}
	}
	if w.file != nil {
		if err := w.endFile(ctx); err != nil {
			return nil, err
		}
	}
	return w.files, nil
}

// An addition is files for an hour that had certain files when they were made.
type addition struct {
	hour  int64
	there []string
	files []iceberg.DataFile
	began time.Time
}

// addToHour commits an addition. It returns errTaken, and has changed nothing, if the hour has other files than it had.
func (c *Catalog) addToHour(ctx context.Context, id table.Identifier, a addition, p Upkeep) error {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	again := retry{doing: "commit rows to table " + nameOf(id), wait: p.wait}
	for {
		t, err := c.LoadTable(ctx, id)
		if err != nil {
			return err
		}
		files, err := filesOfHour(ctx, t, a.hour)
		if err != nil {
			return err
		}
		now := pathsOf(files)
		if slices.Contains(now, a.files[0].FilePath()) {
			return nil // the answer to the commit was lost
		}
		if !slices.Equal(now, a.there) || mayBeGone(t, a.began, p.Now()) {
			return errTaken
		}
		if _, err = commit(ctx, t, a.files, iceberg.Properties{}); err == nil {
			return nil
		}
		if err := again.after(ctx, err); err != nil {
			return err
		}
	}
}
