package kafka

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// A topicPlace is one partition of a topic, by name.
type topicPlace struct {
	topic     string
	partition int32
}

// A tail reads topics from their start and goes on reading them. What it has read is seen under its lock: see wait.
type tail struct {
	cfg    Config
	client *kgo.Client
	places []topicPlace
	take   func(r *kgo.Record) // gets each record, barriers left out, under mu

	mu     sync.Mutex
	read   map[topicPlace]int64 // offset behind the last record
	moved  chan struct{}        // closed when something was read, or reading failed; then there is a new one
	failed error                // why nothing is read at present

	stop    context.CancelFunc
	stopped sync.WaitGroup
}

// newTail starts to read topics. It returns once all that was in them is read.
func newTail(ctx context.Context, cfg Config, topics []string, take func(*kgo.Record)) (*tail, error) {
	t := &tail{cfg: cfg.WithDefaults(), take: take, read: map[topicPlace]int64{}, moved: make(chan struct{})}
	if err := t.start(ctx, topics); err != nil {
		return nil, fmt.Errorf("follow %s: %w", strings.Join(topics, ", "), err)
	}
	if err := t.toEnd(ctx); err != nil {
		t.close()
		return nil, fmt.Errorf("follow %s: %w", strings.Join(topics, ", "), err)
	}
	return t, nil
}

func (t *tail) start(ctx context.Context, topics []string) error {
	client, err := t.cfg.NewClient(append(barrierOpts(),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxWait(500*time.Millisecond), kgo.FetchMaxPartitionBytes(MaxMessageBytes))...)
	if err != nil {
		return err
	}
	for _, topic := range topics {
		partitions, err := partitionsOf(ctx, t.cfg, client, topic)
		if err != nil {
			client.Close()
			return fmt.Errorf("topic %s: %w", topic, err)
		}
		starts := map[int32]kgo.Offset{}
		for _, p := range partitions {
			starts[p] = kgo.NewOffset().AtStart()
			t.places = append(t.places, topicPlace{topic, p})
		}
		client.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: starts})
	}
	running, stop := context.WithCancel(context.Background())
	t.client, t.stop = client, stop
	t.stopped.Go(func() { t.run(running) })
	return nil
}

// run reads until ctx ends.
func (t *tail) run(ctx context.Context) {
	for {
		fetches := t.client.PollFetches(ctx)
		if ctx.Err() != nil {
			return
		}
		t.mu.Lock()
		t.failed = nil
		fetches.EachError(func(topic string, p int32, err error) {
			t.failed = fmt.Errorf("topic %s, partition %d: %w", topic, p, t.cfg.Explain(err, Access{"Read", "topic", topic}))
		})
		fetches.EachRecord(func(r *kgo.Record) {
			if !IsBarrier(r) {
				t.take(r)
			}
			t.read[topicPlace{r.Topic, r.Partition}] = r.Offset + 1
		})
		close(t.moved)
		t.moved = make(chan struct{})
		t.mu.Unlock()
	}
}

// wait waits until done, which is called under the lock, says so. It fails if reading fails, and, with patience, if nothing
// comes for so long.
func (t *tail) wait(ctx context.Context, patience time.Duration, done func() bool) error {
	for {
		t.mu.Lock()
		ok, moved, failed := done(), t.moved, t.failed
		t.mu.Unlock()
		if ok {
			return nil
		}
		if failed != nil {
			return failed
		}
		if err := t.waitMoved(ctx, patience, moved); err != nil {
			return err
		}
	}
}

func (t *tail) waitMoved(ctx context.Context, patience time.Duration, moved <-chan struct{}) error {
	if patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	select {
	case <-moved:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// toEnd writes barriers, and waits until all in front of them is read.
func (t *tail) toEnd(ctx context.Context) error {
	patience := 3 * t.cfg.TransactionTimeout
	ends, err := t.barriers(ctx, patience)
	if err != nil {
		return err
	}
	missing := func() []string {
		var missing []string
		for place, end := range ends {
			if t.read[place] <= end {
				missing = append(missing, fmt.Sprintf("topic %s, partition %d at offset %d of %d", place.topic, place.partition, t.read[place], end+1))
			}
		}
		return missing
	}
	err = t.wait(ctx, patience, func() bool { return len(missing()) == 0 })
	if errors.Is(err, context.DeadlineExceeded) {
		t.mu.Lock()
		where := missing()
		t.mu.Unlock()
		slices.Sort(where)
		return t.cfg.stuck(ctx, t.client, "not read to the end: "+strings.Join(where, ", "), err, t.topics()...)
	}
	return err
}

// barriers writes a barrier into each partition and returns their offsets.
func (t *tail) barriers(ctx context.Context, patience time.Duration) (map[topicPlace]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ends := make(map[topicPlace]int64, len(t.places))
	for missing := t.places; len(missing) > 0; {
		var records []*kgo.Record
		for _, p := range missing {
			records = append(records, &kgo.Record{Topic: p.topic, Partition: p.partition, Key: []byte(barrierKey), Value: []byte(rand.Text())})
		}
		missing = nil
		for _, res := range t.client.ProduceSync(ctx, records...) {
			r := res.Record
			if res.Err != nil {
				return nil, fmt.Errorf("write the barrier of topic %s, partition %d: %w", r.Topic, r.Partition, t.cfg.Explain(res.Err, Access{"Write", "topic", r.Topic}))
			}
			if r.Offset < 0 { // the broker took a repeated request, and did not say where
				missing = append(missing, topicPlace{r.Topic, r.Partition})
				continue
			}
			ends[topicPlace{r.Topic, r.Partition}] = r.Offset
		}
	}
	return ends, nil
}

// topics are those that are read.
func (t *tail) topics() (names []string) {
	for _, p := range t.places {
		if !slices.Contains(names, p.topic) {
			names = append(names, p.topic)
		}
	}
	return names
}

func (t *tail) close() {
	t.stop()
	t.stopped.Wait()
	t.client.Close()
}

// fenced reports that another producer of the same transactional id took over.
func fenced(err error) bool {
	for _, e := range []*kerr.Error{
		kerr.ProducerFenced, kerr.InvalidProducerEpoch, kerr.InvalidTxnState, kerr.InvalidProducerIDMapping,
		kerr.ConcurrentTransactions, kerr.TransactionAbortable, kerr.UnknownProducerID,
		kerr.UnknownServerError, // what Kafka answers when two take the id at the same moment; seen with 4.3
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
