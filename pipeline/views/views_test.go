package views

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"panther/pipeline/kafka"
	"panther/pipeline/stream"
)

type row struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

var (
	people = stream.Topic{Name: "people", Partitions: stream.Control, Compact: true, Decode: stream.JSON[row]}
	bytes  = stream.Topic{Name: "bytes", Partitions: stream.One, Compact: true}
	log    = stream.Topic{Name: "log", Partitions: stream.One, Keep: time.Hour}
)

// broker starts a broker that has the topics of these tests. send writes a value under a key, nil for none.
func broker(t testing.TB) (cfg kafka.Config, send func(topic, key string, value []byte)) {
	t.Helper()
	e, err := kafka.StartEmbedded(t.Context(), kafka.EmbeddedConfig{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	cfg = e.Config()
	if problems := kafka.Preflight(t.Context(), cfg, kafka.Needs{Topics: []stream.Topic{people, bytes, log}, Layout: kafka.Layout{Embedded: true}}); len(problems) > 0 {
		t.Fatal(problems)
	}
	producer, err := kafka.NewProducer(t.Context(), cfg, people.Name, bytes.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(producer.Close)
	return cfg, func(topic, key string, value []byte) {
		t.Helper()
		if err := producer.Send(t.Context(), topic, []byte(key), value); err != nil {
			t.Fatal(err)
		}
		if err := producer.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func open(t testing.TB, cfg kafka.Config, topics ...stream.Topic) *Views {
	t.Helper()
	v, err := Open(t.Context(), cfg, topics...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

func TestATableIsThereWhenItIsOpened(t *testing.T) {
	cfg, send := broker(t)
	for i := range 20 {
		send("people", fmt.Sprintf("p%02d", i%10), fmt.Appendf(nil, `{"name":"n%d","count":%d}`, i%10, i))
	}
	send("people", "p03", nil)
	send("bytes", "k", []byte("as it is"))
	v := open(t, cfg, people, bytes)

	var got []string
	for key, r := range v.All(people) {
		got = append(got, fmt.Sprint(key, " ", r.(row).Count))
	}
	want := []string{"p00 10", "p01 11", "p02 12", "p04 14", "p05 15", "p06 16", "p07 17", "p08 18", "p09 19"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("all, by key (-want +got):\n%s", diff)
	}
	if r, ok := v.Get(people, "p03"); ok {
		t.Errorf("a row removed is there: %v", r)
	}
	if b, _ := v.Get(bytes, "k"); string(b.([]byte)) != "as it is" {
		t.Errorf("a topic without a type: %v", b)
	}
}

// A command asks the writer of a key for a change, and waits for the effect.
func TestWaitingForAnEffect(t *testing.T) {
	cfg, send := broker(t)
	v := open(t, cfg, people)
	done := make(chan error, 1)
	go func() {
		done <- v.WaitUntil(t.Context(), func(get func(stream.Topic, string) (any, bool)) bool {
			r, ok := get(people, "a")
			return ok && r.(row).Count == 2
		})
	}()
	send("people", "a", []byte(`{"count":1}`))
	send("people", "a", []byte(`{"count":2}`))
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := v.WaitUntil(ctx, func(func(stream.Topic, string) (any, bool)) bool { return false }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for what never comes: %v", err)
	}
}

func TestToEndSeesWhatWasWrittenBefore(t *testing.T) {
	cfg, send := broker(t)
	v := open(t, cfg, people)
	for i := range 20 {
		send("people", "a", fmt.Appendf(nil, `{"count":%d}`, i))
		if err := v.ToEnd(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r, ok := v.Get(people, "a"); !ok || r.(row).Count != i {
			t.Fatalf("after write %d: %v", i, r)
		}
	}
}

func TestARowThatCannotBeRead(t *testing.T) {
	cfg, send := broker(t)
	send("people", "a", []byte(`{"count":1}`))
	send("people", "a", []byte(`{"count":`))
	send("people", "b", []byte(`{"count":3}`))
	v := open(t, cfg, people)
	if r, ok := v.Get(people, "a"); ok {
		t.Errorf("shown: %v", r)
	}
	if _, ok := v.Get(people, "b"); !ok {
		t.Error("the row behind it is missing")
	}
	if err := v.Err(); err == nil || !strings.Contains(err.Error(), `topic people, key "a"`) {
		t.Errorf("Err: %v", err)
	}
	send("people", "a", []byte(`{"count":2}`))
	if err := v.ToEnd(t.Context()); err != nil || v.Err() != nil {
		t.Errorf("after it is written anew: %v, %v", err, v.Err())
	}
}

func TestOpenRefusesWhatIsNoTable(t *testing.T) {
	cfg, _ := broker(t)
	if _, err := Open(t.Context(), cfg, log); err == nil || !strings.Contains(err.Error(), "not compacted") {
		t.Errorf("Open: %v", err)
	}
	if _, err := Open(t.Context(), cfg, stream.Topic{Name: "absent", Compact: true}); err == nil || !strings.Contains(err.Error(), "absent") {
		t.Errorf("Open: %v", err)
	}
}
