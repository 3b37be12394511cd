package kafka

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/stream"
)

// While a broker is away nothing can be sampled, by any node, at any heartbeat. That is said once a minute, else nobody would
// find in the log what else there is.
func TestNoSampleIsSaidOnceAMinute(t *testing.T) {
	s, b := sessionOf(t, edgeNode())
	var logged bytes.Buffer
	s.log = slog.New(slog.NewTextHandler(&logged, nil))
	group, err := kgo.NewGroupTransactSession(kgo.SeedBrokers(b.cfg.Brokers...), kgo.TransactionalID("t"), kgo.ConsumerGroup("g"))
	if err != nil {
		t.Fatal(err)
	}
	defer group.Close()
	s.group = group
	s.tasks[topicPartition{"is-not-there", 0}] = &task{part: stream.Partition{Topic: "is-not-there"}}
	for range 3 {
		if got := s.sample(t.Context()); got != nil {
			t.Fatalf("sampled %v", got)
		}
	}
	if n := strings.Count(logged.String(), "clocks stand still"); n != 1 {
		t.Errorf("said %d times, want once:\n%s", n, &logged)
	}
}
