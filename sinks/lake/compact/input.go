package compact

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/classify"
	"panther/schemas/envelope"
	"panther/schemas/logtype"
)

// A file is one of the input.
type file struct {
	name    string // below the input
	size    int64
	written time.Time
}

// list finds the files that are to be read, in order, and counts those that are not, because they are of another kind.
func (j Job) list(ctx context.Context) (files []file, others int, err error) {
	var walk func(dir string) error
	walk = func(dir string) error {
		entries, err := j.Input.List(ctx, cmp.Or(dir, "."))
		if err != nil {
			return err
		}
		for _, e := range entries {
			name := path.Join(dir, e.Name)
			switch {
			case e.Dir && (strings.HasPrefix(name+"/", j.Prefix) || strings.HasPrefix(j.Prefix, name+"/")):
				if err := walk(name); err != nil {
					return err
				}
			case e.Dir || e.Size == 0 || !strings.HasPrefix(name, j.Prefix):
			case !holdsLines(name):
				others++
			default:
				files = append(files, file{name, e.Size, e.Written})
			}
		}
		return nil
	}
	err = walk("")
	slices.SortFunc(files, func(a, b file) int { return cmp.Compare(a.name, b.name) })
	return files, others, err
}

// holdsLines reports whether the name of a file is one of JSON lines, packed or not.
func holdsLines(name string) bool {
	return slices.Contains([]string{".json", ".ndjson", ".jsonl", ".gz", ".zst"}, strings.ToLower(path.Ext(name)))
}

// idOf makes the id of a file from its full name: with the number of a line it is the place of a row.
func idOf(name string) stream.ID {
	sum := sha256.Sum256([]byte(name))
	return stream.ID(sum[:16])
}

// read sorts the lines of a file into their hours. It returns how many there are.
func (w *work) read(ctx context.Context, f file) (lines int64, err error) {
	name := w.Input.Root() + "/" + f.name
	opened, err := w.Input.Open(ctx, f.name)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", name, err)
	}
	defer opened.Close()
	r, err := unpacked(opened)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", name, err)
	}
	checker, err := classify.New([]*logtype.Schema{w.Schema})
	if err != nil {
		return 0, err
	}
	in := &reading{work: w, file: f, name: name, source: w.spill.source(name), checker: checker}
	if err := in.records(ctx, r); err != nil {
		return in.lines, fmt.Errorf("read %s, line %d: %w", name, in.lines+1, err)
	}
	return in.lines, nil
}

// unpacked reads what gzip or zstd has packed, by its first bytes, whatever its name is.
func unpacked(f io.Reader) (*bufio.Reader, error) {
	r := bufio.NewReaderSize(f, 256<<10)
	begin, _ := r.Peek(4)
	switch {
	case bytes.HasPrefix(begin, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, err
		}
		return bufio.NewReaderSize(z, 256<<10), nil
	case bytes.HasPrefix(begin, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return bufio.NewReaderSize(z.IOReadCloser(), 256<<10), nil
	}
	return r, nil
}

// A reading is a file that is being read.
type reading struct {
	*work
	file    file
	name    string
	source  int
	checker classify.Checker
	lines   int64
}

// maxLine bounds what is read as one line.
const maxLine = 64 << 20

// wrapped says how files hold lines: whichever way their bytes look like, unless the lines are a member of an object.
func (j Job) wrapped() envelope.Stream {
	if j.Array != "" {
		return envelope.Stream{Type: envelope.JSONArray, ArrayField: j.Array, Retain: true, Unbounded: true}
	}
	return envelope.Stream{Unbounded: true}
}

// records reads a file: line by line, or whole where its objects or arrays go over several lines.
func (in *reading) records(ctx context.Context, r *bufio.Reader) error {
	for first := true; ; first = false {
		line, err := readLine(r)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if first && !in.wrapped().ByLine(line) {
			rest, err := io.ReadAll(io.LimitReader(r, maxLine))
			if err != nil {
				return err
			}
			if len(rest) == maxLine {
				return fmt.Errorf("its objects go over several lines, and it is larger than %d MiB: write one object a line", maxLine>>20)
			}
			return in.record(slices.Concat(line, []byte("\n"), rest))
		}
		if len(bytes.TrimSpace(line)) > 0 {
			if err := in.record(line); err != nil {
				return err
			}
		}
		if err != nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func readLine(r *bufio.Reader) (line []byte, err error) {
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxLine {
			return nil, fmt.Errorf("it is longer than %d MiB", maxLine>>20)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return bytes.TrimRight(line, "\r\n"), err
		}
	}
}

// record takes the lines in a record: mostly one.
func (in *reading) record(record []byte) error {
	for x := range in.wrapped().Lines(record) {
		line := in.lines
		in.lines++
		if x.Skip {
			continue
		}
		if x.Broken != nil {
			in.failed(fmt.Sprintf("%s:%d", in.name, line+1), fmt.Sprintf("want %s, got %s", x.Broken.Expected, x.Broken.Got))
			continue
		}
		event, at, why := in.event(x, line)
		switch {
		case why != "":
			in.failed(fmt.Sprintf("%s:%d", in.name, line+1), why)
		case event != nil:
			if err := in.spill.add(in.source, line, at, event); err != nil {
				return err
			}
		}
	}
	return nil
}

// earlier is an event that Panther made already: it brings its own p_ fields.
type earlier struct {
	LogType   string    `json:"p_log_type"`
	ParseTime time.Time `json:"p_parse_time"`
}

// event makes the event of a line, and says when it belongs. A line that is an event already stays as it is, in the hour in
// which it was classified; any other is checked against the schema, and belongs where it happened.
func (in *reading) event(x envelope.Line, line int64) (event []byte, at time.Time, why string) {
	var done earlier
	if bytes.Contains(x.Bytes, []byte(`"p_log_type"`)) && json.Unmarshal(x.Bytes, &done) == nil && done.LogType != "" && !done.ParseTime.IsZero() {
		if done.LogType != in.Schema.Name {
			return nil, at, fmt.Sprintf("it is an event of log type %s, want %s", done.LogType, in.Schema.Name)
		}
		return x.Bytes, in.sane(done.ParseTime), ""
	}
	v := in.checker.Check(classify.Line{Bytes: x.Bytes, Header: x.Header, Envelope: x.Envelope, SourceID: in.Source, SourceFile: in.name,
		RowID: fmt.Sprintf("%s-0-%d-0", idOf(in.name), line), ParseTime: in.file.written})
	switch {
	case v.Skipped:
		return nil, at, ""
	case v.Schema == nil:
		nearest := schemas.Candidate{}
		if len(v.Candidates) > 0 {
			nearest = v.Candidates[0]
		}
		return nil, at, classify.Summary(nearest) + advice(x.Bytes)
	}
	return v.Event, in.sane(v.EventTime), ""
}

// advice is what helps with a line that is no event, but a file as AWS delivers it.
func advice(line []byte) string {
	if member := classify.Wrapper(line); member != "" {
		return fmt.Sprintf("; the line is a wrapper: -array-field %s takes the records out of it", member)
	}
	return ""
}

// sane returns t, or when the file was written if t is none or absurd.
func (in *reading) sane(t time.Time) time.Time {
	if y := t.UTC().Year(); y < 1971 || y > 2199 {
		return in.file.written
	}
	return t
}
