package kafka

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/stream"
)

// A Runner runs one node of a topology: it is a member of the node's consumer group until its context ends.
//
// A turn polls, folds, and commits outputs, changelog and offsets in one transaction. State is restored when a partition is
// assigned, not when its first record comes: else a source that stays silent after a restart would never be noticed.
type Runner struct {
	cfg       Config
	node      *stream.Node
	catalogue *Follower
	metrics   *Metrics
	log       *slog.Logger

	counts partitionCounts // of the topics written

	said repeats // warnings
	fits int64   // bytes that a transaction may write; see full

	ready    atomic.Bool   // it has joined its group
	caughtUp atomic.Int64  // nanoseconds: see CaughtUp
	ask      chan struct{} // asks for a look at the ends of the input now
}

// NewRunner makes the runner of a node. The catalogue must have been read to its end, as Follower does.
func NewRunner(cfg Config, node *stream.Node, follower *Follower, metrics *Metrics) *Runner {
	cfg = cfg.WithDefaults()
	return &Runner{cfg: cfg, node: node, catalogue: follower, metrics: metrics, log: cfg.Log.With("stage", node.Name), fits: mostBytes, ask: make(chan struct{}, 1)}
}

// Name is the node's.
func (r *Runner) Name() string { return r.node.Name }

// Ready reports whether the runner has joined its group and restored what it was given.
func (r *Runner) Ready() bool { return r.ready.Load() }

// CaughtUp is a time up to which everything that was in the runner's partitions has been read and committed; for a sink: has
// been taken in. The zero time is never.
func (r *Runner) CaughtUp() time.Time { return time.Unix(0, r.caughtUp.Load()) }

// Look makes the runner look where its input ends, so that CaughtUp soon tells of now. It never waits.
func (r *Runner) Look() {
	select {
	case r.ask <- struct{}{}:
	default:
	}
}

// Run works until ctx ends; then it finishes its turn, commits and leaves the group. What breaks it (a transaction fenced, a
// broker away) it logs, and begins again with a new client and empty hands. It returns an error only for what cannot get
// better by itself.
func (r *Runner) Run(ctx context.Context) error {
	if r.node.Sink != nil {
		return r.runSink(ctx)
	}
	r.repeat(ctx, r.runSession) // what the last session could not commit comes again
	return nil
}

// repeat runs one session after the other until ctx ends, and returns how the last one ended. After an error it waits,
// longer each time, unless the session had gone well for a while.
func (r *Runner) repeat(ctx context.Context, session func(context.Context) error) error {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		began := time.Now()
		err := session(ctx)
		if ctx.Err() != nil {
			return err
		}
		r.ready.Store(false)
		if time.Since(began) > time.Minute {
			wait = 100 * time.Millisecond
		}
		r.metrics.restarts.WithLabelValues(r.node.Name).Inc()
		r.log.Warn("starting again after an error", "err", err, "wait", wait)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// A session is one client's life in the group, with the tasks of the partitions that it owns.
type session struct {
	*Runner
	group  *kgo.GroupTransactSession
	opened chan struct{} // closed once group is set: its callbacks may come before
	mapper stream.Mapper // or nil: each task has a stage

	// mu guards tasks against callbacks of the group, which run while no records are polled. It is never held while a
	// transaction ends: a callback that waits for it holds what End waits for.
	mu      sync.Mutex
	tasks   map[topicPartition]*task
	revoked bool // a callback ran since the last End: franz-go tells only the first one

	waker
	samples   chan []sampled
	subscribe map[string]bool
	renewed   map[string]bool         // topics that were deleted and made anew
	away      map[topicPartition]bool // assigned, and not readable
	width     map[string]int32        // partitions that topics had when last sampled
	poison    map[poisoned]int
	decode    map[string]func([]byte) (any, error) // by topic

	rest       map[*task][]*kgo.Record // polled, and too much for the transaction before
	lastClocks time.Time
	lastEnd    time.Time // of a committed transaction
	skipped    bool      // positions moved over control records since then
	promise    produced
	mapped     mapped
	memory     memory
}

type topicPartition struct {
	topic string
	num   int32
}

// A task is one partition of the node: its stage's task, if it has one, and where it stands in its input.
type task struct {
	part     stream.Partition
	edge     *stream.Edge
	stage    stream.Task // nil for mappers
	owned    bool        // the client counts it among its own
	assigned time.Time
	fresh    bool      // entries of the catalogue have not been delivered yet
	version  int64     // of the catalogue that its stage has
	asked    time.Time // a sample for timers due has been asked for
}

// newSession makes a session that has joined nothing yet.
func (r *Runner) newSession() *session {
	s := &session{Runner: r, opened: make(chan struct{}), tasks: map[topicPartition]*task{}, samples: make(chan []sampled, 4),
		subscribe: map[string]bool{}, renewed: map[string]bool{}, away: map[topicPartition]bool{}, width: map[string]int32{}, poison: map[poisoned]int{}, decode: map[string]func([]byte) (any, error){},
		memory: newMemory()}
	s.promise.callback, s.mapped.give = s.promise.done, s.takeLine
	return s
}

func (r *Runner) runSession(ctx context.Context) (err error) {
	s := r.newSession()
	for _, t := range r.node.Reads {
		s.decode[t.Name] = t.Decode
	}
	if r.node.Mapper != nil {
		s.mapper = r.node.Mapper()
	}
	if err := s.waitForTopics(ctx); err != nil {
		return err
	}
	if err := s.open(); err != nil {
		return err
	}
	defer s.group.CloseAllowingRebalance()
	if err := r.counts.load(ctx, s.group.Client(), r.outputs()); err != nil {
		return err
	}

	helpers, stop := context.WithCancel(ctx)
	var wait sync.WaitGroup
	wait.Go(func() { s.sampler(helpers) })
	wait.Go(func() { s.watchCatalogue(helpers) })
	defer wait.Wait()
	defer stop()
	for ctx.Err() == nil {
		if err := s.turn(ctx); err != nil {
			return err
		}
	}
	return nil
}

// seldom logs a warning, and a repeated one once a minute with how often it came.
func (r *Runner) seldom(message string, facts ...any) { r.said.warn(r.log, message, facts...) }

// outputs are the topics that the node writes, its own included.
func (r *Runner) outputs() []string {
	names := []string{r.node.DeadLetters().Name}
	if t, ok := r.node.State(); ok {
		names = append(names, t.Name)
	}
	for _, t := range r.node.Writes {
		names = append(names, t.Name)
	}
	return names
}

// What a session produces is bounded twice: what it holds that the broker has not acknowledged yet, for lines may be long, and
// many; and one request, which must have room for the largest record. The library would put a whole turn into a few requests,
// and then broker and client wait for each other.
const (
	bufferedBytes = 32 << 20
	requestBytes  = MaxMessageBytes + 64<<10
)

// compression is what nodes write with: see docs/adr/0007.
func compression() kgo.ProducerOpt { return kgo.ProducerBatchCompression(kgo.SnappyCompression()) }

// open makes the client. Its transactional id is new with each process and session: the group fences, and two of one name
// would fence each other for ever; a broker that lost the end of a transaction would mix the old one's into the new one's.
// Only where the process has a stable name does the id have it too: then a restart ends the dead one's transaction at once.
func (s *session) open() error {
	topics := make([]string, 0, len(s.subscribe))
	for t := range s.subscribe {
		topics = append(topics, t)
	}
	opts := append(s.cfg.options(), s.cfg.GroupOpts()...)
	opts = append(opts,
		kgo.ConsumerGroup("panther."+s.node.Name), kgo.ConsumeTopics(topics...),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()), kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.FetchMaxWait(250*time.Millisecond),
		kgo.FetchMaxPartitionBytes(1<<20), // so that the next are on their way while these are handled; a larger record comes alone
		kgo.BlockRebalanceOnPoll(), kgo.RebalanceTimeout(30*time.Second),
		kgo.TransactionalID(s.transactionalID()), kgo.TransactionTimeout(s.cfg.TransactionTimeout),
		// Batches grow within a turn; its end waits for none of them.
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(10*time.Millisecond),
		compression(), kgo.ProducerBatchMaxBytes(MaxMessageBytes), kgo.BrokerMaxWriteBytes(requestBytes),
		kgo.MaxBufferedRecords(mostRecords), kgo.MaxBufferedBytes(bufferedBytes),
		kgo.AdjustFetchOffsetsFn(s.assign), kgo.OnPartitionsRevoked(s.dropped), kgo.OnPartitionsLost(s.dropped),
	)
	group, err := kgo.NewGroupTransactSession(opts...)
	if err != nil {
		return fmt.Errorf("configure the Kafka client of node %s: %w", s.node.Name, err)
	}
	s.group = group
	close(s.opened)
	return nil
}

// dropped forgets partitions that the group took away. Their next owner restores them from the changelog.
func (s *session) dropped(_ context.Context, _ *kgo.Client, parts map[string][]int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for topic, nums := range parts {
		for _, p := range nums {
			delete(s.tasks, topicPartition{topic, p})
			delete(s.away, topicPartition{topic, p})
		}
	}
	s.revoked = true
	s.wake()
}

// watchCatalogue wakes the session when the catalogue changes.
func (s *session) watchCatalogue(ctx context.Context) {
	for {
		changed := s.catalogue.Changed()
		s.wake()
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

func (s *session) transactionalID() string {
	if s.cfg.Instance != "" {
		return "panther." + s.node.Name + "." + s.cfg.Instance
	}
	return "panther." + s.node.Name + "." + rand.Text()
}

var errFenced = errors.New("the transaction could not be ended; another process may have taken its place")
