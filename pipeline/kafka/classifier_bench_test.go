//go:build unix

package kafka

import (
	"context"
	"log/slog"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/catalogue"
	"panther/schemas/classify"
	"panther/schemas/classify/mimic"
	"panther/stages"
)

const (
	classifiedLines = 240_000 // of about 1,650 bytes
	classifierPairs = 3
)

// BenchmarkClassifier compares the classifier's node with plain loops that copy lines exactly once: the same library, broker
// and lines, a transaction every 100 ms, one loop that writes with LZ4 and one with Snappy, as the node does. All are measured in
// lines' bytes by the CPU time of this process, which the broker's is not part of; the lines are like those of AWS CloudTrail, and
// their source has 30 log types. What is reported are medians.
func BenchmarkClassifier(b *testing.B) {
	b.Run("kafka", func(b *testing.B) {
		cfg := realBrokers(b)
		cfg.Log = slog.New(slog.NewTextHandler(b.Output(), nil))
		c := newClassifying(b, cfg)
		c.copyOnce(kgo.SnappyCompression()) // the first of a broker and of a process is slower than the others
		c.classify()
		var ofLZ4, ofSnappy, lz4s, snappies, nodes []float64
		for b.Loop() {
			for range classifierPairs {
				lz4, node, snappy := c.copyOnce(kgo.Lz4Compression()), c.classify(), c.copyOnce(kgo.SnappyCompression())
				b.Logf("MB per CPU-second: raw with LZ4 %.0f, with Snappy %.0f; classifier %.0f: %.2f, %.2f", lz4, snappy, node, node/lz4, node/snappy)
				lz4s, snappies, nodes = append(lz4s, lz4), append(snappies, snappy), append(nodes, node)
				ofLZ4, ofSnappy = append(ofLZ4, node/lz4), append(ofSnappy, node/snappy)
			}
		}
		b.ReportMetric(0, "ns/op") // it says nothing here
		b.ReportMetric(median(ofLZ4), "of-raw-lz4")
		b.ReportMetric(median(ofSnappy), "of-raw-snappy")
		b.ReportMetric(median(lz4s), "raw-lz4-MB/cpu-s")
		b.ReportMetric(median(snappies), "raw-snappy-MB/cpu-s")
		b.ReportMetric(median(nodes), "classifier-MB/cpu-s")
	})
}

// A classifying is a topic full of lines, and what is made of it.
type classifying struct {
	copying
	size int
}

func newClassifying(b *testing.B, cfg Config) *classifying {
	b.Helper()
	c := &classifying{copying: copying{b: b, cfg: cfg, client: newClient(b, cfg), in: "trails-" + time.Now().Format("150405.000000")}}
	c.create(stream.Topic{Name: c.in, Partitions: copyPartitions}, schemas.Catalogue, schemas.Events, schemas.ClassificationFailures, schemas.SourceActivity)
	b.Cleanup(func() { c.remove(c.in) })
	client := newClient(b, cfg, kgo.DefaultProduceTopic(c.in), kgo.ProducerLinger(5*time.Millisecond), kgo.ProducerBatchCompression(kgo.Lz4Compression()))
	for _, line := range mimic.Lines(classifiedLines, mimic.New(1).CloudTrail) {
		c.size += len(line)
		client.Produce(b.Context(), &kgo.Record{Key: line[100:108], Value: line}, nil)
	}
	if err := client.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	c.source()
	var err error
	if c.follower, err = FollowCatalogue(b.Context(), cfg); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.follower.Close)
	return c
}

// source puts the topic into the catalogue, as that of a source with 30 log types.
func (c *classifying) source() {
	c.b.Helper()
	source := catalogue.LogSource{ID: c.in, Label: c.in, Topics: []string{c.in}, From: "earliest"}
	for _, s := range mimic.Types(30) {
		source.LogTypes = append(source.LogTypes, s.Name)
	}
	write := func(r stream.Record) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, err := WriteCatalogue(ctx, c.cfg, func(*catalogue.View) ([]stream.Record, error) { return []stream.Record{r}, nil }); err != nil {
			c.b.Fatal(err)
		}
	}
	write(stream.Send(schemas.Catalogue, catalogue.Key(source), source))
	c.b.Cleanup(func() { write(stream.Record{Topic: schemas.Catalogue.Name, Key: []byte(catalogue.Key(source))}) })
}

func (c *classifying) perSecond(used time.Duration) float64 {
	return float64(c.size) / 1e6 / used.Seconds()
}

// copyOnce copies the lines exactly once. CPU time runs from the first records to the last commit.
func (c *classifying) copyOnce(codec kgo.CompressionCodec) float64 {
	c.b.Helper()
	out := c.next("raw")
	defer c.remove(out)
	session, err := kgo.NewGroupTransactSession(append(c.cfg.options(), kgo.ConsumerGroup(out), kgo.TransactionalID(out), kgo.ConsumeTopics(c.in),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.DefaultProduceTopic(out), kgo.ProducerLinger(10*time.Millisecond), kgo.ProducerBatchCompression(codec), kgo.MaxBufferedRecords(50_000))...)
	if err != nil {
		c.b.Fatal(err)
	}
	defer func() {
		session.Close()
		_, _ = kadm.NewClient(c.client).DeleteGroups(context.Background(), out)
	}()
	began := time.Duration(-1)
	for n := 0; n < classifiedLines; {
		if err := session.Begin(); err != nil {
			c.b.Fatal(err)
		}
		for until := time.Now().Add(100 * time.Millisecond); n < classifiedLines && time.Now().Before(until); {
			fetches := session.PollRecords(c.b.Context(), 10_000)
			if err := fetches.Err(); err != nil {
				c.b.Fatal(err)
			}
			if began < 0 {
				began = processTime()
			}
			fetches.EachRecord(func(r *kgo.Record) {
				n++
				session.Produce(c.b.Context(), &kgo.Record{Key: r.Key, Value: r.Value}, nil)
			})
		}
		if committed, err := session.End(c.b.Context(), kgo.TryCommit); err != nil || !committed {
			c.b.Fatalf("the transaction of the raw loop was not committed: %v", err)
		}
	}
	return c.perSecond(processTime() - began)
}

// classify runs the classifier's node. CPU time runs from the first record to the commit of the last.
func (c *classifying) classify() float64 {
	c.b.Helper()
	var plans classify.Plans
	first := &watch{}
	node := &stream.Node{Name: c.next("node"), Sources: true, Writes: []stream.Topic{schemas.Events, schemas.ClassificationFailures, schemas.SourceActivity},
		Clocks: schemas.SourceActivity.Name, Mapper: func() stream.Mapper {
			return watched{stages.NewClassifier(plans.Worker().Checker), first}
		}}
	state, _ := node.State()
	c.create(state, node.DeadLetters())
	defer c.remove(node.Name, state.Name, node.DeadLetters().Name)
	metrics := NewMetrics()
	ctx, cancel := context.WithCancel(c.b.Context())
	ended := make(chan error, 1)
	go func() { ended <- NewRunner(c.cfg, node, c.follower, metrics).Run(ctx) }()
	for committed(c.b, metrics) < classifiedLines {
		select {
		case err := <-ended:
			c.b.Fatalf("the runner ended: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	began := time.Duration(first.began.Load())
	if began == 0 {
		c.b.Fatal("the runner classified lines, but not by the stage that it was given")
	}
	speed := c.perSecond(processTime() - began)
	cancel()
	if err := <-ended; err != nil {
		c.b.Fatal(err)
	}
	return speed
}

// A watch notes the CPU time of the first record.
type watch struct{ began atomic.Int64 }

type watched struct {
	*stages.Classifier
	*watch
}

func (w watched) MapFrom(r stream.Record, v stream.View, from stream.Place, give func([]stream.Record) bool) stream.Place {
	if w.began.Load() == 0 {
		w.began.Store(int64(processTime()))
	}
	return w.Classifier.MapFrom(r, v, from, give)
}

// processTime is the CPU time that this process has used.
func processTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
