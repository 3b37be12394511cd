package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/kafka"
	"panther/schemas"
	"panther/stages"
)

// findings are what the topics of the pipeline hold, read from their start by somebody who knows nothing.
type findings struct {
	ledger *ledger

	strangers  []string          // records of no line
	disordered []string          // records that came after one of a later line of their partition
	newest     map[origin]int64  // place of the newest line found, per partition written and partition read
	activity   map[string]*tally // by source
	alerts     map[string][]schemas.Alert
	statuses   map[string]schemas.DeliveryStatus // the newest by destination/alert
	metered    map[string]int64                  // by source id: lines in the newest status of the meter
	alarm      map[string]schemas.SourceStatus   // by source id: the newest status of dropoff
	meters     map[string]stages.Metered         // the meter's changelog
	watches    map[string]stages.Watch           // that of dropoff
	troubles   map[string]stages.Troubles        // that of the aggregator
	pendings   map[string]stages.Pending         // that of the dispatcher
	positions  map[string]int64                  // that of the classifier: the offset to read next, by topic id and partition
	dead       map[string]int                    // dead letters by topic
	illegible  []string
}

// An origin tells lines of one partition apart in one partition of an output.
type origin struct {
	out spot
	in  spot
}

func readFindings(ctx context.Context, cfg kafka.Config, l *ledger) (*findings, error) {
	f := &findings{ledger: l, newest: map[origin]int64{}, activity: map[string]*tally{}, alerts: map[string][]schemas.Alert{},
		statuses: map[string]schemas.DeliveryStatus{}, metered: map[string]int64{}, alarm: map[string]schemas.SourceStatus{},
		meters: map[string]stages.Metered{}, watches: map[string]stages.Watch{}, troubles: map[string]stages.Troubles{},
		pendings: map[string]stages.Pending{}, positions: map[string]int64{}, dead: map[string]int{}}
	if err := readAll(ctx, cfg, ours(), f.take); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *findings) take(r *kgo.Record) {
	var err error
	switch {
	case isClock(r):
	case strings.HasSuffix(r.Topic, ".dead-letters"):
		f.dead[r.Topic]++
	case strings.HasSuffix(r.Topic, ".state"):
		err = f.state(r)
	case r.Topic == schemas.Events.Name:
		err = f.event(r)
	case r.Topic == schemas.ClassificationFailures.Name:
		err = f.failure(r)
	case r.Topic == schemas.SourceActivity.Name:
		var a schemas.Activity
		if err = json.Unmarshal(r.Value, &a); err == nil {
			t := f.activity[a.Label]
			if t == nil {
				t = &tally{}
				f.activity[a.Label] = t
			}
			t.lines += int(a.Events + a.Failures)
			t.failing += int(a.Failures)
		}
	case r.Topic == schemas.Alerts.Name:
		var a schemas.Alert
		err = json.Unmarshal(r.Value, &a)
		f.alerts[string(r.Key)] = append(f.alerts[string(r.Key)], a)
	case r.Topic == schemas.DeliveryStatuses.Name:
		var d schemas.DeliveryStatus
		err = json.Unmarshal(r.Value, &d)
		f.statuses[string(r.Key)] = d
	case r.Topic == schemas.SourceStatuses.Name:
		var s schemas.SourceStatus
		if err = json.Unmarshal(r.Value, &s); s.Stage == "meter" {
			f.metered[s.Source] = statusLines(s)
		} else {
			f.alarm[s.Source] = s
		}
	}
	if err != nil {
		f.illegible = append(f.illegible, fmt.Sprintf("%s/%d@%d: %v", r.Topic, r.Partition, r.Offset, err))
	}
}

// event notes an event at its line.
func (f *findings) event(r *kgo.Record) error {
	var v struct {
		Source string `json:"source"`
		N      int    `json:"n"`
	}
	if err := json.Unmarshal(r.Value, &v); err != nil {
		return err
	}
	var p schemas.Position
	for _, h := range r.Headers {
		if h.Key == schemas.HeaderPosition {
			if err := json.Unmarshal(h.Value, &p); err != nil {
				return err
			}
		}
	}
	x := f.find(r, p)
	if x == nil {
		return nil
	}
	x.events++
	x.misread = x.misread || x.n != v.N || x.source != v.Source
	return nil
}

// failure notes a failure at its line.
func (f *findings) failure(r *kgo.Record) error {
	var v schemas.Failure
	if err := json.Unmarshal(r.Value, &v); err != nil {
		return err
	}
	x := f.find(r, v.Position)
	if x == nil {
		return nil
	}
	x.failures++
	var payload struct {
		N int `json:"n"`
	}
	x.misread = x.misread || json.Unmarshal(v.Payload, &payload) != nil || payload.N != x.n || v.Label != x.source
	return nil
}

// find returns the line that a record says it came from, and looks whether records are in the order of lines.
func (f *findings) find(r *kgo.Record, p schemas.Position) *line {
	x := f.ledger.line(p.Topic, p.Partition, p.Offset, p.Line)
	at := fmt.Sprintf("%s/%d@%d", r.Topic, r.Partition, r.Offset)
	if x == nil {
		f.strangers = append(f.strangers, at)
		return nil
	}
	o := origin{spot{r.Topic, r.Partition}, spot{p.Topic, p.Partition}}
	place := p.Offset<<24 + p.Line // a record has fewer lines
	if newest, ok := f.newest[o]; ok && place <= newest {
		f.disordered = append(f.disordered, fmt.Sprintf("%s is line %d of %s/%d@%d, after line %d of %d", at, p.Line, p.Topic, p.Partition, p.Offset, newest&(1<<24-1), newest>>24))
	}
	f.newest[o] = max(f.newest[o], place)
	return x
}

// state takes a record of a changelog: the newest of a key stands, one without a value is a key that is gone.
func (f *findings) state(r *kgo.Record) error {
	key := string(r.Key)
	if strings.HasPrefix(key, "\x00") {
		return nil // of the runner, not of the stage
	}
	switch r.Topic {
	case "panther.meter.state":
		return keep(f.meters, key, r.Value)
	case "panther.dropoff.state":
		return keep(f.watches, key, r.Value)
	case "panther.aggregator.state":
		return keep(f.troubles, key, r.Value)
	case "panther.dispatcher.state":
		return keep(f.pendings, key, r.Value)
	case "panther.classifier.state":
		var p struct {
			Position int64 `json:"position"`
		}
		err := json.Unmarshal(r.Value, &p)
		f.positions[key] = p.Position
		return err
	}
	return nil
}

func keep[S any](states map[string]S, key string, value []byte) error {
	if len(value) == 0 {
		delete(states, key)
		return nil
	}
	var s S
	err := json.Unmarshal(value, &s)
	states[key] = s
	return err
}
