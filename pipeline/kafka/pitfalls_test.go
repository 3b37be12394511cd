package kafka

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"panther/pipeline/stream"
)

// Each test here is a sequence that went wrong once, or would go wrong without a rule of the runner.

// What retention deleted before it was read is counted, and the rest is read on.
func TestHoleIsCounted(t *testing.T) {
	b := newBench(t, countNode())
	stop := b.start(countNode())
	b.produce(1, 1, 10)
	b.checkCounts(1, 10)
	stop()
	b.produce(1, 11, 30)
	p := PartitionFor([]byte("k0"), 4)
	ends := kadm.Offsets{}
	ends.AddOffset(countIn.Name, p, 25, -1)
	if _, err := kadm.NewClient(b.client()).DeleteRecords(t.Context(), ends); err != nil {
		t.Fatal(err)
	}
	metrics := NewMetrics()
	b.startWith(countNode(), metrics)
	out := b.read(countOut.Name, 15)
	var last count
	if err := json.Unmarshal(out[len(out)-1].Value, &last); err != nil || len(out) != 15 || last.Seq != 30 || last.N != 15 {
		t.Errorf("%d records, the last %+v; want 15, the last of number 30, counted as 15", len(out), last)
	}
	if n := metrics.value(t, "panther_expired_records_total"); n != 15 {
		t.Errorf("%v records are counted as lost, want 15", n)
	}
}

// value is the sum of a counter; with values of labels, of those that have them.
func (m *Metrics) value(t *testing.T, name string, labels ...string) (sum float64) {
	t.Helper()
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, metric := range f.GetMetric() {
			same := f.GetName() == name
			for _, label := range metric.GetLabel() {
				same = same && (len(labels) == 0 || slices.Contains(labels, label.GetValue()))
			}
			if same {
				sum += metric.GetCounter().GetValue()
			}
		}
	}
	return sum
}

// The group's offsets may expire, or vanish by accident. The state knows better.
func TestOffsetsOfTheGroupAreGone(t *testing.T) {
	b := newBench(t, countNode())
	stop := b.start(countNode())
	b.produce(20, 1, 50)
	b.checkCounts(20, 50)
	stop()
	res, err := kadm.NewClient(b.client()).DeleteGroups(t.Context(), "panther.counter")
	if err = errors.Join(err, res.Error()); err != nil {
		t.Fatal(err)
	}
	b.start(countNode())
	b.produce(20, 51, 60)
	b.checkCounts(20, 60)
}

// napper answers each record by the wall clock, as many seconds later as its number says.
type napper struct{ sleeper }

func (napper) Process(s sleep, r stream.Record, _ stream.View) (sleep, []stream.Record) {
	return sleep{At: r.Time.Add(time.Duration(r.Message.(count).Seq) * time.Second), Key: string(r.Key)}, nil
}

func napNode() *stream.Node {
	return &stream.Node{Name: "napper", Reads: []stream.Topic{countIn}, Writes: []stream.Topic{countOut}, Task: stream.Fold(napper{}, "")}
}

// A member whose heartbeats do not reach the group does not know that its partitions are another's by now. Its timers come due
// as those of the other do; only one of the two may write.
func TestZombieTimersAreFenced(t *testing.T) {
	t.Parallel()
	b := newBench(t, napNode())
	loseHeartbeats := b.deaf()
	metrics := NewMetrics()
	zombie := b.startWith(napNode(), metrics)
	b.produce(20, 7, 7)
	b.waitChangelog(napNode(), 20) // it has taken the records
	loseHeartbeats()
	other := b.start(napNode())
	b.waitMembers("panther.napper", 1) // the group has given the zombie up after its session, and has the other
	ended := func() float64 {
		return metrics.value(t, "panther_commits_total") + metrics.value(t, "panther_aborts_total")
	}
	for before := ended(); ended() == before; { // until the zombie has tried to write
		if err := pause(t.Context(), 20*time.Millisecond); err != nil {
			t.Fatal("the zombie's timers did not come due")
		}
	}
	b.checkCounts(20, 1)
	if metrics.value(t, "panther_aborts_total") == 0 {
		t.Error("no transaction of the zombie was given up")
	}
	other()
	zombie()
	b.checkCounts(20, 1)
}

// deaf returns a function that cuts the members there are by then off from the group, those that come later not: their
// heartbeats are answered as if all were well, and the group never sees them.
func (b *bench) deaf() func() {
	var mu sync.Mutex
	members, cut := map[string]bool{}, false
	lost := func(id string) bool {
		mu.Lock()
		defer mu.Unlock()
		if !cut {
			members[id] = true
		}
		return cut && members[id]
	}
	b.cluster.ControlKey(int16(kmsg.Heartbeat), func(r kmsg.Request) (kmsg.Response, error, bool) {
		b.cluster.KeepControl()
		return r.ResponseKind(), nil, lost(r.(*kmsg.HeartbeatRequest).MemberID)
	})
	b.cluster.ControlKey(int16(kmsg.ConsumerGroupHeartbeat), func(r kmsg.Request) (kmsg.Response, error, bool) {
		b.cluster.KeepControl()
		req, resp := r.(*kmsg.ConsumerGroupHeartbeatRequest), r.ResponseKind().(*kmsg.ConsumerGroupHeartbeatResponse)
		resp.MemberID, resp.MemberEpoch, resp.HeartbeatIntervalMillis = &req.MemberID, req.MemberEpoch, 100
		return resp, nil, lost(req.MemberID)
	})
	return func() {
		mu.Lock()
		defer mu.Unlock()
		cut = true
	}
}

// waitChangelog waits until n keys are in the changelog of a node.
func (b *bench) waitChangelog(node *stream.Node, n int) {
	b.t.Helper()
	state, _ := node.State()
	cl := b.client(kgo.ConsumeTopics(state.Name), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	keys := map[string]bool{}
	for len(keys) < n && ctx.Err() == nil {
		cl.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
			if !IsBarrier(r) && r.Key[0] != 0 {
				keys[string(r.Key)] = true
			}
		})
	}
	if len(keys) < n {
		b.t.Fatalf("%d of %d keys came into the changelog", len(keys), n)
	}
}

// waitMembers waits until a group has n members, who have all four partitions among them.
func (b *bench) waitMembers(group string, n int) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	adm := kadm.NewClient(b.client())
	for ctx.Err() == nil {
		groups, err := adm.DescribeConsumerGroups(ctx, group)
		if err != nil {
			continue
		}
		members, held, busy := groups[group].Members, 0, 0
		for _, m := range members {
			has := 0
			for _, parts := range m.Assignment { // of the one topic, which kfake does not name
				has += len(parts)
			}
			if held += has; has > 0 {
				busy++
			}
		}
		if len(members) == n && busy == n && held == 4 {
			return
		}
	}
	b.t.Fatalf("group %s did not come to %d members", group, n)
}

// A member that has nothing to do loses partitions twice. The client tells it of the first time only, unless it is told in
// turn that this was understood; then the member would keep tasks, and samples and timers, of partitions that are long
// another's.
func TestPartitionsTakenAwayTwiceFromAnIdleMember(t *testing.T) {
	t.Parallel()
	s, b := openSession(t, napNode())
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		for ctx.Err() == nil {
			if err := s.turn(ctx); err != nil {
				t.Errorf("turn: %v", err)
				return
			}
		}
	})
	defer running.Wait()
	defer stop()
	for n := 1; n <= 4; n++ { // it has four partitions, then two, then one
		if n > 1 {
			b.start(napNode())
		}
		b.waitMembers("panther.napper", n)
	}
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		s.mu.Lock()
		n := len(s.tasks)
		s.mu.Unlock()
		if n == 1 {
			return
		}
		if pause(wait, 20*time.Millisecond) != nil {
			t.Fatalf("the member has %d tasks, and 1 partition", n)
		}
	}
}

// A task whose partition is not the client's any more is dropped before timers fire, also if nobody said so.
func TestTasksTakenAwayWithoutAWord(t *testing.T) {
	s, _ := openSession(t, napNode())
	for len(s.group.Client().CommittedOffsets()) == 0 && t.Context().Err() == nil {
		s.await(t.Context(), 50*time.Millisecond)
		s.group.AllowRebalance()
	}
	lost := topicPartition{countIn.Name, 9}
	s.tasks[lost] = &task{part: stream.Partition{Topic: lost.topic, Num: lost.num}, owned: true, edge: stream.NewEdge(stream.EdgeState{}), stage: napNode().Task(s.latest)}
	tx := &transaction{began: time.Now(), tasks: map[*task]bool{}}
	if err := s.fold(t.Context(), tx, nil); err != nil {
		t.Fatal(err)
	}
	if s.tasks[lost] != nil || len(s.tasks) != 4 {
		t.Errorf("%d tasks are left, want the 4 of the client's partitions", len(s.tasks))
	}
}

// viewer copies records, and needs the catalogue for it.
type viewer struct{}

func (viewer) Process(s int, r stream.Record, v stream.View) (int, []stream.Record) {
	if m, ok := r.Message.(count); ok {
		v.Get("source/none")
		m.N = s + 1
		return m.N, []stream.Record{stream.Send(countOut, m.Key, m)}
	}
	return s, nil
}
func (viewer) Wake(int) stream.Wake { return stream.Wake{} }
func (viewer) Tick(s int, _ string, _ time.Time, _ stream.View) (int, []stream.Record) {
	return s, nil
}

// Partitions may be given to a process while it has a transaction open, for the group waits for polls, not for transactions.
func TestPartitionsComeInTheMidstOfATransaction(t *testing.T) {
	node := &stream.Node{Name: "counter", Reads: []stream.Topic{countIn}, Writes: []stream.Topic{countOut}, Task: stream.Fold(viewer{}, "")}
	s, _ := openSession(t, node)
	view := s.catalogue.View()
	tx := &transaction{began: time.Now(), view: view, version: view.Version(), tasks: map[*task]bool{}}
	for len(s.group.Client().CommittedOffsets()) == 0 && t.Context().Err() == nil { // the partitions come now
		s.await(t.Context(), 50*time.Millisecond)
		s.group.AllowRebalance()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.setCatalogue(t.Context(), tx, nil); err != nil {
		t.Fatal(err)
	}
	if len(tx.tasks) != 4 {
		t.Errorf("%d of 4 tasks that came behind the transaction's beginning get the catalogue", len(tx.tasks))
	}
}

// openSession makes a session that joins its group. The test polls.
func openSession(t *testing.T, node *stream.Node) (*session, *bench) {
	t.Helper()
	s, b := sessionOf(t, node)
	if err := s.open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.group.CloseAllowingRebalance)
	if err := s.counts.load(t.Context(), s.group.Client(), s.outputs()); err != nil {
		t.Fatal(err)
	}
	return s, b
}

// sessionOf makes a session that has joined nothing.
func sessionOf(t *testing.T, node *stream.Node) (*session, *bench) {
	t.Helper()
	b := newBench(t, node)
	s := NewRunner(b.cfg, node, b.follower, NewMetrics()).newSession()
	s.subscribe[countIn.Name] = true
	return s, b
}

// A gap in which nobody listened is sent with a clock. A transaction that sends no clocks must not lose it, else the time of
// our own absence would count as silence of a source.
func TestGapsWaitForTheNextClock(t *testing.T) {
	s, _ := sessionOf(t, edgeNode())
	part := stream.Partition{Topic: "lines-a"}
	edge := stream.NewEdge(stream.EdgeState{Topic: part.Topic})
	s.tasks[topicPartition{part.Topic, 0}] = &task{part: part, edge: edge, owned: true}
	now := time.Now()
	for _, at := range []time.Time{now.Add(-time.Minute), now} { // nobody sampled between the two
		s.samples <- []sampled{{tp: topicPartition{part.Topic, 0}, sample: stream.Sample{From: at, To: at, Of: 1}}}
		s.takeSamples()
		edge.Commit() // of a transaction with records alone
	}
	c, ok := edge.Clock(1)
	if !ok || len(c.Gaps) != 2 || !c.Gaps[1].To.Equal(now) {
		t.Errorf("the clock has gaps %v; want the beginning of time and the last minute", c.Gaps)
	}
}

// Clocks, and with them the position in the changelog, are written only of partitions that the client counts as its own: of
// others the transaction would not be fenced, and an old position would stand behind the newer one of their owner.
func TestClocksOfPartitionsNotOwnedYet(t *testing.T) {
	s, _ := sessionOf(t, edgeNode())
	part := stream.Partition{Topic: "lines-a"}
	edge := stream.NewEdge(stream.EdgeState{Topic: part.Topic, CaughtUpTo: time.Now()})
	s.tasks[topicPartition{part.Topic, 0}] = &task{part: part, edge: edge}
	tx := &transaction{clocks: true, tasks: map[*task]bool{}}
	if err := s.emitClocks(tx); err != nil {
		t.Fatal(err)
	}
	if len(tx.tasks) > 0 || tx.out > 0 || tx.clocks {
		t.Errorf("%d records for the clock of a partition that is not owned", tx.out)
	}
}

// A record that cannot be handled and is as large as a topic takes does not fit into the dead letters with its reason. Then
// it is named by its place, and what comes behind it goes on.
func TestDeadLetterTooLarge(t *testing.T) {
	b := newBench(t, countNode())
	b.produce(1, 1, 1)
	cl := b.client(kgo.ProducerBatchMaxBytes(MaxMessageBytes), kgo.ProducerBatchCompression(kgo.NoCompression()))
	big := &kgo.Record{Topic: countIn.Name, Key: []byte("k0"), Value: bytes.Repeat([]byte("x"), MaxMessageBytes-200)}
	if err := cl.ProduceSync(t.Context(), big).FirstErr(); err != nil {
		t.Fatal(err)
	}
	b.produce(1, 2, 3)
	b.start(countNode())
	b.checkCounts(1, 3)
	dead := b.read(countNode().DeadLetters().Name, 1)
	if len(dead) != 1 || len(dead[0].Value) != 0 || !strings.Contains(fmt.Sprintf("%s", dead[0].Headers), "offset") {
		t.Fatalf("%d dead letters; want one, by its place", len(dead))
	}
}
