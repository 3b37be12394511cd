package kafka

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// A Producer writes records to topics, for those who are no node: producers of lines, and people who have a word to say.
//
// It writes each record once, though not in a transaction: a reader sees it at once. Records with a key go to the partition
// that PartitionFor names; those without are spread over all. It may be used by several goroutines.
type Producer struct {
	cfg     Config
	client  *kgo.Client
	largest map[string]int // bytes of key and value, by topic

	records, bytes atomic.Int64 // acknowledged
	mu             sync.Mutex
	failed         error // the first failure
}

// What a producer holds while brokers are slow, and how long it waits for one that is away.
const (
	producerRecords  = 100_000
	producerBytes    = 32 << 20
	producerPatience = 30 * time.Second
)

// kafkaMaxMessage is Kafka's own bound of a batch of records, where the topic has none.
const kafkaMaxMessage = 1<<20 + 12

// batchOverhead is more than a batch of one record has around key and value.
const batchOverhead = 128

// A TooLargeError tells of a record that its topic does not take.
type TooLargeError struct {
	Topic       string
	Size, Limit int // bytes of key and value
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%d bytes are too many for a record of topic %s, which takes %d (max.message.bytes)", e.Size, e.Topic, e.Limit)
}

// NewProducer makes a producer for topics, which must be there.
func NewProducer(ctx context.Context, cfg Config, topics ...string) (*Producer, error) {
	p := &Producer{cfg: cfg.WithDefaults(), largest: map[string]int{}}
	client, err := cfg.NewClient(
		kgo.ProducerBatchCompression(kgo.ZstdCompression(), kgo.NoCompression()), kgo.ProducerLinger(5*time.Millisecond),
		kgo.MaxBufferedRecords(producerRecords), kgo.MaxBufferedBytes(producerBytes), kgo.RecordDeliveryTimeout(producerPatience),
		kgo.ProducerBatchMaxBytesFn(func(topic string) int32 { return int32(max(512, p.largest[topic]+batchOverhead)) }), // the library's own least
	)
	if err != nil {
		return nil, err
	}
	p.client = client
	if err := p.look(ctx, topics); err != nil {
		client.Close()
		return nil, fmt.Errorf("produce: %w", err)
	}
	return p, nil
}

// look finds out whether the topics are there, and how large their records may be.
func (p *Producer) look(ctx context.Context, topics []string) error {
	if err := p.cfg.Reach(ctx, p.client); err != nil {
		return err
	}
	there, err := describe(ctx, p.client, topics...)
	if err != nil {
		return p.cfg.Explain(err)
	}
	for _, topic := range topics {
		if err := there[topic].err; err != nil {
			return fmt.Errorf("topic %s: %w", topic, p.cfg.Explain(err, Access{"Write", "topic", topic}))
		}
		p.largest[topic] = kafkaMaxMessage - batchOverhead
	}
	configs, err := kadm.NewClient(p.client).DescribeTopicConfigs(ctx, topics...)
	if err != nil {
		return p.cfg.Explain(err)
	}
	for _, c := range configs {
		if c.Err != nil {
			continue // it may not be told: then Kafka's own bound has to do
		}
		for _, setting := range c.Configs {
			if n, err := strconv.Atoi(setting.MaybeValue()); err == nil && setting.Key == "max.message.bytes" {
				p.largest[c.Name] = max(0, min(n, MaxMessageBytes)-batchOverhead)
			}
		}
	}
	return nil
}

// Largest is how many bytes key and value of a record of topic may have.
func (p *Producer) Largest(topic string) int { return p.largest[topic] }

// Send takes a record, whose bytes must not be changed any more. It waits while too many are under way. A *TooLargeError is
// about this record alone; any other error is the first failure, and final: records behind it may be missing, too.
func (p *Producer) Send(ctx context.Context, topic string, key, value []byte) error {
	if err := p.failure(); err != nil {
		return err
	}
	limit, ok := p.largest[topic]
	if !ok {
		return fmt.Errorf("produce to topic %s: the producer was not made for it", topic)
	}
	if size := len(key) + len(value); size > limit {
		return &TooLargeError{Topic: topic, Size: size, Limit: limit}
	}
	p.client.Produce(ctx, &kgo.Record{Topic: topic, Key: key, Value: value}, p.done)
	return nil
}

// done notes how a record fared.
func (p *Producer) done(r *kgo.Record, err error) {
	if err == nil {
		p.records.Add(1)
		p.bytes.Add(int64(len(r.Key) + len(r.Value)))
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed == nil {
		p.failed = fmt.Errorf("produce to topic %s: %w", r.Topic, p.explain(r.Topic, err))
	}
}

func (p *Producer) explain(topic string, err error) error {
	if errors.Is(err, kerr.UnknownTopicOrPartition) || errors.Is(err, kerr.UnknownTopicID) {
		return &Problem{What: "the topic is gone", Err: err, Mend: "somebody deleted it: make it again"}
	}
	return p.cfg.untaken(p.client, topic, err)
}

func (p *Producer) failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failed
}

// Flush waits until every record is acknowledged, and returns the first failure.
func (p *Producer) Flush(ctx context.Context) error {
	if err := p.client.Flush(ctx); err != nil {
		return fmt.Errorf("produce: %w", err)
	}
	return p.failure()
}

// Sent is what brokers have acknowledged: records, and the bytes of their keys and values.
func (p *Producer) Sent() (records, bytes int64) { return p.records.Load(), p.bytes.Load() }

// Close gives up what is under way: call Flush before.
func (p *Producer) Close() { p.client.Close() }
