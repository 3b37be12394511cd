package kafka

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// partitionCounts knows how many partitions the topics have that a node writes. They never grow while it runs: a key's
// records would change places.
type partitionCounts struct {
	n atomic.Pointer[map[string]int32]
}

func (c *partitionCounts) load(ctx context.Context, client *kgo.Client, topics []string) error {
	req := kmsg.NewPtrMetadataRequest()
	for _, topic := range topics {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = kmsg.StringPtr(topic)
		req.Topics = append(req.Topics, t)
	}
	resp, err := req.RequestWith(ctx, client)
	if err != nil {
		return fmt.Errorf("ask for the partitions of %v: %w", topics, err)
	}
	n := map[string]int32{}
	for _, t := range resp.Topics {
		if err := kerr.ErrorForCode(t.ErrorCode); err != nil {
			return fmt.Errorf("ask for the partitions of topic %s: %w", *t.Topic, err)
		}
		n[*t.Topic] = int32(len(t.Partitions))
	}
	c.n.Store(&n)
	return nil
}

// of returns the partitions of a topic, at least 1.
func (c *partitionCounts) of(topic string) int32 {
	n := c.n.Load()
	if n == nil {
		return 1
	}
	return max(1, (*n)[topic])
}
