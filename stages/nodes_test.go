package stages_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"panther/pipeline/stream"
	"panther/pipeline/streamtest"
	"panther/schemas"
	"panther/schemas/catalogue"
	"panther/stages"
)

func meter() stream.Node {
	return stream.Node{Name: "meter", Reads: []stream.Topic{schemas.SourceActivity}, Writes: []stream.Topic{schemas.SourceStatuses},
		Receives: catalogue.KindSource, Task: stream.Fold(streamtest.Checked(stages.Meter{}), catalogue.KindSource)}
}

func failures() stream.Node {
	return stream.Node{Name: "failures", Reads: []stream.Topic{schemas.SourceActivity}, Writes: []stream.Topic{schemas.Signals},
		Mapper: func() stream.Mapper { return stages.Failures{} }}
}

func aggregator() stream.Node {
	return stream.Node{Name: "aggregator", Reads: []stream.Topic{schemas.Signals}, Writes: []stream.Topic{schemas.Alerts, schemas.Deliveries},
		Task: stream.Fold(streamtest.Checked(stages.Aggregator{}), "")}
}

func dispatcher() stream.Node {
	return stream.Node{Name: "dispatcher", Reads: []stream.Topic{schemas.Deliveries},
		Writes: []stream.Topic{schemas.Attempts, schemas.DeliveryStatuses, schemas.Signals},
		Task:   stream.Fold(streamtest.Checked(stages.Dispatcher{}), "")}
}

func story(verbs map[string]streamtest.Verb, nodes ...func() stream.Node) streamtest.Story {
	return streamtest.Story{Verbs: join(catalogueVerbs(), verbs), Show: words, Nodes: func() (out []stream.Node) {
		for _, n := range nodes {
			out = append(out, n())
		}
		return out
	}}
}

func TestMeter(t *testing.T) {
	s := story(activityVerbs(), meter)
	streamtest.Scenarios(t, "testdata/meter", s)
	conforms(t, meter, s, 12*time.Second, func(r *rand.Rand, now string) string {
		name := pick(r, "a", "b")
		if r.IntN(8) == 0 {
			return pick(r, "source ", "remove ") + name
		}
		return pick(r, "line ", "bad-line ") + name
	})
}

func TestFailures(t *testing.T) {
	s := story(activityVerbs(), failures)
	streamtest.Scenarios(t, "testdata/failures", s)
	conforms(t, failures, s, time.Minute, func(r *rand.Rand, now string) string { return pick(r, "line ", "bad-line ") + pick(r, "a", "b") })
}

func TestAggregator(t *testing.T) {
	s := story(signalVerbs(), aggregator)
	streamtest.Scenarios(t, "testdata/aggregator", s)
	conforms(t, aggregator, s, 3*time.Hour, func(r *rand.Rand, now string) string {
		kind, component := pick(r, "SOURCE_NO_DATA", "SOURCE_CLASSIFICATION_FAILURES", "ALERT_DELIVERY"), pick(r, "a", "b")
		switch r.IntN(6) {
		case 0:
			return fmt.Sprintf("destination %s takes %s", component, pick(r, "SYSTEM_ERROR", "RULE"))
		case 1:
			return fmt.Sprintf("recover %s %s recovered", kind, component)
		case 2:
			return fmt.Sprintf("resolve %s %s ann", kind, component)
		}
		return fmt.Sprintf("raise %s %s field %s", kind, component, pick(r, "port", "size"))
	})
}

func TestDispatcher(t *testing.T) {
	s := story(deliveryVerbs(), dispatcher)
	streamtest.Scenarios(t, "testdata/dispatcher", s)
	conforms(t, dispatcher, s, 2*time.Minute, func(r *rand.Rand, now string) string {
		if r.IntN(4) == 0 {
			return fmt.Sprintf("want slack %s retries %d age %s", pick(r, "a1", "a2"), r.IntN(4), pick(r, "1h", "10m"))
		}
		return fmt.Sprintf("receipt slack %s %d %s", pick(r, "a1", "a2"), 1+r.IntN(3), pick(r, "delivered", "retry", "retry", "busy", "permanent"))
	})
}

func TestChain(t *testing.T) {
	streamtest.Scenarios(t, "testdata/chain", story(join(lineVerbs(), signalVerbs(), deliveryVerbs()),
		classifier, failures, dropoff, meter, aggregator, dispatcher))
}

// A component whose alerts end all the time keeps a bounded state, and of one that is quiet nothing is left.
func TestAggregatorForgets(t *testing.T) {
	var a stages.Aggregator
	var s stages.Troubles
	const n = 600
	none := view{catalogue.NewView(1, nil)}
	now, dropped := streamtest.Begin, 0
	for i := range n {
		for _, verb := range []schemas.Verb{schemas.Raise, schemas.Recover} {
			now = now.Add(time.Minute)
			m := schemas.Signal{Type: schemas.SourceNoData, Component: schemas.Component{ID: "nginx"}, Verb: verb, Cause: fmt.Sprint(i)}
			var out []stream.Record
			s, out = a.Process(s, stream.Record{Message: m, Time: now}, none)
			dropped += tombstones(out)
		}
	}
	if dropped == 0 || len(s.Ended) != n-dropped {
		t.Errorf("%d of %d alerts dropped, %d kept", dropped, n, len(s.Ended))
	}
	for {
		due := a.Wake(s).At
		if due.IsZero() {
			break
		}
		var out []stream.Record
		s, out = a.Tick(s, "key", due, none)
		dropped += tombstones(out)
	}
	if dropped != n || !reflect.ValueOf(s).IsZero() {
		t.Errorf("%d of %d alerts dropped; left is %+v", dropped, n, s)
	}
}

func tombstones(rs []stream.Record) (n int) {
	for _, r := range rs {
		if r.Topic == schemas.Alerts.Name && r.Message == nil {
			n++
		}
	}
	return n
}
