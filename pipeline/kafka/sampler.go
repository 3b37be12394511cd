package kafka

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"panther/pipeline/stream"
)

// sampled is a sample of one partition, or why there is none.
type sampled struct {
	tp     topicPartition
	id     stream.ID
	sample stream.Sample
	err    error
}

// looked is what the brokers say of a partition.
type looked struct {
	id         stream.ID
	of         int32 // partitions that the topic has
	start, end int64 // the log's start, and its high watermark
	err        error
}

// problem is why the partition cannot be read, or nil.
func (l looked) problem() error {
	if l.err == nil && l.of == 0 {
		return kerr.UnknownTopicOrPartition
	}
	return l.err
}

// sampler looks at the input partitions every heartbeat, and whenever it is asked.
func (s *session) sampler(ctx context.Context) {
	beat := time.NewTicker(s.cfg.Heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		case <-s.ask:
		}
		if got := s.sample(ctx); len(got) > 0 {
			select {
			case s.samples <- got:
			case <-ctx.Done():
				return
			}
		}
		s.wake()
	}
}

// sample takes one sample of each partition. The order matters: T, then the topics' partitions, then the end offsets, then
// T'. An event appended between the questions then counts as arrived at T', never before it was there; and a partition that
// was added before T is among those that the clock waits for.
func (s *session) sample(ctx context.Context) []sampled {
	s.mu.Lock()
	topics := map[string]bool{}
	var parts []stream.Partition
	for _, t := range s.tasks {
		topics[t.part.Topic] = true
		parts = append(parts, t.part)
	}
	for tp := range s.away { // they may have come back
		topics[tp.topic] = true
		parts = append(parts, stream.Partition{Topic: tp.topic, Num: tp.num})
	}
	s.mu.Unlock()
	if len(parts) == 0 {
		return nil
	}
	names := make([]string, 0, len(topics))
	for t := range topics {
		names = append(names, t)
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Heartbeat)
	defer cancel()
	from := time.Now()
	seen, err := look(ctx, s.group.Client(), names)
	to := time.Now()
	if err != nil {
		if ctx.Err() == nil {
			s.seldom("the input could not be sampled; clocks stand still", "err", s.cfg.Explain(err))
		}
		return nil
	}
	out := make([]sampled, 0, len(parts))
	for _, p := range parts {
		tp := topicPartition{p.Topic, p.Num}
		l := seen[tp]
		out = append(out, sampled{tp, l.id, stream.Sample{From: from, To: to, End: l.end, Of: l.of}, l.problem()})
	}
	return out
}

// look asks the brokers for the topics' ids and partitions, then for their start and end offsets. The end is the high
// watermark, not the last stable offset: behind a transaction left open everything would look silent.
func look(ctx context.Context, client *kgo.Client, topics []string) (map[topicPartition]looked, error) {
	req := kmsg.NewPtrMetadataRequest()
	for _, topic := range topics {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = kmsg.StringPtr(topic)
		req.Topics = append(req.Topics, t)
	}
	resp, err := req.RequestWith(ctx, client)
	if err != nil {
		return nil, err
	}
	out := map[topicPartition]looked{}
	var ask []kmsg.ListOffsetsRequestTopic
	for _, t := range resp.Topics {
		topic := *t.Topic
		a := kmsg.NewListOffsetsRequestTopic()
		a.Topic = topic
		for _, p := range t.Partitions {
			l := looked{id: t.TopicID, of: int32(len(t.Partitions)), start: -1, end: -1}
			out[topicPartition{topic, p.Partition}] = l
			ap := kmsg.NewListOffsetsRequestTopicPartition()
			ap.Partition = p.Partition
			a.Partitions = append(a.Partitions, ap)
		}
		if err := kerr.ErrorForCode(t.ErrorCode); err != nil {
			out[topicPartition{topic, -1}] = looked{err: err}
			continue
		}
		ask = append(ask, a)
	}
	for _, at := range []int64{-2, -1} { // the start, then the end
		if err := listOffsets(ctx, client, ask, at, out); err != nil {
			return nil, err
		}
	}
	for _, topic := range topics {
		if l, ok := out[topicPartition{topic, -1}]; ok {
			err = errors.Join(err, l.err)
		}
	}
	if len(ask) == 0 {
		return nil, err
	}
	return out, nil
}

func listOffsets(ctx context.Context, client *kgo.Client, topics []kmsg.ListOffsetsRequestTopic, at int64, out map[topicPartition]looked) error {
	if len(topics) == 0 {
		return nil
	}
	req := kmsg.NewPtrListOffsetsRequest()
	req.ReplicaID = -1
	req.Topics = topics
	for i := range req.Topics {
		for j := range req.Topics[i].Partitions {
			req.Topics[i].Partitions[j].Timestamp = at
		}
	}
	for _, shard := range client.RequestSharded(ctx, req) { // one for each broker: one that is away concerns its partitions only
		if shard.Err != nil {
			if ctx.Err() != nil {
				return shard.Err
			}
			for _, t := range shard.Req.(*kmsg.ListOffsetsRequest).Topics {
				for _, p := range t.Partitions {
					tp := topicPartition{t.Topic, p.Partition}
					l := out[tp]
					l.err = shard.Err
					out[tp] = l
				}
			}
			continue
		}
		for _, t := range shard.Resp.(*kmsg.ListOffsetsResponse).Topics {
			for _, p := range t.Partitions {
				tp := topicPartition{t.Topic, p.Partition}
				l := out[tp]
				if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
					l.err = err
				} else if at == -2 {
					l.start = p.Offset
				} else {
					l.end = p.Offset
				}
				out[tp] = l
			}
		}
	}
	return nil
}

// takeSamples hands what the sampler saw to the clocks, and finds topics that were deleted and made anew.
func (s *session) takeSamples() {
	for {
		var got []sampled
		select {
		case got = <-s.samples:
		default:
			return
		}
		var lag int64
		oldest := time.Now()
		for _, g := range got {
			t := s.tasks[g.tp]
			switch {
			case t == nil:
				if s.away[g.tp] && g.err == nil {
					delete(s.away, g.tp)
					s.renewed[g.tp.topic] = true // taken up again, with its topic
				}
			case g.err != nil || g.sample.Of == 0:
				s.seldom("a partition could not be sampled; its clock stands still", "topic", g.tp.topic, "partition", g.tp.num, "err", g.err)
				oldest = earlier(oldest, t.edge.CaughtUpTo)
			case g.id != t.part.ID:
				s.renewed[g.tp.topic] = true
			default:
				t.edge.Sample(g.sample, s.cfg.Heartbeat)
				lag += max(0, g.sample.End-t.edge.Position)
				if n := s.width[g.tp.topic]; n != 0 && g.sample.Of > n {
					s.group.Client().ForceMetadataRefresh()
				}
				s.width[g.tp.topic] = g.sample.Of
				t.edge.CatchUp()
				oldest = earlier(oldest, t.edge.CaughtUpTo)
			}
		}
		s.metrics.lagRecords.WithLabelValues(s.node.Name).Set(float64(lag))
		if !oldest.IsZero() {
			s.caughtUp.Store(oldest.UnixNano())
			s.metrics.lagSeconds.WithLabelValues(s.node.Name).Set(time.Since(oldest).Seconds())
		}
	}
}
