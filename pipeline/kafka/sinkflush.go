package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"panther/pipeline/stream"
)

// release ends partitions: what is done is committed first, then the sink may finish what is under way, and that is committed
// too. Each has a time of its own, so that a call which hangs does not cost the receipts of those that came back.
func (s *sinkSession) release(ctx context.Context, parts []stream.Partition, last bool) error {
	err := s.flushLocked(ctx, last)
	finish, cancel := context.WithTimeout(ctx, revokeTimeout)
	defer cancel()
	s.sink.Revoke(finish, parts)
	return errors.Join(err, s.flushLocked(ctx, last))
}

// flush asks the sink what is safe, writes what it has to say, and then moves the group's offsets.
func (s *sinkSession) flush(ctx context.Context, last bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flushLocked(ctx, last)
}

// flushLocked commits what is safe, also when something else went wrong. What the sink could not do it tries again with the
// next flush, unless another has taken a partition from it: then the session begins anew.
func (s *sinkSession) flushLocked(ctx context.Context, last bool) error {
	ctx, cancel := context.WithTimeout(ctx, endTimeout)
	defer cancel()
	safe, out, failed := s.sink.Flush(ctx, last)
	if err := s.send(ctx, out); err != nil {
		return errors.Join(failed, err)
	}
	if err := s.commit(ctx, safe); err != nil {
		return errors.Join(failed, err)
	}
	if failed != nil && (last || errors.Is(failed, stream.ErrFenced)) {
		return fmt.Errorf("node %s flushes: %w", s.node.Name, failed)
	}
	if failed != nil {
		s.seldom("some of what was read could not be written yet; it is tried again", "err", failed)
	}
	return nil
}

// send writes what the sink has to say, and waits until the broker has it.
func (s *sinkSession) send(ctx context.Context, out []stream.Record) error {
	if len(out) == 0 {
		return nil
	}
	records := make([]*kgo.Record, len(out))
	for i := range out {
		if !s.node.MayWrite(out[i].Topic) {
			return fmt.Errorf("node %s wrote to topic %q, which it does not declare", s.node.Name, out[i].Topic)
		}
		if err := out[i].Encode(); err != nil {
			return err
		}
		records[i] = &kgo.Record{Topic: out[i].Topic, Partition: PartitionFor(out[i].Key, int(s.counts.of(out[i].Topic))), Key: out[i].Key, Value: out[i].Value}
	}
	if err := s.client.ProduceSync(ctx, records...).FirstErr(); err != nil {
		return fmt.Errorf("node %s writes: %w", s.node.Name, err)
	}
	s.metrics.recordsOut.WithLabelValues(s.node.Name).Add(float64(len(out)))
	return nil
}

func (s *sinkSession) commit(ctx context.Context, safe map[stream.Partition]int64) error {
	offsets := map[string]map[int32]kgo.EpochOffset{}
	committed := s.client.CommittedOffsets()
	for p, next := range safe {
		tp := topicPartition{p.Topic, p.Num}
		if next >= s.handed[tp] {
			next = max(next, s.next[tp]) // control records behind it are nobody's, and must not look unread
		}
		if s.owned[tp] != p || committed[p.Topic][p.Num].Offset == next {
			continue
		}
		if offsets[p.Topic] == nil {
			offsets[p.Topic] = map[int32]kgo.EpochOffset{}
		}
		offsets[p.Topic][p.Num] = kgo.EpochOffset{Epoch: -1, Offset: next}
	}
	if len(offsets) == 0 {
		return nil
	}
	var failed error
	s.client.CommitOffsetsSync(ctx, offsets, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, err error) {
		failed = err
		if err != nil {
			return
		}
		for _, t := range resp.Topics {
			for _, p := range t.Partitions {
				failed = errors.Join(failed, kerr.ErrorForCode(p.ErrorCode))
			}
		}
	})
	if failed != nil {
		return fmt.Errorf("commit its offsets: %w", failed)
	}
	s.metrics.commits.WithLabelValues(s.node.Name).Inc()
	return nil
}
