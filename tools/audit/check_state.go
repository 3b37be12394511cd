package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"panther/schemas"
)

// unended lists the transactions that the brokers know of and that have not ended.
func unended(ctx context.Context, client *kgo.Client) (open []string, err error) {
	all, err := kadm.NewClient(client).ListTransactions(ctx, nil, nil)
	if err != nil {
		return nil, fmt.Errorf("ask for transactions: %w", err)
	}
	for _, x := range all.Sorted() {
		switch x.State {
		case "Ongoing", "PrepareCommit", "PrepareAbort", "PrepareEpochFence":
			open = append(open, fmt.Sprintf("transaction of %s is %s", x.TxnID, x.State))
		}
	}
	return open, nil
}

// checkActivity compares what the classifier counted with what was sent.
func (f *findings) checkActivity(r *report, names map[string]string) {
	var wrong []string
	var sum tally
	for _, source := range slices.Sorted(maps.Keys(f.ledger.of)) {
		want, got := f.ledger.of[source], f.activity[source]
		if got == nil {
			got = &tally{}
		}
		sum.lines, sum.failing = sum.lines+got.lines, sum.failing+got.failing
		if *got != *want {
			wrong = append(wrong, fmt.Sprintf("%s: %d lines and %d failing were counted, %d and %d sent", source, got.lines, got.failing, want.lines, want.failing))
		}
	}
	r.check("activity", wrong, "sums of source-activity: %d lines, %d failing", sum.lines, sum.failing)
}

// checkState compares the states of the stages with the truth.
func (f *findings) checkState(r *report, names map[string]string) {
	var meter, dropoff, positions []string
	var metered int
	for source, want := range f.ledger.of {
		id := names[source]
		var got tally
		for _, m := range f.meters[id].Minutes {
			got.lines += int(m.Events + m.Failures)
			got.failing += int(m.Failures)
		}
		metered += got.lines
		if got != *want {
			meter = append(meter, fmt.Sprintf("%s: its state has %d lines, %d failing; %d and %d were sent", source, got.lines, got.failing, want.lines, want.failing))
		}
		if n := f.metered[id]; n != int64(want.lines) {
			meter = append(meter, fmt.Sprintf("%s: its status has %d lines of %d", source, n, want.lines))
		}
		if w := f.watches[id]; w.Last == 0 || w.Firing || w.Threshold != 0 || f.alarm[id].Alarm != schemas.AlarmOff {
			dropoff = append(dropoff, fmt.Sprintf("%s: %+v, status %q", source, w, f.alarm[id].Alarm))
		}
	}
	for topicID, topic := range f.ledger.ids {
		for at, lines := range f.ledger.parts {
			if at.topic != topic {
				continue
			}
			if p, ok := f.positions[fmt.Sprintf("%s/%d", topicID, at.partition)]; !ok || p != int64(len(lines)) {
				positions = append(positions, fmt.Sprintf("%s/%d: %d of %d", at.topic, at.partition, p, len(lines)))
			}
		}
	}
	r.check("state: meter", meter, "%d lines in the states of %d sources, and in their statuses", metered, len(f.meters))
	r.check("state: dropoff", dropoff, "%d sources known, each seen, none firing, all switched off", len(f.watches))
	r.check("state: classifier", positions, "%d partitions read to their end", len(f.ledger.parts))
}
