// Package pipeline puts the parts together: every node, topic and table is on this page, and nowhere else.
package pipeline

import (
	"fmt"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/catalogue"
	"panther/schemas/classify"
	"panther/schemas/logtype"
	"panther/sinks/lake"
	"panther/sinks/notify"
	"panther/stages"
)

// Parts are what the nodes need besides their topics. The zero Parts draw a topology; only to run it they must be there.
type Parts struct {
	Catalogue  func() *catalogue.View // the newest, for sinks
	Lake       *lake.Catalog
	Tables     lake.Options
	Upkeep     *lake.Upkeep // of the tables, by one process at a time; nil: none
	Notify     notify.Options
	Dispatcher stages.Dispatcher
}

// Topology is the whole pipeline. `panther topology` draws it.
func Topology(p Parts) stream.Topology {
	var plans classify.Plans
	return stream.Topology{
		{
			Name: "classifier", Does: "matches each line to one of its source's schemas",
			Sources: true,
			Writes:  []stream.Topic{schemas.Events, schemas.ClassificationFailures, schemas.SourceActivity},
			Clocks:  schemas.SourceActivity.Name,
			Mapper:  func() stream.Mapper { return stages.NewClassifier(plans.Worker().Checker) },
		},
		{
			Name: "dropoff", Does: "alarms once when a source falls silent, measured on clocks that travel in the log",
			Reads:    []stream.Topic{schemas.SourceActivity},
			Writes:   []stream.Topic{schemas.Signals, schemas.SourceStatuses},
			Receives: catalogue.KindSource,
			Task:     stream.Fold(stages.Dropoff{}, catalogue.KindSource),
		},
		{
			Name: "failures", Does: "turns failing lines into signals",
			Reads:  []stream.Topic{schemas.SourceActivity},
			Writes: []stream.Topic{schemas.Signals},
			Mapper: func() stream.Mapper { return stages.Failures{} },
		},
		{
			Name: "meter", Does: "keeps what each source sent in the last hour",
			Reads:    []stream.Topic{schemas.SourceActivity},
			Writes:   []stream.Topic{schemas.SourceStatuses},
			Receives: catalogue.KindSource,
			Task:     stream.Fold(stages.Meter{}, catalogue.KindSource),
		},
		{
			Name: "aggregator", Does: "makes one alert of many signals and decides who is told (router)",
			Reads:  []stream.Topic{schemas.Signals},
			Writes: []stream.Topic{schemas.Alerts, schemas.Deliveries},
			Task:   stream.Fold(stages.Aggregator{}, ""),
		},
		{
			Name: "dispatcher", Does: "sees each alert through to each destination, with retries",
			Reads:  []stream.Topic{schemas.Deliveries},
			Writes: []stream.Topic{schemas.Attempts, schemas.DeliveryStatuses, schemas.Signals},
			Task:   stream.Fold(p.Dispatcher, ""),
		},
		{
			Name: "notify", Does: "makes the attempts and answers each with a receipt",
			Reads:   []stream.Topic{schemas.Attempts},
			Writes:  []stream.Topic{schemas.Deliveries},
			Outside: "destinations",
			Sink:    func() (stream.Sink, error) { return notify.NewSink(p.destination, p.Notify), nil },
		},
		{
			Name: "lake", Does: "writes events, failing lines, counts and alerts to tables, each row exactly once",
			Reads:  []stream.Topic{schemas.Events, schemas.ClassificationFailures, schemas.SourceActivity, schemas.Alerts},
			Tables: []string{"panther_logs.*", "panther_monitor.classification_failures", "panther_monitor.source_activity", "panther_monitor.alerts"},
			Sink: func() (stream.Sink, error) {
				if p.Lake == nil {
					return nil, fmt.Errorf("no lake is configured: set lake.warehouse")
				}
				return lake.NewSink(p.Lake, p.logType, p.Tables), nil
			},
		},
	}
}

func (p Parts) destination(id string) (catalogue.Destination, bool) {
	e, ok := p.Catalogue().Get(catalogue.KindDestination + "/" + id)
	if !ok {
		return catalogue.Destination{}, false
	}
	return e.(catalogue.Destination), true
}

// logType finds a version of a log type for the lake; a version that is not known means the newest.
func (p Parts) logType(name string, version int64) (*logtype.Schema, bool) {
	v := p.Catalogue()
	if s, ok := v.SchemaVersion(name, version); ok {
		return s, true
	}
	return v.Schema(name)
}
