package kafka

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"panther/pipeline/stream"
)

// needs are those of a pipeline of one node, with names of the test's own.
func needs(t testing.TB) Needs {
	expiring, forever, closing := keptTopics(t)
	expiring.Partitions = stream.Control
	return Needs{Topics: []stream.Topic{expiring, forever, closing}, Producers: []stream.Topic{ProducersTopic(expiring.Name + ".raw")},
		Groups: []string{expiring.Name + ".group"}, Inputs: map[string]string{forever.Name: expiring.Name}}
}

func TestPreflightFindsNothingWrong(t *testing.T) {
	cfg := brokers(t)
	n := needs(t)
	n.MakeProducers = true
	for _, protocol := range []string{"auto", "classic", "consumer"} {
		cfg.Protocol = protocol
		if problems := Preflight(t.Context(), cfg, n); len(problems) != 0 {
			t.Errorf("protocol %s: %v", protocol, problems)
		}
	}
}

func TestPreflightTellsAllAtOnce(t *testing.T) {
	cfg := brokers(t)
	n := needs(t)
	createTopic(t, cfg, n.Topics[0].Name, 12, nil) // its state has 8; its settings are the broker's
	cfg.TransactionTimeout = time.Hour
	problems := Preflight(t.Context(), cfg, n)
	text := problems.Text()
	for _, want := range []string{
		"topic " + n.Topics[0].Name + ": max.message.bytes is",
		"topic " + n.Producers[0].Name + ", which a log source names, does not exist",
		"--create --topic " + n.Producers[0].Name + " --partitions 8",
		"topic " + n.Topics[1].Name + " has 8 partitions, its input " + n.Topics[0].Name + " has 12",
		"--alter --topic " + n.Topics[1].Name + " --partitions 12",
		"does not accept the transaction timeout 1h0m0s",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s\nwant %s", text, want)
		}
	}
	if len(problems) != 4 {
		t.Errorf("%d problems, want 4:\n%s", len(problems), text)
	}
}

func TestPreflightWhenKafkaIsAway(t *testing.T) {
	problems := Preflight(t.Context(), Config{Brokers: []string{"127.0.0.1:1"}}, needs(t))
	if len(problems) != 1 || !strings.Contains(problems.Error(), "cannot reach 127.0.0.1:1") {
		t.Errorf("Preflight: %v, want one problem", problems)
	}
}

// What the brokers grant is asked, all of it, before anything starts.
func TestPreflightNamesEveryMissingGrant(t *testing.T) {
	n := needs(t)
	n.Producers = append(n.Producers, ProducersTopic("readable"))
	acls := slices.Concat(
		allow(kmsg.ACLResourceTypeTopic, n.Topics[0].Name, kmsg.ACLOperationDescribe, kmsg.ACLOperationDescribeConfigs, kmsg.ACLOperationRead),
		allow(kmsg.ACLResourceTypeTopic, n.Topics[1].Name, kmsg.ACLOperationDescribeConfigs, kmsg.ACLOperationRead, kmsg.ACLOperationWrite),
		allow(kmsg.ACLResourceTypeTopic, n.Topics[2].Name, kmsg.ACLOperationDescribeConfigs, kmsg.ACLOperationRead, kmsg.ACLOperationWrite),
		allow(kmsg.ACLResourceTypeTopic, "readable", kmsg.ACLOperationRead),
	)
	ann, admin := guarded(t, acls...)
	client := newClient(t, admin)
	if err := Ensure(t.Context(), admin, client, append(slices.Clone(n.Topics), n.Producers...), Layout{}); err != nil {
		t.Fatal(err)
	}
	problems := Preflight(t.Context(), ann, n)
	var got []string
	for _, p := range problems {
		_, command, _ := strings.Cut(p.Mend, "--allow-principal ")
		got = append(got, command)
	}
	want := []string{
		"User:ann --operation Write --topic " + n.Topics[0].Name,
		"User:ann --operation Describe --topic " + n.Producers[0].Name,
		"User:ann --operation Read --topic " + n.Producers[0].Name,
		"User:ann --operation Read --group " + n.Groups[0],
		"User:ann --operation Write --transactional-id panther --resource-pattern-type prefixed",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("grants asked for (-want +got):\n%s\n%s", diff, problems.Text())
	}
}

func TestPreflightOnAnOldKafka(t *testing.T) {
	cfg := inMemory(t, kfake.MaxVersions(kversion.V3_9_0()))
	cfg.Protocol = "consumer"
	problems := Preflight(t.Context(), cfg, Needs{})
	if len(problems) != 1 || !strings.Contains(problems.Error(), "does not offer the group protocol consumer; Kafka 4.0 or newer is needed") {
		t.Errorf("Preflight: %v", problems)
	}
	cfg.Protocol = "auto"
	if problems := Preflight(t.Context(), cfg, Needs{}); len(problems) != 0 {
		t.Errorf("with auto: %v", problems)
	}
}

func TestNeedsOfNodes(t *testing.T) {
	in := stream.Topic{Name: "in", Partitions: 8}
	out := stream.Topic{Name: "out", Partitions: 8}
	node := &stream.Node{Name: "n", Reads: []stream.Topic{in}, Writes: []stream.Topic{out}, Task: func(func() stream.Catalogue) stream.Task { return nil }}
	sink := &stream.Node{Name: "s", Reads: []stream.Topic{out}, Sink: func() (stream.Sink, error) { return nil, nil }}
	got := NeedsOf([]*stream.Node{node, sink}, stream.Topic{Name: "also"})
	if diff := cmp.Diff([]string{"also", "in", "out", "panther.n.dead-letters", "panther.n.state", "panther.s.dead-letters"}, namesOf(got.Topics)); diff != "" {
		t.Errorf("topics (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"panther.n.state": "in"}, got.Inputs); diff != "" {
		t.Errorf("inputs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"panther.n", "panther.s"}, got.Groups); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
}

func TestProblemsForPeople(t *testing.T) {
	problems := Problems{
		{What: "topic a has 1 copies", Mend: "give it more", Minor: true},
		{What: "cannot reach b", Err: errFake{}, Mend: "is it running?"},
	}
	want := " 1. cannot reach b: refused\n    is it running?\n 2. topic a has 1 copies (it runs all the same)\n    give it more\n"
	if diff := cmp.Diff(want, problems.Text()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if serious := problems.Serious(); len(serious) != 1 || serious[0].Minor {
		t.Errorf("serious: %v", serious)
	}
}

type errFake struct{}

func (errFake) Error() string { return "refused" }
