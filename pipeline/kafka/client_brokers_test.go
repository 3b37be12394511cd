package kafka

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// brokers is the Kafka that a test uses: the one that PANTHER_TEST_BROKERS names, else one in memory. Tests give their
// topics names of their own, so that they may share it.
func brokers(t testing.TB) Config {
	t.Helper()
	if named := os.Getenv("PANTHER_TEST_BROKERS"); named != "" {
		return Config{Brokers: strings.Split(named, ",")}
	}
	return inMemory(t)
}

// realBrokers is the real Kafka that PANTHER_TEST_BROKERS names, for what a broker in memory cannot show.
func realBrokers(t testing.TB) Config {
	t.Helper()
	named := os.Getenv("PANTHER_TEST_BROKERS")
	switch {
	case named != "":
	case os.Getenv("CI") == "true":
		t.Fatal("PANTHER_TEST_BROKERS names no Kafka; `make kafka` starts one")
	default:
		t.Skip("PANTHER_TEST_BROKERS names no Kafka; `make kafka` starts one")
	}
	return Config{Brokers: strings.Split(named, ",")}
}

// inMemory starts a broker in memory.
func inMemory(t testing.TB, opts ...kfake.Opt) Config {
	t.Helper()
	cluster, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	return Config{Brokers: cluster.ListenAddrs()}
}

func newClient(t testing.TB, cfg Config, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := cfg.NewClient(append([]kgo.Opt{kgo.ProducerLinger(0)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// newTopic makes a topic named after the test.
func newTopic(t testing.TB, cfg Config, partitions int32, configs map[string]*string) string {
	t.Helper()
	name := strings.NewReplacer("/", "-", " ", "-").Replace(t.Name()) + "-" + time.Now().Format("150405.000000")
	createTopic(t, cfg, name, partitions, configs)
	return name
}

// createTopic makes a topic, and waits until the brokers know it.
func createTopic(t testing.TB, cfg Config, name string, partitions int32, configs map[string]*string) {
	t.Helper()
	client := newClient(t, cfg)
	if _, err := kadm.NewClient(client).CreateTopic(t.Context(), partitions, 1, configs, name); err != nil {
		t.Fatal(err)
	}
	if err := seen(t.Context(), client, []string{name}); err != nil {
		t.Fatal(err)
	}
}

func produce(t testing.TB, client *kgo.Client, records ...*kgo.Record) {
	t.Helper()
	if err := client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// commit produces records in a transaction of their own.
func commit(t testing.TB, client *kgo.Client, records ...*kgo.Record) {
	t.Helper()
	if err := client.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	produce(t, client, records...)
	if err := client.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
}
