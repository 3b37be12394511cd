package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"panther/sinks/lake/operator"
	"panther/sinks/lake/query"
)

// answerFormats are the values of -o of `panther query`. Each writes rows as they come, but for the table, whose columns are as
// wide as their widest value.
var answerFormats = map[string]func(io.Writer, *query.Answer) error{
	"table": writeTable, "json": writeJSON, "csv": writeCSV, "parquet": writeParquet,
}

func writeTable(w io.Writer, a *query.Answer) error {
	fields := a.Schema().Fields()
	header := make([]string, len(fields))
	for i, f := range fields {
		header[i] = printable(f.Name)
		if isNumber(f.Type) {
			header[i] = "#" + header[i]
		}
	}
	t := newTable(header...)
	for b, err := range a.Batches() {
		if err != nil {
			return err
		}
		for i := range int(b.NumRows()) {
			cells := make([]string, b.NumCols())
			for j := range cells {
				cells[j] = "-"
				if text, ok := query.Text(b.Column(j), i); ok {
					cells[j] = text
				}
			}
			t.add(cells...)
		}
	}
	return t.print(w, "")
}

func isNumber(t arrow.DataType) bool {
	return arrow.IsInteger(t.ID()) || arrow.IsFloating(t.ID()) || arrow.IsDecimal(t.ID())
}

// writePlan writes the plan of a statement, which comes as one text of many lines.
func writePlan(w io.Writer, a *query.Answer) error {
	for b, err := range a.Batches() {
		if err != nil {
			return err
		}
		for i := range int(b.NumRows()) {
			text, _ := query.Text(b.Column(int(b.NumCols())-1), i)
			if _, err := fmt.Fprintln(w, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeJSON writes an array of objects, one a line.
func writeJSON(w io.Writer, a *query.Answer) error {
	out := bufio.NewWriter(w)
	line, before := []byte(nil), "[\n"
	for b, err := range a.Batches() {
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		for i := range int(b.NumRows()) {
			line = append(append(line[:0], before...), '{')
			for j, f := range b.Schema().Fields() {
				if j > 0 {
					line = append(line, ',')
				}
				line = append(query.AppendQuoted(line, f.Name), ':')
				line = query.AppendJSON(line, b.Column(j), i)
			}
			if _, err := out.Write(append(line, '}')); err != nil {
				return err
			}
			before = ",\n"
		}
	}
	end := "\n]\n"
	if before == "[\n" {
		end = "[]\n"
	}
	out.WriteString(end)
	return out.Flush()
}

// writeCSV writes a header and rows; null is empty.
func writeCSV(w io.Writer, a *query.Answer) error {
	out := csv.NewWriter(w)
	cells := make([]string, len(a.Schema().Fields()))
	for i, f := range a.Schema().Fields() {
		cells[i] = f.Name
	}
	if err := out.Write(cells); err != nil {
		return err
	}
	for b, err := range a.Batches() {
		if err != nil {
			out.Flush()
			return err
		}
		for i := range int(b.NumRows()) {
			for j := range cells {
				cells[j], _ = query.Text(b.Column(j), i)
			}
			if err := out.Write(cells); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

func writeParquet(w io.Writer, a *query.Answer) error {
	if operator.IsTerminal(w) {
		return usageError("-o parquet writes bytes that no terminal shows: send them to a file, with > answer.parquet")
	}
	props := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd))
	out, err := pqarrow.NewFileWriter(a.Schema(), w, props, pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	if err != nil {
		return fmt.Errorf("write the answer as Parquet: %w; CAST the column to another type", err)
	}
	for b, err := range a.Batches() {
		if err != nil {
			return errors.Join(err, out.Close())
		}
		if err := out.WriteBuffered(b); err != nil {
			return fmt.Errorf("write the answer as Parquet: %w; CAST the column to another type", err)
		}
	}
	return out.Close()
}
