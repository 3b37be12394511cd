package kafka

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// embedded starts a broker in dir for the length of the test.
func embedded(t testing.TB, cfg EmbeddedConfig) *Embedded {
	t.Helper()
	e, err := StartEmbedded(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// crashed is the data directory as a process that dies this moment leaves it.
func crashed(t testing.TB, e *Embedded) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(e.cfg.Dir)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestEmbeddedCleansUpAtStart(t *testing.T) {
	dir := t.TempDir()
	e := embedded(t, EmbeddedConfig{Dir: dir})
	topic := newTopic(t, e.Config(), 1, compactForever())
	client := newClient(t, e.Config())
	for i := range 50 {
		produce(t, client, &kgo.Record{Topic: topic, Key: []byte("k"), Value: fmt.Append(nil, i)})
	}
	e.Close()
	e = embedded(t, EmbeddedConfig{Dir: dir})
	got := restored(t, e.Config(), topic)
	if len(got) > 2 || got[len(got)-1] != "49" {
		t.Errorf("50 values of one key, after a restart: %q; want the last, and at most one before it", got)
	}
}

// Compaction would take the record of an open transaction for the newest of its key.
func TestEmbeddedCompactsNoCommittedStateAway(t *testing.T) {
	dir := t.TempDir()
	e := embedded(t, EmbeddedConfig{Dir: dir})
	topic := newTopic(t, e.Config(), 1, compactForever())
	writer := newClient(t, e.Config(), kgo.TransactionalID("writer"))
	commit(t, writer, &kgo.Record{Topic: topic, Key: []byte("k"), Value: []byte("committed")})
	if err := writer.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	produce(t, writer, &kgo.Record{Topic: topic, Key: []byte("k"), Value: []byte("open")}, &kgo.Record{Topic: topic, Key: []byte("other")})
	produce(t, writer, &kgo.Record{Topic: topic, Key: []byte("other")})

	want := []string{"committed"}
	after := embedded(t, EmbeddedConfig{Dir: crashed(t, e)})
	if diff := cmp.Diff(want, restored(t, after.Config(), topic)); diff != "" {
		t.Errorf("after a crash (-want +got):\n%s", diff)
	}
	if err := e.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, restored(t, e.Config(), topic)); diff != "" {
		t.Errorf("after a pause for compaction (-want +got):\n%s", diff)
	}
	e.Close()
	e = embedded(t, EmbeddedConfig{Dir: dir})
	if diff := cmp.Diff(want, restored(t, e.Config(), topic)); diff != "" {
		t.Errorf("after a clean stop (-want +got):\n%s", diff)
	}
}

// Without a mark in the log, the second crash would show what the first one aborted: its writer's next commit counts for it.
func TestEmbeddedCatalogueWriteCutShortTwice(t *testing.T) {
	e := embedded(t, EmbeddedConfig{Dir: t.TempDir()})
	if _, err := kadm.NewClient(newClient(t, e.Config())).CreateTopic(t.Context(), 1, 1, compactForever(), catalogueTopic); err != nil {
		t.Fatal(err)
	}
	first := newClient(t, e.Config(), kgo.TransactionalID(catalogueWriter))
	if err := first.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	produce(t, first, &kgo.Record{Topic: catalogueTopic, Key: []byte("a"), Value: []byte("cut short")})

	e = embedded(t, EmbeddedConfig{Dir: crashed(t, e)})
	second := newClient(t, e.Config(), kgo.TransactionalID(catalogueWriter))
	commit(t, second, &kgo.Record{Topic: catalogueTopic, Key: []byte("b"), Value: []byte("committed")})
	want := []string{"committed"}
	if diff := cmp.Diff(want, restored(t, e.Config(), catalogueTopic)); diff != "" {
		t.Errorf("after one crash (-want +got):\n%s", diff)
	}

	e = embedded(t, EmbeddedConfig{Dir: crashed(t, e)})
	if diff := cmp.Diff(want, restored(t, e.Config(), catalogueTopic)); diff != "" {
		t.Errorf("after two crashes (-want +got):\n%s", diff)
	}
}

// A partition that retention empties would begin anew at offset 0, and its readers would pass over what comes.
func TestEmbeddedRetentionKeepsThePosition(t *testing.T) {
	dir := t.TempDir()
	e := embedded(t, EmbeddedConfig{Dir: dir})
	hour := "3600000"
	topic := newTopic(t, e.Config(), 1, map[string]*string{"retention.ms": &hour})
	client := newClient(t, e.Config())
	for i := range 10 { // the first is from the future: what retention drops is decided record by record
		old := time.Now().Add(time.Duration(1-2*i) * 2 * time.Hour)
		produce(t, client, &kgo.Record{Topic: topic, Value: fmt.Append(nil, i), Timestamp: old})
	}
	if err := e.expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, stop := range []string{"clean stop", "crash"} {
		if stop == "crash" {
			dir = crashed(t, e)
		} else {
			e.Close()
		}
		e = embedded(t, EmbeddedConfig{Dir: dir})
		ends, err := kadm.NewClient(newClient(t, e.Config())).ListEndOffsets(t.Context(), topic)
		if err != nil {
			t.Fatal(err)
		}
		if end := ends[topic][0].Offset; end < 10 {
			t.Errorf("after a %s the partition ends at offset %d, want 10 or more", stop, end)
		}
		if got := restored(t, e.Config(), topic); len(got) != 0 {
			t.Errorf("records past their retention are there: %q", got)
		}
	}
}

// A process that dies while it compacts leaves a copy in which files are missing.
func TestEmbeddedIgnoresAnUnfinishedCompaction(t *testing.T) {
	dir := t.TempDir()
	e := embedded(t, EmbeddedConfig{Dir: dir})
	topic := newTopic(t, e.Config(), 1, compactForever())
	produce(t, newClient(t, e.Config()), &kgo.Record{Topic: topic, Key: []byte("k"), Value: []byte("state")})
	e.Close()
	s := &store{dir: dir}
	unfinished, err := s.copy()
	if err != nil {
		t.Fatal(err)
	}
	segments, _ := filepath.Glob(filepath.Join(unfinished, "*", "*", "*.dat"))
	more, _ := filepath.Glob(filepath.Join(unfinished, "*", "*.dat"))
	if segments = append(segments, more...); len(segments) == 0 {
		t.Fatal("the copy holds no segment")
	}
	for _, f := range segments {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	e = embedded(t, EmbeddedConfig{Dir: dir})
	if diff := cmp.Diff([]string{"state"}, restored(t, e.Config(), topic)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "data-*")); len(left) != 1 {
		t.Errorf("folders left: %q, want one", left)
	}
}

// Clients that are at work while the broker compacts lose nothing: they wait, and go on.
func TestEmbeddedCompactsUnderItsClients(t *testing.T) {
	e := embedded(t, EmbeddedConfig{Dir: t.TempDir()})
	topic := newTopic(t, e.Config(), 1, nil)
	client := newClient(t, e.Config())
	const n = 300
	for i := range n {
		if i%100 == 50 {
			if err := e.Compact(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		produce(t, client, &kgo.Record{Topic: topic, Key: []byte("k"), Value: fmt.Append(nil, i)})
	}
	got := restored(t, e.Config(), topic)
	for i := range n {
		if i >= len(got) || got[i] != fmt.Sprint(i) {
			t.Fatalf("record %d of %d is missing or out of place; %d came back", i, n, len(got))
		}
	}
}

func TestEmbeddedSaysWhatKeepsItFromStarting(t *testing.T) {
	used := embedded(t, EmbeddedConfig{Dir: t.TempDir()})
	port := used.door.tcp.Addr().(*net.TCPAddr).Port
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	garbled := t.TempDir()
	if err := os.WriteFile(filepath.Join(garbled, "current"), []byte("what?"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		cfg  EmbeddedConfig
		want string
	}{
		{"in use", EmbeddedConfig{Dir: used.cfg.Dir}, fmt.Sprintf("data directory %s is in use by process %d; stop it, or choose another with --dir", used.cfg.Dir, os.Getpid())},
		{"no directory", EmbeddedConfig{Dir: file}, "not a directory; choose another with --dir"},
		{"port taken", EmbeddedConfig{Dir: t.TempDir(), Port: port}, fmt.Sprintf("listen on port %d of this machine", port)},
		{"disk full", EmbeddedConfig{Dir: t.TempDir(), free: func(string) (uint64, error) { return 5 << 20, nil }}, "is full: 5 MiB are free, the broker needs 64; make room"},
		{"garbled", EmbeddedConfig{Dir: garbled}, `names "what?", want data-N`},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := StartEmbedded(t.Context(), c.cfg)
			if err == nil {
				e.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("StartEmbedded: %v\nwant %s", err, c.want)
			}
		})
	}
	// A start that was refused leaves nothing locked.
	embedded(t, EmbeddedConfig{Dir: t.TempDir()})
}

func TestEmbeddedRefusesRecordsWhileTheDiskIsFull(t *testing.T) {
	var free atomic.Uint64
	free.Store(1 << 40)
	e := embedded(t, EmbeddedConfig{Dir: t.TempDir(), free: func(string) (uint64, error) { return free.Load(), nil }, tick: time.Hour})
	topic := newTopic(t, e.Config(), 1, nil)
	client := newClient(t, e.Config(), kgo.DefaultProduceTopic(topic), kgo.RecordRetries(0))
	produce(t, client, kgo.StringRecord("taken"))
	free.Store(reserve - 1)
	e.watchDisk()
	if err := client.ProduceSync(t.Context(), kgo.StringRecord("refused")).FirstErr(); err == nil {
		t.Error("a record was taken on a full disk")
	}
	free.Store(2 * reserve)
	e.watchDisk()
	produce(t, newClient(t, e.Config(), kgo.DefaultProduceTopic(topic)), kgo.StringRecord("taken again"))
	if diff := cmp.Diff([]string{"taken", "taken again"}, restored(t, e.Config(), topic)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNextNight(t *testing.T) {
	for now, want := range map[string]string{
		"2026-03-01 02:59:59": "2026-03-01 03:00:00",
		"2026-03-01 03:00:00": "2026-03-02 03:00:00",
		"2026-12-31 23:00:00": "2027-01-01 03:00:00",
	} {
		at, err := time.Parse(time.DateTime, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := nextNight(at).Format(time.DateTime); got != want {
			t.Errorf("nextNight(%s) = %s, want %s", now, got, want)
		}
	}
}

func compactForever() map[string]*string {
	compact, forever := "compact", "-1"
	return map[string]*string{"cleanup.policy": &compact, "retention.ms": &forever}
}
