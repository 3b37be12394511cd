package lake

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/iceberg-go/config"
	"github.com/apache/iceberg-go/table"

	"panther/pipeline/stream"
)

func (s *simulation) wrong(t *testing.T) (out []string) {
	want, got, dropped := map[string]int{}, map[string]int{}, map[string]bool{}
	before := s.droppedBefore(t)
	out = append(out, s.missed...)
	for p, log := range s.log {
		for _, r := range log {
			name := "panther_monitor/classification_failures"
			if lt := r.Header("log-type"); lt != "" {
				name = folderOf(LogTable(lt))
			}
			key := fmt.Sprintf("%s %d/%d", name, p.Num, r.Offset)
			want[key]++
			e, _ := Expect(r)
			dropped[key] = e.At.Before(before(e.Table))
		}
		if end := log[len(log)-1].Offset + 1; s.group[p] != end {
			out = append(out, fmt.Sprintf("the group's offset of %s is %d, want %d", p, s.group[p], end))
		}
	}
	c := NewCatalog(s.store)
	ids, err := c.ListTables(ctx)
	must0(t, err)
	for _, id := range ids {
		for p, err := range c.Places(ctx, id) {
			if err != nil {
				out = append(out, err.Error())
				break
			}
			got[fmt.Sprintf("%s %d/%d", folderOf(id), p.Partition, p.Offset)]++
		}
	}
	for k := range want {
		if got[k] != 1 && (got[k] > 1 || !dropped[k]) {
			out = append(out, fmt.Sprintf("%s is there %d times", k, got[k]))
		}
	}
	for k := range got {
		if want[k] == 0 {
			out = append(out, k+" was never written")
		}
	}
	return out
}

// inOrder lets the library write one manifest after the other, so that a seed says what happens.
func inOrder(t *testing.T) {
	was := config.EnvConfig.MaxWorkers
	config.EnvConfig.MaxWorkers = 1
	t.Cleanup(func() { config.EnvConfig.MaxWorkers = was })
}

// PANTHER_SIMULATIONS says how many runs there are.
func TestEveryRowOnceWhateverDies(t *testing.T) {
	inOrder(t)
	seeds := uint64(60)
	if testing.Short() {
		seeds = 8
	}
	if n, err := strconv.ParseUint(os.Getenv("PANTHER_SIMULATIONS"), 10, 64); err == nil {
		seeds = n
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	seen := map[string]int{}
	var mu sync.Mutex
	var wait sync.WaitGroup
	for part := range uint64(runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for seed := part; seed < seeds; seed += uint64(runtime.GOMAXPROCS(0)) {
				s := newSimulation(seed)
				if wrong := s.run(t); len(wrong) > 0 {
					t.Errorf("seed %d: %d things are wrong, as %s", seed, len(wrong), strings.Join(wrong[:min(5, len(wrong))], "; "))
				}
				mu.Lock()
				for k, n := range s.seen {
					seen[k] += n
				}
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	for _, step := range []string{"upload", "manifest", "commit", "rewrite", "retention", "expiry"} {
		for _, what := range []string{"crash before ", "crash after ", "answer lost ", "refused ", "another one acts at "} {
			if seen[what+step] == 0 && seeds >= 200 { // few runs do not meet everything
				t.Errorf("%s%s: never happened", what, step)
			}
		}
	}
	for _, what := range []string{"zombie", "fenced", "crash before the group's offset", "slept", "opened", "rewritten", "dropped", "removed"} {
		if seen[what] == 0 && seeds >= 60 {
			t.Errorf("%s: never happened", what)
		}
	}
	t.Log(seen)
}

// Each rule that keeps rows from being lost or doubled is broken once, and the simulation must see it.
func TestTheSimulationSeesBrokenRules(t *testing.T) {
	if testing.Short() {
		t.Skip("not with -short: it breaks the rules until one run goes wrong")
	}
	inOrder(t)
	for name, breakIt := range map[string]func(s *simulation){
		"nobody looks at the table's offset": func(s *simulation) {
			s.mutate = func(w *worker) {
				w.sink.held = func(tbl *table.Table, p stream.Partition) int64 {
					b := w.sink.buffers[folderOf(tbl.Identifier())]
					return max(b.parts[p].from, 0)
				}
			}
		},
		"a partition that comes back finds its rows": func(s *simulation) { s.keep = true },
		"versions are overwritten": func(s *simulation) {
			s.store.before = func(op, name string) (bool, error) {
				if op == "create" && stepOf(name) == "commit" {
					delete(s.store.files, name)
				}
				return true, nil
			}
		},
		"nothing stays for readers":     func(s *simulation) { s.hasty = 23 * time.Hour }, // no more: it announces what it removes, and nobody would rewrite again
		"the group's offset runs ahead": func(s *simulation) { s.early = true },
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(200) {
				s := newSimulation(seed)
				breakIt(s)
				if wrong := s.run(t); len(wrong) > 0 {
					t.Logf("seed %d: %s", seed, wrong[0])
					return
				}
			}
			t.Error("200 runs went well without it")
		})
	}
}
