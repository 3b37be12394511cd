package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"panther/pipeline/kafka"
	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/catalogue"
	"panther/sinks/lake"
	"panther/sinks/lake/catalogs"
)

// stuckAfter is how long nothing may change before the audit no longer waits for the pipeline to come to rest.
const stuckAfter = 2 * time.Minute

// stuckMutant is the same for a mutant: it loses what the audit would wait for.
const stuckMutant = 15 * time.Second

// A trial is one audit under way.
type trial struct {
	setup
	broker  *broker
	cfg     kafka.Config
	hook    *hook
	fleet   *fleet
	sender  *producer
	watch   *watch
	catalog *lake.Catalog
	names   map[string]string // ids by name, of sources and destinations

	brokerKills atomic.Int64
	story       []string // what went otherwise than it should before the counting
}

// audit runs one trial and returns how many checks were wrong.
func audit(ctx context.Context, s setup) (wrong int, err error) {
	t := &trial{setup: s}
	clean, err := t.open(ctx)
	defer clean()
	if err != nil {
		return 0, err
	}
	fmt.Printf("audit: seed %d, %s, %d workers, %d lines a second, group protocol %s, broker %s%s\n     logs and lake in %s\n",
		s.seed, s.duration, s.workers, s.rate, s.protocol, t.broker.addr, mutantNote(s.mutant), t.dir)
	if err := t.live(ctx); err != nil {
		return 0, err
	}
	return t.count(ctx)
}

// open starts everything but the lines. What it returns ends and removes what was started.
func (t *trial) open(ctx context.Context) (clean func(), err error) {
	var undo []func()
	clean = func() {
		for i := len(undo) - 1; i >= 0; i-- {
			undo[i]()
		}
	}
	if t.dir == "" {
		if t.dir, err = os.MkdirTemp("", "panther-audit-"); err != nil {
			return clean, err
		}
		if !t.keep {
			undo = append(undo, func() { os.RemoveAll(t.dir) })
		}
	}
	program, err := workerProgram(ctx, t.mutant, t.dir)
	if err != nil {
		return clean, err
	}
	if t.broker, err = startBroker(ctx, t.setup); err != nil {
		return clean, err
	}
	undo = append(undo, t.broker.close)
	if t.hook, err = newHook(); err != nil {
		return clean, err
	}
	undo = append(undo, t.hook.close)
	t.cfg = config(t.broker.addr, t.protocol)
	if err := prepare(ctx, t.cfg, t.dir, t.hook.url, t.partitions); err != nil {
		return clean, err
	}
	if t.names, err = ids(ctx, t.cfg); err != nil {
		return clean, err
	}
	place, err := lakePlace(ctx, t.setup)
	if err != nil {
		return clean, err
	}
	if t.catalog, err = catalogs.Open(ctx, place); err != nil {
		return clean, err
	}
	if t.watch, err = newWatch(ctx, t.cfg, t.catalog); err != nil {
		return clean, err
	}
	undo = append(undo, t.watch.close)
	if t.fleet, err = newFleet(program, t.dir, job{Broker: t.broker.addr, Protocol: t.protocol, Lake: place}, doomed(t.mutant)); err != nil {
		return clean, err
	}
	undo = append(undo, t.fleet.killAll)
	if err := t.fleet.startAll(t.workers); err != nil {
		return clean, err
	}
	t.sender, err = newProducer(t.cfg, t.rate)
	return clean, err
}

// live is the story: lines come, things die, one source falls silent and speaks again; then all comes to rest and is stopped.
func (t *trial) live(ctx context.Context) error {
	t.sender.start(ctx, t.seed)
	if err := t.torment(ctx); err != nil {
		return err
	}
	fmt.Printf("     %d workers killed, %d frozen, broker killed %d times, %d lines sent; coming to rest\n",
		t.fleet.kills, t.fleet.freezes, t.brokerKills.Load(), t.sender.acked.Load())
	t.sender.pace.Store(int32(calm))
	t.quietStory(ctx)
	// Without this, all sources would soon be silent, rightly.
	if err := t.alarmsOff(ctx); err != nil {
		return err
	}
	if err := t.sender.finish(ctx); err != nil {
		return err
	}
	began := time.Now()
	text, err := until(ctx, t.patience(), func() (string, bool) { return t.watch.state(ctx, t.sender.acked.Load(), t.sender.bad.Load()) })
	if err != nil {
		t.story = append(t.story, err.Error())
	}
	// A transaction that the broker has left hanging is ended by the workers, a while after.
	if _, err := until(ctx, t.patience(), func() (string, bool) { return "transactions stay open", t.nothingOpen(ctx) }); err != nil {
		t.story = append(t.story, err.Error())
	}
	fmt.Printf("     at rest %s after the last line: %s\n", time.Since(began).Round(100*time.Millisecond), text)
	t.fleet.stop(stuckAfter)
	return ctx.Err()
}

func (t *trial) patience() time.Duration {
	if t.mutant != "" {
		return stuckMutant
	}
	return stuckAfter
}

// nothingOpen reports whether readers of all topics get to their ends. The workers write all the time, but seldom all at once.
func (t *trial) nothingOpen(ctx context.Context) bool {
	_, open, err := ends(ctx, t.watch.client, append(ours(), inputs()...))
	return err == nil && len(open) == 0
}

// torment kills and freezes until the time is over. At its end everything runs.
func (t *trial) torment(ctx context.Context) error {
	chaos, cancel := context.WithTimeout(ctx, t.duration)
	defer cancel()
	var all sync.WaitGroup
	var once sync.Once
	var failed error
	fail := func(err error) {
		if err != nil {
			once.Do(func() { failed = err; cancel() })
		}
	}
	for i := range t.workers {
		rng := rand.New(rand.NewPCG(t.seed, uint64(1000+i)))
		all.Go(func() { fail(t.fleet.torment(chaos, i, rng, t.setup)) })
	}
	if t.broker.kill != nil && !t.noBroker {
		rng := rand.New(rand.NewPCG(t.seed, 2000))
		all.Go(func() { fail(t.killBroker(ctx, chaos, rng)) })
	}
	all.Go(func() {
		wait(chaos, t.duration*3/10)
		t.sender.silent.Store(true)
		for chaos.Err() == nil && !t.speakAgain() {
			wait(chaos, 300*time.Millisecond)
		}
	})
	all.Wait()
	if ctx.Err() != nil {
		return errStopped
	}
	return failed
}

// killBroker kills the broker every twelve seconds or so, each time once it is up again.
func (t *trial) killBroker(ctx, chaos context.Context, rng *rand.Rand) error {
	for {
		wait(chaos, time.Duration(10_000+rng.IntN(4000))*time.Millisecond)
		if chaos.Err() != nil {
			return nil
		}
		if err := t.broker.kill(ctx); err != nil {
			return err
		}
		t.brokerKills.Add(1)
	}
}

// speakAgain lets the quiet source speak once its alarm was seen.
func (t *trial) speakAgain() bool {
	_, alarmed := t.watch.alert(schemas.SourceNoData, "quiet")
	if alarmed {
		t.sender.silent.Store(false)
	}
	return alarmed
}

// quietStory waits for the alarm of the quiet source, and for its end.
func (t *trial) quietStory(ctx context.Context) {
	_, err := until(ctx, 2*stuckAfter, func() (string, bool) {
		if !t.speakAgain() {
			return "the alarm of the silent source has not come", false
		}
		a, _ := t.watch.alert(schemas.SourceNoData, "quiet")
		return "the source that was silent speaks, and its alarm stays", a.Status == schemas.Resolved
	})
	if err != nil {
		t.story = append(t.story, err.Error())
	}
}

// alarmsOff switches the alarm of every source off, while the pipeline runs.
func (t *trial) alarmsOff(ctx context.Context) error {
	for _, s := range sources() {
		_, err := kafka.WriteCatalogue(ctx, t.cfg, func(v *catalogue.View) ([]stream.Record, error) {
			changes, err := catalogue.SetAlarm(v, s.name, 0, time.Now().UTC(), "audit")
			return changes.Records(), err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
