package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf16"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// transactionLog is Kafka's own topic, in which coordinators note each step of each transaction.
const transactionLog = "__transaction_state"

// A verdict is how a hanging transaction is to be ended. It must be what its coordinator decided: the partition may be the
// only one that was not told, and what the transaction wrote elsewhere, and the offsets that it consumed, stand or fall with it.
type verdict struct {
	commit bool
	why    string // for the log
}

// errUndecided is returned where nobody can tell any more what was decided.
var errUndecided = errors.New("it is not known whether it was committed")

// decide finds the verdict on a transaction that hangs.
func decide(ctx context.Context, client *kgo.Client, o *OpenTransaction) (verdict, error) {
	steps, err := readTransactionLog(ctx, client, o.TransactionalID)
	if err != nil && !errors.Is(err, kerr.TopicAuthorizationFailed) && !errors.Is(err, kerr.UnknownTopicOrPartition) {
		return verdict{}, err
	}
	if v, ok := o.judge(steps); ok {
		return v, nil
	}
	// Without the log, the coordinator's newest step may still be the one.
	if v, ok := o.judge([]kmsg.TxnMetadataValue{o.newestStep()}); ok {
		return v, nil
	}
	if err != nil {
		return verdict{}, fmt.Errorf("%w, and the transaction log may not be read: %w", errUndecided, err)
	}
	return verdict{}, errUndecided
}

// judge finds in the steps of a transactional id how the transaction ended. Since Kafka 4.0 every end raises the epoch, and
// with it the transaction of an epoch is one; before, the last end of that epoch which names the partition is meant.
func (o *OpenTransaction) judge(steps []kmsg.TxnMetadataValue) (v verdict, ok bool) {
	for _, s := range slices.Backward(steps) {
		raises := s.ClientTransactionVersion >= 2
		if s.ProducerID != o.ProducerID || s.ProducerEpoch != o.Epoch+1 && (raises || s.ProducerEpoch != o.Epoch) {
			continue
		}
		switch s.State {
		case kmsg.TransactionStatePrepareCommit, kmsg.TransactionStatePrepareAbort:
			named := slices.ContainsFunc(s.Topics, func(t kmsg.TxnMetadataValueTopic) bool {
				return t.Topic == o.Topic && slices.Contains(t.Partitions, o.Partition)
			})
			if named {
				return verdict{s.State == kmsg.TransactionStatePrepareCommit, "its coordinator noted " + s.State.String() + ", and never told this partition"}, true
			}
			if raises {
				return verdict{false, "its coordinator ended it without this partition, which was not part of it"}, true
			}
		case kmsg.TransactionStateCompleteCommit, kmsg.TransactionStateCompleteAbort:
			// The step before it tells more. But it may be compacted away.
			if !ok {
				v, ok = verdict{s.State == kmsg.TransactionStateCompleteCommit, "its coordinator noted " + s.State.String()}, true
			}
		}
	}
	return v, ok
}

// newestStep is what the coordinator says of the transactional id now.
func (o *OpenTransaction) newestStep() kmsg.TxnMetadataValue {
	s := kmsg.NewTxnMetadataValue()
	s.ProducerID, s.ProducerEpoch = o.ProducerID, o.CurrentEpoch
	switch o.State {
	case "CompleteCommit":
		s.State = kmsg.TransactionStateCompleteCommit
	case "CompleteAbort":
		s.State = kmsg.TransactionStateCompleteAbort
	}
	return s
}

// readTransactionLog reads the steps of a transactional id. It needs the grant Read on the topic.
func readTransactionLog(ctx context.Context, client *kgo.Client, id string) (steps []kmsg.TxnMetadataValue, err error) {
	admin := kadm.NewClient(client)
	ends, err := admin.ListEndOffsets(ctx, transactionLog)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("read topic %s: %w", transactionLog, err)
	}
	p := transactionPartition(id, len(ends[transactionLog]))
	end, _ := ends.Lookup(transactionLog, p)
	if end.Offset == 0 {
		return nil, nil
	}
	reader, err := kgo.NewClient(append(client.Opts(), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{transactionLog: {p: kgo.NewOffset().AtStart()}}),
		kgo.KeepControlRecords(), kgo.FetchMaxWait(250*time.Millisecond))...)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	for read := int64(0); read < end.Offset; {
		fetches := reader.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, fmt.Errorf("read topic %s, partition %d: %w", transactionLog, p, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			read = r.Offset + 1
			if s, ok := stepOf(r, id); ok {
				steps = append(steps, s)
			}
		})
	}
	return steps, nil
}

// stepOf decodes a record of the transaction log, if it is about id.
func stepOf(r *kgo.Record, id string) (s kmsg.TxnMetadataValue, ok bool) {
	key := kmsg.NewTxnMetadataKey()
	if r.Attrs.IsControl() || len(r.Value) == 0 || key.ReadFrom(r.Key) != nil || key.Version != 0 || key.TransactionalID != id {
		return s, false
	}
	return s, s.ReadFrom(r.Value) == nil
}

// transactionPartition is where Kafka notes the transactions of id: by the hash of a Java string.
func transactionPartition(id string, partitions int) int32 {
	var h int32
	for _, unit := range utf16.Encode([]rune(id)) {
		h = 31*h + int32(unit)
	}
	return (h & 0x7fffffff) % int32(partitions)
}
