package kafka

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/catalogue"
)

// deaf is a broker that takes records and never answers.
func deaf(t *testing.T) Config {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "t", catalogueTopic))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	cluster.ControlKey(kmsg.Produce.Int16(), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if len(req.(*kmsg.ProduceRequest).Topics) > 0 {
			return nil, nil, true
		}
		return nil, nil, false
	})
	return Config{Brokers: cluster.ListenAddrs()}
}

// The library waits for a record that it sent, whatever the context says. Whoever is told to stop must stop all the same.
func TestABrokerThatDoesNotAnswerHoldsNobody(t *testing.T) {
	cfg := deaf(t)
	for name, call := range map[string]func(context.Context) error{
		"Restore": func(ctx context.Context) error {
			return Restore(ctx, cfg, "t", []int32{0}, func(*kgo.Record) error { return nil })
		},
		"FollowCatalogue": func(ctx context.Context) error {
			_, err := FollowCatalogue(ctx, cfg)
			return err
		},
		"WriteCatalogue": func(ctx context.Context) error {
			client, err := cfg.NewClient(kgo.TransactionalID(catalogueWriter))
			if err != nil {
				return err
			}
			defer client.Close()
			records, err := catalogueRecords([]stream.Record{stream.Send(schemas.Catalogue, "source/1", catalogue.LogSource{ID: "1"})}, 1)
			if err != nil {
				return err
			}
			return commitRecords(ctx, client, records)
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v, want that the time is over", err)
			}
		})
	}
}
