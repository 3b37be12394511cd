package query

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"panther/sinks/lake/query/wire"
)

// An Answer is the rows of a statement, as they come.
type Answer struct {
	process *process
	frames  *frames
	reader  *ipc.Reader
	cancel  context.CancelFunc
	summary wire.Summary
}

func newAnswer(p *process, sql string) (*Answer, error) {
	f := &frames{process: p, sql: sql}
	reader, err := ipc.NewReader(f) // which reads the schema
	if f.err != nil && !errors.Is(f.err, io.EOF) {
		return nil, f.err
	}
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return &Answer{process: p, frames: f, reader: reader}, nil
}

// Schema says what the columns are.
func (a *Answer) Schema() *arrow.Schema { return a.reader.Schema() }

// Batches are the rows. A batch is valid until the next one. It can be read once.
func (a *Answer) Batches() iter.Seq2[arrow.RecordBatch, error] {
	return func(yield func(arrow.RecordBatch, error) bool) {
		for a.reader.Next() {
			if !yield(a.reader.RecordBatch(), nil) {
				return
			}
		}
		if err := a.end(); err != nil {
			yield(nil, err)
		}
	}
}

// end reads what comes behind the rows.
func (a *Answer) end() error {
	_, err := io.Copy(io.Discard, a.frames)
	if err == nil {
		err = a.reader.Err()
	}
	a.summary = a.frames.summary
	return err
}

// Cut is the limit that cut the rows, in words; empty if they are all. It is known after the last batch.
func (a *Answer) Cut() string { return a.summary.Cut }

// Close ends the statement, also in the middle of its rows.
func (a *Answer) Close() {
	a.reader.Release()
	a.process.kill()
	a.cancel()
}

// frames reads the bytes in the frames of rows as one stream.
type frames struct {
	process *process
	sql     string
	left    []byte
	summary wire.Summary
	err     error
}

func (f *frames) Read(b []byte) (int, error) {
	for len(f.left) == 0 && f.err == nil {
		f.err = f.next()
	}
	if len(f.left) == 0 {
		return 0, f.err
	}
	n := copy(b, f.left)
	f.left = f.left[n:]
	return n, nil
}

func (f *frames) next() error {
	kind, body, err := f.process.receive(f.sql)
	switch {
	case err != nil:
		return err
	case kind == wire.Rows:
		f.left = body
		return nil
	case kind == wire.Done:
		if err := json.Unmarshal(body, &f.summary); err != nil {
			return err
		}
		return io.EOF
	}
	return fmt.Errorf("%s answered %c in the middle of rows: it is of another version; build both anew: make build", f.process.cmd.Path, kind)
}
