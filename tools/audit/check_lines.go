package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/iceberg-go/table"

	"panther/sinks/lake"
)

// count reads everything and checks it.
func (t *trial) count(ctx context.Context) (wrong int, err error) {
	r := &report{out: os.Stdout}
	r.check("the run", append(slices.Clone(t.story), t.fleet.ended...), "%d workers killed, %d frozen, broker killed %d times; all ended when asked",
		t.fleet.kills, t.fleet.freezes, t.brokerKills.Load())
	if err := t.checkOpen(ctx, r); err != nil {
		return 0, err
	}
	l, err := readLedger(ctx, t.cfg)
	if err != nil {
		return 0, err
	}
	r.check("lines sent", append(l.holes(), unless(t.sender.failed.Load() == 0 && int64(l.total.lines) == t.sender.acked.Load(),
		"%d acknowledged, %d refused", t.sender.acked.Load(), t.sender.failed.Load())...),
		"%d lines of %d sources, %d of them failing", l.total.lines, len(l.of), l.total.failing)
	f, err := readFindings(ctx, t.cfg, l)
	if err != nil {
		return 0, err
	}
	f.checkTopics(r)
	if err := checkLake(ctx, r, t.catalog, l); err != nil {
		return 0, err
	}
	if err := checkCounts(ctx, r, t.catalog, f); err != nil {
		return 0, err
	}
	f.checkActivity(r, t.names)
	f.checkState(r, t.names)
	t.checkAlerts(r, f)
	t.checkDeliveries(r, f)
	return r.wrong, nil
}

// checkOpen looks for transactions that nobody ended.
func (t *trial) checkOpen(ctx context.Context, r *report) error {
	client, err := t.cfg.NewClient()
	if err != nil {
		return err
	}
	defer client.Close()
	_, open, err := ends(ctx, client, append(ours(), inputs()...))
	if err != nil {
		return err
	}
	hanging, err := unended(ctx, client)
	if err != nil {
		return err
	}
	r.check("transactions", append(open, hanging...), "none is open")
	return nil
}

// checkTopics finds each line again in the topics: once, as what it is, unchanged and in order.
func (f *findings) checkTopics(r *report) {
	var lost, twice, other, misread []string
	events, failures, distinct := 0, 0, 0
	f.ledger.each(func(name string, x *line) {
		events += x.events
		failures += x.failures
		switch n := x.events + x.failures; {
		case n == 0:
			lost = append(lost, name)
		case n > 1:
			twice = append(twice, fmt.Sprintf("%s: %d times", name, n))
		}
		if x.events+x.failures > 0 {
			distinct++
		}
		if x.fails && x.events > 0 || !x.fails && x.failures > 0 {
			other = append(other, name)
		}
		if x.misread {
			misread = append(misread, name)
		}
	})
	r.check("topics: nothing lost", lost, "%d events + %d failures = %d for %d lines; lost %d", events, failures, events+failures, f.ledger.total.lines, len(lost))
	r.check("topics: nothing twice", append(twice, f.strangers...), "%d distinct; twice %d, of no line %d", distinct, len(twice), len(f.strangers))
	r.check("topics: what it was", append(append(other, misread...), f.illegible...), "taken for the other %d, changed %d, illegible %d", len(other), len(misread), len(f.illegible))
	r.check("topics: order", f.disordered, "%d pairs of partitions; out of order %d", len(f.newest), len(f.disordered))
	var dead []string
	for topic, n := range f.dead {
		dead = append(dead, fmt.Sprintf("%s: %d", topic, n))
	}
	r.check("dead letters", dead, "%d", len(dead))
}

// checkLake finds each line again in the tables.
func checkLake(ctx context.Context, r *report, catalog *lake.Catalog, l *ledger) error {
	tables, err := catalog.ListTables(ctx)
	if err != nil {
		return err
	}
	var strangers []string
	rows, badRows := 0, 0
	for _, id := range tables {
		name := strings.Join(id, ".")
		failures := lake.HoldsFailures(name)
		if !failures && !lake.HoldsEvents(name) {
			continue // checkCounts
		}
		for p, err := range catalog.Places(ctx, id) {
			if err != nil {
				return err
			}
			x := l.line(l.ids[p.TopicID], p.Partition, p.Offset, p.Line)
			if x == nil || !failures && !slices.Equal(id, tableOf(x.source)) {
				strangers = append(strangers, fmt.Sprintf("%s holds %+v", name, p))
				continue
			}
			if failures {
				x.badRows++
				badRows++
			} else {
				x.eventRows++
				rows++
			}
		}
	}
	var lost, twice, other []string
	l.each(func(name string, x *line) {
		switch n := x.eventRows + x.badRows; {
		case n == 0:
			lost = append(lost, name)
		case n > 1:
			twice = append(twice, fmt.Sprintf("%s: %d times", name, n))
		}
		if x.fails && x.eventRows > 0 || !x.fails && x.badRows > 0 {
			other = append(other, name)
		}
	})
	r.check("lake: nothing lost", lost, "%d rows of events + %d of failures = %d for %d lines; lost %d", rows, badRows, rows+badRows, l.total.lines, len(lost))
	r.check("lake: nothing twice", slices.Concat(twice, other, strangers), "twice %d, in the wrong table %d, of no line %d", len(twice), len(other), len(strangers))
	proofs, err := catalog.Verify(ctx)
	if err != nil {
		return err
	}
	var wrong []string
	var all, distinct int64
	for name, p := range proofs {
		if lake.HoldsEvents(name) || lake.HoldsFailures(name) {
			all, distinct = all+p.Rows, distinct+p.Distinct
		}
		if p.Rows != p.Distinct {
			wrong = append(wrong, fmt.Sprintf("%s: %d rows, %d distinct", name, p.Rows, p.Distinct))
		}
	}
	r.check("lake: its own proof", wrong, "%d tables, count %d, count distinct %d", len(proofs), all, distinct)
	return nil
}

// checkCounts compares what the lake says of sources and alerts with what was sent.
func checkCounts(ctx context.Context, r *report, catalog *lake.Catalog, f *findings) error {
	var lines, failing int64
	for b, err := range catalog.Scan(ctx, lake.ActivityTable, "events", "failures") {
		if err != nil {
			return err
		}
		for i := range int(b.NumRows()) {
			events, failures := b.Column(0).(*array.Int64).Value(i), b.Column(1).(*array.Int64).Value(i)
			lines, failing = lines+events+failures, failing+failures
		}
	}
	var changes, rows int64
	for _, history := range f.alerts {
		changes += int64(len(history))
	}
	for b, err := range catalog.Scan(ctx, lake.AlertsTable, "id") {
		if err != nil {
			return err
		}
		rows += b.NumRows()
	}
	var wrong []string
	if want := f.ledger.total; lines != int64(want.lines) || failing != int64(want.failing) {
		wrong = append(wrong, fmt.Sprintf("source_activity: %d lines, %d failing; %d and %d were sent", lines, failing, want.lines, want.failing))
	}
	if rows != changes {
		wrong = append(wrong, fmt.Sprintf("alerts: %d rows for %d changes", rows, changes))
	}
	r.check("lake: counts and alerts", wrong, "source_activity counts %d lines; alerts has %d rows for %d changes", lines, rows, changes)
	return nil
}

// tableOf is the table in which the events of a source are.
func tableOf(name string) table.Identifier {
	for _, s := range sources() {
		if s.name == name {
			return lake.LogTable(s.logType)
		}
	}
	return nil
}
