package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/kafka"
	"panther/pipeline/stream"
	"panther/schemas"
	"panther/sinks/lake"
)

// A watch follows what the pipeline writes while it runs, to know when it has come to rest. Whether that is right is for the
// checks, which read everything again.
type watch struct {
	client  *kgo.Client
	catalog *lake.Catalog
	wait    sync.WaitGroup

	mu        sync.Mutex
	records   int64 // events and failures
	counted   int64 // lines in activity
	alerts    map[string]schemas.Alert
	delivered map[string]string             // state by destination/alert
	metered   map[string]int64              // by source
	alarms    map[string]schemas.AlarmState // by source
}

func newWatch(ctx context.Context, cfg kafka.Config, catalog *lake.Catalog) (*watch, error) {
	topics := []string{schemas.Events.Name, schemas.ClassificationFailures.Name, schemas.SourceActivity.Name, schemas.Alerts.Name,
		schemas.DeliveryStatuses.Name, schemas.SourceStatuses.Name}
	client, err := cfg.NewClient(kgo.ConsumeTopics(topics...), kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		return nil, err
	}
	w := &watch{client: client, catalog: catalog, alerts: map[string]schemas.Alert{}, delivered: map[string]string{},
		metered: map[string]int64{}, alarms: map[string]schemas.AlarmState{}}
	w.wait.Go(func() {
		for ctx.Err() == nil {
			fetches := client.PollFetches(ctx)
			if fetches.IsClientClosed() {
				return
			}
			w.mu.Lock()
			fetches.EachRecord(w.take)
			w.mu.Unlock()
		}
	})
	return w, nil
}

func (w *watch) take(r *kgo.Record) {
	switch {
	case kafka.IsBarrier(r) || len(r.Value) == 0 || isClock(r):
	case r.Topic == schemas.Events.Name, r.Topic == schemas.ClassificationFailures.Name:
		w.records++
	case r.Topic == schemas.SourceActivity.Name:
		var a schemas.Activity
		json.Unmarshal(r.Value, &a)
		w.counted += a.Events + a.Failures
	case r.Topic == schemas.Alerts.Name:
		var a schemas.Alert
		json.Unmarshal(r.Value, &a)
		w.alerts[a.ID] = a
	case r.Topic == schemas.DeliveryStatuses.Name:
		var d schemas.DeliveryStatus
		json.Unmarshal(r.Value, &d)
		w.delivered[string(r.Key)] = d.State
	case r.Topic == schemas.SourceStatuses.Name:
		var s schemas.SourceStatus
		json.Unmarshal(r.Value, &s)
		switch s.Stage {
		case "meter":
			w.metered[s.Source] = statusLines(s)
		case "dropoff":
			w.alarms[s.Source] = s.Alarm
		}
	}
}

// isClock tells the runner's clock records from activity.
func isClock(r *kgo.Record) bool {
	for _, h := range r.Headers {
		if h.Key == stream.HeaderClock {
			return true
		}
	}
	return false
}

func statusLines(s schemas.SourceStatus) (n int64) {
	for _, m := range s.Minutes {
		n += m.Events + m.Failures
	}
	return n
}

// alert finds the newest alert of a type about a source.
func (w *watch) alert(kind schemas.SystemErrorType, source string) (found schemas.Alert, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.alerts {
		if a.SystemError == kind && a.Component.Label == source && (!ok || a.CreatedAt.After(found.CreatedAt)) {
			found, ok = a, true
		}
	}
	return found, ok
}

// state is how far the pipeline is, in words, and whether it has come to rest: all of lines, of which failing do not match, have
// come to their ends, and every alarm is seen to be off.
func (w *watch) state(ctx context.Context, lines, failing int64) (text string, done bool) {
	var rows int64
	tables, err := w.catalog.Tables(ctx)
	for _, t := range tables {
		if lake.HoldsEvents(t.Name) || lake.HoldsFailures(t.Name) {
			rows += t.Rows
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var metered, inAlerts int64
	for _, n := range w.metered {
		metered += n
	}
	for _, a := range w.alerts {
		if a.SystemError == schemas.SourceClassificationFailures {
			inAlerts += a.Count
		}
	}
	off := 0
	for _, a := range w.alarms {
		if a == schemas.AlarmOff {
			off++
		}
	}
	undelivered := 0
	for _, a := range w.alerts {
		for _, r := range a.Routes {
			if r.Send && w.delivered[schemas.DeliveryKey(r.Destination, a.ID)] != "delivered" {
				undelivered++
			}
		}
	}
	text = fmt.Sprintf("classified %d, counted %d, metered %d, in the lake %d of %d lines; failing lines in alerts %d of %d; %d alerts, %d deliveries under way; %d of %d alarms off",
		w.records, w.counted, metered, rows, lines, inAlerts, failing, len(w.alerts), undelivered, off, len(sources()))
	done = err == nil && w.records >= lines && w.counted >= lines && metered >= lines && rows >= lines && inAlerts >= failing && undelivered == 0 && off == len(sources())
	return text, done
}

// until waits until cond, which reports how far things are; it gives up when nothing has changed for the time of patience.
func until(ctx context.Context, patience time.Duration, cond func() (text string, done bool)) (last string, err error) {
	changed := time.Now()
	for ctx.Err() == nil {
		text, done := cond()
		if done {
			return text, nil
		}
		if text != last {
			last, changed = text, time.Now()
		}
		if time.Since(changed) > patience {
			return last, fmt.Errorf("nothing has moved for %s: %s", patience, last)
		}
		wait(ctx, 300*time.Millisecond)
	}
	return last, errStopped
}

func (w *watch) close() {
	w.client.Close()
	w.wait.Wait()
}
