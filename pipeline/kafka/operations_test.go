package kafka

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/catalogue"
)

// The manual has a row for each metric, with the help text of the metric itself.
func TestManualHasEveryMetric(t *testing.T) {
	manual, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for line := range strings.Lines(string(manual)) {
		if strings.HasPrefix(line, "| `panther_") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	described := make(chan *prometheus.Desc)
	go func() {
		NewMetrics().registry.Describe(described)
		close(described)
	}()
	form := regexp.MustCompile(`^Desc\{fqName: "(\w+)", help: "([^"]*)", (?:unit: "[^"]*", )?constLabels: \{\}, variableLabels: \{(.*)\}\}$`)
	for d := range described {
		m := form.FindStringSubmatch(d.String())
		if m == nil {
			t.Fatalf("a metric without constant labels was expected: %s", d)
		}
		if !strings.HasPrefix(m[1], "panther_") {
			continue // of the Go runtime
		}
		want = append(want, fmt.Sprintf("| `%s` | %s | %s |", m[1], strings.ReplaceAll(m[3], ",", ", "), m[2]))
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/operations.md, its rows of metrics (-want +got):\n%s", diff)
	}
}

// The grants that the manual names are enough to pass preflight, to write the catalogue and to run a node; none can be left out.
func TestGrantsOfTheManual(t *testing.T) {
	read, write := kmsg.ACLOperationRead, kmsg.ACLOperationWrite
	grants := []kfake.ACL{
		{Resource: kmsg.ACLResourceTypeTopic, Name: "panther.", Operation: read},
		{Resource: kmsg.ACLResourceTypeTopic, Name: "panther.", Operation: write},
		{Resource: kmsg.ACLResourceTypeTopic, Name: "panther.", Operation: kmsg.ACLOperationCreate},
		{Resource: kmsg.ACLResourceTypeTopic, Name: "panther.", Operation: kmsg.ACLOperationDescribeConfigs},
		{Resource: kmsg.ACLResourceTypeGroup, Name: "panther.", Operation: read},
		{Resource: kmsg.ACLResourceTypeTransactionalId, Name: "panther", Operation: write},
		{Resource: kmsg.ACLResourceTypeTopic, Name: "lines", Operation: read},
	}
	for i := range grants {
		grants[i].Pattern, grants[i].Allow = kmsg.ACLResourcePatternTypePrefixed, true
	}
	out := stream.Topic{Name: "panther.copies", Partitions: 1}
	node := &stream.Node{Name: "copier", Reads: []stream.Topic{{Name: "lines", Partitions: 1}}, Writes: []stream.Topic{out}, Clocks: out.Name,
		Mapper: func() stream.Mapper { return &copier{out: out.Name} }}
	needsOf := func() Needs {
		n := NeedsOf([]*stream.Node{node}, schemas.Catalogue)
		n.Topics = slices.DeleteFunc(n.Topics, func(t stream.Topic) bool { return t.Name == "lines" })
		n.Producers = []stream.Topic{ProducersTopic("lines")}
		return n
	}
	start := func(t *testing.T, acls []kfake.ACL) (ann, admin Config) {
		ann, admin = guarded(t, acls...)
		if err := Ensure(t.Context(), admin, newClient(t, admin), needsOf().Producers, Layout{}); err != nil {
			t.Fatal(err)
		}
		return ann, admin
	}
	for i := range grants {
		ann, _ := start(t, slices.Delete(slices.Clone(grants), i, i+1))
		problems := Preflight(t.Context(), ann, needsOf())
		problems = append(problems, Preflight(t.Context(), ann, needsOf())...) // now the topics are there, and looked at
		if len(problems) == 0 {
			t.Errorf("without grant %d, %+v, preflight finds nothing wrong", i, grants[i])
		}
	}
	ann, admin := start(t, grants)
	if problems := Preflight(t.Context(), ann, needsOf()); len(problems) > 0 {
		t.Fatal(problems)
	}
	if _, err := WriteCatalogue(t.Context(), ann, func(*catalogue.View) ([]stream.Record, error) { return []stream.Record{source("1", "nginx")}, nil }); err != nil {
		t.Fatal(err)
	}
	follower, err := FollowCatalogue(t.Context(), ann)
	if err != nil {
		t.Fatal(err)
	}
	defer follower.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	ended := make(chan error, 1)
	go func() { ended <- NewRunner(ann, node, follower, NewMetrics()).Run(ctx) }()
	produce(t, newClient(t, admin), &kgo.Record{Topic: "lines", Value: []byte("a line")})
	consumed(t, admin, out.Name, 1)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
