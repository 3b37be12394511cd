package kafka

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"panther/pipeline/stream"
)

// A counting is a splitter: a record "5 9" holds the lines 5 to 9.
type counting struct {
	liner
	at   int // a line; 0: none
	once sync.Once
	seen chan struct{} // closed when the line was given away
	pad  int           // bytes that make lines longer, and cannot be compressed
}

func (c *counting) MapFrom(r stream.Record, _ stream.View, from stream.Place, give func([]stream.Record) bool) stream.Place {
	var first, last int
	fmt.Sscan(string(r.Value), &first, &last)
	for n := first + int(from.Line); n <= last; n++ {
		line := fmt.Appendf(nil, `{"key":%q,"seq":%d,"n":%d,"pad":%q}`, r.Key, n, n, noise(n, c.pad))
		more := give([]stream.Record{{Topic: countOut.Name, Key: r.Key, Value: line}})
		if n == c.at {
			c.once.Do(func() { close(c.seen) })
		}
		if !more {
			return stream.Place{Line: int64(n - first + 1), How: "counting"}
		}
	}
	return stream.Place{}
}

func noise(seed, n int) string {
	b := make([]byte, n*3/4)
	rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(b)
	return base64.StdEncoding.EncodeToString(b)
}

var clocksOut = stream.Topic{Name: "clocks-out", Partitions: 1}

func countingNode(c *counting) *stream.Node {
	return &stream.Node{Name: "counting", Sources: true, Writes: []stream.Topic{countOut, clocksOut}, Clocks: clocksOut.Name, Mapper: func() stream.Mapper { return c }}
}

// longRecords writes records of many lines, three to each of two partitions, 400 lines each.
func longRecords(b *bench) {
	b.t.Helper()
	b.create(stream.Topic{Name: "long", Partitions: 2})
	b.apply(1, "long")
	cl := b.client(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	for i := range 6 {
		r := &kgo.Record{Topic: "long", Partition: int32(i % 2), Key: []byte("k" + strconv.Itoa(i%2)), Value: fmt.Appendf(nil, "%d %d", i/2*400+1, i/2*400+400)}
		if err := cl.ProduceSync(b.t.Context(), r).FirstErr(); err != nil {
			b.t.Fatal(err)
		}
	}
}

// A record of many lines takes several transactions; each line comes once, in order, whatever happens in its midst.
func TestLinesOfALongRecordTakeSeveralTransactions(t *testing.T) {
	for _, x := range []struct {
		name    string
		trouble func(b *bench, stop func())
	}{
		{"no trouble", func(*bench, func()) {}},
		{"a restart", func(b *bench, stop func()) {
			stop()
			committed, err := kadm.NewClient(b.client()).FetchOffsets(b.t.Context(), "panther.counting")
			if err != nil {
				b.t.Fatal(err)
			}
			total := int64(0)
			committed.Each(func(o kadm.OffsetResponse) { total += o.At })
			if total >= 6 {
				b.t.Errorf("the group's offsets are behind all %d records while lines of them are left", total)
			}
		}},
		{"a transaction aborts", func(b *bench, _ func()) {
			b.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Err: kerr.IllegalGeneration, Count: 2})
		}},
		{"another process joins", func(b *bench, _ func()) { startSmall(b, countingNode(&counting{})) }},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := &counting{at: 500, seen: make(chan struct{})}
			b := newBench(t, countingNode(c))
			longRecords(b)
			metrics, stop := startSmall(b, countingNode(c))
			<-c.seen
			x.trouble(b, stop)
			startSmall(b, countingNode(&counting{}))
			b.checkCounts(2, 1200)
			if x.name == "no trouble" {
				if n := counterOf(t, metrics, "panther_received_records_total"); n > 6 {
					t.Errorf("%v records were counted as read, of 6", n)
				}
			}
		})
	}
}

// startSmall starts a node whose transactions are full after some hundred lines.
func startSmall(b *bench, node *stream.Node) (*Metrics, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	metrics := NewMetrics()
	r := NewRunner(b.cfg, node, b.follower, metrics)
	r.fits = 4 << 10
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	var once atomic.Bool
	stop := func() {
		if once.CompareAndSwap(false, true) {
			cancel()
			if err := <-done; err != nil {
				b.t.Errorf("run: %v", err)
			}
		}
	}
	b.t.Cleanup(stop)
	return metrics, stop
}

func counterOf(t *testing.T, m *Metrics, name string) (n float64) {
	t.Helper()
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			for _, metric := range f.GetMetric() {
				n += metric.GetCounter().GetValue()
			}
		}
	}
	return n
}

// A broker that takes no more than so many bytes in the time of a transaction is given less, until it gets through.
func TestTransactionsFitTheBroker(t *testing.T) {
	c := &counting{pad: 8 << 10}
	b := newBench(t, countingNode(c))
	b.cfg.TransactionTimeout = time.Second
	b.create(stream.Topic{Name: "long", Partitions: 1})
	b.apply(1, "long")
	const takes = 3 << 20
	var taken atomic.Int64 // in this transaction
	var late time.Time     // when that became too much; of the broker's goroutine
	var tooMuch atomic.Bool
	b.cluster.ControlKey(int16(kmsg.EndTxn), func(kmsg.Request) (kmsg.Response, error, bool) {
		b.cluster.KeepControl()
		taken.Store(0)
		late = time.Time{}
		return nil, nil, false
	})
	b.cluster.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		b.cluster.KeepControl()
		produce := r.(*kmsg.ProduceRequest)
		if produce.TransactionID == nil {
			return nil, nil, false
		}
		busy := produce.ResponseKind().(*kmsg.ProduceResponse)
		for _, topic := range produce.Topics {
			refused := kmsg.NewProduceResponseTopic()
			refused.Topic, refused.TopicID = topic.Topic, topic.TopicID
			for _, p := range topic.Partitions {
				taken.Add(int64(len(p.Records)))
				no := kmsg.NewProduceResponseTopicPartition()
				no.Partition, no.ErrorCode = p.Partition, kerr.RequestTimedOut.Code
				refused.Partitions = append(refused.Partitions, no)
			}
			busy.Topics = append(busy.Topics, refused)
		}
		if taken.Load() <= takes {
			return nil, nil, false
		}
		if late.IsZero() {
			late = time.Now()
			tooMuch.Store(true)
		}
		return busy, nil, time.Since(late) < b.cfg.TransactionTimeout*3/2
	})
	if err := b.client().ProduceSync(t.Context(), &kgo.Record{Topic: "long", Key: []byte("k0"), Value: []byte("1 2000")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	metrics := NewMetrics()
	b.startWith(countingNode(c), metrics)
	if got := len(b.read(countOut.Name, 2000)); got != 2000 {
		t.Errorf("%d lines of 2000 came", got)
	}
	if !tooMuch.Load() {
		t.Skip("this machine is too slow to write too much in the time of a transaction")
	}
	if counterOf(t, metrics, "panther_aborts_total") == 0 {
		t.Error("what was too much for the broker was not aborted")
	}
}

// What did not get through in time is halved, and said. Where the transaction was small, its size was not the reason: a broker
// with a full disk takes nothing at all, and words about sizes would mislead.
func TestLateTransactionsAreMadeSmaller(t *testing.T) {
	for _, x := range []struct {
		bytes, fits int64
		said        bool
	}{{3 << 10, leastBytes, false}, {leastBytes, leastBytes, false}, {mostBytes / 2, mostBytes / 4, true}, {2 * mostBytes, mostBytes / 2, true}} {
		var logged bytes.Buffer
		s := &session{Runner: NewRunner(Config{Log: slog.New(slog.NewTextHandler(&logged, nil))}, edgeNode(), nil, NewMetrics())}
		s.learn(&transaction{bytesOut: x.bytes}, errFenced, context.DeadlineExceeded)
		if s.fits != x.fits || strings.Contains(logged.String(), "smaller") != x.said {
			t.Errorf("%d bytes: the next have up to %d, want %d; said: %q", x.bytes, s.fits, x.fits, &logged)
		}
	}
}
