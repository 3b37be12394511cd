package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/stream"
)

// Behind is what a node has behind it: of each partition that it reads the records from its start, as far as retention has
// left them, to the offset that the node's group has committed.
type Behind struct {
	cfg    Config
	topics map[string]stream.Topic
	parts  map[topicPartition]span
}

// A span is a part of a partition of a topic with an id: from one offset up to, not including, another.
type span struct {
	id       stream.ID
	from, to int64
}

// LookBehind finds out what a node has behind it of topics, now. Records that it takes after that are not in it.
func LookBehind(ctx context.Context, cfg Config, node string, topics ...stream.Topic) (*Behind, error) {
	b := &Behind{cfg: cfg.WithDefaults(), topics: map[string]stream.Topic{}, parts: map[topicPartition]span{}}
	client, err := b.cfg.NewClient()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	group := "panther." + node
	offsets, err := kadm.NewClient(client).FetchOffsets(ctx, group)
	if errors.Is(err, kerr.GroupIDNotFound) {
		return b, nil // the node never ran
	}
	if err != nil {
		return nil, fmt.Errorf("ask how far node %s has come: %w", node, b.cfg.Explain(err, Access{"Read", "group", group}))
	}
	var names []string
	for _, t := range topics {
		b.topics[t.Name] = t
		names = append(names, t.Name)
	}
	seen, err := look(ctx, client, names)
	if err != nil {
		return nil, fmt.Errorf("ask where the topics of node %s begin and end: %w", node, b.cfg.Explain(err))
	}
	offsets.Each(func(o kadm.OffsetResponse) {
		tp := topicPartition{o.Topic, o.Partition}
		if l, ok := seen[tp]; ok && l.start < min(o.At, l.end) {
			b.parts[tp] = span{l.id, l.start, min(o.At, l.end)}
		}
	})
	return b, nil
}

// patience is how long Read waits for more: longer than a broker needs to end the transaction of a dead process.
func (b *Behind) patience() time.Duration { return 3 * b.cfg.TransactionTimeout }

// Read reads all of it. What does not decode has no message.
func (b *Behind) Read(ctx context.Context, take func(stream.Record)) error {
	if len(b.parts) == 0 {
		return nil
	}
	starts := map[string]map[int32]kgo.Offset{}
	left := map[topicPartition]span{}
	for tp, s := range b.parts {
		if starts[tp.topic] == nil {
			starts[tp.topic] = map[int32]kgo.Offset{}
		}
		starts[tp.topic][tp.num] = kgo.NewOffset().At(s.from)
		left[tp] = s
	}
	client, err := b.cfg.NewClient(kgo.ConsumePartitions(starts), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(),
		kgo.FetchMaxWait(250*time.Millisecond), kgo.FetchMaxPartitionBytes(MaxMessageBytes))
	if err != nil {
		return err
	}
	defer client.Close()
	for len(left) > 0 {
		polling, cancel := context.WithTimeout(ctx, b.patience())
		fetches := client.PollFetches(polling)
		cancel()
		if err := fetches.Err0(); err != nil {
			return fmt.Errorf("read %s: %w", b.words(left), b.cfg.Explain(err))
		}
		for _, e := range fetches.Errors() {
			return fmt.Errorf("read topic %s, partition %d: %w", e.Topic, e.Partition, b.cfg.Explain(e.Err, Access{"Read", "topic", e.Topic}))
		}
		fetches.EachRecord(func(kr *kgo.Record) {
			tp := topicPartition{kr.Topic, kr.Partition}
			s, ok := left[tp]
			if ok && kr.Offset < s.to && !kr.Attrs.IsControl() {
				r, _ := recordOf(kr, s.id, b.topics[kr.Topic])
				take(r)
			}
			if kr.Offset >= s.to-1 {
				delete(left, tp)
			}
		})
	}
	return nil
}

// words says what was not read.
func (b *Behind) words(left map[topicPartition]span) string {
	var out []string
	for tp, s := range left {
		out = append(out, fmt.Sprintf("topic %s, partition %d, to offset %d", tp.topic, tp.num, s.to))
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

// recordOf makes a record of the pipeline of one of Kafka. The error tells that its value does not decode; then it has no
// message.
func recordOf(kr *kgo.Record, id stream.ID, topic stream.Topic) (stream.Record, error) {
	r := stream.Record{Topic: kr.Topic, TopicID: id, Partition: kr.Partition, Offset: kr.Offset, Key: kr.Key, Value: kr.Value, Time: kr.Timestamp.UTC()}
	for _, h := range kr.Headers {
		r.Headers = append(r.Headers, stream.Header{Key: h.Key, Value: h.Value})
	}
	if topic.Decode == nil || IsBarrier(kr) || r.Header(stream.HeaderClock) != "" {
		return r, nil
	}
	m, err := topic.Decode(kr.Value)
	r.Message = m
	return r, err
}
