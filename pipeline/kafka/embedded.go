package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// EmbeddedConfig says where an embedded broker keeps its data, and where it listens.
type EmbeddedConfig struct {
	Dir  string       // its data directory; made if it is not there
	Port int          // on 127.0.0.1; 0: any that is free
	Log  *slog.Logger // default: nothing is logged

	free func(dir string) (uint64, error) // bytes left on the disk of dir; tests have one of their own
	tick time.Duration                    // how often upkeep looks around; default 1s
}

// An Embedded is a Kafka broker inside this process, for a demo, a trial and a single small machine. It speaks the protocol
// to any client on this machine. It promises less than Apache Kafka: a record acknowledged survives the death of the process,
// though not of the machine; a transaction cut short by that death may show its first half, so that what was written in it
// comes again. Nothing is lost.
//
// It stands on kfake, which was made for tests, and works around what that lacks:
//
//   - Compaction deletes a partition's files and writes them anew. So it is done on a copy, by hard links, which replaces the
//     original only once it is whole. It must see no open transaction, whose records would count as committed. So it runs
//     before the first connection is let in, at start and in a pause every night.
//   - A crash leaves no mark in the log that a transaction was aborted. A later transaction of the same id would hide its own
//     records or bring back the aborted ones. So every process takes transactional ids never used before. The one id that
//     cannot change, that of the catalogue's writers, gets its mark at start.
//   - Retention would forget the position of a partition that it empties, and number it from 0 again. So a barrier keeps
//     each partition from becoming empty.
//   - Groups that nobody reads would lose their offsets after a week: here they keep them.
//   - A full disk would cost the marks of commits. So produced records are refused while there is still some room.
//
// Markers of one transaction are written one by one: give topics one or two partitions, as Ensure does for it.
type Embedded struct {
	cfg   EmbeddedConfig
	store *store
	door  *door

	mu      sync.Mutex // held while the broker is down for compaction
	cluster *kfake.Cluster
	full    *kfake.FaultHandle // set while the disk is full
	keeper  keeper
	ended   bool

	stop    context.CancelFunc
	stopped sync.WaitGroup
	closed  error
	closing sync.Once
}

// StartEmbedded starts a broker, cleans up its data, and returns once clients are let in. It runs until Close.
func StartEmbedded(ctx context.Context, cfg EmbeddedConfig) (*Embedded, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.free == nil {
		cfg.free = freeBytes
	}
	cfg.tick = cmp.Or(cfg.tick, time.Second)
	e := &Embedded{cfg: cfg}
	if err := e.open(ctx); err != nil {
		e.release()
		return nil, fmt.Errorf("start the embedded broker: %w", err)
	}
	upkeep, stop := context.WithCancel(context.Background())
	e.stop = stop
	e.stopped.Go(func() { e.upkeep(upkeep) })
	return e, nil
}

// open takes the directory, the port and the data, in this order: each tells best what is wrong.
func (e *Embedded) open(ctx context.Context) (err error) {
	if e.store, err = openStore(e.cfg.Dir); err != nil {
		return err
	}
	if err := e.enoughRoom(); err != nil {
		return err
	}
	if e.door, err = newDoor(e.cfg.Port); err != nil {
		return err
	}
	return e.serve(ctx)
}

// enoughRoom refuses to start on a disk that is full: whatever is written then is lost.
func (e *Embedded) enoughRoom() error {
	free, err := e.cfg.free(e.cfg.Dir)
	if err != nil {
		return fmt.Errorf("see how much room data directory %s has: %w", e.cfg.Dir, err)
	}
	if free < reserve {
		return &Problem{What: fmt.Sprintf("the disk of data directory %s is full: %d MiB are free, the broker needs %d", e.cfg.Dir, free>>20, reserve>>20),
			Mend: "make room, or choose another directory with --dir"}
	}
	return nil
}

// serve runs the broker on a tidied copy of the data, and lets clients in.
func (e *Embedded) serve(ctx context.Context) error {
	dir, err := e.store.copy()
	if err != nil {
		return err
	}
	inside := e.door.inside()
	cluster, err := kfake.NewCluster(
		kfake.NumBrokers(1), kfake.DataDir(dir), kfake.ListenFn(inside.listen), kfake.ClusterID("panther-embedded"),
		kfake.GroupMinSessionTimeout(time.Second), kfake.BrokerConfigs(embeddedSettings()), kfake.WithLogger(embeddedLog{e.cfg.Log, &repeats{}}),
	)
	if err != nil {
		return &Problem{What: "read the broker's data in " + dir, Err: err,
			Mend: "if the files are damaged, move " + e.cfg.Dir + " away: the broker then begins anew, without its records"}
	}
	if err := e.tidy(ctx, cluster, inside); err != nil {
		cluster.Close()
		return err
	}
	if err := e.store.adopt(dir); err != nil {
		cluster.Close()
		return err
	}
	e.cluster, e.full = cluster, nil
	inside.open()
	return nil
}

// embeddedSettings are the broker's, as far as they differ from Kafka's own.
func embeddedSettings() map[string]string {
	const tenYears = 10 * 365 * 24 * time.Hour
	return map[string]string{
		"log.cleaner.backoff.ms":               strconv.FormatInt(tenYears.Milliseconds(), 10), // upkeep compacts, at its time
		"offsets.retention.minutes":            strconv.Itoa(int(tenYears.Minutes())),
		"message.max.bytes":                    strconv.Itoa(MaxMessageBytes),
		"group.consumer.heartbeat.interval.ms": "1000", // rebalances take a few of them
		"group.consumer.session.timeout.ms":    "20000",
	}
}

// Addr is where clients reach the broker: 127.0.0.1 and its port.
func (e *Embedded) Addr() string { return e.door.tcp.Addr().String() }

// Config is a configuration that reaches the broker. It names no Instance, and none must be set: see Embedded.
func (e *Embedded) Config() Config { return Config{Brokers: []string{e.Addr()}, Log: e.cfg.Log} }

// Compact removes records that newer ones of their key replace, and those past their retention. For as long as it takes,
// some seconds, clients wait; transactions open at its begin are aborted, and their writers start again.
func (e *Embedded) Compact(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended {
		return errors.New("compact the embedded broker: it is stopped")
	}
	if e.cluster != nil {
		e.door.shut()
		e.cluster.Close()
		e.cluster = nil
	}
	if err := e.serve(ctx); err != nil {
		return fmt.Errorf("compact the embedded broker: %w", err)
	}
	return nil
}

// Close stops the broker. What it acknowledged is on disk already; a clean stop also keeps transactions whole.
func (e *Embedded) Close() error {
	e.closing.Do(func() {
		e.stop()
		e.stopped.Wait()
		e.closed = e.release()
	})
	return e.closed
}

func (e *Embedded) release() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ended = true
	if e.door != nil {
		e.door.close()
	}
	if e.cluster != nil {
		e.cluster.Close()
		e.cluster = nil
	}
	if e.store != nil {
		return e.store.close()
	}
	return nil
}

// embeddedLog hands kfake's messages to slog: its warnings tell of data that did not reach the disk.
type embeddedLog struct {
	log     *slog.Logger
	repeats *repeats
}

// Logf passes a message on, a repeated one once a minute.
func (l embeddedLog) Logf(level kfake.LogLevel, format string, args ...any) {
	if level > kfake.LogLevelWarn || strings.Contains(format, "slow") { // a few milliseconds are slow to it
		return
	}
	held, due := l.repeats.due(format, time.Now())
	if !due {
		return
	}
	l.log.Warn("embedded broker", "message", fmt.Sprintf(format, args...), "repeated", held, "pid", os.Getpid())
}
