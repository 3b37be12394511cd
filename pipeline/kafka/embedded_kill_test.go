package kafka

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// embeddedChild names the directory in which TestEmbeddedChild is a broker.
const embeddedChild = "PANTHER_TEST_EMBEDDED_DIR"

// runEmbeddedChild is a process that does nothing but run a broker, until it is killed.
func runEmbeddedChild(dir string) {
	e, err := StartEmbedded(context.Background(), EmbeddedConfig{Dir: dir})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ready", e.Addr())
	select {}
}

// startChild starts a broker in a process of its own.
func startChild(t *testing.T, dir string) (*exec.Cmd, Config) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestEmbeddedChild$")
	cmd.Env = append(os.Environ(), embeddedChild+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // of one that has not been killed before
		cmd.Process.Kill()
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	addr, ready := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if !ready {
		t.Fatalf("the broker did not start: %q, %v", line, err)
	}
	return cmd, Config{Brokers: []string{addr}}
}

// TestEmbeddedChild is the broker's process in TestEmbeddedKilled; by itself there is nothing for it to do.
func TestEmbeddedChild(t *testing.T) {
	dir := os.Getenv(embeddedChild)
	if dir == "" {
		t.Skip("run by TestEmbeddedKilled")
	}
	runEmbeddedChild(dir)
}

// acknowledged is what the broker said it had: records in a topic, commits of a transaction to another, a group's offset.
type acknowledged struct {
	records, commits int
	offset           int64
}

const killedLines, killedState, killedGroup = "lines", "state", "readers"

// What the broker acknowledged is there after kill -9.
func TestEmbeddedKilled(t *testing.T) {
	dir := t.TempDir()
	var has acknowledged
	for round := range 4 {
		cmd, cfg := startChild(t, dir)
		client, writer := newClient(t, cfg), newClient(t, cfg, kgo.TransactionalID(fmt.Sprint("writer-", round)))
		if round == 0 {
			for name, configs := range map[string]map[string]*string{killedLines: nil, killedState: compactForever()} {
				if _, err := kadm.NewClient(client).CreateTopic(t.Context(), 1, 1, configs, name); err != nil {
					t.Fatal(err)
				}
			}
		}
		has.check(t, cfg)

		if err := has.more(t.Context(), client, writer); err != nil {
			t.Fatal(err)
		}
		killed := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Duration(rand.IntN(150))*time.Millisecond, func() {
			defer close(killed)
			cmd.Process.Signal(syscall.SIGKILL)
			cmd.Wait()
			cancel()
			client.Close() // else a record whose fate is not known would be waited for
			writer.Close()
		})
		for has.more(ctx, client, writer) == nil {
		}
		<-killed
	}
	_, cfg := startChild(t, dir)
	has.check(t, cfg)
}

// more writes one more of each.
func (a *acknowledged) more(ctx context.Context, client, writer *kgo.Client) error {
	if err := client.ProduceSync(ctx, &kgo.Record{Topic: killedLines, Value: fmt.Append(nil, a.records)}).FirstErr(); err != nil {
		return err
	}
	a.records++
	if err := writer.BeginTransaction(); err != nil {
		return err
	}
	if err := writer.ProduceSync(ctx, &kgo.Record{Topic: killedState, Key: []byte("n"), Value: fmt.Append(nil, a.commits+1)}).FirstErr(); err != nil {
		return err
	}
	if err := writer.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return err
	}
	a.commits++
	offsets := kadm.Offsets{}
	offsets.AddOffset(killedLines, 0, a.offset+1, -1)
	res, err := kadm.NewClient(client).CommitOffsets(ctx, killedGroup, offsets)
	if err = errors.Join(err, res.Error()); err != nil {
		return err
	}
	a.offset++
	return nil
}

// check accepts what was acknowledged, and the one thing more that was under way.
func (a *acknowledged) check(t *testing.T, cfg Config) {
	t.Helper()
	values := map[string]bool{}
	for _, v := range restored(t, cfg, killedLines) {
		values[v] = true
	}
	for i := range a.records {
		if !values[fmt.Sprint(i)] {
			t.Errorf("record %d of %d is lost", i, a.records)
		}
	}
	last := 0
	for _, v := range restored(t, cfg, killedState) {
		fmt.Sscan(v, &last)
	}
	if last != a.commits && last != a.commits+1 {
		t.Errorf("state %d, committed was %d", last, a.commits)
	}
	offsets, err := kadm.NewClient(newClient(t, cfg)).FetchOffsets(t.Context(), killedGroup)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		t.Fatal(err)
	}
	at := int64(0)
	if o, ok := offsets.Lookup(killedLines, 0); ok {
		at = o.At
	}
	if at != a.offset && at != a.offset+1 {
		t.Errorf("offset %d, committed was %d", at, a.offset)
	}
}
