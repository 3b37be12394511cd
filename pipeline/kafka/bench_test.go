package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/stream"
	"panther/schemas"
)

// What the copies move: enough lines for many transactions, and few enough bytes for a small machine. There are more lines than
// are measured: the last transaction of all waits for its interval though nothing comes any more.
const (
	copyRecords    = 1_000_000
	copyBeyond     = 100_000
	copySize       = 600
	copyPartitions = 4
	copyPairs      = 5
	copyWarm       = 5
)

// BenchmarkRunner compares the runner, exactly once, with a plain loop that copies at most once: the same library, broker,
// compression and lines. The loops take turns; of-raw is the median of how fast the runner was as a part of the loop beside it, and
// cpu-of-raw the same by the CPU time of this process, which says more where the machine has other things to do.
func BenchmarkRunner(b *testing.B) {
	b.Run("embedded", func(b *testing.B) {
		compareCopies(b, embedded(b, EmbeddedConfig{Dir: b.TempDir()}).Config())
	})
	b.Run("kafka", func(b *testing.B) { compareCopies(b, realBrokers(b)) })
}

func compareCopies(b *testing.B, cfg Config) {
	cfg.Log = slog.New(slog.NewTextHandler(b.Output(), nil))
	c := newCopying(b, cfg)
	for range copyWarm { // a broker that has just started is slower, by transactions above all: it is still being compiled
		c.raw()
		c.runner()
	}
	var ratios, cpu, raws, runners []float64
	for b.Loop() {
		for i := range copyPairs {
			var raw, runner speed
			if i%2 == 0 {
				raw, runner = c.raw(), c.runner()
			} else {
				runner, raw = c.runner(), c.raw()
			}
			b.Logf("raw %.0f MB/s, runner %.0f MB/s: %.2f; by CPU time %.0f, %.0f: %.2f",
				raw.wall, runner.wall, runner.wall/raw.wall, raw.cpu, runner.cpu, runner.cpu/raw.cpu)
			raws, runners = append(raws, raw.wall), append(runners, runner.wall)
			ratios, cpu = append(ratios, runner.wall/raw.wall), append(cpu, runner.cpu/raw.cpu)
		}
	}
	b.ReportMetric(0, "ns/op") // it says nothing here
	b.ReportMetric(median(ratios), "of-raw")
	b.ReportMetric(median(cpu), "cpu-of-raw")
	b.ReportMetric(median(raws), "raw-MB/s")
	b.ReportMetric(median(runners), "runner-MB/s")
}

func median(all []float64) float64 { return slices.Sorted(slices.Values(all))[len(all)/2] }

// A copying is a topic full of lines, and two ways to copy it.
type copying struct {
	b        *testing.B
	cfg      Config
	client   *kgo.Client // for topics
	follower *Follower
	in       string
	runs     int
}

func newCopying(b *testing.B, cfg Config) *copying {
	b.Helper()
	c := &copying{b: b, cfg: cfg, client: newClient(b, cfg), in: "copy-" + time.Now().Format("150405.000000")}
	c.create(stream.Topic{Name: c.in, Partitions: copyPartitions}, schemas.Catalogue)
	b.Cleanup(func() { c.remove(c.in) })
	c.load()
	var err error
	if c.follower, err = FollowCatalogue(b.Context(), cfg); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.follower.Close)
	return c
}

func (c *copying) create(topics ...stream.Topic) {
	c.b.Helper()
	if err := Ensure(c.b.Context(), c.cfg, c.client, topics, Layout{}); err != nil {
		c.b.Fatal(err)
	}
}

// remove gives the room of topics back: the embedded broker holds what it keeps in memory.
func (c *copying) remove(topics ...string) {
	c.b.Helper()
	if _, err := kadm.NewClient(c.client).DeleteTopics(context.Background(), topics...); err != nil {
		c.b.Error(err)
	}
}

// load fills the topic with lines that compress about as log lines do.
func (c *copying) load() {
	c.b.Helper()
	words := strings.Fields("connection timeout upstream retrying failed handler completed session cache miss hit query db pool exhausted")
	random := rand.New(rand.NewPCG(1, 1))
	client := newClient(c.b, c.cfg, kgo.DefaultProduceTopic(c.in), kgo.ProducerLinger(5*time.Millisecond), kgo.ProducerBatchCompression(kgo.Lz4Compression()))
	for i := range copyRecords + copyBeyond {
		line := fmt.Appendf(make([]byte, 0, copySize+16), "%020d host-%03d request id=%016x user=%d status=%d ", i, random.IntN(200), random.Uint64(), random.IntN(1e5), 200+random.IntN(300))
		for len(line) < copySize {
			line = append(append(line, words[random.IntN(len(words))]...), ' ')
		}
		client.Produce(c.b.Context(), &kgo.Record{Key: fmt.Appendf(nil, "%08d", i%1000), Value: line[:copySize]}, nil)
	}
	if err := client.Flush(c.b.Context()); err != nil {
		c.b.Fatal(err)
	}
}

// A speed is in MB/s, and in MB for each second of CPU time.
type speed struct{ wall, cpu float64 }

// A beginning is when a copy began.
type beginning struct {
	wall time.Time
	cpu  time.Duration // that this process had used
}

func begin() *beginning { return &beginning{time.Now(), processTime()} }

// speed is what copying so many records since then comes to.
func (at *beginning) speed(records int) speed {
	size := float64(records) * copySize / 1e6
	return speed{size / time.Since(at.wall).Seconds(), size / (processTime() - at.cpu).Seconds()}
}

// raw copies with a consumer and a producer. Time runs from the first records to the last acknowledgement.
func (c *copying) raw() speed {
	c.b.Helper()
	out := c.next("raw")
	defer c.remove(out)
	client, err := c.cfg.NewClient(kgo.ConsumeTopics(c.in), kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()), kgo.DefaultProduceTopic(out),
		kgo.ProducerLinger(10*time.Millisecond), compression(), kgo.MaxBufferedRecords(50_000))
	if err != nil {
		c.b.Fatal(err)
	}
	defer client.Close()
	var failed atomic.Pointer[error]
	done := func(_ *kgo.Record, err error) {
		if err != nil {
			failed.Store(&err)
		}
	}
	var began *beginning
	n := 0
	for n < copyRecords {
		fetches := client.PollRecords(c.b.Context(), 10_000)
		if err := fetches.Err(); err != nil {
			c.b.Fatal(err)
		}
		if began == nil {
			began = begin()
		}
		fetches.EachRecord(func(r *kgo.Record) {
			n++
			client.Produce(c.b.Context(), &kgo.Record{Key: r.Key, Value: r.Value}, done)
		})
	}
	if err := client.Flush(c.b.Context()); err != nil {
		c.b.Fatal(err)
	}
	if err := failed.Load(); err != nil {
		c.b.Fatal(*err)
	}
	return began.speed(n)
}

// runner copies with a node at the edge. Time runs from the first record to a commit.
func (c *copying) runner() speed {
	c.b.Helper()
	out := c.next("runner")
	clocks := stream.Topic{Name: out + "-clocks", Partitions: 1}
	copier := &copier{out: out}
	node := &stream.Node{Name: out, Reads: []stream.Topic{{Name: c.in, Partitions: copyPartitions}}, Clocks: clocks.Name,
		Writes: []stream.Topic{{Name: out}, clocks}, Mapper: func() stream.Mapper { return copier }}
	state, _ := node.State()
	c.create(clocks, state, node.DeadLetters())
	defer c.remove(out, clocks.Name, state.Name, node.DeadLetters().Name)

	metrics := NewMetrics()
	ctx, cancel := context.WithCancel(c.b.Context())
	ended := make(chan error, 1)
	go func() { ended <- NewRunner(c.cfg, node, c.follower, metrics).Run(ctx) }()
	n := 0
	for ; n < copyRecords; n = committed(c.b, metrics) {
		select {
		case err := <-ended:
			c.b.Fatalf("the runner ended: %v", err)
		case <-time.After(5 * time.Millisecond): // asking takes time, too
		}
	}
	took := copier.began.Load().speed(n)
	cancel()
	if err := <-ended; err != nil {
		c.b.Fatal(err)
	}
	return took
}

// next makes the topic of one more copy.
func (c *copying) next(who string) string {
	c.b.Helper()
	c.runs++
	out := fmt.Sprintf("%s-%s-%d", c.in, who, c.runs)
	c.create(stream.Topic{Name: out, Partitions: copyPartitions})
	return out
}

// committed is how many records the runner has read and committed.
func committed(b *testing.B, m *Metrics) (n int) {
	b.Helper()
	families, err := m.registry.Gather()
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "panther_received_records_total" {
			continue
		}
		for _, metric := range f.GetMetric() {
			n += int(metric.GetCounter().GetValue())
		}
	}
	return n
}

// A copier copies every record.
type copier struct {
	out   string
	began atomic.Pointer[beginning]
}

func (c *copier) Map(dst []stream.Record, r stream.Record, _ stream.View) []stream.Record {
	if c.began.Load() == nil {
		c.began.Store(begin())
	}
	return append(dst, stream.Record{Topic: c.out, Key: r.Key, Value: r.Value})
}
func (c *copier) Flush(dst []stream.Record, _ stream.View) []stream.Record { return dst }
func (c *copier) Reset()                                                   {}
