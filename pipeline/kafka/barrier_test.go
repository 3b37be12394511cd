package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// restored are the values of a topic's partition 0, as Restore gives them.
func restored(t *testing.T, cfg Config, topic string) []string {
	t.Helper()
	var got []string
	err := Restore(t.Context(), cfg, topic, []int32{0}, func(r *kgo.Record) error {
		got = append(got, string(r.Value))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestRestoreReadsEveryPartitionToItsEnd(t *testing.T) {
	cfg := brokers(t)
	topic := newTopic(t, cfg, 4, nil)
	client := newClient(t, cfg, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	want := map[int32]int{0: 3, 2: 1} // partitions 1 and 3 are empty
	for p, n := range want {
		for i := range n {
			produce(t, client, &kgo.Record{Topic: topic, Partition: p, Value: fmt.Append(nil, i)})
		}
	}
	for round := range 3 { // barriers of earlier rounds are no messages
		got := map[int32]int{}
		err := Restore(t.Context(), cfg, topic, []int32{0, 1, 2, 3}, func(r *kgo.Record) error {
			if string(r.Value) != fmt.Sprint(got[r.Partition]) {
				t.Errorf("partition %d: record %q out of order", r.Partition, r.Value)
			}
			got[r.Partition]++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("round %d: records a partition (-want +got):\n%s", round, diff)
		}
	}
}

// A process that died in a transaction leaves it open. What others committed behind it must come back all the same, once the
// broker has ended the transaction, and what it wrote must not.
func TestRestoreBehindATransactionLeftOpen(t *testing.T) {
	cfg := brokers(t)
	topic := newTopic(t, cfg, 1, nil)
	dead := newClient(t, cfg, kgo.TransactionalID(topic+"-dead"), kgo.TransactionTimeout(time.Second))
	if err := dead.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	produce(t, dead, &kgo.Record{Topic: topic, Value: []byte("of the dead")})
	alive := newClient(t, cfg, kgo.TransactionalID(topic+"-alive"))
	commit(t, alive, &kgo.Record{Topic: topic, Value: []byte("committed behind it")})

	if diff := cmp.Diff([]string{"committed behind it"}, restored(t, cfg, topic)); diff != "" {
		t.Errorf("restored (-want +got):\n%s", diff)
	}
}

func TestRestoreSaysWhichPartitionDidNotCome(t *testing.T) {
	t.Parallel()
	cfg := brokers(t)
	topic := newTopic(t, cfg, 2, nil)
	open := newClient(t, cfg, kgo.TransactionalID(topic+"-open"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err := open.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	produce(t, open, &kgo.Record{Topic: topic, Partition: 1, Value: []byte("not yet committed")})
	cfg.TransactionTimeout = time.Second // patience follows from it: enough for the other partition
	err := Restore(t.Context(), cfg, topic, []int32{0, 1}, func(*kgo.Record) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "partition 1 at offset 0 of 2") || strings.Contains(err.Error(), "partition 0 at") ||
		!strings.Contains(err.Error(), "find-hanging --topic "+topic) {
		t.Errorf("Restore: %v, want it to name partition 1 only, and how to look further", err)
	}
}

func TestRestoreEndsWithItsContext(t *testing.T) {
	cfg := brokers(t)
	topic := newTopic(t, cfg, 1, nil)
	produce(t, newClient(t, cfg), &kgo.Record{Topic: topic, Value: []byte("first")})
	ctx, cancel := context.WithCancel(t.Context())
	stop := errors.New("seen enough")
	err := Restore(ctx, cfg, topic, []int32{0}, func(*kgo.Record) error { return stop })
	if !errors.Is(err, stop) {
		t.Errorf("Restore with an apply that fails: %v", err)
	}
	cancel()
	if err := Restore(ctx, cfg, topic, []int32{0}, func(*kgo.Record) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("Restore with a context cancelled: %v", err)
	}
}

// Another reader's barrier has the same key: compaction then leaves only the newer one.
func TestRestoreGoesOnWhenItsBarrierIsCompactedAway(t *testing.T) {
	cfg := brokers(t)
	topic := newTopic(t, cfg, 1, nil)
	b, err := newBarrierReader(cfg, topic, []int32{0})
	if err != nil {
		t.Fatal(err)
	}
	defer b.client.Close()
	if err := b.write(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.token = "as if the record were gone"
	b.ends[0].barrier = 0
	produce(t, newClient(t, cfg), &kgo.Record{Topic: topic, Key: []byte(barrierKey), Value: []byte("of another reader")})
	if err := b.read(t.Context(), func(r *kgo.Record) error { return fmt.Errorf("message %q", r.Value) }); err != nil {
		t.Error(err)
	}
}

func TestReadAllOfATopicThatIsNotThere(t *testing.T) {
	cfg := brokers(t)
	err := ReadAll(t.Context(), cfg, "no-such-topic", func(*kgo.Record) error { return nil })
	if !errors.Is(err, kerr.UnknownTopicOrPartition) || !strings.Contains(err.Error(), "no-such-topic") {
		t.Errorf("ReadAll: %v", err)
	}
}

func BenchmarkRestoreAMillion(b *testing.B) {
	cfg := brokers(b)
	topic := newTopic(b, cfg, 8, nil)
	client := newClient(b, cfg, kgo.DefaultProduceTopic(topic), kgo.ProducerBatchCompression(kgo.Lz4Compression()))
	value := make([]byte, 100)
	for i := range 1_000_000 {
		client.Produce(b.Context(), &kgo.Record{Key: fmt.Appendf(nil, "tenant-1/host-%07d", i), Value: value}, nil)
	}
	if err := client.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		n := 0
		if err := ReadAll(b.Context(), cfg, topic, func(*kgo.Record) error { n++; return nil }); err != nil || n != 1_000_000 {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(b.N)*1e6/b.Elapsed().Seconds(), "records/s")
}
