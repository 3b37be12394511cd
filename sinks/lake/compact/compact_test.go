package compact

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"panther/schemas/logtype"
	"panther/sinks/lake"
	"panther/sinks/lake/operator"
)

const schema = `
schema: Custom.Door
fields:
- {name: id, type: string, required: true}
- {name: port, type: int}
- {name: at, type: timestamp, timeFormat: rfc3339, isEventTime: true}
`

// A bench is a folder of files and a lake.
type bench struct {
	t           *testing.T
	input, lake string
	schema      string
	catalog     *lake.Catalog
	hour        time.Time
	complain    string // of the last run
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, input: t.TempDir(), lake: t.TempDir(), schema: filepath.Join(t.TempDir(), "door.yml"), hour: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)}
	b.must(os.WriteFile(b.schema, []byte(schema), 0o600))
	folder, err := lake.OpenFolder(b.lake)
	b.must(err)
	b.catalog = lake.NewCatalog(folder)
	return b
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) write(name string, data []byte) {
	b.t.Helper()
	name = filepath.Join(b.input, name)
	b.must(os.MkdirAll(filepath.Dir(name), 0o755))
	b.must(os.WriteFile(name, data, 0o600))
}

// doors are lines of an hour: n of them, the latest first.
func (b *bench) doors(hour, n int) string {
	var s strings.Builder
	for i := range n {
		at := b.hour.Add(time.Duration(hour)*time.Hour + time.Duration(n-i)*time.Second)
		fmt.Fprintf(&s, `{"id":"door-%d","port":%d,"at":"%s"}`+"\n", i, i, at.Format(time.RFC3339))
	}
	return s.String()
}

func packed(t *testing.T, text string) []byte {
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// run calls the program as a person does.
func (b *bench) run(args ...string) (r Result, code int) {
	b.t.Helper()
	var out, talk bytes.Buffer
	args = append([]string{"-log-type", "Custom.Door", "-schemas", b.schema, "-path", b.input, "-warehouse", b.lake, "-temp", b.t.TempDir(), "-o", "json"}, args...)
	code = Main(b.t.Context(), operator.Call{Name: "compact", Args: args, Out: &out, Talk: &talk, Env: func(string) string { return "" }})
	b.complain = talk.String()
	if code != operator.Usage {
		b.must(json.Unmarshal(out.Bytes(), &r))
	}
	return r, code
}

// expect says what must be in the table, each row once.
func (b *bench) expect(rows int64, files int) {
	b.t.Helper()
	in, err := b.catalog.Inspect(b.t.Context(), lake.LogTable("Custom.Door"))
	b.must(err)
	if !in.OK() || in.Rows != rows || in.Distinct != rows || files > 0 && in.Files != files {
		b.t.Errorf("the table has %d rows, %d distinct, %d files: want %d and %d; %v", in.Rows, in.Distinct, in.Files, rows, files, in.Problems())
	}
}

// A file as CloudTrail delivers it holds its lines as a member of one object. Who has not said so is told how.
func TestWrappedLines(t *testing.T) {
	b := newBench(t)
	records := `{"Records": [` + strings.ReplaceAll(strings.TrimSpace(b.doors(0, 5)), "\n", ",\n") + `]}`
	b.write("trail.json.gz", packed(t, records))
	b.write("lines/trail.ndjson", []byte(strings.ReplaceAll(records, "\n", "")+"\n"+`{"Records":[`+strings.TrimSpace(b.doors(1, 1))+"]}\n"))

	if r, code := b.run(); code != operator.Problems || r.Added != 0 || !strings.Contains(b.complain, "-array-field Records") {
		t.Errorf("without a word about the wrapper: exit %d, %+v, it says %q", code, r, b.complain)
	}
	if r, code := b.run("-array-field", "Records"); code != 0 || r.Lines != 11 || r.Added != 11 {
		t.Errorf("exit %d, %+v; %s", code, r, b.complain)
	}
	b.expect(11, 2)
}

// Files of every kind become one Parquet file for each hour; a second time there is nothing to do; a file that comes later
// adds its rows alone, and lines that do not match are told of.
func TestCompact(t *testing.T) {
	b := newBench(t)
	z, err := zstd.NewWriter(nil)
	b.must(err)
	b.write("2026/03/01/plain.json", []byte(b.doors(0, 50)+b.doors(1, 10)))
	b.write("2026/03/01/lines.ndjson.gz", packed(t, b.doors(1, 20)+`{"port":1}`+"\n"))
	b.write("2026/03/02/more.json.zst", z.EncodeAll([]byte(b.doors(2, 30)), nil))
	b.write("array.json", []byte("[\n  "+strings.ReplaceAll(strings.TrimSpace(b.doors(0, 5)), "\n", ",\n  ")+"\n]\n"))
	b.write("notes.txt", []byte("no lines of ours"))
	b.write("empty.json", nil)

	r, code := b.run("-dry-run", "-workers", "2")
	if code != operator.Problems || r.Files != 4 || r.Others != 1 || r.Lines != 116 || r.Failed != 1 || r.Hours != 3 || r.Added != 115 || r.Made != 0 {
		t.Errorf("dry run: exit %d, %+v", code, r)
	}
	if ids, err := b.catalog.ListTables(t.Context()); err != nil || len(ids) != 0 {
		t.Errorf("the dry run has made %v, %v", ids, err)
	}
	r, code = b.run()
	if code != operator.Problems || r.Added != 115 || r.Known != 0 || r.Hours != 3 || r.Made != 3 || !strings.Contains(b.complain, "lines.ndjson.gz:21") {
		t.Errorf("first: exit %d, %+v, %s", code, r, b.complain)
	}
	b.expect(115, 3)
	if r, _ = b.run(); r.Added != 0 || r.Known != 115 || r.Made != 0 {
		t.Errorf("again: %+v", r)
	}
	b.write("late.json", []byte(b.doors(2, 7)))
	if r, _ = b.run(); r.Added != 7 || r.Known != 115 || r.Made != 1 {
		t.Errorf("with a file more: %+v", r)
	}
	if r, code = b.run("-prefix", "2026/03/02"); r.Files != 1 || r.Known != 30 || code != 0 {
		t.Errorf("-prefix: exit %d, %+v", code, r)
	}
	b.expect(122, 4)
}

// An event that Panther made already keeps what it says of itself, and the hour in which it was classified.
func TestEventsStayAsTheyAre(t *testing.T) {
	b := newBench(t)
	b.write("events.json", []byte(`{"id":"a","port":1,"p_log_type":"Custom.Door","p_row_id":"row-1","p_event_time":"2026-03-01T10:00:00Z","p_parse_time":"2026-03-01T12:30:00Z","p_source_id":"src-9"}
{"id":"b","p_log_type":"Custom.Gate","p_parse_time":"2026-03-01T12:30:00Z"}
`))
	r, code := b.run()
	if code != operator.Problems || r.Added != 1 || r.Failed != 1 || !strings.Contains(b.complain, "log type Custom.Gate, want Custom.Door") {
		t.Fatalf("exit %d, %+v, %s", code, r, b.complain)
	}
	got := map[string]string{}
	for batch, err := range b.catalog.Scan(t.Context(), lake.LogTable("Custom.Door"), "id", "p_row_id", "p_event_time", "p_parse_time", "p_source_id", "topic", "offset") {
		b.must(err)
		for i, f := range batch.Schema().Fields() {
			got[f.Name] = batch.Column(i).ValueStr(0)
		}
	}
	if diff := cmp.Diff(map[string]string{"id": "a", "p_row_id": "row-1", "p_event_time": "2026-03-01T10:00:00Z", "p_parse_time": "2026-03-01T12:30:00Z",
		"p_source_id": "src-9", "topic": filepath.ToSlash(b.input) + "/events.json", "offset": "0"}, got); diff != "" {
		t.Error(diff)
	}
}

// brittle is a store of a lake that dies after some commits.
type brittle struct {
	lake.Store
	left int
}

func (s *brittle) Create(ctx context.Context, name string, data []byte) error {
	if s.left--; s.left < 0 {
		return errors.New("killed")
	}
	return s.Store.Create(ctx, name, data)
}

// Wherever it dies, the next run finishes the work, and no row is there twice.
func TestResume(t *testing.T) {
	b := newBench(t)
	for hour := range 4 {
		b.write(fmt.Sprint("hour", hour, ".json"), []byte(b.doors(hour, 20)))
	}
	s, err := logtype.Parse("door.yml", []byte(schema))
	b.must(err)
	input, err := lake.OpenFolder(b.input)
	b.must(err)
	folder, err := lake.OpenFolder(b.lake)
	b.must(err)
	added := int64(0)
	for _, commits := range []int{0, 1, 2} { // the first commit makes the table
		j := Job{Input: input, Lake: lake.NewCatalog(&brittle{folder, commits}), Schema: s, Workers: 2, Temp: t.TempDir()}
		r, err := j.Run(t.Context())
		if added += r.Added; err == nil || r.Hours >= 4 {
			t.Fatalf("%d commits: %+v, %v", commits, r, err)
		}
	}
	if added == 0 || added == 80 {
		t.Fatalf("%d rows are there before it was resumed", added)
	}
	b.expect(added, 0)
	if r, code := b.run(); code != 0 || r.Known != added || r.Added != 80-added {
		t.Errorf("exit %d, %+v, %s", code, r, b.complain)
	}
	b.expect(80, 4)
}

// Work that is stopped says so once, and how it goes on.
func TestStopped(t *testing.T) {
	b := newBench(t)
	for i := range 5 {
		b.write(fmt.Sprintf("%d.json", i), []byte(b.doors(i, 20)))
	}
	s, err := logtype.Parse("door.yml", []byte(schema))
	b.must(err)
	input, err := lake.OpenFolder(b.input)
	b.must(err)
	ctx, cancel := context.WithCancel(t.Context())
	j := Job{Input: input, Lake: b.catalog, Schema: s, Workers: 2, Temp: t.TempDir(), Progress: func(Result) { cancel() }}
	if r, err := j.Run(ctx); !errors.Is(err, context.Canceled) || strings.Count(err.Error(), "canceled") != 1 || !strings.Contains(err.Error(), "the same call goes on") {
		t.Errorf("%+v: %v", r, err)
	}
}

// What is wrong with a call is said in words.
func TestUsage(t *testing.T) {
	b := newBench(t)
	b.write("a.json", []byte(b.doors(0, 1)))
	for want, args := range map[string][]string{
		"name the log type":                  {"-log-type", ""},
		`no log type "Custom.Dor"`:           {"-log-type", "Custom.Dor"},
		"-path or -s3path, one of them":      {"-s3path", "s3://b/p"},
		"there is no such folder":            {"-path", "/none"},
		"leave one out":                      {"-dir", "x"},
		"want table or json":                 {"-o", "csv"},
		"-workers 0":                         {"-workers", "0"},
		"takes flags only":                   {"more"},
		"flag provided but not defined: -no": {"-no"},
		"want s3://bucket":                   {"-warehouse", "gs://x"},
		`-s3path: "http://x" is no address`:  {"-path", "", "-s3path", "http://x"},
		"-rest-uri":                          {"-catalog", "rest"},
		`no kind "hive"`:                     {"-catalog", "hive"},
	} {
		if _, code := b.run(args...); code != operator.Usage || !strings.Contains(b.complain, want) {
			t.Errorf("%q: exit %d, %q; want %s", args, code, b.complain, want)
		}
	}
}

// A file that is damaged does not keep the others from the table.
func TestDamagedFile(t *testing.T) {
	b := newBench(t)
	whole := packed(t, b.doors(0, 2000))
	b.write("cut.json.gz", whole[:len(whole)/2])
	b.write("whole.json", []byte(b.doors(1, 3)))
	if r, code := b.run(); code != operator.Failed || r.Files != 2 || !strings.Contains(b.complain, "cut.json.gz, line") || !strings.Contains(b.complain, "unexpected EOF") {
		t.Errorf("exit %d, %+v, %s", code, r, b.complain)
	}
	b.write("cut.json.gz", whole)
	if r, code := b.run(); code != 0 || r.Added+r.Known != 2003 {
		t.Errorf("mended: exit %d, %+v, %s", code, r, b.complain)
	}
	b.expect(2003, 0)
}
