package pipeline_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"panther/pipeline"
	"panther/pipeline/stream"
)

// The manual has a row for each topic, and one for each kind of topic that every node has.
func TestManualHasEveryTopic(t *testing.T) {
	manual, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for line := range strings.Lines(string(manual)) {
		if strings.HasPrefix(line, "| `panther.") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	nodes := pipeline.Topology(pipeline.Parts{})
	for _, topic := range pipeline.Topics() {
		for _, n := range nodes {
			for _, own := range []string{".state", ".dead-letters"} {
				if topic.Name == "panther."+n.Name+own {
					topic.Name = "panther.NODE" + own
				}
			}
		}
		if row := manualRow(topic); !slices.Contains(want, row) {
			want = append(want, row)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/operations.md, its rows of topics (-want +got):\n%s", diff)
	}
}

func manualRow(t stream.Topic) string {
	var kept []string
	if t.Compact {
		kept = append(kept, "newest of each key")
	}
	if t.Keep > 0 {
		kept = append(kept, fmt.Sprintf("%d days", t.Keep/(24*time.Hour)))
	}
	return fmt.Sprintf("| `%s` | %d | %s |", t.Name, t.Partitions, strings.Join(kept, ", "))
}
