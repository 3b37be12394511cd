package lake

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/google/uuid"
)

const (
	zstdLevel  = 3
	pageBytes  = 128 << 10 // a block of zstd: larger pages take more memory and time to make, and are no smaller in the file
	groupBytes = 32 << 20  // of records, that make one row group: so much is in memory as columns too

	dataDir    = "data" // of a table; in it a folder for each hour
	dataSuffix = ".parquet"
	hourFormat = "2006-01-02-15"
)

// writeFiles writes rows into files of the table, one for each hour, and describes them. They belong to the table only
// once they are committed. The names carry a UUID, so that no writer ever overwrites the file of another.
func (c *Catalog) writeFiles(ctx context.Context, t *table.Table, enc encoder, rows []*row) ([]iceberg.DataFile, error) {
	schema, err := table.SchemaToArrowSchema(t.Schema(), nil, true, false)
	if err != nil {
		return nil, fmt.Errorf("write rows of %v: %w", t.Identifier(), err)
	}
	byHour := map[int64][]*row{}
	for _, r := range rows {
		h := hourOf(r.at)
		byHour[h] = append(byHour[h], r)
	}
	var files []iceberg.DataFile
	for h, rows := range byHour {
		f, err := c.writeFile(ctx, t, schema, enc, h, rows)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	slices.SortFunc(files, func(a, b iceberg.DataFile) int { return cmp.Compare(a.FilePath(), b.FilePath()) })
	return files, nil
}

func hourOf(t time.Time) int64 {
	s := t.Unix()
	h := s / 3600
	if s%3600 < 0 {
		h--
	}
	return h
}

// timeOf returns when an hour begins.
func timeOf(hour int64) time.Time { return time.Unix(hour*3600, 0).UTC() }

func (c *Catalog) writeFile(ctx context.Context, t *table.Table, schema *arrow.Schema, enc encoder, hour int64, rows []*row) (iceberg.DataFile, error) {
	var f *parquetFile
	for group := range groups(rows) {
		batch := enc.encode(schema, group)
		var err error
		if f == nil {
			f, err = c.newParquetFile(schema, batch)
		}
		if err == nil {
			err = f.Write(batch)
		}
		batch.Release()
		if err != nil {
			return nil, fmt.Errorf("write rows of %v: %w", t.Identifier(), err)
		}
	}
	return c.storeFile(ctx, t, hour, f)
}

// A parquetFile is a file that is being written: in memory, until storeFile stores it.
type parquetFile struct {
	*pqarrow.FileWriter
	buf *bytes.Buffer
}

// newParquetFile makes a file whose first rows are known: not yet written, but what all are taken to be like.
func (c *Catalog) newParquetFile(schema *arrow.Schema, first arrow.RecordBatch) (*parquetFile, error) {
	buf, ok := c.files.Get().(*bytes.Buffer)
	if !ok {
		buf = new(bytes.Buffer)
	}
	buf.Reset()
	w, err := pqarrow.NewFileWriter(schema, buf, writerProperties(first), pqarrow.NewArrowWriterProperties(pqarrow.WithCoerceTimestamps(arrow.Microsecond)))
	return &parquetFile{w, buf}, err
}

// Write writes a row group. Where it has dictionaries others may have texts, which the Write of the library does not take.
func (f *parquetFile) Write(batch arrow.RecordBatch) error {
	if err := f.NewRowGroupChecked(); err != nil {
		return err
	}
	for _, column := range batch.Columns() {
		if err := f.WriteColumnData(column); err != nil {
			return err
		}
	}
	return nil
}

// storeFile ends a file, stores it in the folder of its hour, and describes it.
func (c *Catalog) storeFile(ctx context.Context, t *table.Table, hour int64, f *parquetFile) (iceberg.DataFile, error) {
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("write rows of %v: %w", t.Identifier(), err)
	}
	meta, err := f.FileMetadata()
	if err != nil {
		return nil, fmt.Errorf("write rows of %v: %w", t.Identifier(), err)
	}
	folder, err := c.folder(t)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%s/%s/p_parse_hour=%s/%s%s", folder, dataDir, timeOf(hour).Format(hourFormat), uuid.NewString(), dataSuffix)
	if err := c.store.Put(ctx, name, f.buf.Bytes()); err != nil {
		return nil, err
	}
	size := int64(f.buf.Len())
	c.files.Put(f.buf)
	// The library reads the file's hour off these statistics: without them, as the table's properties may want it, the file would
	// be in no hour, where nobody who asks for a time finds its rows.
	props := maps.Clone(t.Properties())
	props[table.MetricsModeColumnConfPrefix+"."+colParseTime] = "full"
	return table.DataFileFromMetadata(table.DataFileArgs{
		Schema: t.Schema(), Spec: hourlySpec(t), Format: iceberg.ParquetFile, Metadata: meta, FilePath: c.store.Root() + "/" + name, FileSize: size,
		Content: iceberg.EntryContentData, Properties: props, FormatVersion: t.Metadata().Version(),
	})
}

// groups cuts rows into row groups.
func groups(rows []*row) iter.Seq[[]*row] {
	return func(yield func([]*row) bool) {
		for len(rows) > 0 {
			n, bytes := 0, int64(0)
			for n < len(rows) && (n == 0 || bytes+rows[n].size <= groupBytes) {
				bytes += rows[n].size
				n++
			}
			if !yield(rows[:n]) {
				return
			}
			rows = rows[n:]
		}
	}
}

// unlike are columns whose values differ from row to row.
var unlike = []string{colPayload, "payload_raw", colRowID, colOffset}

// writerProperties: pages of version 1, because readers exist that know no other; zstd, and never LZ4_RAW, of which a reader
// made 0 rows without an error. What is different in every row, or in most of the first ones, has no dictionary.
func writerProperties(first arrow.RecordBatch) *parquet.WriterProperties {
	props := []parquet.WriterProperty{
		parquet.WithVersion(parquet.V2_LATEST), parquet.WithDataPageVersion(parquet.DataPageV1),
		parquet.WithDataPageSize(pageBytes), parquet.WithCompression(compress.Codecs.Zstd), parquet.WithCompressionLevel(zstdLevel), parquet.WithStats(true),
	}
	for _, name := range unlike {
		props = append(props, parquet.WithDictionaryFor(name, false))
	}
	for i, f := range first.Schema().Fields() {
		if texts, ok := first.Column(i).(*array.String); ok && mostlyDifferent(texts) {
			props = append(props, parquet.WithDictionaryFor(f.Name, false))
		}
	}
	return parquet.NewWriterProperties(props...)
}

// mostlyDifferent looks at some of the texts, from everywhere.
func mostlyDifferent(texts *array.String) bool {
	const sample = 256
	if texts.Len() < sample {
		return false
	}
	seen, n := make(map[string]bool, sample), 0
	for i := 0; i < texts.Len(); i += texts.Len() / sample {
		if texts.IsValid(i) {
			seen[texts.Value(i)] = true
			n++
		}
	}
	return n > sample/4 && mostly(len(seen), n)
}

// mostly reports whether a part is most of the whole.
func mostly(part, whole int) bool { return part > whole*3/4 }
