package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"panther/pipeline/stream"
)

// Missing returns the topics that are not there, and what to tell of each, with the command that makes it. It changes nothing.
func Missing(ctx context.Context, cfg Config, topics []stream.Topic, layout Layout) (missing []stream.Topic, tell Problems, err error) {
	cfg = cfg.WithDefaults()
	client, err := cfg.NewClient()
	if err != nil {
		return nil, nil, err
	}
	defer client.Close()
	if err := cfg.Reach(ctx, client); err != nil {
		return nil, nil, err
	}
	brokers, err := kadm.NewClient(client).ListBrokers(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("look for topics: %w", cfg.Explain(err))
	}
	there, err := describe(ctx, client, namesOf(topics)...)
	if err != nil {
		return nil, nil, fmt.Errorf("look for topics: %w", cfg.Explain(err))
	}
	e := ensurer{cfg: cfg, layout: layout, replication: replicationOf(layout, len(brokers))}
	for _, t := range topics {
		switch err := there[t.Name].err; {
		case err == nil:
		case errors.Is(err, kerr.UnknownTopicOrPartition):
			missing = append(missing, t)
			tell = append(tell, &Problem{What: fmt.Sprintf("topic %s does not exist", t.Name), Mend: "make it: " + e.createCommand(t)})
		default:
			return nil, nil, fmt.Errorf("look for topic %s: %w", t.Name, cfg.Explain(err, Access{"Describe", "topic", t.Name}))
		}
	}
	return missing, tell, nil
}
