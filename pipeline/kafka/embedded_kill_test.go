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

// What the broker acknowledged is there after kill -9: records, commits of transactions, offsets.
func TestEmbeddedKilled(t *testing.T) {
	dir := t.TempDir()
	const topic, state, group = "lines", "state", "readers"
	acknowledged, committed, offset := 0, 0, int64(0)
	for round := range 4 {
		cmd, cfg := startChild(t, dir)
		client := newClient(t, cfg)
		if round == 0 {
			for name, configs := range map[string]map[string]*string{topic: nil, state: compactForever()} {
				if _, err := kadm.NewClient(client).CreateTopic(t.Context(), 1, 1, configs, name); err != nil {
					t.Fatal(err)
				}
			}
		}
		checkAfterKill(t, cfg, topic, acknowledged, state, committed, group, offset)

		writer := newClient(t, cfg, kgo.TransactionalID(fmt.Sprint("writer-", round)))
		killed := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Duration(50+rand.IntN(150))*time.Millisecond, func() {
			defer close(killed)
			cmd.Process.Signal(syscall.SIGKILL)
			cmd.Wait()
			cancel()
			client.Close() // else a record whose fate is not known would be waited for
			writer.Close()
		})
		for {
			if client.ProduceSync(ctx, &kgo.Record{Topic: topic, Value: fmt.Append(nil, acknowledged)}).FirstErr() != nil {
				break
			}
			acknowledged++
			if writer.BeginTransaction() != nil || writer.ProduceSync(ctx, &kgo.Record{Topic: state, Key: []byte("n"), Value: fmt.Append(nil, committed+1)}).FirstErr() != nil ||
				writer.EndTransaction(ctx, kgo.TryCommit) != nil {
				break
			}
			committed++
			offsets := kadm.Offsets{}
			offsets.AddOffset(topic, 0, offset+1, -1)
			if res, err := kadm.NewClient(client).CommitOffsets(ctx, group, offsets); err != nil || res.Error() != nil {
				break
			}
			offset++
		}
		<-killed
	}
	if acknowledged == 0 || committed == 0 || offset == 0 {
		t.Errorf("nothing was written: %d records, %d commits, %d offsets", acknowledged, committed, offset)
	}
	_, cfg := startChildUntilEnd(t, dir)
	checkAfterKill(t, cfg, topic, acknowledged, state, committed, group, offset)
}

func startChildUntilEnd(t *testing.T, dir string) (*exec.Cmd, Config) {
	cmd, cfg := startChild(t, dir)
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd, cfg
}

// checkAfterKill accepts what was acknowledged, and the one thing more that was under way.
func checkAfterKill(t *testing.T, cfg Config, topic string, acknowledged int, state string, committed int, group string, offset int64) {
	t.Helper()
	values := map[string]bool{}
	for _, v := range restored(t, cfg, topic) {
		values[v] = true
	}
	for i := range acknowledged {
		if !values[fmt.Sprint(i)] {
			t.Errorf("record %d of %d is lost", i, acknowledged)
		}
	}
	last := 0
	for _, v := range restored(t, cfg, state) {
		fmt.Sscan(v, &last)
	}
	if last != committed && last != committed+1 {
		t.Errorf("state %d, committed was %d", last, committed)
	}
	offsets, err := kadm.NewClient(newClient(t, cfg)).FetchOffsets(t.Context(), group)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		t.Fatal(err)
	}
	at := int64(0)
	if o, ok := offsets.Lookup(topic, 0); ok {
		at = o.At
	}
	if at != offset && at != offset+1 {
		t.Errorf("offset %d, committed was %d", at, offset)
	}
}
