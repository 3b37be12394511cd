package kafka

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"panther/pipeline/stream"
	"panther/schemas/catalogue"
)

// applyLatest writes a catalogue of one source that begins with what comes from now on.
func (b *bench) applyLatest(topic string) {
	b.t.Helper()
	source, _ := json.Marshal(catalogue.LogSource{ID: "s", Label: "s", Topics: []string{topic}, From: "latest", InputsVersion: 1, Version: 1})
	version, _ := json.Marshal(catalogue.Version{Version: 1, At: time.Now()})
	b.sendTo(0, &kgo.Record{Topic: catalogueTopic, Key: []byte("source/s"), Value: source}, &kgo.Record{Topic: catalogueTopic, Key: []byte(catalogue.VersionKey), Value: version})
}

// sendTo writes records to one partition.
func (b *bench) sendTo(partition int32, records ...*kgo.Record) {
	b.t.Helper()
	cl := b.client(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	for _, r := range records {
		r.Partition = partition
	}
	if err := cl.ProduceSync(b.t.Context(), records...).FirstErr(); err != nil {
		b.t.Fatal(err)
	}
}

func linesOf(topic string, n int) (records []*kgo.Record) {
	for range n {
		records = append(records, &kgo.Record{Topic: topic, Value: []byte("x")})
	}
	return records
}

// begun waits until the edge has its clock in the changelog: it reads the topic since then.
func (b *bench) begun() {
	b.t.Helper()
	b.until("the first position", func() bool {
		ends, err := kadm.NewClient(b.client()).ListEndOffsets(b.t.Context(), "panther.liner.state")
		var n int64
		ends.Each(func(o kadm.ListedOffset) { n += o.Offset })
		return err == nil && n > 4 // barriers are there before
	})
}

func TestLatestIsOnceForATopic(t *testing.T) {
	b := newBench(t, edgeNode())
	b.create(stream.Topic{Name: "lines-a", Partitions: 1})
	b.sendTo(0, linesOf("lines-a", 7)...) // before the source was known
	b.applyLatest("lines-a")
	b.start(edgeNode())
	b.begun()
	b.sendTo(0, linesOf("lines-a", 5)...)
	waitForLines(t, b, 5)
	if err := pause(t.Context(), 4*b.cfg.Heartbeat); err != nil { // for three, whatever begins is the same beginning
		t.Fatal(err)
	}
	if _, err := kadm.NewClient(b.client()).UpdatePartitions(t.Context(), 2, "lines-a"); err != nil {
		t.Fatal(err)
	}
	b.sendTo(1, linesOf("lines-a", 5)...) // before anybody reads it
	waitForLines(t, b, 10)
	if _, err := kadm.NewClient(b.client()).DeleteTopics(t.Context(), "lines-a"); err != nil {
		t.Fatal(err)
	}
	b.create(stream.Topic{Name: "lines-a", Partitions: 1})
	b.sendTo(0, linesOf("lines-a", 3)...)
	waitForLines(t, b, 13)
}

func TestPartitionThatIsAwayDoesNotHoldTheOthers(t *testing.T) {
	b := newBench(t, countNode())
	away := make(chan struct{})
	b.cluster.ControlKey(int16(kmsg.ListOffsets), func(req kmsg.Request) (kmsg.Response, error, bool) {
		b.cluster.KeepControl()
		select {
		case <-away:
			return nil, nil, false // its broker is back
		default:
		}
		r := req.(*kmsg.ListOffsetsRequest)
		if r.Topics[0].Topic != countIn.Name {
			return nil, nil, false
		}
		resp := r.ResponseKind().(*kmsg.ListOffsetsResponse)
		rt := kmsg.NewListOffsetsResponseTopic()
		rt.Topic = r.Topics[0].Topic
		for _, p := range r.Topics[0].Partitions {
			rp := kmsg.NewListOffsetsResponseTopicPartition()
			rp.Partition, rp.Offset = p.Partition, 0
			if p.Timestamp == -1 {
				rp.Offset = 1000
			}
			if p.Partition == 3 {
				rp.ErrorCode, rp.Offset = 56, -1 // KAFKA_STORAGE_ERROR
			}
			rt.Partitions = append(rt.Partitions, rp)
		}
		resp.Topics = append(resp.Topics, rt)
		return resp, nil, true
	})
	b.produce(20, 1, 1)
	others := 0
	for k := range 20 {
		if PartitionFor([]byte("k"+string(rune('0'+k))), 4) != 3 && k < 10 {
			others++
		}
	}
	b.start(countNode())
	if got := b.read(countOut.Name, others); len(got) < others {
		t.Fatalf("%d records came of the partitions that are well, want at least %d", len(got), others)
	}
	close(away)
	b.checkCounts(20, 1)
}
