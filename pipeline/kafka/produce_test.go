package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"panther/pipeline/stream"
)

func newProducer(t testing.TB, cfg Config, topics ...string) *Producer {
	t.Helper()
	p, err := NewProducer(t.Context(), cfg, topics...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// consumed reads n records of a topic.
func consumed(t testing.TB, cfg Config, topic string, n int) (records []*kgo.Record) {
	t.Helper()
	client := newClient(t, cfg, kgo.ConsumeTopics(topic), kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()))
	for len(records) < n {
		fetches := client.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		records = append(records, fetches.Records()...)
	}
	return records
}

func TestProducer(t *testing.T) {
	cfg := brokers(t)
	keyed, spread := newTopic(t, cfg, 5, nil), newTopic(t, cfg, 5, nil)
	p := newProducer(t, cfg, keyed, spread)
	const n = 1000
	for i := range n {
		if err := errors.Join(p.Send(t.Context(), keyed, fmt.Appendf(nil, "key %d", i%20), fmt.Append(nil, i)),
			p.Send(t.Context(), spread, nil, bytes.Repeat([]byte("x"), 1000))); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if records, size := p.Sent(); records != 2*n || size < 1000*n {
		t.Errorf("sent %d records of %d bytes", records, size)
	}
	for _, r := range consumed(t, cfg, keyed, n) {
		if want := PartitionFor(r.Key, 5); r.Partition != want {
			t.Errorf("%s is in partition %d, want %d", r.Key, r.Partition, want)
		}
	}
	used := map[int32]bool{}
	for _, r := range consumed(t, cfg, spread, n) {
		used[r.Partition] = true
		if r.Key != nil {
			t.Fatalf("a record without a key got %q", r.Key)
		}
	}
	if len(used) < 2 {
		t.Errorf("1 MB of records without a key are all in the partitions %v", used)
	}
}

// What the topic does not take is refused alone; and nothing that Send takes is too large for the broker.
func TestProducerTooLarge(t *testing.T) {
	cfg := brokers(t)
	topic := newTopic(t, cfg, 1, map[string]*string{"max.message.bytes": kadm.StringPtr("5000")})
	p := newProducer(t, cfg, topic)
	if got := p.Largest(topic); got != 5000-batchOverhead {
		t.Errorf("the largest record has %d bytes", got)
	}
	var large *TooLargeError
	if err := p.Send(t.Context(), topic, []byte("k"), make([]byte, p.Largest(topic))); !errors.As(err, &large) || large.Size != large.Limit+1 {
		t.Errorf("a byte too many: %v", err)
	}
	for range 100 {
		if err := p.Send(t.Context(), topic, nil, make([]byte, p.Largest(topic))); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Flush(t.Context()); err != nil {
		t.Errorf("the largest that Send takes: %v", err)
	}
	if records, _ := p.Sent(); records != 100 {
		t.Errorf("sent %d records, want 100", records)
	}
}

// The first failure is final.
func TestProducerFails(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	cfg := Config{Brokers: cluster.ListenAddrs()}
	topic := newTopic(t, cfg, 1, nil)
	p := newProducer(t, cfg, topic)
	cluster.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		in := req.(*kmsg.ProduceRequest)
		resp := in.ResponseKind().(*kmsg.ProduceResponse)
		for _, t := range in.Topics {
			rt := kmsg.NewProduceResponseTopic()
			rt.Topic, rt.TopicID = t.Topic, t.TopicID
			for _, part := range t.Partitions {
				rp := kmsg.NewProduceResponseTopicPartition()
				rp.Partition, rp.ErrorCode = part.Partition, kerr.TopicAuthorizationFailed.Code
				rt.Partitions = append(rt.Partitions, rp)
			}
			resp.Topics = append(resp.Topics, rt)
		}
		return resp, nil, true
	})
	if err := p.Send(t.Context(), topic, nil, []byte("x")); err != nil {
		t.Fatal(err)
	}
	err = p.Flush(t.Context())
	if err == nil || !strings.Contains(err.Error(), "--operation Write --topic "+topic) {
		t.Errorf("a refusal: %v; want the command that grants it", err)
	}
	if again := p.Send(t.Context(), topic, nil, []byte("y")); again == nil || again.Error() != err.Error() {
		t.Errorf("after the first failure: %v", again)
	}
}

func TestProducerTopics(t *testing.T) {
	cfg := brokers(t)
	if _, err := NewProducer(t.Context(), cfg, "not-there"); err == nil || !strings.Contains(err.Error(), "topic not-there") {
		t.Errorf("a topic that is not there: %v", err)
	}
	p := newProducer(t, cfg, newTopic(t, cfg, 1, nil))
	if err := p.Send(t.Context(), "another", nil, []byte("x")); err == nil || !strings.Contains(err.Error(), "another") {
		t.Errorf("a topic that was not named: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := NewProducer(ctx, Config{Brokers: []string{"127.0.0.1:1"}}, "x"); err == nil {
		t.Error("no broker, and no error")
	}
}

func TestMissing(t *testing.T) {
	cfg := brokers(t)
	there := newTopic(t, cfg, 1, nil)
	missing, tell, err := Missing(t.Context(), cfg, []stream.Topic{{Name: there}, {Name: there + "-not", Partitions: 3, Compact: true}}, Layout{})
	if err != nil {
		t.Fatal(err)
	}
	if len(missing) != 1 || missing[0].Partitions != 3 || len(tell) != 1 || !strings.Contains(tell[0].Error(), "topic "+there+"-not does not exist; make it: kafka-topics --bootstrap-server") ||
		!strings.Contains(tell[0].Error(), "--partitions 3") || !strings.Contains(tell[0].Error(), "cleanup.policy=compact") {
		t.Errorf("%v: %v", missing, tell)
	}
}
