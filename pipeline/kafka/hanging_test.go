package kafka

import (
	"context"
	"hash/crc32"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"panther/pipeline/stream"
)

// A transaction of the pipeline that hangs is ended, as its coordinator had decided, and what waits behind it is read.
func TestHangingTransactionIsEnded(t *testing.T) {
	for name, want := range map[string][]string{
		"committed": {"told", "not told", "behind it"},
		"aborted":   {"behind it"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := realBrokers(t)
			topic := newTopic(t, cfg, 1, nil)
			hang(t, cfg, topic, "panther.hanging."+topic, name == "committed")
			produce(t, newClient(t, cfg), &kgo.Record{Topic: topic, Value: []byte("behind it")})

			metrics := watchHanging(t, cfg, topic)
			if diff := cmp.Diff(want, restored(t, cfg, topic)); diff != "" {
				t.Errorf("restored (-want +got):\n%s", diff)
			}
			for metrics.value(t, "panther_ended_transactions_total") != 1 { // readers may go on before the broker's answer is here
				if err := pause(t.Context(), 5*time.Millisecond); err != nil {
					t.Fatal("the transaction does not count as ended: ", err)
				}
			}
		})
	}
}

// A transaction of somebody else is left alone. Who waits behind it says for what, and what to do.
func TestHangingTransactionOfAnother(t *testing.T) {
	cfg := realBrokers(t)
	topic := newTopic(t, cfg, 1, nil)
	hang(t, cfg, topic, topic, true)
	cfg.TransactionTimeout = time.Second // patience follows from it
	w := newWatch(t, cfg, topic)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for len(w.Hanging()) == 0 { // it hangs from when its coordinator has done with it, which may be a moment ahead
		if err := w.look(ctx); err != nil {
			t.Fatal("nothing hangs: ", err)
		}
	}
	err := Restore(t.Context(), cfg, topic, []int32{0}, func(*kgo.Record) error { return nil })
	if err == nil {
		t.Fatal("Restore passed a transaction that hangs")
	}
	said := append(w.Hanging(), err.Error())
	if len(said) != 2 {
		t.Fatalf("what hangs: %q", said)
	}
	for _, s := range said {
		for _, want := range []string{"topic " + topic + ", partition 0: readers wait at offset 2 of", "for producer ", "epoch ", "CompleteCommit", "hangs"} {
			if !strings.Contains(s, want) {
				t.Errorf("%q does not say %q", s, want)
			}
		}
	}
	if !strings.Contains(err.Error(), "abort --topic "+topic+" --partition 0 --start-offset 2") {
		t.Errorf("%v; want the command that ends it", err)
	}
}

// watchHanging runs a watch for as long as the test.
func watchHanging(t *testing.T, cfg Config, topic string) *Metrics {
	t.Helper()
	cfg.CommitInterval, cfg.TransactionTimeout = 10*time.Millisecond, 500*time.Millisecond
	w := newWatch(t, cfg, topic)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
	return w.metrics
}

func newWatch(t *testing.T, cfg Config, topic string) *HangingWatch {
	t.Helper()
	cfg.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	w, err := NewHangingWatch(cfg, []stream.Topic{{Name: topic}}, NewMetrics())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.client.Close)
	return w
}

// hang leaves a transaction of id hanging in partition 0 of topic, as a broker does that its coordinator did not tell of the
// end: first one ends as commit says, then another record of it is written behind the end. Brokers would refuse that, so they
// are asked not to look.
func hang(t *testing.T, cfg Config, topic, id string, commit bool) {
	t.Helper()
	admin := kadm.NewClient(newClient(t, cfg))
	setVerification(t, admin, kadm.SetConfig, "false")
	t.Cleanup(func() { setVerification(t, admin, kadm.DeleteConfig, "") })

	old := kversion.Stable() // transactions in which an end does not raise the epoch
	old.SetMaxKeyVersion(int16(kmsg.Produce), 11)
	old.SetMaxKeyVersion(int16(kmsg.EndTxn), 4)
	client := newClient(t, cfg, kgo.TransactionalID(id), kgo.MaxVersions(old))
	if err := client.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	produce(t, client, &kgo.Record{Topic: topic, Value: []byte("told")})
	producer, epoch, err := client.ProducerID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := client.EndTransaction(t.Context(), kgo.TransactionEndTry(commit)); err != nil {
		t.Fatal(err)
	}
	for open, err := openTransactions(t.Context(), client, topic); len(open) > 0 || err != nil; open, err = openTransactions(t.Context(), client, topic) {
		if pause(t.Context(), 20*time.Millisecond) != nil { // the end is written behind the answer
			t.Fatalf("the transaction does not end: %v, %v", open, err)
		}
	}
	for {
		code := produceRaw(t, client, topic, id, batchOf(producer, epoch, 1, "not told"))
		if code == nil {
			return
		}
		if err := pause(t.Context(), 50*time.Millisecond); err != nil { // until brokers know the setting
			t.Fatalf("write behind the end: %v", code)
		}
	}
}

func setVerification(t *testing.T, admin *kadm.Client, op kadm.IncrementalOp, value string) {
	t.Helper()
	res, err := admin.AlterBrokerConfigs(context.WithoutCancel(t.Context()), []kadm.AlterConfig{{Op: op, Name: "transaction.partition.verification.enable", Value: &value}})
	if err == nil && len(res) > 0 {
		err = res[0].Err
	}
	if err != nil {
		t.Fatalf("set the brokers' verification of transactions: %v", err)
	}
}

// batchOf is a batch of one record in a transaction.
func batchOf(producer int64, epoch int16, sequence int32, value string) []byte {
	r := kmsg.Record{Value: []byte(value)}
	r.Length = int32(len(r.AppendTo(nil)) - 1) // without itself, which takes one byte
	now := time.Now().UnixMilli()
	b := kmsg.RecordBatch{PartitionLeaderEpoch: -1, Magic: 2, Attributes: 1 << 4, FirstTimestamp: now, MaxTimestamp: now,
		ProducerID: producer, ProducerEpoch: epoch, FirstSequence: sequence, NumRecords: 1, Records: r.AppendTo(nil)}
	b.Length = int32(len(b.AppendTo(nil)) - 12)                                            // behind itself
	b.CRC = int32(crc32.Checksum(b.AppendTo(nil)[21:], crc32.MakeTable(crc32.Castagnoli))) // behind itself
	return b.AppendTo(nil)
}

// produceRaw sends a batch.
func produceRaw(t *testing.T, client *kgo.Client, topic, id string, batch []byte) error {
	t.Helper()
	req := kmsg.NewPtrProduceRequest()
	req.TransactionID, req.Acks, req.TimeoutMillis = &id, -1, 5000
	p := kmsg.NewProduceRequestTopicPartition()
	p.Records = batch
	pt := kmsg.NewProduceRequestTopic()
	pt.Topic, pt.Partitions = topic, append(pt.Partitions, p)
	req.Topics = append(req.Topics, pt)
	resp, err := req.RequestWith(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	return kerr.ErrorForCode(resp.Topics[0].Partitions[0].ErrorCode)
}

// The verdict is what the coordinator noted of the very transaction that hangs.
func TestVerdict(t *testing.T) {
	const commit, abort = kmsg.TransactionStatePrepareCommit, kmsg.TransactionStatePrepareAbort
	step := func(state kmsg.TransactionState, epoch, version int16, partitions ...int32) kmsg.TxnMetadataValue {
		return kmsg.TxnMetadataValue{ProducerID: 7, ProducerEpoch: epoch, State: state, ClientTransactionVersion: version,
			Topics: []kmsg.TxnMetadataValueTopic{{Topic: "a", Partitions: partitions}}}
	}
	hangs := &OpenTransaction{Topic: "a", Partition: 2, ProducerID: 7, Epoch: 3}
	for name, c := range map[string]struct {
		steps  []kmsg.TxnMetadataValue
		commit bool
		known  bool
	}{
		"nothing noted":                   {},
		"committed":                       {[]kmsg.TxnMetadataValue{step(commit, 4, 2, 1, 2), step(kmsg.TransactionStateCompleteCommit, 4, 2)}, true, true},
		"aborted":                         {[]kmsg.TxnMetadataValue{step(abort, 4, 2, 2), step(kmsg.TransactionStateCompleteAbort, 4, 2)}, false, true},
		"the ones around it do not count": {[]kmsg.TxnMetadataValue{step(abort, 3, 2, 2), step(commit, 4, 2, 2), step(abort, 5, 2, 2)}, true, true},
		"it was not part of it":           {[]kmsg.TxnMetadataValue{step(commit, 4, 2, 1), step(kmsg.TransactionStateCompleteCommit, 4, 2)}, false, true},
		"only the one before is known":    {[]kmsg.TxnMetadataValue{step(commit, 3, 2, 2)}, false, false},
		"only its completion is left":     {[]kmsg.TxnMetadataValue{step(kmsg.TransactionStateCompleteCommit, 4, 2)}, true, true},
		"still open":                      {[]kmsg.TxnMetadataValue{step(kmsg.TransactionStateOngoing, 3, 2, 2)}, false, false},
		"another producer's":              {[]kmsg.TxnMetadataValue{{ProducerID: 8, ProducerEpoch: 4, State: commit, Topics: step(commit, 4, 2, 2).Topics}}, false, false},
		"epochs that are not raised":      {[]kmsg.TxnMetadataValue{step(abort, 3, 0, 2), step(commit, 3, 0, 2), step(abort, 3, 0, 1)}, true, true},
		"fenced, epochs not raised":       {[]kmsg.TxnMetadataValue{step(commit, 3, 0, 1), step(abort, 4, 0, 2)}, false, true},
	} {
		v, ok := hangs.judge(c.steps)
		if v.commit != c.commit || ok != c.known {
			t.Errorf("%s: commit %v, known %v (%s); want %v, %v", name, v.commit, ok, v.why, c.commit, c.known)
		}
	}
}

// The partition of the transaction log is found as brokers find it: "Aa" and "BB" have one hash in Java, 2112.
func TestTransactionPartition(t *testing.T) {
	for id, want := range map[string]int32{"": 0, "Aa": 12, "BB": 12, "panther.meter.BJ4PEBDW5NDERVA5RTCWKVBHLQ": 41} {
		if got := transactionPartition(id, 50); got != want {
			t.Errorf("id %q: partition %d, want %d", id, got, want)
		}
	}
}
