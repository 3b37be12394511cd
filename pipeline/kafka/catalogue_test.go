package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/catalogue"
)

// catalogueBrokers is a Kafka with a catalogue that was never written. It is always one of the test's own: a real one has
// but one catalogue.
func catalogueBrokers(t *testing.T) Config {
	t.Helper()
	cfg := inMemory(t)
	if err := Ensure(t.Context(), cfg, newClient(t, cfg), []stream.Topic{schemas.Catalogue}, Layout{}); err != nil {
		t.Fatal(err)
	}
	return cfg
}

func source(id, label string) stream.Record {
	s := catalogue.LogSource{ID: id, Label: label}
	return stream.Send(schemas.Catalogue, catalogue.Key(s), s)
}

func labels(v *catalogue.View) []string {
	out := []string{}
	for _, s := range v.Sources() {
		out = append(out, s.Label)
	}
	return out
}

func TestWriteAndFollowTheCatalogue(t *testing.T) {
	cfg := catalogueBrokers(t)
	f, err := FollowCatalogue(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if v := f.View().Version(); v != 0 {
		t.Errorf("a catalogue never written has version %d", v)
	}
	changed := f.Changed()
	version, err := WriteCatalogue(t.Context(), cfg, func(v *catalogue.View) ([]stream.Record, error) {
		return []stream.Record{source("1", "okta"), source("2", "nginx")}, nil
	})
	if version != 1 || err != nil {
		t.Fatalf("first write: version %d, %v", version, err)
	}
	<-changed
	view, err := f.WaitFor(t.Context(), version)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"nginx", "okta"}, labels(view)); diff != "" {
		t.Errorf("after the first write (-want +got):\n%s", diff)
	}

	version, err = WriteCatalogue(t.Context(), cfg, func(v *catalogue.View) ([]stream.Record, error) {
		return []stream.Record{{Key: []byte("source/1")}}, nil
	})
	if version != 2 || err != nil {
		t.Fatalf("second write: version %d, %v", version, err)
	}
	if view, err = f.ReadToEnd(t.Context()); err != nil || view.Version() != 2 {
		t.Fatalf("read to the end: version %d, %v", view.Version(), err)
	}
	if diff := cmp.Diff([]string{"nginx"}, labels(view)); diff != "" {
		t.Errorf("after a source is removed (-want +got):\n%s", diff)
	}

	again, err := FollowCatalogue(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if diff := cmp.Diff([]string{"nginx"}, labels(again.View())); diff != "" || again.View().Version() != 2 {
		t.Errorf("a new follower, version %d (-want +got):\n%s", again.View().Version(), diff)
	}
}

func TestAPlanWithoutRecordsWritesNothing(t *testing.T) {
	cfg := catalogueBrokers(t)
	version, err := WriteCatalogue(t.Context(), cfg, func(*catalogue.View) ([]stream.Record, error) { return nil, nil })
	if version != 0 || err != nil {
		t.Errorf("version %d, %v", version, err)
	}
	wrong := errors.New("sources.yml:3: no such log type")
	if _, err := WriteCatalogue(t.Context(), cfg, func(*catalogue.View) ([]stream.Record, error) { return nil, wrong }); !errors.Is(err, wrong) {
		t.Errorf("a plan that fails: %v", err)
	}
	if got := restored(t, cfg, catalogueTopic); len(got) != 0 {
		t.Errorf("written: %q", got)
	}
}

// Each writer adds one to a count that it reads. A write that overwrote what it had not read would lose one.
func TestConcurrentCatalogueWritersLoseNoUpdate(t *testing.T) {
	t.Run("in memory", func(t *testing.T) { countTogether(t, catalogueBrokers(t)) })
	t.Run("Kafka", func(t *testing.T) {
		cfg := realBrokers(t)
		if err := Ensure(t.Context(), cfg, newClient(t, cfg), []stream.Topic{schemas.Catalogue}, Layout{}); err != nil {
			t.Fatal(err)
		}
		countTogether(t, cfg)
	})
}

func countTogether(t *testing.T, cfg Config) {
	const writers, each = 2, 5
	key := "source/" + strings.ReplaceAll(t.Name(), "/", "-") + time.Now().Format("150405.000000")
	before, err := readCatalogue(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	count := func(v *catalogue.View) (n int) {
		if s, ok := v.Get(key); ok {
			fmt.Sscan(s.(catalogue.LogSource).Label, &n)
		}
		return n
	}
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				if _, err := WriteCatalogue(t.Context(), cfg, func(v *catalogue.View) ([]stream.Record, error) {
					return []stream.Record{source(key[len("source/"):], fmt.Sprint(count(v)+1))}, nil
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	after, err := readCatalogue(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if got := count(after); got != writers*each || after.Version() != before.Version()+writers*each {
		t.Errorf("count %d, %d versions; want %d of both", got, after.Version()-before.Version(), writers*each)
	}
}

// The order of events that loses an update if the id is taken after reading: the slow writer plans on what is no longer true.
func TestASlowCatalogueWriterPlansAgain(t *testing.T) {
	cfg := catalogueBrokers(t)
	write := func(id string) func(*catalogue.View) ([]stream.Record, error) {
		return func(*catalogue.View) ([]stream.Record, error) { return []stream.Record{source(id, id)}, nil }
	}
	var seen []int64
	version, err := WriteCatalogue(t.Context(), cfg, func(v *catalogue.View) ([]stream.Record, error) {
		seen = append(seen, v.Version())
		if len(seen) == 1 {
			if _, err := WriteCatalogue(t.Context(), cfg, write("fast")); err != nil {
				t.Error(err)
			}
		}
		return write("slow")(v)
	})
	if err != nil || version != 2 {
		t.Fatalf("version %d, %v", version, err)
	}
	if diff := cmp.Diff([]int64{0, 1}, seen); diff != "" {
		t.Errorf("versions that the slow writer planned on (-want +got):\n%s", diff)
	}
}

// A writer that died in its transaction is nobody's burden: the next one ends it, and nothing of it is seen.
func TestACatalogueWriterThatDied(t *testing.T) {
	cfg := catalogueBrokers(t)
	dead := newClient(t, cfg, kgo.TransactionalID(catalogueWriter), kgo.TransactionTimeout(time.Minute))
	if err := dead.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	entry := source("dead", "of the dead")
	if err := entry.Encode(); err != nil {
		t.Fatal(err)
	}
	produce(t, dead, &kgo.Record{Topic: catalogueTopic, Key: entry.Key, Value: entry.Value})
	if _, err := WriteCatalogue(t.Context(), cfg, func(*catalogue.View) ([]stream.Record, error) {
		return []stream.Record{source("1", "alive")}, nil
	}); err != nil {
		t.Fatal(err)
	}
	view, err := readCatalogue(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"alive"}, labels(view)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Entries without a version record behind them are a write that is not whole; what cannot be read stands in nobody's way.
func TestEntriesWaitForTheirVersion(t *testing.T) {
	cfg := catalogueBrokers(t)
	client := newClient(t, cfg)
	produce(t, client,
		&kgo.Record{Topic: catalogueTopic, Key: []byte("source/1"), Value: []byte(`{"id":"1","label":"okta"}`)},
		&kgo.Record{Topic: catalogueTopic, Key: []byte("kind-of-a-newer-program/1"), Value: []byte(`{}`)},
		&kgo.Record{Topic: catalogueTopic, Key: []byte("version"), Value: []byte(`{"version":7}`)},
		&kgo.Record{Topic: catalogueTopic, Key: []byte("source/2"), Value: []byte(`{"id":"2","label":"nginx"}`)},
	)
	f, err := FollowCatalogue(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if diff := cmp.Diff([]string{"okta"}, labels(f.View())); diff != "" || f.View().Version() != 7 {
		t.Errorf("version %d (-want +got):\n%s", f.View().Version(), diff)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := f.WaitFor(ctx, 8); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "version 8") {
		t.Errorf("waiting for a version that does not come: %v", err)
	}
}

func TestFollowACatalogueThatIsNotThere(t *testing.T) {
	cfg := inMemory(t)
	if _, err := FollowCatalogue(t.Context(), cfg); !errors.Is(err, kerr.UnknownTopicOrPartition) {
		t.Errorf("FollowCatalogue: %v", err)
	}
}

// Versions survive compaction, as all keys do.
func TestTheCatalogueOnTheEmbeddedBroker(t *testing.T) {
	dir := t.TempDir()
	e := embedded(t, EmbeddedConfig{Dir: dir})
	if err := Ensure(t.Context(), e.Config(), newClient(t, e.Config()), []stream.Topic{schemas.Catalogue}, Layout{Embedded: true}); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if _, err := WriteCatalogue(t.Context(), e.Config(), func(*catalogue.View) ([]stream.Record, error) {
			return []stream.Record{source("1", fmt.Sprint("label ", i)), source(fmt.Sprint("kept ", i), fmt.Sprint("kept ", i))}, nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if topics, err := kadm.NewClient(newClient(t, e.Config())).ListTopics(t.Context()); err != nil || len(topics) != 1 {
		t.Errorf("topics %v, %v: want one", topics.Names(), err)
	}
	e.Close()
	e = embedded(t, EmbeddedConfig{Dir: dir})
	view, err := readCatalogue(t.Context(), e.Config())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"kept 0", "kept 1", "kept 2", "label 2"}, labels(view)); diff != "" || view.Version() != 3 {
		t.Errorf("version %d (-want +got):\n%s", view.Version(), diff)
	}
}
