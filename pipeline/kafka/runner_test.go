package kafka

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/stream"
	"panther/schemas/catalogue"
)

// count is a record of a counting stage: its key's n-th.
type count struct {
	Key string `json:"key"`
	Seq int    `json:"seq"` // the number that its producer gave it, from 1
	N   int    `json:"n"`   // how many the stage had counted, this one included
}

var (
	countIn  = stream.Topic{Name: "counts-in", Partitions: 4, Decode: stream.JSON[count]}
	countOut = stream.Topic{Name: "counts-out", Partitions: 4, Decode: stream.JSON[count]}
)

// counter counts the records of each key.
type counter struct{}

func (counter) Process(s int, r stream.Record, _ stream.View) (int, []stream.Record) {
	m := r.Message.(count)
	if m.Seq < 0 {
		panic("a negative number")
	}
	m.N = s + 1
	return m.N, []stream.Record{stream.Send(countOut, m.Key, m)}
}
func (counter) Wake(int) stream.Wake { return stream.Wake{} }
func (counter) Tick(s int, _ string, _ time.Time, _ stream.View) (int, []stream.Record) {
	return s, nil
}

func countNode() *stream.Node {
	return &stream.Node{Name: "counter", Reads: []stream.Topic{countIn}, Writes: []stream.Topic{countOut}, Task: stream.Fold(counter{}, "")}
}

// patience is how long a test waits for what must come. It is over only where something is wrong: machines may be busy.
const patience = 3 * time.Minute

// A bench is a fake broker with the topics of one node.
type bench struct {
	t        testing.TB
	cluster  *kfake.Cluster
	cfg      Config
	follower *Follower
}

func newBench(t testing.TB, node *stream.Node, opts ...kfake.Opt) *bench {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1), kfake.GroupMinSessionTimeout(time.Second), kfake.BrokerConfigs(map[string]string{
		"group.consumer.heartbeat.interval.ms": "100", "group.consumer.session.timeout.ms": "3000"})}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	b := &bench{t: t, cluster: c, cfg: Config{Brokers: c.ListenAddrs(), Heartbeat: 200 * time.Millisecond, SessionTimeout: 3 * time.Second,
		TransactionTimeout: 5 * time.Second, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}}
	b.create(stream.Topology{*node}.Topics()...)
	b.create(stream.Topic{Name: catalogueTopic, Partitions: 1, Compact: true})
	b.follower, err = FollowCatalogue(t.Context(), b.cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.follower.Close)
	return b
}

func (b *bench) create(topics ...stream.Topic) {
	b.t.Helper()
	for _, topic := range topics {
		conf := map[string]string{"max.message.bytes": strconv.Itoa(MaxMessageBytes)}
		if topic.Compact {
			conf["cleanup.policy"] = "compact"
		}
		if err := b.cluster.CreateTopic(topic.Name, int32(min(topic.Partitions, 4)), conf); err != nil {
			b.t.Fatal(err)
		}
	}
}

// start runs a node and returns what stops it and waits.
func (b *bench) start(node *stream.Node) (stop func()) { return b.startWith(node, NewMetrics()) }

func (b *bench) startWith(node *stream.Node, metrics *Metrics) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- NewRunner(b.cfg, node, b.follower, metrics).Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				b.t.Errorf("run: %v", err)
			}
		})
	}
	b.t.Cleanup(stop)
	return stop
}

func (b *bench) client(opts ...kgo.Opt) *kgo.Client {
	b.t.Helper()
	cl, err := b.cfg.NewClient(opts...)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(cl.Close)
	return cl
}

// produce writes n records of each of keys.
func (b *bench) produce(keys, from, to int) {
	b.t.Helper()
	cl := b.client()
	for n := from; n <= to; n++ {
		for k := range keys {
			v, _ := json.Marshal(count{Key: "k" + strconv.Itoa(k), Seq: n})
			cl.Produce(b.t.Context(), &kgo.Record{Topic: countIn.Name, Key: []byte("k" + strconv.Itoa(k)), Value: v}, func(_ *kgo.Record, err error) {
				if err != nil {
					b.t.Errorf("produce: %v", err)
				}
			})
		}
	}
	if err := cl.Flush(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

// read reads committed records of a topic until there are n, and a moment longer for any that are too many.
func (b *bench) read(topic string, n int) (out []*kgo.Record) {
	b.t.Helper()
	cl := b.client(kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	for len(out) < n && ctx.Err() == nil {
		cl.PollFetches(ctx).EachRecord(func(r *kgo.Record) { out = append(out, r) })
	}
	extra, cancel := context.WithTimeout(b.t.Context(), 300*time.Millisecond)
	defer cancel()
	for extra.Err() == nil {
		cl.PollFetches(extra).EachRecord(func(r *kgo.Record) { out = append(out, r) })
	}
	return out
}

// checkCounts proves that every record was counted once, in order.
func (b *bench) checkCounts(keys, per int) {
	b.t.Helper()
	last := map[string]int{}
	for _, r := range b.read(countOut.Name, keys*per) {
		var c count
		if err := json.Unmarshal(r.Value, &c); err != nil {
			b.t.Fatal(err)
		}
		if c.Seq != last[c.Key]+1 || c.N != c.Seq {
			b.t.Fatalf("key %s: record %d came after %d, counted as %d", c.Key, c.Seq, last[c.Key], c.N)
		}
		last[c.Key] = c.Seq
	}
	for k := range keys {
		if n := last["k"+strconv.Itoa(k)]; n != per {
			b.t.Errorf("key k%d: %d of %d records came", k, n, per)
		}
	}
}

func TestRunnerKeepsStateAcrossRestarts(t *testing.T) {
	b := newBench(t, countNode())
	b.produce(20, 1, 50)
	stop := b.start(countNode())
	b.checkCounts(20, 50)
	stop()
	b.produce(20, 51, 80)
	b.start(countNode())
	b.checkCounts(20, 80)
}

func TestRunnersShareAndHandOver(t *testing.T) {
	b := newBench(t, countNode())
	first := b.start(countNode())
	b.produce(20, 1, 50)
	b.start(countNode())
	b.produce(20, 51, 100)
	first()
	b.produce(20, 101, 150)
	b.checkCounts(20, 150)
}

func TestDeadLetters(t *testing.T) {
	b := newBench(t, countNode())
	cl := b.client()
	b.produce(1, 1, 1)
	for _, v := range []string{"no JSON", `{"key":"k0","seq":-1}`} { // does not decode; panics
		if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: countIn.Name, Key: []byte("k0"), Value: []byte(v)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	b.produce(1, 2, 3)
	b.start(countNode())
	b.checkCounts(1, 3)
	dead := b.read(countNode().DeadLetters().Name, 2)
	if len(dead) != 2 || string(dead[0].Value) != "no JSON" || dead[1].Headers[0].Key != "reason" {
		t.Errorf("dead letters: %v", dead)
	}
}

// sleeper answers each record after a second of the wall clock.
type sleeper struct{}

type sleep struct {
	At  time.Time `json:"at"`
	Key string    `json:"key"`
}

func (sleeper) Process(s sleep, r stream.Record, _ stream.View) (sleep, []stream.Record) {
	return sleep{At: r.Time.Add(time.Second), Key: string(r.Key)}, nil
}
func (sleeper) Wake(s sleep) stream.Wake { return stream.Wake{At: s.At} }
func (sleeper) Tick(_ sleep, key string, _ time.Time, _ stream.View) (sleep, []stream.Record) {
	return sleep{}, []stream.Record{stream.Send(countOut, key, count{Key: key, Seq: 1, N: 1})}
}

func TestTimersFireOnceByTheWallClock(t *testing.T) {
	node := &stream.Node{Name: "sleeper", Reads: []stream.Topic{countIn}, Writes: []stream.Topic{countOut}, Task: stream.Fold(sleeper{}, "")}
	b := newBench(t, node)
	stop := b.start(node)
	b.produce(5, 1, 1)
	stop() // the timers survive it
	b.start(node)
	b.checkCounts(5, 1)
}

// liner is an edge: it copies lines and writes clocks.
type liner struct{ n int64 }

func (l *liner) Map(dst []stream.Record, r stream.Record, _ stream.View) []stream.Record {
	l.n++
	return append(dst, stream.Record{Topic: countOut.Name, Key: r.Key, Value: r.Value})
}
func (l *liner) Flush(dst []stream.Record, _ stream.View) []stream.Record { l.n = 0; return dst }
func (l *liner) Reset()                                                   { l.n = 0 }

func edgeNode() *stream.Node {
	return &stream.Node{Name: "liner", Sources: true, Writes: []stream.Topic{countOut}, Clocks: countOut.Name, Mapper: func() stream.Mapper { return &liner{} }}
}

// apply writes a catalogue of one source.
func (b *bench) apply(version int64, topics ...string) {
	b.t.Helper()
	cl := b.client()
	source, _ := json.Marshal(catalogue.LogSource{ID: "s", Label: "s", Topics: topics, From: "earliest", InputsVersion: version, Version: version})
	v, _ := json.Marshal(catalogue.Version{Version: version, At: time.Now()})
	for _, r := range []*kgo.Record{{Topic: catalogueTopic, Key: []byte("source/s"), Value: source}, {Topic: catalogueTopic, Key: []byte(catalogue.VersionKey), Value: v}} {
		if err := cl.ProduceSync(b.t.Context(), r).FirstErr(); err != nil {
			b.t.Fatal(err)
		}
	}
}

func TestEdgeFollowsTheCatalogueAndWritesClocks(t *testing.T) {
	b := newBench(t, edgeNode())
	b.create(stream.Topic{Name: "lines-a", Partitions: 2}, stream.Topic{Name: "lines-b", Partitions: 1})
	b.apply(1, "lines-a")
	b.start(edgeNode())
	cl := b.client()
	for _, topic := range []string{"lines-a", "lines-b"} {
		for i := range 10 {
			if err := cl.ProduceSync(t.Context(), kgo.KeyStringRecord(fmt.Sprint(i), fmt.Sprint("line ", i))).FirstErr(); err == nil {
				t.Fatal("a record without a topic was taken")
			}
			if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Key: fmt.Append(nil, i), Value: fmt.Append(nil, "line ", i)}).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		if topic == "lines-a" {
			b.apply(2, "lines-a", "lines-b") // without a restart
		}
	}
	lines, clocks := 0, map[string]stream.Clock{}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	rd := b.client(kgo.ConsumeTopics(countOut.Name), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	for ctx.Err() == nil && (lines < 20 || len(clocks) < 3) {
		rd.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
			if len(r.Headers) == 0 || r.Headers[0].Key != stream.HeaderClock {
				lines++
				return
			}
			var cs []stream.Clock
			if err := json.Unmarshal(r.Value, &cs); err != nil {
				t.Error(err)
			}
			for _, c := range cs {
				clocks[fmt.Sprint(c.Topic, c.Partition)] = c
			}
		})
	}
	if lines != 20 || len(clocks) != 3 {
		t.Fatalf("%d lines and %d clocks came; want 20 and 3: %v", lines, len(clocks), clocks)
	}
	if c := clocks["lines-b0"]; c.Version != 2 || c.Of != 1 || c.CaughtUpTo.IsZero() {
		t.Errorf("clock of lines-b: %+v", c)
	}
}

func TestTopicMadeAnewIsReadFromItsStart(t *testing.T) {
	b := newBench(t, edgeNode())
	b.create(stream.Topic{Name: "lines-a", Partitions: 1}, stream.Topic{Name: "lines-b", Partitions: 1})
	b.apply(1, "lines-a", "lines-b")
	b.start(edgeNode())
	cl := b.client()
	send := func(topic string, n int) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		for i := range n {
			if err := cl.ProduceSync(ctx, &kgo.Record{Topic: topic, Key: fmt.Append(nil, i), Value: []byte("x")}).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
	}
	send("lines-a", 5)
	send("lines-b", 5)
	waitForLines(t, b, 10)
	adm := kadm.NewClient(b.client())
	if _, err := adm.DeleteTopics(t.Context(), "lines-a"); err != nil {
		t.Fatal(err)
	}
	send("lines-b", 5) // the others go on
	waitForLines(t, b, 15)
	b.create(stream.Topic{Name: "lines-a", Partitions: 1})
	cl.PurgeTopicsFromClient("lines-a")
	send("lines-a", 3)
	waitForLines(t, b, 18)
}

func waitForLines(t *testing.T, b *bench, n int) {
	t.Helper()
	lines := 0
	rd := b.client(kgo.ConsumeTopics(countOut.Name), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for lines < n && ctx.Err() == nil {
		rd.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
			if len(r.Headers) == 0 || r.Headers[0].Key != stream.HeaderClock {
				lines++
			}
		})
	}
	if lines != n {
		t.Fatalf("%d lines came, want %d", lines, n)
	}
}
