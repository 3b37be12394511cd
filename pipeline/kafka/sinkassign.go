package kafka

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/stream"
)

// assign tells the sink where its partitions begin.
func (s *sinkSession) assign(ctx context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	<-s.opened
	var topics []string
	for t, parts := range offsets {
		if len(parts) > 0 {
			topics = append(topics, t)
		}
	}
	if len(topics) == 0 {
		return offsets, nil
	}
	seen, err := look(ctx, s.client, topics)
	if err != nil {
		return nil, s.cfg.Explain(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for topic, parts := range offsets {
		for num, o := range parts {
			l := seen[topicPartition{topic, num}]
			if err := l.problem(); err != nil {
				err = fmt.Errorf("topic %s, partition %d: %w", topic, num, s.cfg.Explain(err))
				s.seldom("partitions cannot be taken up; they wait", "err", err)
				return nil, err
			}
			at := o.EpochOffset().Offset
			if at >= 0 && at < l.start {
				s.log.Error("records were deleted by retention before they were read", "topic", topic, "partition", num, "from", at, "to", l.start,
					"lost", l.start-at, "mend", "raise the topic's retention.ms or retention.bytes")
				s.metrics.lost.WithLabelValues(s.node.Name, topic).Add(float64(l.start - at))
			}
			if at < l.start {
				at = l.start
			}
			at = min(at, max(l.end, l.start))
			p := stream.Partition{Topic: topic, ID: l.id, Num: num}
			s.owned[topicPartition{topic, num}] = p
			s.next[topicPartition{topic, num}], s.handed[topicPartition{topic, num}] = at, at
			s.sink.Assign(p, at)
			parts[num] = kgo.NewOffset().At(at)
		}
	}
	s.ready.Store(true)
	return offsets, nil
}

// revoke lets the sink finish what it has of partitions that go away, and commits how far it came: else their next owner
// does it again.
func (s *sinkSession) revoke(ctx context.Context, _ *kgo.Client, gone map[string][]int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.release(context.WithoutCancel(ctx), s.named(gone), false); err != nil {
		s.log.Warn("partitions go to their next owner without the last offsets: some of it is done again", "err", err)
	}
	s.forget(gone)
}

// lose is revoke for partitions that are another's already: nothing of them may be committed.
func (s *sinkSession) lose(_ context.Context, _ *kgo.Client, gone map[string][]int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s.sink.Revoke(ctx, s.named(gone))
	s.forget(gone)
}

func (s *sinkSession) named(gone map[string][]int32) (parts []stream.Partition) {
	for topic, nums := range gone {
		for _, n := range nums {
			if p, ok := s.owned[topicPartition{topic, n}]; ok {
				parts = append(parts, p)
			}
		}
	}
	return parts
}

func (s *sinkSession) forget(gone map[string][]int32) {
	for topic, nums := range gone {
		for _, n := range nums {
			delete(s.owned, topicPartition{topic, n})
		}
	}
}

func (s *sinkSession) partitions() (parts []stream.Partition) {
	for _, p := range s.owned {
		parts = append(parts, p)
	}
	return parts
}

// dropAll empties the sink when a session ends: the next one assigns anew.
func (s *sinkSession) dropAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s.sink.Revoke(ctx, s.partitions())
	clear(s.owned)
}
