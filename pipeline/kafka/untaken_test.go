package kafka

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A broker whose disk is full answers, and takes nothing. It must not be called away.
func TestABrokerWithAFullDiskIsNotAway(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	cfg := Config{Brokers: cluster.ListenAddrs(), TransactionTimeout: 300 * time.Millisecond}
	client, err := cfg.NewClient()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.KafkaStorageError, Count: -1})
	err = Restore(t.Context(), cfg, "t", []int32{0}, func(*kgo.Record) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "answers, but takes no records for topic t") || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("full: %v", err)
	}
	cluster.Close()
	if err := cfg.untaken(client, "t", context.DeadlineExceeded); !strings.Contains(err.Error(), "is Kafka still running") {
		t.Errorf("away: %v", err)
	}
	if err := cfg.untaken(client, "t", kerr.TopicAuthorizationFailed); !strings.Contains(err.Error(), "kafka-acls") {
		t.Errorf("refused: %v", err)
	}
}
