package kafka

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A fault is what a broker does to requests of one kind, a few times, while a node works.
type fault struct {
	name string
	key  kmsg.Key
	do   func(b *bench, key kmsg.Key) (hits func() int)
}

// ofNode tells the node's requests from those of the producer and the readers of a test.
func ofNode(r kmsg.Request) bool {
	switch r := r.(type) {
	case *kmsg.ProduceRequest:
		return r.TransactionID != nil
	case *kmsg.InitProducerIDRequest:
		return r.TransactionalID != nil
	}
	return true
}

// answers is a broker that answers with an error.
func answers(err *kerr.Error, times int) func(*bench, kmsg.Key) func() int {
	return func(b *bench, key kmsg.Key) func() int {
		h := b.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{key}, Err: err, Count: times, When: ofNode})
		return h.Hits
	}
}

// cuts is a broker that cuts the connection before it does anything.
func cuts(times int) func(*bench, kmsg.Key) func() int {
	return func(b *bench, key kmsg.Key) func() int {
		var n atomic.Int64
		for range times {
			b.cluster.ControlKey(int16(key), func(r kmsg.Request) (kmsg.Response, error, bool) {
				if !ofNode(r) {
					return nil, nil, false
				}
				n.Add(1)
				return nil, errors.New("cut"), true
			})
		}
		return func() int { return int(n.Load()) }
	}
}

// appliesThenCuts is a broker that does what it is asked, and whose answer is lost.
func appliesThenCuts(b *bench, key kmsg.Key) func() int {
	var n, within atomic.Int64
	other := b.client()
	b.cluster.ControlKey(int16(key), func(r kmsg.Request) (kmsg.Response, error, bool) {
		if within.Load() > 0 || !ofNode(r) {
			return nil, nil, false // the second time it is the request of other
		}
		within.Add(1)
		b.cluster.SleepControl(func() {
			if _, err := other.Request(context.Background(), r); err != nil {
				b.t.Errorf("apply the request: %v", err)
			}
		})
		n.Add(1)
		return nil, errors.New("cut"), true
	})
	return func() int { return int(n.Load()) }
}

// isSilent is a broker that never answers.
func isSilent(times int) func(*bench, kmsg.Key) func() int {
	return func(b *bench, key kmsg.Key) func() int {
		var n atomic.Int64
		for range times {
			b.cluster.ControlKey(int16(key), func(kmsg.Request) (kmsg.Response, error, bool) {
				n.Add(1)
				return nil, nil, true
			})
		}
		return func() int { return int(n.Load()) }
	}
}

var anyTime = []fault{
	{"produce: not the leader", kmsg.Produce, answers(kerr.NotLeaderForPartition, 2)},
	{"produce: an error that is not known", kmsg.Produce, answers(kerr.UnknownServerError, 2)},
	{"produce: fenced", kmsg.Produce, answers(kerr.ProducerFenced, 1)},
	{"produce: the epoch is old", kmsg.Produce, answers(kerr.InvalidProducerEpoch, 1)},
	{"produce: cut", kmsg.Produce, cuts(2)},
	{"produce: done, and the answer lost", kmsg.Produce, appliesThenCuts},
	{"end: the coordinator moves", kmsg.EndTxn, answers(kerr.NotCoordinator, 2)},
	{"end: an error that is not known", kmsg.EndTxn, answers(kerr.UnknownServerError, 1)},
	{"end: fenced", kmsg.EndTxn, answers(kerr.ProducerFenced, 1)},
	{"end: cut", kmsg.EndTxn, cuts(1)},
	{"end: done, and the answer lost", kmsg.EndTxn, appliesThenCuts},
	{"offsets in a transaction: the coordinator loads", kmsg.TxnOffsetCommit, answers(kerr.CoordinatorLoadInProgress, 2)},
	{"offsets in a transaction: the generation is old", kmsg.TxnOffsetCommit, answers(kerr.IllegalGeneration, 1)},
	{"offsets in a transaction: a member not known", kmsg.TxnOffsetCommit, answers(kerr.UnknownMemberID, 1)},
	{"offsets in a transaction: fenced", kmsg.TxnOffsetCommit, answers(kerr.InvalidProducerEpoch, 1)},
	{"offsets in a transaction: cut", kmsg.TxnOffsetCommit, cuts(2)},
	{"offsets in a transaction: done, and the answer lost", kmsg.TxnOffsetCommit, appliesThenCuts},
	{"fetch: not the leader", kmsg.Fetch, answers(kerr.NotLeaderForPartition, 2)},
	{"fetch: out of range", kmsg.Fetch, answers(kerr.OffsetOutOfRange, 1)},
	{"fetch: cut", kmsg.Fetch, cuts(2)},
	{"heartbeat: a member not known", kmsg.ConsumerGroupHeartbeat, answers(kerr.UnknownMemberID, 1)},
	{"heartbeat: the member's epoch is old", kmsg.ConsumerGroupHeartbeat, answers(kerr.FencedMemberEpoch, 1)},
	{"heartbeat: cut", kmsg.ConsumerGroupHeartbeat, cuts(3)},
	{"heartbeat: never answered", kmsg.ConsumerGroupHeartbeat, isSilent(1)},
}

var atTheStart = []fault{
	{"offsets asked for: the coordinator loads", kmsg.OffsetFetch, answers(kerr.CoordinatorLoadInProgress, 2)},
	{"offsets asked for: a transaction is pending", kmsg.OffsetFetch, answers(kerr.UnstableOffsetCommit, 1)},
	{"offsets asked for: not allowed", kmsg.OffsetFetch, answers(kerr.GroupAuthorizationFailed, 1)},
	{"offsets asked for: cut", kmsg.OffsetFetch, cuts(2)},
	{"producer id: the coordinator loads", kmsg.InitProducerID, answers(kerr.CoordinatorLoadInProgress, 2)},
	{"producer id: a transaction before it is open", kmsg.InitProducerID, answers(kerr.ConcurrentTransactions, 2)},
	{"producer id: cut", kmsg.InitProducerID, cuts(2)},
	{"where topics end: not the leader", kmsg.ListOffsets, answers(kerr.NotLeaderForPartition, 2)},
	{"coordinator: not there", kmsg.FindCoordinator, answers(kerr.CoordinatorNotAvailable, 2)},
}

// Whatever a broker answers, or does not, each record is counted once.
func TestFaultsWhileANodeWorks(t *testing.T) {
	for _, f := range anyTime {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, countNode())
			b.start(countNode())
			b.produce(8, 1, 5)
			b.checkCounts(8, 5)
			hits := f.do(b, f.key)
			for n := 6; n <= 25; n += 4 { // several transactions
				b.produce(8, n, n+3)
			}
			b.checkCounts(8, 25)
			if hits() == 0 {
				t.Error("the fault never came")
			}
		})
	}
}

func TestFaultsWhileANodeStarts(t *testing.T) {
	for _, f := range atTheStart {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, countNode())
			stop := b.start(countNode())
			b.produce(8, 1, 10)
			b.checkCounts(8, 10)
			stop()
			hits := f.do(b, f.key)
			b.start(countNode())
			b.produce(8, 11, 20)
			b.checkCounts(8, 20)
			if hits() == 0 {
				t.Error("the fault never came")
			}
		})
	}
}
