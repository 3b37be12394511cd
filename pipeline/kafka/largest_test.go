package kafka

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/catalogue"
	"panther/schemas/classify"
	"panther/stages"
)

// onEveryBroker runs a test on the embedded broker, and on a real Kafka where there is one.
func onEveryBroker(t *testing.T, test func(*testing.T, Config)) {
	t.Run("embedded", func(t *testing.T) { test(t, embedded(t, EmbeddedConfig{Dir: t.TempDir()}).Config()) })
	t.Run("kafka", func(t *testing.T) { test(t, realBrokers(t)) })
}

// largest makes a topic that holds the largest records, and a client that sends them.
func largest(t *testing.T, cfg Config) (topic string, client *kgo.Client) {
	t.Helper()
	most := "8388608"
	topic = newTopic(t, cfg, 1, map[string]*string{"max.message.bytes": &most})
	return topic, newClient(t, cfg, kgo.DefaultProduceTopic(topic), kgo.ProducerBatchMaxBytes(MaxMessageBytes), kgo.ProducerBatchCompression(kgo.NoCompression()))
}

// runNode makes a node's own topics and runs it until the test ends.
func runNode(t *testing.T, cfg Config, node *stream.Node, topics ...stream.Topic) {
	t.Helper()
	if state, ok := node.State(); ok {
		topics = append(topics, state)
	}
	if err := Ensure(t.Context(), cfg, newClient(t, cfg), append(topics, node.DeadLetters(), schemas.Catalogue), Layout{}); err != nil {
		t.Fatal(err)
	}
	follower, err := FollowCatalogue(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(follower.Close)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- NewRunner(cfg, node, follower, NewMetrics()).Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// What a node may write at most fits into its requests, one after the other, however little it can be compressed.
func TestLargestOutputs(t *testing.T) {
	onEveryBroker(t, func(t *testing.T, cfg Config) {
		in, client := largest(t, cfg)
		out := stream.Topic{Name: in + "-out", Partitions: 1}
		node := &stream.Node{Name: in + "-node", Reads: []stream.Topic{{Name: in, Partitions: 1}}, Writes: []stream.Topic{out},
			Mapper: func() stream.Mapper { return &copier{out: out.Name} }}
		runNode(t, cfg, node, out)
		value := []byte(noise(1, MaxMessageBytes))
		for _, n := range []int{maxOutput, maxOutput + 1, maxOutput, 1000, maxOutput - 1} {
			produce(t, client, &kgo.Record{Value: value[:n]})
		}
		for i, r := range consumed(t, cfg, out.Name, 4) {
			if want := []int{maxOutput, maxOutput, 1000, maxOutput - 1}[i]; !bytes.Equal(r.Value, value[:want]) {
				t.Errorf("record %d has %d bytes, want the %d sent", i, len(r.Value), want)
			}
		}
		if dead := consumed(t, cfg, node.DeadLetters().Name, 1); len(dead) != 1 {
			t.Errorf("%d dead letters, want one for the record that no topic takes", len(dead))
		}
	})
}

// The longest lines come out of the classifier's node, and so do the largest records, in parts: no byte is lost, whatever the
// bytes become when they are written as JSON.
func TestLargestLines(t *testing.T) {
	onEveryBroker(t, func(t *testing.T, cfg Config) {
		in, client := largest(t, cfg)
		source := catalogue.LogSource{ID: in, Label: in, Topics: []string{in}, From: "earliest", LogTypes: []string{"Okta.SystemLog"}}
		write := func(r stream.Record) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			if _, err := WriteCatalogue(ctx, cfg, func(*catalogue.View) ([]stream.Record, error) { return []stream.Record{r}, nil }); err != nil {
				t.Fatal(err)
			}
		}
		var plans classify.Plans
		node := &stream.Node{Name: in + "-node", Sources: true, Writes: []stream.Topic{schemas.Events, schemas.ClassificationFailures, schemas.SourceActivity},
			Clocks: schemas.SourceActivity.Name, Mapper: func() stream.Mapper { return stages.NewClassifier(plans.Worker().Checker) }}
		runNode(t, cfg, node, node.Writes...)
		write(stream.Send(schemas.Catalogue, catalogue.Key(source), source))
		t.Cleanup(func() { write(stream.Record{Topic: schemas.Catalogue.Name, Key: []byte(catalogue.Key(source))}) })

		sent, long := 0, []byte(noise(1, MaxMessageBytes))
		for _, line := range [][]byte{
			bytes.Repeat([]byte{0}, classify.MaxLine), // six bytes for each
			bytes.Repeat([]byte{0xff}, classify.MaxLine),
			long[:classify.MaxLine+1],
			long[:MaxMessageBytes-200],
		} {
			sent += len(line)
			produce(t, client, &kgo.Record{Value: line})
		}
		failures := newClient(t, cfg, kgo.ConsumeTopics(schemas.ClassificationFailures.Name), kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
		for got := 0; got < sent; {
			fetches := failures.PollFetches(t.Context())
			if err := fetches.Err(); err != nil {
				t.Fatal(err)
			}
			for _, r := range fetches.Records() {
				var f schemas.Failure
				if err := json.Unmarshal(r.Value, &f); err != nil {
					t.Fatal(err)
				}
				if f.Source == in {
					got += len(f.Payload)
				}
			}
		}
	})
}
