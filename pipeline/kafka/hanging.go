package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/stream"
)

// groupOffsets is Kafka's own topic of the offsets of consumer groups, which are part of transactions too: behind one that
// hangs there, members of a group wait for their offsets.
const groupOffsets = "__consumer_offsets"

// A HangingWatch looks for transactions that hang in the pipeline's topics. One keeps every reader behind it waiting, without
// an error: a restore, a stage, a sink. Kafka leaves one behind when it takes a partition that has no leader, for a moment,
// for one that was deleted, and does not tell it that a transaction has ended (KAFKA-20734): after a restart of all brokers
// that hold it.
//
// It says so loudly, and ends the pipeline's own as their coordinator had decided.
type HangingWatch struct {
	cfg     Config
	client  *kgo.Client
	topics  []string
	metrics *Metrics
	log     *slog.Logger
	said    repeats
	seen    map[openKey]time.Time // when first seen to hang
	refused bool                  // the topic of group offsets may not be read

	mu   sync.Mutex
	last []string // what hangs, in words
}

// An openKey tells transactions apart.
type openKey struct {
	topicPartition
	producer int64
	epoch    int16
	first    int64
}

// NewHangingWatch makes a watch over topics.
func NewHangingWatch(cfg Config, topics []stream.Topic, metrics *Metrics) (*HangingWatch, error) {
	cfg = cfg.WithDefaults()
	client, err := cfg.NewClient()
	if err != nil {
		return nil, err
	}
	return &HangingWatch{cfg: cfg, client: client, topics: append(namesOf(topics), groupOffsets), metrics: metrics, log: cfg.Log, seen: map[openKey]time.Time{}}, nil
}

// Run looks every transaction timeout until ctx ends.
func (w *HangingWatch) Run(ctx context.Context) {
	defer w.client.Close()
	for pause(ctx, w.cfg.TransactionTimeout) == nil {
		look, cancel := context.WithTimeout(ctx, w.cfg.TransactionTimeout)
		err := w.look(look)
		cancel()
		if err != nil && ctx.Err() == nil {
			w.seldom(slog.LevelWarn, "transactions could not be looked at", "err", w.cfg.Explain(err))
		}
	}
}

// Hanging says what hangs, a line for each transaction and partition; empty: nothing does.
func (w *HangingWatch) Hanging() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.last)
}

// look finds what hangs, and ends what it may.
func (w *HangingWatch) look(ctx context.Context) error {
	open, err := w.open(ctx)
	if err != nil {
		return err
	}
	seen := map[openKey]time.Time{}
	var hanging []string
	for _, o := range open {
		key := openKey{topicPartition{o.Topic, o.Partition}, o.ProducerID, o.Epoch, o.First}
		if !o.Hangs() || o.Topic == groupOffsets && !o.ours() {
			continue
		}
		since, ok := w.seen[key]
		if !ok {
			seen[key] = time.Now()
			continue
		}
		if w.end(ctx, o) {
			continue
		}
		seen[key] = since
		hanging = append(hanging, o.String())
	}
	w.seen = seen
	w.metrics.hanging.Set(float64(len(hanging)))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = hanging
	return nil
}

// open lists open transactions; those of group offsets only where they may be seen.
func (w *HangingWatch) open(ctx context.Context) ([]*OpenTransaction, error) {
	topics := w.topics
	if w.refused {
		topics = topics[:len(topics)-1]
	}
	open, err := openTransactions(ctx, w.client, topics...)
	if !w.refused && errors.Is(err, kerr.TopicAuthorizationFailed) {
		w.refused = true
		return w.open(ctx)
	}
	return open, err
}

// ours reports that only the pipeline writes under the transactional id.
func (o *OpenTransaction) ours() bool { return strings.HasPrefix(o.TransactionalID, "panther.") }

// end ends a transaction that hangs, or says why it does not.
func (w *HangingWatch) end(ctx context.Context, o *OpenTransaction) (ended bool) {
	facts := []any{"topic", o.Topic, "partition", o.Partition, "stable", o.Stable, "end", o.End, "producer", o.ProducerID, "epoch", o.Epoch,
		"transactional_id", o.TransactionalID, "written", time.Since(o.Written).Round(time.Second)}
	if !o.ours() {
		w.seldom(slog.LevelError, "a transaction hangs, and everything behind it waits", append(facts,
			"mend", "it is not known whose it is; to end it, its records lost: "+o.abortCommand(w.cfg))...)
		return false
	}
	v, err := decide(ctx, w.client, o)
	if err == nil {
		err = writeEnd(ctx, w.client, o, v.commit)
	}
	if err != nil {
		w.seldom(slog.LevelError, "a transaction hangs, and everything behind it waits", append(facts, "err", w.cfg.explainHanging(err, o))...)
		return false
	}
	w.metrics.ended.Inc()
	w.log.Warn("a transaction hung and is ended now", append(facts, "committed", v.commit, "why", v.why)...)
	return true
}

// explainHanging tells what is needed to end a transaction.
func (c Config) explainHanging(err error, o *OpenTransaction) error {
	switch {
	case errors.Is(err, kerr.ClusterAuthorizationFailed):
		return c.Refused(Access{"Alter", "cluster", ""}, err)
	case errors.Is(err, errUndecided) && errors.Is(err, kerr.TopicAuthorizationFailed):
		return c.Refused(Access{"Read", "topic", transactionLog}, err)
	case errors.Is(err, errUndecided):
		return &Problem{What: "end the transaction", Err: err, Mend: "to end it, its records lost: " + o.abortCommand(c)}
	}
	return c.Explain(err)
}

// writeEnd writes the end of a transaction into its partition, as its coordinator should have done.
func writeEnd(ctx context.Context, client *kgo.Client, o *OpenTransaction, commit bool) error {
	marker := kadm.TxnMarkers{ProducerID: o.ProducerID, ProducerEpoch: o.Epoch, Commit: commit, CoordinatorEpoch: max(0, o.coordinatorEpoch)}
	marker.Topics = kadm.TopicsSet{}
	marker.Topics.Add(o.Topic, o.Partition)
	written, err := kadm.NewClient(client).WriteTxnMarkers(ctx, marker)
	written.EachPartition(func(p kadm.TxnMarkersPartitionResponse) { err = errors.Join(err, p.Err) })
	if err != nil {
		return fmt.Errorf("write the end of the transaction: %w", err)
	}
	return nil
}

// seldom logs, and what is repeated once a minute with how often it came.
func (w *HangingWatch) seldom(level slog.Level, message string, facts ...any) {
	where := ""
	if len(facts) >= 4 {
		where = fmt.Sprint(facts[:4]...)
	}
	if held, due := w.said.due(message+where, time.Now()); due {
		w.log.Log(context.Background(), level, message, append(facts, "repeated", held)...)
	}
}
