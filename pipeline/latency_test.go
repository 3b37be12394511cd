package pipeline_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"panther/pipeline"
	"panther/pipeline/kafka"
	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/catalogue"
	"panther/sinks/lake"
)

const (
	latencyProbes = 40   // failing lines, each the first of its source
	latencyLoad   = 2000 // lines a second beside them

	latencyInterval = 5 * time.Second // of the lake's commits
)

// BenchmarkLatency measures from sending a source's first failing line to the alert's arrival at a webhook: through
// classifier, failures, aggregator, dispatcher and notify, each with a commit.
func BenchmarkLatency(b *testing.B) { onBrokers(b, measureLatency) }

// BenchmarkFreshness measures from sending a failing line to its row in the lake, while other lines fail all the time: how
// much longer than the lake's interval it takes.
func BenchmarkFreshness(b *testing.B) { onBrokers(b, measureFreshness) }

func onBrokers(b *testing.B, measure func(*testing.B, kafka.Config, kafka.Layout)) {
	b.Run("embedded", func(b *testing.B) {
		broker, err := kafka.StartEmbedded(b.Context(), kafka.EmbeddedConfig{Dir: filepath.Join(b.TempDir(), "broker")})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { broker.Close() })
		measure(b, broker.Config(), kafka.Layout{Embedded: true})
	})
	b.Run("kafka", func(b *testing.B) {
		named := os.Getenv("PANTHER_TEST_BROKERS")
		if named == "" {
			b.Skip("PANTHER_TEST_BROKERS names no Kafka; `make kafka` starts one")
		}
		measure(b, kafka.Config{Brokers: strings.Split(named, ",")}, kafka.Layout{})
	})
}

func measureLatency(b *testing.B, cfg kafka.Config, layout kafka.Layout) {
	l := newLatency(b, cfg, layout)
	l.probe(0) // the first alert opens connections
	for _, at := range []struct {
		name string
		rate int
	}{{"rest", 0}, {"load", latencyLoad}} {
		b.Run(at.name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				stop := l.load(at.rate)
				for range latencyProbes {
					took = append(took, l.probe(time.Duration(rand.IntN(100))*time.Millisecond))
				}
				stop()
			}
			slices.Sort(took)
			b.ReportMetric(0, "ns/op") // it says nothing here
			b.ReportMetric(took[len(took)/2].Seconds()*1000, "p50-ms")
			b.ReportMetric(took[len(took)*99/100].Seconds()*1000, "p99-ms")
		})
	}
}

func measureFreshness(b *testing.B, cfg kafka.Config, layout kafka.Layout) {
	l := newLatency(b, cfg, layout)
	l.failing = true
	var took []time.Duration
	for b.Loop() {
		stop := l.load(latencyLoad)
		time.Sleep(latencyInterval) // until the table is there
		for range latencyProbes / 4 {
			took = append(took, l.row(time.Duration(rand.IntN(1000))*time.Millisecond))
		}
		stop()
	}
	slices.Sort(took)
	b.ReportMetric(0, "ns/op") // it says nothing here
	b.ReportMetric(took[len(took)/2].Seconds(), "p50-s")
	b.ReportMetric((took[len(took)-1] - latencyInterval).Seconds(), "most-beyond-interval-s")
}

// row waits, sends a failing line and returns how long it took until the lake had its row.
func (l *latency) row(wait time.Duration) time.Duration {
	l.b.Helper()
	time.Sleep(wait) // so that probes do not fall into step with the commits
	name := l.source(l.next)
	l.next++
	began := time.Now()
	if err := l.producer.Send(l.b.Context(), name, nil, []byte(`{"id":"probe","port":"ssh"}`)); err != nil {
		l.b.Fatal(err)
	}
	for time.Since(began) < time.Minute {
		page, err := l.lake.FailuresPage(l.b.Context(), lake.Wanted{Source: name}, 1, "")
		if err != nil {
			l.b.Fatal(err)
		}
		if len(page.Failures) > 0 {
			return time.Since(began)
		}
		time.Sleep(20 * time.Millisecond)
	}
	l.b.Fatalf("no row of %s came", name)
	return 0
}

// latency is a pipeline with many sources, and a webhook that notes when each one's alert comes.
type latency struct {
	b        *testing.B
	cfg      kafka.Config
	run      string // names of this run begin with it
	producer *kafka.Producer
	lake     *lake.Catalog
	next     int  // probe
	failing  bool // of the load, some lines fail

	mu      sync.Mutex
	arrived map[string]chan struct{} // by source
}

func newLatency(b *testing.B, cfg kafka.Config, layout kafka.Layout) *latency {
	b.Helper()
	cfg.Heartbeat = time.Second
	l := &latency{b: b, cfg: cfg, run: "latency" + time.Now().Format("150405"), arrived: map[string]chan struct{}{}}
	hook := httptest.NewServer(http.HandlerFunc(l.hook))
	b.Cleanup(hook.Close)
	files := l.files(hook.URL)
	needs := pipeline.Needs(layout, files.Sources...)
	needs.MakeProducers = true
	for i := range needs.Producers {
		needs.Producers[i].Partitions = 1
	}
	if problems := kafka.Preflight(b.Context(), cfg, needs); len(problems) > 0 {
		b.Fatal(problems)
	}
	l.write(func(v *catalogue.View) ([]stream.Record, error) {
		changes, err := catalogue.Plan(v, files, catalogue.Options{}, time.Now(), "benchmark")
		return changes.Records(), err
	})
	b.Cleanup(l.forget)

	folder, err := lake.OpenFolder(filepath.Join(b.TempDir(), "lake"))
	if err != nil {
		b.Fatal(err)
	}
	l.lake = lake.NewCatalog(folder)
	engine, err := pipeline.Start(b.Context(), cfg, pipeline.Parts{Lake: l.lake, Tables: lake.Options{Interval: latencyInterval}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := engine.Stop(); err != nil {
			b.Error(err)
		}
	})
	var topics []string
	for _, s := range files.Sources {
		topics = append(topics, s.Topics...)
	}
	if l.producer, err = kafka.NewProducer(b.Context(), cfg, topics...); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(l.producer.Close)
	return l
}

// files are a log type, a source for each probe and one for the load, and the webhook.
func (l *latency) files(url string) *catalogue.Files {
	l.b.Helper()
	text := "schema: Custom.Latency\nfields:\n- {name: id, type: string, required: true}\n- {name: port, type: int}\n"
	source := func(name string) {
		text += fmt.Sprintf("---\n{kind: LogSource, name: %s, topics: [%s], logTypes: [Custom.Latency], alarm: off}\n", name, name)
	}
	source(l.run + "-load")
	for i := range 2*latencyProbes + 1 {
		source(l.source(i))
	}
	text += fmt.Sprintf("---\n{kind: Destination, name: %s, type: webhook, webhook: {url: %q}}\n", l.run, url)
	file := filepath.Join(l.b.TempDir(), "catalogue.yml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		l.b.Fatal(err)
	}
	files, err := catalogue.Parse(file)
	if err != nil {
		l.b.Fatal(err)
	}
	return files
}

func (l *latency) source(i int) string { return fmt.Sprintf("%s-probe-%d", l.run, i) }

var probe = regexp.MustCompile(`latency\d+-probe-\d+`)

func (l *latency) hook(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	l.mu.Lock()
	defer l.mu.Unlock()
	if name := string(probe.Find(body)); l.arrived[name] != nil {
		close(l.arrived[name])
		delete(l.arrived, name)
	}
}

// probe waits, sends the first failing line of a source and returns how long its alert took.
func (l *latency) probe(wait time.Duration) time.Duration {
	l.b.Helper()
	time.Sleep(wait) // so that probes do not fall into step with the commits
	name, arrived := l.source(l.next), make(chan struct{})
	l.next++
	l.mu.Lock()
	l.arrived[name] = arrived
	l.mu.Unlock()
	began := time.Now()
	if err := l.producer.Send(l.b.Context(), name, nil, []byte(`{"id":"probe","port":"ssh"}`)); err != nil {
		l.b.Fatal(err)
	}
	select {
	case <-arrived:
	case <-time.After(time.Minute):
		l.b.Fatalf("no alert of %s came", name)
	}
	return time.Since(began)
}

// load sends so many lines a second until stop is called.
func (l *latency) load(rate int) (stop func()) {
	ctx, cancel := context.WithCancel(l.b.Context())
	var done sync.WaitGroup
	done.Go(func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		began := time.Now()
		for sent := 0; rate > 0; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			for ; sent < int(time.Since(began).Seconds()*float64(rate)); sent++ {
				line := fmt.Appendf(nil, `{"id":"line-%d","port":%d}`, sent, sent%65536)
				if l.failing && sent%20 == 0 {
					line = fmt.Appendf(nil, `{"id":"line-%d","port":"none"}`, sent)
				}
				if err := l.producer.Send(ctx, l.run+"-load", nil, line); err != nil && ctx.Err() == nil {
					l.b.Error(err)
					return
				}
			}
		}
	})
	return func() {
		cancel()
		done.Wait()
	}
}

// forget takes what the run wrote out of the catalogue: a Kafka that stays must not alert a webhook that is gone.
func (l *latency) forget() {
	l.write(func(v *catalogue.View) (gone []stream.Record, err error) {
		for _, s := range v.Sources() {
			if strings.HasPrefix(s.Label, l.run) {
				gone = append(gone, stream.Record{Topic: schemas.Catalogue.Name, Key: []byte(catalogue.Key(s))})
			}
		}
		for _, e := range v.Entries(catalogue.KindDestination) {
			if d := e.(catalogue.Destination); d.Label == l.run {
				gone = append(gone, stream.Record{Topic: schemas.Catalogue.Name, Key: []byte(catalogue.Key(d))})
			}
		}
		return gone, nil
	})
}

func (l *latency) write(changes func(*catalogue.View) ([]stream.Record, error)) {
	l.b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := kafka.WriteCatalogue(ctx, l.cfg, changes); err != nil {
		l.b.Error(err)
	}
}
