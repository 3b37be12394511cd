package pipeline_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"

	"panther/pipeline"
	"panther/pipeline/kafka"
	"panther/pipeline/stream"
	"panther/pipeline/views"
	"panther/schemas"
	"panther/schemas/catalogue"
	"panther/sinks/lake"
	"panther/sinks/notify"
)

// A plant is the whole pipeline on an embedded broker, with the catalogue of some files.
type plant struct {
	t      *testing.T
	dir    string
	cfg    kafka.Config
	engine *pipeline.Engine
	lake   *lake.Catalog
	views  *views.Views
}

// patience is how long a test waits for what must come: only for one that fails it is over.
const patience = 3 * time.Minute

const plantFiles = `
schema: Custom.Door
fields:
- {name: id, type: string, required: true}
- {name: port, type: int}
---
kind: LogSource
name: doors
topics: [doors]
logTypes: [Custom.Door]
---
kind: Destination
name: terminal
type: log
`

func newPlant(t *testing.T, files string) *plant {
	t.Helper()
	dir := t.TempDir()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	broker, err := kafka.StartEmbedded(t.Context(), kafka.EmbeddedConfig{Dir: filepath.Join(dir, "broker"), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { broker.Close() })
	p := &plant{t: t, dir: dir, cfg: broker.Config()}
	p.cfg.Heartbeat = 200 * time.Millisecond
	p.apply(files)
	folder, err := lake.OpenFolder(filepath.Join(dir, "lake"))
	if err != nil {
		t.Fatal(err)
	}
	p.lake = lake.NewCatalog(folder)
	p.start()
	if p.views, err = views.Open(t.Context(), p.cfg, schemas.Alerts, schemas.DeliveryStatuses); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.views.Close)
	return p
}

func (p *plant) start() {
	p.t.Helper()
	var err error
	p.engine, err = pipeline.Start(p.t.Context(), p.cfg, pipeline.Parts{Lake: p.lake, Tables: lake.Options{Interval: 200 * time.Millisecond},
		Notify: notify.Options{Out: p.t.Output()}})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(p.stop)
}

func (p *plant) stop() {
	if p.engine == nil {
		return
	}
	if err := p.engine.Stop(); err != nil {
		p.t.Error(err)
	}
	p.engine = nil
}

// apply makes the catalogue say what files say, and makes the topics that they name.
func (p *plant) apply(text string) {
	p.t.Helper()
	file := filepath.Join(p.dir, "catalogue.yml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	files, err := catalogue.Parse(file)
	if err != nil {
		p.t.Fatal(err)
	}
	needs := pipeline.Needs(kafka.Layout{Embedded: true}, files.Sources...)
	needs.MakeProducers = true
	if problems := kafka.Preflight(p.t.Context(), p.cfg, needs); len(problems) > 0 {
		p.t.Fatal(problems)
	}
	version, err := kafka.WriteCatalogue(p.t.Context(), p.cfg, func(v *catalogue.View) ([]stream.Record, error) {
		changes, err := catalogue.Plan(v, files, catalogue.Options{}, time.Now(), "test")
		return changes.Records(), err
	})
	if err == nil && p.engine != nil {
		_, err = p.engine.Catalogue.WaitFor(p.t.Context(), version) // the nodes follow, without a restart
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *plant) send(topic string, lines ...string) {
	p.t.Helper()
	producer, err := kafka.NewProducer(p.t.Context(), p.cfg, topic)
	if err != nil {
		p.t.Fatal(err)
	}
	defer producer.Close()
	for _, line := range lines {
		if err := producer.Send(p.t.Context(), topic, nil, []byte(line)); err != nil {
			p.t.Fatal(err)
		}
	}
	if err := producer.Flush(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
}

// rows waits until the tables of lines hold so many rows, and returns those of each.
func (p *plant) rows(want int64) map[string]lake.Proof {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	for {
		tables, err := p.lake.Verify(ctx)
		if err != nil {
			p.t.Fatal(err)
		}
		var n int64
		for name, proof := range tables {
			if lake.HoldsEvents(name) || lake.HoldsFailures(name) {
				n += proof.Rows
			}
			if proof.Rows != proof.Distinct {
				p.t.Fatalf("table %s: %d rows at %d positions", name, proof.Rows, proof.Distinct)
			}
		}
		if n == want {
			return tables
		}
		if n > want {
			p.t.Fatalf("%d rows for %d lines: %v", n, want, tables)
		}
		select {
		case <-ctx.Done():
			p.t.Fatalf("%d rows of %d came: %v", n, want, tables)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// alert waits until the one alert there is counts so many failing lines, and returns it. It comes behind the rows: their way is
// shorter.
func (p *plant) alert(want int64) schemas.Alert {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	for {
		var alerts []schemas.Alert
		for _, a := range p.views.All(schemas.Alerts) {
			alerts = append(alerts, a.(schemas.Alert))
		}
		switch {
		case len(alerts) > 1 || len(alerts) == 1 && alerts[0].Count > want:
			p.t.Fatalf("want one alert that counts %d lines, got %+v", want, alerts)
		case len(alerts) == 1 && alerts[0].Count == want:
			return alerts[0]
		}
		select {
		case <-ctx.Done():
			p.t.Fatalf("want one alert that counts %d lines; up to now there is %+v", want, alerts)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func TestSchemaIsMendedWhileLinesFail(t *testing.T) {
	p := newPlant(t, plantFiles)
	p.send("doors", `{"id":"a","port":22}`, `{"id":"b","port":"ssh"}`)
	tables := p.rows(2)
	if tables["panther_monitor.classification_failures"].Rows != 1 || tables["panther_logs.custom_door"].Rows != 1 {
		t.Fatalf("tables: %v", tables)
	}
	p.apply(strings.Replace(plantFiles, "port, type: int", "port, type: string", 1)) // no restart
	p.send("doors", `{"id":"c","port":"ssh"}`)
	tables = p.rows(3)
	if tables["panther_monitor.classification_failures"].Rows != 1 || tables["panther_logs.custom_door"].Rows != 2 {
		t.Errorf("after the schema was mended: %v", tables)
	}
	if a := p.alert(1); a.SystemError != schemas.SourceClassificationFailures {
		t.Errorf("alert: %+v", a)
	}
}

func TestNoLineIsLostWhateverItsBytes(t *testing.T) {
	p := newPlant(t, plantFiles)
	bad := []string{
		"", "\n", "\x00", "\xff\xfe\xfd", "null", "[1]", "{", `{"id":1}garbage`, `{"id":"x","port":99999999999999}`,
		`{"id":` + strings.Repeat("[", 100_000), strings.Repeat("a", 1<<20), strings.Repeat("\x01", 1<<20), strings.Repeat("\xff", 1<<20),
		`{"port":5}`, "\u2028\u2029", "\xef\xbb\xbf{}",
	}
	good := []string{`{"id":"a"}`, `{"id":"b\u0000c","port":""}`, `{"id":"d","other":"` + strings.Repeat("z", 900_000) + `"}`, "{\"id\":\"\xff\"}", `{"id":"e","id":"f"}`}
	long := `{"id":"` + strings.Repeat("y", 2<<20) + `"}` // comes in parts
	const parts = 3
	p.send("doors", bad...)
	p.send("doors", good...)
	p.send("doors", long, "[]") // an empty array holds no line
	tables := p.rows(int64(len(bad) + parts + len(good)))
	if got := tables["panther_monitor.classification_failures"].Rows; got != int64(len(bad)+parts) {
		t.Errorf("%d failures, want %d: %v", got, len(bad)+parts, tables)
	}
	var ofLong int
	want := map[string]int{}
	for _, line := range bad {
		want[line]++
	}
	p.payloads(func(payload []byte) {
		for line := range want {
			if bytes.Equal(payload, []byte(strings.TrimRight(line, "\n"))) || line == "\n" && string(payload) == line {
				want[line]--
				return
			}
		}
		if strings.Contains(long, string(payload)) && len(payload) > len(long)/parts-10 {
			ofLong += len(payload)
			return
		}
		t.Errorf("a payload that nobody sent: %.60q, %d bytes", payload, len(payload))
	})
	if ofLong != len(long) {
		t.Errorf("the parts of a line of %d bytes have %d", len(long), ofLong)
	}
	for line, n := range want {
		if n > 0 && line != "" && line != "\n" {
			t.Errorf("payload %.60q, %d bytes, is not in the table as it was sent", line, len(line))
		}
	}
}

// A packed record may hold very many lines: they take several transactions, so that none of them is too long.
func TestRecordsOfManyLines(t *testing.T) {
	many := 60_000
	if testing.Short() {
		many = 20_000
	}
	p := newPlant(t, plantFiles)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	for i := range many {
		fmt.Fprintf(w, "{\"id\":\"%d\",\"port\":%d}\n", i, i)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	const before, behind = `{"id":"before"}`, `[{"id":"behind"},{"port":1}]`
	p.send("doors", before, packed.String(), behind)
	tables := p.rows(int64(many) + 3)
	if got := tables["panther_logs.custom_door"].Rows; got != int64(many)+2 {
		t.Errorf("%d events, want %d", got, many+2)
	}
}

func TestRestartGoesOn(t *testing.T) {
	p := newPlant(t, plantFiles)
	var lines []string
	for i := range 200 {
		lines = append(lines, fmt.Sprintf(`{"id":"%d","port":%d}`, i, i), fmt.Sprintf(`{"id":%d,"port":"x"}`, i))
	}
	p.send("doors", lines...)
	p.rows(400)
	p.stop()
	p.send("doors", lines...)
	p.start()
	p.rows(800)
	p.alert(400)
}

// payloads reads the exact bytes of every failing line.
func (p *plant) payloads(visit func(payload []byte)) {
	p.t.Helper()
	for batch, err := range p.lake.Scan(p.t.Context(), lake.FailuresTable, "payload", "payload_raw") {
		if err != nil {
			p.t.Fatal(err)
		}
		text, raw := batch.Column(0).(*array.String), batch.Column(1).(*array.Binary)
		for i := range int(batch.NumRows()) {
			if raw.IsNull(i) {
				visit([]byte(text.Value(i)))
			} else {
				visit(raw.Value(i))
			}
		}
	}
}
