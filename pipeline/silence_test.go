package pipeline_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"panther/pipeline"
	"panther/pipeline/kafka"
	"panther/pipeline/stream"
	"panther/schemas/catalogue"
)

const (
	silentSources   = 1000
	silentHeartbeat = time.Second
	silentAlarm     = 10 * time.Second
)

// BenchmarkThousandFallSilent lets a thousand sources, each with a topic of its own, send one line at the same time and then
// nothing. It measures, in heartbeats, how long after the last alarm was due all alarms were at a webhook: the goal is two.
func BenchmarkThousandFallSilent(b *testing.B) {
	broker, err := kafka.StartEmbedded(b.Context(), kafka.EmbeddedConfig{Dir: filepath.Join(b.TempDir(), "broker")})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { broker.Close() })
	cfg := broker.Config()
	cfg.Heartbeat, cfg.Log = silentHeartbeat, slog.New(slog.NewTextHandler(b.Output(), nil))
	told := &tellings{first: map[string]time.Time{}, done: make(chan struct{})}
	hook := httptest.NewServer(told)
	b.Cleanup(hook.Close)

	topics := manySources(b, cfg, hook.URL)
	engine, err := pipeline.Start(b.Context(), cfg, pipeline.Parts{}, "classifier", "dropoff", "failures", "meter", "aggregator", "dispatcher", "notify")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := engine.Stop(); err != nil {
			b.Error(err)
		}
	})
	producer, err := kafka.NewProducer(b.Context(), cfg, topics...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(producer.Close)
	for began := time.Now(); !engine.Idle(began); {
		time.Sleep(100 * time.Millisecond) // until the classifier listens to all of them
	}
	for b.Loop() { // once: they fall silent once
		for _, topic := range topics {
			if err := producer.Send(b.Context(), topic, nil, []byte(`{"id":"the last"}`)); err != nil {
				b.Fatal(err)
			}
		}
		if err := producer.Flush(b.Context()); err != nil {
			b.Fatal(err)
		}
		due := time.Now().Add(silentAlarm)
		select {
		case <-told.done:
		case <-time.After(5 * time.Minute):
			b.Fatalf("%d of %d alarms came", told.count(), silentSources)
		}
		first, last := told.span()
		b.ReportMetric(0, "ns/op") // it says nothing here
		b.ReportMetric(first.Sub(due).Seconds()/silentHeartbeat.Seconds(), "heartbeats-to-first")
		b.ReportMetric(last.Sub(due).Seconds()/silentHeartbeat.Seconds(), "heartbeats-to-last")
	}
}

// manySources makes the topics, and a catalogue of the sources and a webhook. It returns the sources' topics.
func manySources(b *testing.B, cfg kafka.Config, url string) (topics []string) {
	b.Helper()
	text := "schema: Custom.Silent\nfields:\n- {name: id, type: string, required: true}\n"
	for i := range silentSources {
		topics = append(topics, fmt.Sprintf("silent-%04d", i))
		text += fmt.Sprintf("---\n{kind: LogSource, name: %s, topics: [%s], logTypes: [Custom.Silent]}\n", topics[i], topics[i])
	}
	text += fmt.Sprintf("---\n{kind: Destination, name: hook, type: webhook, webhook: {url: %q}}\n", url)
	file := filepath.Join(b.TempDir(), "catalogue.yml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	files, err := catalogue.Parse(file)
	if err != nil {
		b.Fatal(err)
	}
	for i := range files.Sources {
		files.Sources[i].Alarm = silentAlarm // less than files may say
	}
	needs := pipeline.Needs(kafka.Layout{Embedded: true}, files.Sources...)
	needs.MakeProducers = true
	for i := range needs.Producers {
		needs.Producers[i].Partitions = 1
	}
	if problems := kafka.Preflight(b.Context(), cfg, needs); len(problems) > 0 {
		b.Fatal(problems)
	}
	if _, err := kafka.WriteCatalogue(b.Context(), cfg, func(v *catalogue.View) ([]stream.Record, error) {
		changes, err := catalogue.Plan(v, files, catalogue.Options{}, time.Now(), "benchmark")
		return changes.Records(), err
	}); err != nil {
		b.Fatal(err)
	}
	return topics
}

// tellings is a webhook that notes when the alarm of each source came first.
type tellings struct {
	mu    sync.Mutex
	first map[string]time.Time
	done  chan struct{} // closed once all have come
}

var silentSource = regexp.MustCompile(`silent-\d+`)

func (t *tellings) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	now := time.Now()
	if !strings.Contains(string(body), "SOURCE_NO_DATA") {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	name := string(silentSource.Find(body))
	if _, ok := t.first[name]; ok {
		return
	}
	t.first[name] = now
	if len(t.first) == silentSources {
		close(t.done)
	}
}

func (t *tellings) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.first)
}

func (t *tellings) span() (first, last time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, at := range t.first {
		if first.IsZero() || at.Before(first) {
			first = at
		}
		if at.After(last) {
			last = at
		}
	}
	return first, last
}
