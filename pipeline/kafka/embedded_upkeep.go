package kafka

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	compactionHour  = 3 // of the local night
	retentionPeriod = 10 * time.Minute
)

// upkeep watches the disk, drops what is past its retention, and compacts at night.
func (e *Embedded) upkeep(ctx context.Context) {
	ticker := time.NewTicker(e.cfg.tick)
	defer ticker.Stop()
	night, retention := nextNight(time.Now()), time.Now().Add(retentionPeriod)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := time.Now()
		e.watchDisk()
		if !now.Before(retention) {
			retention = now.Add(retentionPeriod)
			if err := e.expire(ctx); err != nil && ctx.Err() == nil {
				e.cfg.Log.Warn("embedded broker: expired records stay", "dir", e.cfg.Dir, "err", err)
			}
		}
		if !now.Before(night) || e.down() {
			night = nextNight(now)
			e.compactAtNight(ctx)
		}
	}
}

// nextNight is the next time, after now, at which to compact.
func nextNight(now time.Time) time.Time {
	night := time.Date(now.Year(), now.Month(), now.Day(), compactionHour, 0, 0, 0, now.Location())
	if !night.After(now) {
		night = time.Date(now.Year(), now.Month(), now.Day()+1, compactionHour, 0, 0, 0, now.Location())
	}
	return night
}

// compactAtNight compacts. If the broker does not come back, upkeep tries again at its next look.
func (e *Embedded) compactAtNight(ctx context.Context) {
	start := time.Now()
	err := e.Compact(ctx)
	switch {
	case err == nil:
		e.cfg.Log.Info("embedded broker compacted", "dir", e.cfg.Dir, "took", time.Since(start).Round(time.Millisecond))
	case ctx.Err() == nil:
		e.cfg.Log.Error("embedded broker is down", "dir", e.cfg.Dir, "err", err)
	}
}

// down reports that the broker did not come back from a compaction.
func (e *Embedded) down() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.cluster == nil
}

// watchDisk refuses produced records while the disk is full, so that there is room for the ends of transactions.
func (e *Embedded) watchDisk() {
	e.mu.Lock()
	defer e.mu.Unlock()
	free, err := e.cfg.free(e.cfg.Dir)
	if err != nil || e.cluster == nil {
		return // Compact and every write tell of a disk that is gone
	}
	switch {
	case e.full == nil && free < reserve:
		e.full = e.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.KafkaStorageError, Count: -1})
		e.cfg.Log.Error("embedded broker: the disk is full, records are refused; make room", "dir", e.cfg.Dir, "freeBytes", free, "needBytes", reserve)
	case e.full != nil && free > reserve+reserve/2:
		e.full.Remove()
		e.full = nil
		e.cfg.Log.Info("embedded broker: there is room again, records are taken", "dir", e.cfg.Dir, "freeBytes", free)
	}
}

// expire drops records past their retention.
func (e *Embedded) expire(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.cluster == nil {
		return nil
	}
	client, err := e.Config().NewClient(barrierOpts()...)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := e.keeper.keep(ctx, client); err != nil {
		return err
	}
	e.cluster.ApplyRetention()
	return nil
}

// tidy brings a broker's data in order, before clients come in.
func (e *Embedded) tidy(ctx context.Context, cluster *kfake.Cluster, inside *room) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	opts := []kgo.Opt{kgo.SeedBrokers(inside.Addr().String()), kgo.Dialer(inside.dial), kgo.DisableClientMetrics()}
	client, err := kgo.NewClient(append(opts, barrierOpts()...)...)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := abortOpen(ctx, client); err != nil {
		return fmt.Errorf("abort the transactions left open: %w", err)
	}
	if err := markAborted(ctx, append(opts, kgo.TransactionalID(catalogueWriter), kgo.RecordPartitioner(kgo.ManualPartitioner()))); err != nil {
		return fmt.Errorf("mark the catalogue's last write as ended: %w", err)
	}
	if err := e.keeper.keep(ctx, client); err != nil {
		return fmt.Errorf("keep partitions from becoming empty: %w", err)
	}
	cluster.Compact() // and retention, of all topics
	return nil
}

// abortOpen ends the transactions that a clean stop left open: compaction would take their records for committed.
func abortOpen(ctx context.Context, client *kgo.Client) error {
	open, err := kadm.NewClient(client).ListTransactions(ctx, nil, []string{"Ongoing"})
	if err != nil {
		return err
	}
	for _, id := range open.TransactionalIDs() {
		req := kmsg.NewPtrInitProducerIDRequest() // a new producer ends what the former left
		req.TransactionalID, req.TransactionTimeoutMillis = &id, 60_000
		resp, err := req.RequestWith(ctx, client)
		if err == nil {
			err = kerr.ErrorForCode(resp.ErrorCode)
		}
		if err != nil {
			return fmt.Errorf("transactional id %s: %w", id, err)
		}
	}
	return nil
}

// markAborted writes and aborts a record in the catalogue, under the id of its writers: if a crash cut a write short, the
// mark that it was aborted is in the log from now on.
func markAborted(ctx context.Context, opts []kgo.Opt) error {
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return err
	}
	defer client.Close()
	topics, err := kadm.NewClient(client).ListTopics(ctx, catalogueTopic)
	if err != nil || errors.Is(topics[catalogueTopic].Err, kerr.UnknownTopicOrPartition) {
		return err
	}
	if err := client.BeginTransaction(); err != nil {
		return err
	}
	produced := client.ProduceSync(ctx, &kgo.Record{Topic: catalogueTopic, Key: []byte(barrierKey)}).FirstErr()
	return errors.Join(produced, client.EndTransaction(ctx, kgo.TryAbort))
}

// A keeper writes barriers into partitions, so that retention never empties one.
type keeper struct {
	seen map[string]map[int32]kept
}

// kept is the barrier last written into a partition.
type kept struct {
	end int64 // offset behind it
	at  time.Time
}

// keep writes a barrier behind the records that retention may drop. A partition whose last record is a young barrier has no
// need of one. Whether a record may be dropped is not asked: its time is its producer's, and may be anything.
func (k *keeper) keep(ctx context.Context, client *kgo.Client) error {
	admin := kadm.NewClient(client)
	topics, err := admin.ListTopics(ctx)
	if err != nil {
		return err
	}
	configs, err := admin.DescribeTopicConfigs(ctx, topics.Names()...)
	if err != nil {
		return err
	}
	ends, err := admin.ListEndOffsets(ctx, topics.Names()...)
	if err != nil {
		return err
	}
	now := time.Now()
	var barriers []*kgo.Record
	ends.Each(func(p kadm.ListedOffset) {
		retention, last := retentionOf(configs, p.Topic), k.seen[p.Topic][p.Partition]
		if p.Err != nil || p.Offset == 0 || retention < 0 || p.Offset == last.end && now.Sub(last.at) < retention/2 {
			return
		}
		barriers = append(barriers, &kgo.Record{Topic: p.Topic, Partition: p.Partition, Key: []byte(barrierKey)})
	})
	for _, res := range client.ProduceSync(ctx, barriers...) {
		if res.Err != nil {
			return fmt.Errorf("topic %s, partition %d: %w", res.Record.Topic, res.Record.Partition, res.Err)
		}
		if k.seen == nil {
			k.seen = map[string]map[int32]kept{}
		}
		if k.seen[res.Record.Topic] == nil {
			k.seen[res.Record.Topic] = map[int32]kept{}
		}
		k.seen[res.Record.Topic][res.Record.Partition] = kept{res.Record.Offset + 1, now}
	}
	return nil
}

// retentionOf is how long a topic keeps its records; negative: for ever.
func retentionOf(configs kadm.ResourceConfigs, topic string) time.Duration {
	config, err := configs.On(topic, nil)
	if err != nil {
		return -1
	}
	for _, c := range config.Configs {
		if c.Key == "retention.ms" {
			ms, _ := strconv.ParseInt(c.MaybeValue(), 10, 64)
			return time.Duration(ms) * time.Millisecond
		}
	}
	return -1
}
