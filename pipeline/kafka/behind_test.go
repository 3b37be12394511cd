package kafka

import (
	"testing"

	"panther/pipeline/stream"
)

// What a node has behind it is what its group has committed, decoded, and no more; the marks of transactions between are no
// records.
func TestBehind(t *testing.T) {
	sink := newShelf()
	b := newBench(t, shelfNode(sink))
	b.produce(5, 1, 4)
	stop := b.start(shelfNode(sink))
	b.until("all records", func() bool { return sink.records() == 20 })
	stop()
	behind, err := LookBehind(t.Context(), b.cfg, "shelf", countIn)
	if err != nil {
		t.Fatal(err)
	}
	b.produce(5, 5, 8) // behind the group's offset, and after the look
	got := map[string]int{}
	places := map[stream.Partition]int64{}
	if err := behind.Read(t.Context(), func(r stream.Record) {
		m, ok := r.Message.(count)
		if !ok || r.TopicID == (stream.ID{}) {
			t.Errorf("a record of %s without a message or an id: %+v", r.Topic, r)
		}
		got[string(r.Key)+"/"+string(rune('0'+m.Seq))]++
		p := stream.Partition{Topic: r.Topic, ID: r.TopicID, Num: r.Partition}
		if at, ok := places[p]; ok && r.Offset <= at {
			t.Errorf("offset %d of %s comes after %d", r.Offset, p, at)
		}
		places[p] = r.Offset
	}); err != nil {
		t.Fatal(err)
	}
	if len(got) != 20 {
		t.Errorf("%d records, want the 20 that were taken", len(got))
	}
	for key, n := range got {
		if n != 1 {
			t.Errorf("%s came %d times", key, n)
		}
	}
	nobody, err := LookBehind(t.Context(), b.cfg, "nobody", countIn)
	if err != nil {
		t.Fatal(err)
	}
	if err := nobody.Read(t.Context(), func(stream.Record) { t.Error("a node that never ran has read something") }); err != nil {
		t.Error(err)
	}
}
