package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// An OpenTransaction is one that has no end in a partition yet. Readers wait in front of it, also for what others committed
// behind it. Nearly always it lasts for a commit interval; that of a dead process for the transaction timeout. One that its
// coordinator does not know of, or thinks is ended, lasts for ever: it hangs.
type OpenTransaction struct {
	Topic     string
	Partition int32
	Stable    int64 // readers get to this offset
	End       int64 // and the partition ends here

	ProducerID int64 // -1: the broker does not tell
	Epoch      int16
	First      int64     // offset of its first record
	Written    time.Time // when its newest record was

	coordinatorEpoch int32 // in the newest end that the partition has of the producer; -1: none

	TransactionalID string // "": no coordinator knows the producer
	State           string // of the transactional id now, in its coordinator's words
	CurrentEpoch    int16  // of the transactional id
	UnderWay        bool   // the coordinator counts the partition into a transaction, and will end it
}

// Hangs reports that nobody is going to end the transaction. That holds once it was seen so twice: between the questions to
// the broker and to the coordinator it may have ended.
func (o *OpenTransaction) Hangs() bool { return o.ProducerID >= 0 && !o.UnderWay }

func (o *OpenTransaction) String() string {
	s := fmt.Sprintf("topic %s, partition %d: readers wait at offset %d of %d", o.Topic, o.Partition, o.Stable, o.End)
	if o.ProducerID < 0 {
		return s
	}
	s += fmt.Sprintf(" for producer %d, epoch %d, whose transaction began at offset %d and wrote last %s ago",
		o.ProducerID, o.Epoch, o.First, time.Since(o.Written).Round(time.Second))
	switch {
	case o.TransactionalID == "":
		s += "; no coordinator knows that producer: the transaction hangs"
	case o.UnderWay:
		s += fmt.Sprintf("; its coordinator will end it (transactional id %s, %s)", o.TransactionalID, o.State)
	default:
		s += fmt.Sprintf("; its coordinator has done with it (transactional id %s, %s, epoch %d): the transaction hangs", o.TransactionalID, o.State, o.CurrentEpoch)
	}
	return s
}

// abortCommand ends the transaction by hand, as aborted.
func (o *OpenTransaction) abortCommand(c Config) string {
	return fmt.Sprintf("kafka-transactions --bootstrap-server %s abort --topic %s --partition %d --start-offset %d", c.first(), quote(o.Topic), o.Partition, o.First)
}

// openTransactions are those in topics, of the partitions in which readers wait. What brokers do not tell is left out; an
// error is returned only when nothing is known.
func openTransactions(ctx context.Context, client *kgo.Client, topics ...string) ([]*OpenTransaction, error) {
	admin := kadm.NewClient(client)
	ends, err := admin.ListEndOffsets(ctx, topics...)
	if err != nil {
		return nil, fmt.Errorf("ask where topics end: %w", err)
	}
	stable, err := admin.ListCommittedOffsets(ctx, topics...)
	if err != nil {
		return nil, fmt.Errorf("ask where readers get to: %w", err)
	}
	waiting := map[topicPartition]*OpenTransaction{}
	ask := kadm.TopicsSet{}
	ends.Each(func(end kadm.ListedOffset) {
		at, ok := stable.Lookup(end.Topic, end.Partition)
		if ok && end.Err == nil && at.Err == nil && at.Offset < end.Offset {
			waiting[topicPartition{end.Topic, end.Partition}] = &OpenTransaction{Topic: end.Topic, Partition: end.Partition, Stable: at.Offset, End: end.Offset, ProducerID: -1}
			ask.Add(end.Topic, end.Partition)
		}
	})
	if len(waiting) == 0 {
		return nil, nil
	}
	open := describeOpen(ctx, admin, ask, waiting)
	if err := askCoordinators(ctx, admin, open); err != nil {
		return nil, err
	}
	slices.SortFunc(open, func(a, b *OpenTransaction) int {
		return cmp.Or(strings.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.First, b.First))
	})
	return open, nil
}

// describeOpen asks the brokers for the producers that keep readers waiting. Where a broker does not say, the partition is
// listed without one.
func describeOpen(ctx context.Context, admin *kadm.Client, ask kadm.TopicsSet, waiting map[topicPartition]*OpenTransaction) (open []*OpenTransaction) {
	producers, _ := admin.DescribeProducers(ctx, ask) // of a Kafka older than 2.8, or without the grant: nothing
	for tp, o := range waiting {
		found := false
		for _, p := range producers[tp.topic].Partitions[tp.num].ActiveProducers {
			if p.CurrentTxnStartOffset < 0 {
				continue
			}
			x := *o
			x.ProducerID, x.Epoch, x.First, x.Written = p.ProducerID, p.ProducerEpoch, p.CurrentTxnStartOffset, time.UnixMilli(p.LastTimestamp)
			x.coordinatorEpoch = p.CoordinatorEpoch
			open, found = append(open, &x), true
		}
		if !found {
			open = append(open, o)
		}
	}
	return open
}

// askCoordinators asks what they know of the producers.
func askCoordinators(ctx context.Context, admin *kadm.Client, open []*OpenTransaction) error {
	var ids []int64
	for _, o := range open {
		if o.ProducerID >= 0 {
			ids = append(ids, o.ProducerID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	listed, err := admin.ListTransactions(ctx, slices.Compact(ids), nil)
	if err != nil {
		return fmt.Errorf("ask coordinators for the transactional ids of producers: %w", err)
	}
	described := kadm.DescribedTransactions{}
	if len(listed) > 0 {
		if described, err = admin.DescribeTransactions(ctx, listed.TransactionalIDs()...); err != nil {
			return fmt.Errorf("ask coordinators for transactions: %w", err)
		}
	}
	for _, o := range open {
		for id, l := range listed {
			d := described[id]
			if l.ProducerID != o.ProducerID || errors.Is(d.Err, kerr.TransactionalIDNotFound) {
				continue
			}
			if d.Err != nil {
				return fmt.Errorf("ask the coordinator for transactional id %s: %w", id, d.Err)
			}
			_, counted := d.Topics[o.Topic][o.Partition]
			o.TransactionalID, o.State, o.CurrentEpoch, o.UnderWay = id, d.State, d.ProducerEpoch, counted
		}
	}
	return nil
}

// stuck is the problem that readers of topics wait, with what they wait for.
func (c Config) stuck(ctx context.Context, client *kgo.Client, what string, err error, topics ...string) error {
	p := &Problem{What: what, Err: err, Mend: fmt.Sprintf("if the broker is well, a transaction left open may stand in front: kafka-transactions --bootstrap-server %s find-hanging", c.first())}
	if len(topics) == 1 {
		p.Mend += " --topic " + quote(topics[0])
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	open, failed := openTransactions(ctx, client, topics...)
	if failed != nil || len(open) == 0 {
		return p
	}
	var lines []string
	for _, o := range open {
		lines = append(lines, o.String())
		if o.Hangs() {
			p.Mend = "if it is the pipeline's own, its processes end it, or log why not; to end it by hand, its records lost: " + o.abortCommand(c)
		}
	}
	p.What += " (" + strings.Join(lines, "; ") + ")"
	return p
}
