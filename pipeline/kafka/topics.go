package kafka

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// partitionsOf asks the broker for the partitions of a topic.
func partitionsOf(ctx context.Context, cfg Config, client *kgo.Client, topic string) ([]int32, error) {
	topics, err := kadm.NewClient(client).ListTopics(ctx, topic)
	if err != nil {
		return nil, fmt.Errorf("ask for its partitions: %w", cfg.Explain(err))
	}
	if err := topics[topic].Err; err != nil {
		return nil, fmt.Errorf("ask for its partitions: %w", cfg.Explain(err, Access{"Describe", "topic", topic}))
	}
	return topics[topic].Partitions.Numbers(), nil
}
