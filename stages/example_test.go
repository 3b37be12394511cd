package stages_test

import (
	"fmt"
	"time"

	"panther/pipeline/stream"
	"panther/pipeline/streamtest"
	"panther/schemas"
	"panther/schemas/catalogue"
	"panther/stages"
)

// A stage is tried without Kafka: a driver gives it the catalogue, records and clocks, and reads what it says.
func Example() {
	d := streamtest.New(stream.Node{
		Name:   "dropoff",
		Reads:  []stream.Topic{schemas.SourceActivity},
		Writes: []stream.Topic{schemas.Signals, schemas.SourceStatuses},
		Task:   stream.Fold(stages.Dropoff{}, catalogue.KindSource),
	})
	nginx := catalogue.LogSource{ID: "nginx", Label: "nginx edge", Topics: []string{"nginx-access"}, Alarm: 15 * time.Minute,
		Created: d.Now, InputsVersion: 1, Version: 1}
	d.Catalogue(catalogue.NewView(1, map[string]any{catalogue.Key(nginx): nginx}))

	clock := func(after time.Duration) { // every line up to that time has been seen
		d.Until(streamtest.Begin.Add(after))
		d.Clock(stream.Clock{Topic: "nginx-access", Of: 1, Paths: 1, CaughtUpTo: d.Now, Version: 1})
	}
	clock(0)
	d.Send(stream.Send(schemas.SourceActivity, "nginx", schemas.Activity{Source: "nginx", LastArrival: d.Now}))
	clock(14 * time.Minute)
	clock(15 * time.Minute)

	records, err := d.Read()
	for _, r := range records {
		if s, ok := r.Message.(schemas.Signal); ok {
			fmt.Println(s.Verb, s.Type, s.Component.Label, s.At.Format(time.TimeOnly))
		}
	}
	fmt.Println(err)
	// Output:
	// raise SOURCE_NO_DATA nginx edge 00:15:00
	// <nil>
}
