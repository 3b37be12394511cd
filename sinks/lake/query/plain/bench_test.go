package plain

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/logtype"
	"panther/sinks/lake"
	"panther/sinks/lake/query"
)

// A question is what is asked, with TABLE in place of what holds the rows.
type question struct{ name, sql string }

var questions = []question{
	{"count", "SELECT count(*) FROM TABLE"},
	{"group", "SELECT p_source_label, count(*), max(n) FROM TABLE GROUP BY ALL ORDER BY ALL"},
	{"hour", "SELECT count(*), sum(n) FROM TABLE WHERE p_parse_time >= '2026-11-01 20:00:00+00' AND p_parse_time < '2026-11-01 21:00:00+00'"},
}

// An order is what the program alone is to ask.
type order struct {
	Files []string
	SQL   string
}

// BenchmarkQuery asks both in turn, each time in a new process, over PANTHER_FILES files of 10,000 rows (100 if it says nothing;
// 1,000 are ten million rows), in a day. The ratio is of the shortest times.
func BenchmarkQuery(b *testing.B) {
	program, err := query.Find(os.Getenv("PANTHER_QUERY"))
	if err != nil {
		b.Skip(err)
	}
	files := 100
	if n, err := strconv.Atoi(os.Getenv("PANTHER_FILES")); err == nil {
		files = n
	}
	folder, err := lake.OpenFolder(b.TempDir())
	must(b, err)
	c := lake.NewCatalog(folder)
	fill(b, c, files)
	e := &query.Engine{Catalog: c, Program: program, Cache: query.Cache{Dir: b.TempDir()}}
	names := filesOf(b, c)
	alone := filepath.Join(b.TempDir(), "alone")
	if out, err := exec.Command("go", "build", "-o", alone, "./alone").CombinedOutput(); err != nil {
		b.Fatalf("build the program that asks DuckDB alone: %v\n%s", err, out)
	}
	for _, q := range questions {
		b.Run(q.name, func(b *testing.B) {
			var ours, theirs []time.Duration
			for b.Loop() {
				ours = append(ours, timed(func() { answered(b, e, q.sql) }))
				theirs = append(theirs, timed(func() { plain(b, alone, order{names, q.sql}) }))
			}
			b.ReportMetric(ms(ours), "panther-ms")
			b.ReportMetric(ms(theirs), "duckdb-ms")
			b.ReportMetric(ms(ours)/ms(theirs), "ratio")
		})
	}
}

func answered(b *testing.B, e *query.Engine, text string) {
	a, err := e.Run(context.Background(), query.Statement{SQL: strings.Replace(text, "TABLE", "panther_logs.a_one", 1)})
	must(b, err)
	defer a.Close()
	for _, err := range a.Batches() {
		must(b, err)
	}
}

func plain(b *testing.B, program string, o order) {
	text, err := json.Marshal(o)
	must(b, err)
	cmd := exec.Command(program)
	cmd.Stdin = bytes.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("plain DuckDB: %v, %s", err, out)
	}
}

func timed(do func()) time.Duration {
	began := time.Now()
	do()
	return time.Since(began)
}

// ms is the shortest of some times: what else the machine does only adds.
func ms(times []time.Duration) float64 { return slices.Min(times).Seconds() * 1000 }

// fill makes one file a commit, over a day.
func fill(b *testing.B, c *lake.Catalog, files int) {
	s := &logtype.Schema{Name: "A.One", Version: 1, Fields: []logtype.Field{{Name: "n", Value: logtype.Value{Type: logtype.Int}}, {Name: "path", Value: logtype.Value{Type: logtype.String}}}}
	sink := lake.NewSink(c, func(string, int64) (*logtype.Schema, bool) { return s, true }, lake.Options{})
	p := stream.Partition{Topic: schemas.Events.Name, ID: stream.ID{1}}
	sink.Assign(p, 0)
	const rows = 10_000
	start := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for file := range files {
		at := start.Add(time.Duration(file) * 24 * time.Hour / time.Duration(files)).Format(time.RFC3339Nano)
		records := make([]stream.Record, rows)
		for i := range records {
			offset := int64(file*rows + i)
			records[i] = stream.Record{Topic: p.Topic, TopicID: p.ID, Offset: offset, Headers: []stream.Header{
				{Key: schemas.HeaderLogType, Value: []byte(s.Name)}, {Key: schemas.HeaderSource, Value: []byte("src")}, {Key: schemas.HeaderSchemaVersion, Value: []byte("1")},
				{Key: schemas.HeaderParseTime, Value: []byte(at)}},
				Value: fmt.Appendf(nil, `{"n":%d,"path":"/a/%d","p_source_label":"edge-%d"}`, offset%1000, offset%97, offset%5)}
		}
		must(b, sink.Add(context.Background(), records))
		_, _, err := sink.Flush(context.Background(), true)
		must(b, err)
	}
}

func filesOf(b *testing.B, c *lake.Catalog) (names []string) {
	t, err := c.LoadTable(context.Background(), lake.LogTable("A.One"))
	must(b, err)
	tasks, err := t.Scan().PlanFiles(context.Background())
	must(b, err)
	for _, task := range tasks {
		names = append(names, task.File.FilePath())
	}
	return names
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
