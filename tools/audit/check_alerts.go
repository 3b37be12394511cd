package main

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"panther/schemas"
)

// checkAlerts compares the alerts with what happened: one for each source that had failing lines, one for the silence of the
// quiet one, and no other.
func (t *trial) checkAlerts(r *report, f *findings) {
	var classification, silent, other, history []string
	open, counted := 0, int64(0)
	seen := map[string]int{} // classification alerts by source
	alarms, recovered := 0, 0
	for _, id := range slices.Sorted(maps.Keys(f.alerts)) {
		records := f.alerts[id]
		last := records[len(records)-1]
		history = append(history, consistent(id, records)...)
		source := last.Component.Label
		switch {
		case last.SystemError == schemas.SourceClassificationFailures:
			seen[source]++
			open++
			counted += last.Count
			want := f.ledger.of[source]
			if last.Status != schemas.Open || want == nil || want.failing == 0 || last.Count != int64(want.failing) {
				classification = append(classification, fmt.Sprintf("%s: %s, counts %d failing lines; sent: %+v", source, last.Status, last.Count, want))
			}
			if !f.holds(last) {
				classification = append(classification, fmt.Sprintf("%s: the aggregator's state does not hold alert %s as the topic does", source, id))
			}
		case last.SystemError == schemas.SourceNoData && source == "quiet":
			alarms++
			if last.Status == schemas.Resolved {
				recovered++
			}
		default:
			other = append(other, fmt.Sprintf("%s about %s: %s; longest time between two lines of it %s", last.SystemError, source, last.Description, t.sender.longest[source].Round(time.Millisecond)))
		}
	}
	failing := 0
	for source, want := range f.ledger.of {
		if want.failing > 0 {
			failing++
			if seen[source] != 1 {
				classification = append(classification, fmt.Sprintf("%s: %d alerts", source, seen[source]))
			}
		}
	}
	silent = unless(alarms == 1 && recovered == 1, "%d alarms, %d recoveries", alarms, recovered)
	r.check("alerts: classification", classification, "%d open for %d sources with failing lines; they count %d of %d lines", open, failing, counted, f.ledger.total.failing)
	r.check("alerts: drop-off", silent, "the source that fell silent: %d alarm, %d recovery", alarms, recovered)
	r.check("alerts: no other", other, "%d false", len(other))
	r.check("alerts: history", history, "%d alerts, each with one beginning, counts that only grow, and one end", len(f.alerts))
}

// consistent looks at the records of one alert: they are the steps of one life.
func consistent(id string, records []schemas.Alert) (wrong []string) {
	for i, a := range records {
		switch {
		case a.ID != id:
			wrong = append(wrong, fmt.Sprintf("the record under %s is of alert %s", id, a.ID))
		case i == 0:
		case !a.CreatedAt.Equal(records[0].CreatedAt):
			wrong = append(wrong, fmt.Sprintf("alert %s began at %s and again at %s", id, records[0].CreatedAt, a.CreatedAt))
		case a.Count < records[i-1].Count:
			wrong = append(wrong, fmt.Sprintf("alert %s counted %d, then %d", id, records[i-1].Count, a.Count))
		case records[i-1].Status == schemas.Resolved:
			wrong = append(wrong, fmt.Sprintf("alert %s goes on after its end", id))
		}
	}
	return wrong
}

// holds reports whether the aggregator's state has an alert as the topic has it.
func (f *findings) holds(a schemas.Alert) bool {
	s := f.troubles[schemas.SignalKey(a.SystemError, a.Component.ID)]
	return len(s.Open) == 1 && s.Open[0].ID == a.ID && s.Open[0].Count == a.Count
}

// checkDeliveries looks whether each alert came to each destination, and whether the pipeline knows it.
func (t *trial) checkDeliveries(r *report, f *findings) {
	var missing, keys, statuses []string
	told := t.hook.all()
	took, repeats := 0, 0
	for id, records := range f.alerts {
		for _, name := range destinations {
			got, ok := told[telling{name, id}]
			delete(told, telling{name, id})
			if !ok || got.took == 0 {
				missing = append(missing, fmt.Sprintf("alert %s (%s about %s) never came to %s", id, records[0].SystemError, records[0].Component.Label, name))
			}
			if key := id + ":" + t.names[name]; len(got.keys) > 1 || ok && !got.keys[key] {
				keys = append(keys, fmt.Sprintf("alert %s came to %s with keys %v, want %s", id, name, slices.Collect(maps.Keys(got.keys)), key))
			}
			took++
			repeats += max(0, got.took-1)
			s, ok := f.statuses[schemas.DeliveryKey(t.names[name], id)]
			if n := len(s.Attempts); !ok || s.State != "delivered" || n == 0 || s.Attempts[n-1].Outcome != schemas.Delivered {
				statuses = append(statuses, fmt.Sprintf("alert %s at %s: %q after %d receipts", id, name, s.State, n))
			}
		}
	}
	for at := range told {
		missing = append(missing, fmt.Sprintf("%s was told of alert %s, which is in no topic", at.destination, at.alert))
	}
	if len(f.pendings) > 0 {
		statuses = append(statuses, fmt.Sprintf("the dispatcher's state still has %d deliveries", len(f.pendings)))
	}
	r.check("deliveries", missing, "%d alerts at %d destinations, each told; %d repeats", len(f.alerts), len(destinations), repeats)
	r.check("deliveries: keys", keys, "one Idempotency-Key each")
	r.check("deliveries: statuses", statuses, "%d delivered, with their receipts", took)
}
