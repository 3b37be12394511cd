package stages_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"panther/pipeline/stream"
	"panther/pipeline/streamtest"
	"panther/schemas"
	"panther/schemas/catalogue"
	"panther/stages"
)

func dropoff() stream.Node {
	return stream.Node{Name: "dropoff", Reads: []stream.Topic{schemas.SourceActivity}, Writes: []stream.Topic{schemas.Signals, schemas.SourceStatuses},
		Receives: catalogue.KindSource, Task: stream.Fold(streamtest.Checked(stages.Dropoff{}), catalogue.KindSource)}
}

var dropoffStory = streamtest.Story{
	Nodes: func() []stream.Node { return []stream.Node{dropoff()} },
	Verbs: join(catalogueVerbs(), activityVerbs()),
	Show:  words,
}

func TestDropoffScenarios(t *testing.T) { streamtest.Scenarios(t, "testdata/dropoff", dropoffStory) }

func TestDropoffConforms(t *testing.T) {
	conforms(t, dropoff, dropoffStory, 4*time.Minute, func(r *rand.Rand, now string) string {
		name := pick(r, "a", "b")
		switch r.IntN(8) {
		case 0:
			return fmt.Sprintf("source %s topics %s alarm %s minutes", name, pick(r, "x", "y", "x,y"), pick(r, "10", "20", "40"))
		case 1:
			return pick(r, "line ", "bad-line ") + name
		case 2:
			return pick(r, "remove ", "line ", "line ") + name
		case 3:
			return "unread " + pick(r, "remove ", "source ") + name
		}
		return fmt.Sprintf("clock %s %s", pick(r, "x", "y"), now)
	})
}
