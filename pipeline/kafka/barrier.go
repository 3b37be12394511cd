package kafka

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// barrierKey is the key of the records by which readers find the end of a partition. No message has such a key.
const barrierKey = "\x00barrier"

// barrierOpts are those of a client that writes barriers. A barrier twice does no harm, so that it is not idempotent: a record
// that is, once sent, would be waited for until the broker is back, whatever the context says.
func barrierOpts() []kgo.Opt {
	return []kgo.Opt{kgo.DisableIdempotentWrite(), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(0)}
}

// IsBarrier reports that r marks a place in a partition and is no message. Whoever reads a topic that is also restored, or
// viewed, passes over such records.
func IsBarrier(r *kgo.Record) bool { return string(r.Key) == barrierKey }

// Restore reads partitions of topic from their start to their end, and gives every record to apply, in the order of each
// partition. Records stay valid afterwards.
//
// Where the end is, is not easily said: up to the last stable offset, all that was committed behind a transaction left open
// would be missing; up to the high watermark, one would wait for ever for a record that was aborted or compacted away. So
// Restore writes a record of its own, the barrier, and reads until it comes. A transaction left open delays it, at most by
// the transaction timeout; then everything in front of it is decided. The writer must not be in a transaction of its own.
//
// Without a deadline in ctx it gives up once nothing has come for three transaction timeouts.
func Restore(ctx context.Context, cfg Config, topic string, partitions []int32, apply func(*kgo.Record) error) error {
	if len(partitions) == 0 {
		return nil
	}
	b, err := newBarrierReader(cfg, topic, partitions)
	if err != nil {
		return fmt.Errorf("restore from topic %s: %w", topic, err)
	}
	defer b.client.Close()
	if err := b.write(ctx); err != nil {
		return fmt.Errorf("restore from topic %s: write the barrier: %w", topic, err)
	}
	if err := b.read(ctx, apply); err != nil {
		return fmt.Errorf("restore from topic %s: %w", topic, err)
	}
	return nil
}

// ReadAll is Restore for all partitions of topic.
func ReadAll(ctx context.Context, cfg Config, topic string, apply func(*kgo.Record) error) error {
	client, err := cfg.NewClient()
	if err != nil {
		return fmt.Errorf("read topic %s: %w", topic, err)
	}
	partitions, err := partitionsOf(ctx, cfg, client, topic)
	client.Close()
	if err != nil {
		return fmt.Errorf("read topic %s: %w", topic, err)
	}
	return Restore(ctx, cfg, topic, partitions, apply)
}

// A barrierReader reads up to a barrier that it wrote.
type barrierReader struct {
	cfg    Config
	client *kgo.Client
	topic  string
	token  string              // the value of this reader's barriers
	ends   map[int32]*endpoint // partitions not yet read to their barrier
}

// An endpoint is how far one partition is read, and where its barrier is.
type endpoint struct {
	barrier int64 // offset of the barrier; -1: the broker did not tell
	read    int64 // offset behind the last record seen
	high    int64 // the high watermark when last seen
}

func newBarrierReader(cfg Config, topic string, partitions []int32, opts ...kgo.Opt) (*barrierReader, error) {
	cfg = cfg.WithDefaults()
	b := &barrierReader{cfg: cfg, topic: topic, token: rand.Text(), ends: make(map[int32]*endpoint, len(partitions))}
	starts := make(map[int32]kgo.Offset, len(partitions))
	for _, p := range partitions {
		starts[p] = kgo.NewOffset().AtStart()
		b.ends[p] = &endpoint{barrier: -1}
	}
	client, err := cfg.NewClient(append([]kgo.Opt{
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: starts}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxWait(250 * time.Millisecond),
		kgo.FetchMaxPartitionBytes(MaxMessageBytes),
	}, append(barrierOpts(), opts...)...)...)
	b.client = client
	return b, err
}

// write puts the barriers into the partitions.
func (b *barrierReader) write(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, b.patience())
	defer cancel()
	records := make([]*kgo.Record, 0, len(b.ends))
	for p := range b.ends {
		records = append(records, &kgo.Record{Topic: b.topic, Partition: p, Key: []byte(barrierKey), Value: []byte(b.token)})
	}
	for _, res := range b.client.ProduceSync(ctx, records...) {
		if res.Err != nil {
			return fmt.Errorf("partition %d: %w", res.Record.Partition, b.cfg.untaken(b.client, b.topic, res.Err))
		}
		b.ends[res.Record.Partition].barrier = res.Record.Offset // -1: the broker took a repeated request and did not say
	}
	return nil
}

// read gives the records in front of the barriers to apply.
func (b *barrierReader) read(ctx context.Context, apply func(*kgo.Record) error) error {
	for len(b.ends) > 0 {
		fetches, err := b.poll(ctx)
		if err != nil {
			return err
		}
		var failed error
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			if failed == nil {
				failed = b.take(p, apply)
			}
		})
		if failed != nil {
			return failed
		}
	}
	return nil
}

// take reads one partition's part of a fetch.
func (b *barrierReader) take(p kgo.FetchTopicPartition, apply func(*kgo.Record) error) error {
	end := b.ends[p.Partition]
	if end == nil {
		return nil // it has come to its barrier: what follows is for whoever reads on
	}
	end.high = p.HighWatermark
	for _, r := range p.Records {
		end.read = r.Offset + 1
		// The offset counts as well as the token: another reader's barrier, of the same key, may have made compaction
		// remove this one, and any committed record at its place or behind it proves that all before it is decided.
		if end.barrier >= 0 && r.Offset >= end.barrier || IsBarrier(r) && string(r.Value) == b.token {
			delete(b.ends, p.Partition)
			return nil
		}
		if IsBarrier(r) {
			continue
		}
		if err := apply(r); err != nil {
			return fmt.Errorf("partition %d, offset %d: %w", r.Partition, r.Offset, err)
		}
	}
	return nil
}

// poll waits for records, but not for ever, and not in silence.
func (b *barrierReader) poll(ctx context.Context) (kgo.Fetches, error) {
	wait, cancel := context.WithTimeout(ctx, b.patience())
	defer cancel()
	for {
		once, stop := context.WithTimeout(wait, b.cfg.TransactionTimeout)
		fetches := b.client.PollFetches(once)
		stop()
		for _, e := range fetches.Errors() {
			switch {
			case errors.Is(e.Err, context.DeadlineExceeded) && wait.Err() == nil: // of this poll only
			case errors.Is(e.Err, context.DeadlineExceeded) || errors.Is(e.Err, context.Canceled):
				return nil, b.stuck(ctx, e.Err)
			case errors.Is(e.Err, kerr.UnknownTopicOrPartition):
				return nil, fmt.Errorf("partition %d: %w", e.Partition, e.Err)
			case e.Err != nil:
				return nil, fmt.Errorf("partition %d: %w", e.Partition, b.cfg.Explain(e.Err, Access{"Read", "topic", b.topic}))
			}
		}
		if fetches.NumRecords() > 0 {
			return fetches, nil
		}
		if once.Err() != nil {
			b.cfg.Log.Warn("a topic is not read to its end yet", "topic", b.topic, "err", b.stuck(ctx, once.Err()))
		}
	}
}

// patience is how long nothing may come: a dead writer's transaction is over by then.
func (b *barrierReader) patience() time.Duration { return 3 * b.cfg.TransactionTimeout }

// stuck says which partitions did not come to their end, and what they wait for.
func (b *barrierReader) stuck(ctx context.Context, err error) error {
	var where []string
	for p, end := range b.ends {
		where = append(where, fmt.Sprintf("partition %d at offset %d of %d", p, end.read, max(end.high, end.barrier+1)))
	}
	slices.Sort(where)
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("stopped at %s: %w", strings.Join(where, ", "), err)
	}
	return b.cfg.stuck(ctx, b.client, "not read to the end: "+strings.Join(where, ", "), err, b.topic)
}
