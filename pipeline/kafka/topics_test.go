package kafka

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"panther/pipeline/stream"
)

const day = 24 * time.Hour

// kept are topics of each kind of retention, with names of the test's own.
func keptTopics(t testing.TB) (expiring, forever, closing stream.Topic) {
	name := strings.ReplaceAll(t.Name(), "/", "-") + time.Now().Format("-150405.000000")
	return stream.Topic{Name: name + ".events", Partitions: stream.Bulk, Keep: 3 * day},
		stream.Topic{Name: name + ".state", Partitions: stream.Control, Compact: true},
		stream.Topic{Name: name + ".status", Partitions: stream.One, Compact: true, Keep: 90 * day}
}

// settingsOf are a topic's, as the broker tells them.
func settingsOf(t testing.TB, cfg Config, topic string, names ...string) map[string]string {
	t.Helper()
	configs, err := kadm.NewClient(newClient(t, cfg)).DescribeTopicConfigs(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, c := range configs[0].Configs {
		for _, name := range names {
			if c.Key == name {
				got[name] = c.MaybeValue()
			}
		}
	}
	return got
}

func TestEnsureMakesTopics(t *testing.T) {
	cfg := brokers(t)
	client := newClient(t, cfg)
	expiring, forever, closing := keptTopics(t)
	topics := []stream.Topic{expiring, forever, closing}
	for range 2 { // the second time it finds them as they should be
		if err := Ensure(t.Context(), cfg, client, topics, Layout{}); err != nil {
			t.Fatal(err)
		}
	}
	there, err := describe(t.Context(), client, namesOf(topics)...)
	if err != nil {
		t.Fatal(err)
	}
	for _, topic := range topics {
		if got := there[topic.Name]; got.partitions != topic.Partitions || got.replicas != 1 {
			t.Errorf("%s: %d partitions, %d copies", topic.Name, got.partitions, got.replicas)
		}
	}
	for topic, want := range map[string]map[string]string{
		expiring.Name: {"cleanup.policy": "delete", "retention.ms": "259200000", "max.message.bytes": "8388608"},
		forever.Name:  {"cleanup.policy": "compact", "retention.ms": "-1", "max.message.bytes": "8388608", "segment.ms": "3600000", "delete.retention.ms": "86400000"},
		closing.Name:  {"cleanup.policy": "compact,delete", "retention.ms": "7776000000", "max.message.bytes": "8388608", "segment.ms": "3600000", "delete.retention.ms": "86400000"},
	} {
		var names []string
		for name := range want {
			names = append(names, name)
		}
		if diff := cmp.Diff(want, settingsOf(t, cfg, topic, names...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", topic, diff)
		}
	}
}

func TestSettingsOnACluster(t *testing.T) {
	_, forever, _ := keptTopics(t)
	s := Layout{}.settings(forever, 3)
	for name, want := range map[string]string{
		"min.insync.replicas": "2", "min.cleanable.dirty.ratio": "0.1", "max.compaction.lag.ms": "3600000", "segment.ms": "3600000", "delete.retention.ms": "86400000",
	} {
		if s[name].value != want {
			t.Errorf("%s: %q, want %q", name, s[name].value, want)
		}
	}
	forever.History = 24 * time.Hour
	if s := (Layout{}).settings(forever, 3); s["min.compaction.lag.ms"].value != "86400000" || s["max.compaction.lag.ms"].value != "86400000" {
		t.Errorf("with a history: %v", s)
	}
	for brokers, want := range map[int]int{1: 1, 2: 2, 3: 3, 7: 3} {
		if got := replicationOf(Layout{}, brokers); got != want {
			t.Errorf("copies on %d brokers: %d, want %d", brokers, got, want)
		}
	}
}

func TestSettingsThatServe(t *testing.T) {
	for _, c := range []struct {
		setting setting
		got     string
		met     bool
	}{
		{setting{value: "compact,delete"}, "delete,compact", true},
		{setting{value: "compact"}, "delete", false},
		{setting{value: "100", fits: atLeast}, "200", true},
		{setting{value: "100", fits: atLeast}, "99", false},
		{setting{value: "100", fits: atLeast}, "-1", true},
		{setting{value: "-1", fits: atLeast}, "604800000", false},
		{setting{value: "-1", fits: atLeast}, "-1", true},
		{setting{value: "0.1", fits: atMost}, "0.5", false},
		{setting{value: "0.1", fits: atMost}, "0.05", true},
		{setting{value: "100", fits: atLeast}, "", false},
	} {
		if got := c.setting.met(c.got); got != c.met {
			t.Errorf("%+v, got %q: %v, want %v", c.setting, c.got, got, c.met)
		}
	}
}

func TestEnsureTellsWhatDiffers(t *testing.T) {
	cfg := brokers(t)
	client := newClient(t, cfg)
	expiring, forever, _ := keptTopics(t)
	remove, hour, small := "delete", "3600000", "1048576"
	createTopic(t, cfg, forever.Name, 8, map[string]*string{"cleanup.policy": &remove, "retention.ms": &hour})
	createTopic(t, cfg, expiring.Name, 3, map[string]*string{"max.message.bytes": &small})
	err := Ensure(t.Context(), cfg, client, []stream.Topic{expiring, forever}, Layout{})
	problems, ok := err.(Problems)
	if !ok || len(problems) != 2 || len(problems.Serious()) != 2 {
		t.Fatalf("Ensure: %v; want two serious problems", err)
	}
	for i, want := range [][]string{
		{"max.message.bytes is 1048576, want 8388608", "--alter --entity-type topics --entity-name " + expiring.Name + " --add-config max.message.bytes=8388608"},
		{"cleanup.policy is delete, want compact", "retention.ms is 3600000, want -1", "--add-config ", "cleanup.policy=compact"},
	} {
		for _, w := range want {
			if !strings.Contains(problems[i].Error(), w) {
				t.Errorf("%v\nwant %s", problems[i], w)
			}
		}
	}
}

// The catalogue in two partitions would have no order.
func TestEnsureRefusesASecondPartitionWhereOneIsNeeded(t *testing.T) {
	cfg := brokers(t)
	_, _, closing := keptTopics(t)
	createTopic(t, cfg, closing.Name, 2, nil)
	err := Ensure(t.Context(), cfg, newClient(t, cfg), []stream.Topic{closing}, Layout{})
	if err == nil || !strings.Contains(err.Error(), "has 2 partitions; it must have one") {
		t.Errorf("Ensure: %v", err)
	}
}

func TestEnsureOnTheEmbeddedBroker(t *testing.T) {
	e := embedded(t, EmbeddedConfig{Dir: t.TempDir()})
	cfg, client := e.Config(), newClient(t, e.Config())
	expiring, forever, closing := keptTopics(t)
	week := "604800000"
	if _, err := kadm.NewClient(client).CreateTopic(t.Context(), 1, 1, map[string]*string{"retention.ms": &week}, forever.Name); err != nil {
		t.Fatal(err)
	}
	if err := Ensure(t.Context(), cfg, client, []stream.Topic{expiring, forever, closing}, Layout{Embedded: true}); err != nil {
		t.Fatal(err)
	}
	there, err := describe(t.Context(), client, expiring.Name, closing.Name)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := there[expiring.Name].partitions, there[closing.Name].partitions; a != 2 || b != 1 {
		t.Errorf("partitions: %d and %d, want 2 and 1", a, b)
	}
	if diff := cmp.Diff(map[string]string{"cleanup.policy": "compact", "retention.ms": "-1"}, settingsOf(t, cfg, forever.Name, "cleanup.policy", "retention.ms")); diff != "" {
		t.Errorf("settings of a topic that was there, which retention would wipe after a week (-want +got):\n%s", diff)
	}
	if got := settingsOf(t, cfg, expiring.Name, "retention.bytes")["retention.bytes"]; got != "134217728" {
		t.Errorf("retention.bytes %s", got)
	}
}

// Processes that start together make the same topics.
func TestEnsureByTwoAtOnce(t *testing.T) {
	cfg := brokers(t)
	expiring, forever, closing := keptTopics(t)
	var wg sync.WaitGroup
	for range 4 {
		client := newClient(t, cfg)
		wg.Go(func() {
			if err := Ensure(t.Context(), cfg, client, []stream.Topic{expiring, forever, closing}, Layout{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// guarded is a broker on which user ann may do what acls say.
func guarded(t testing.TB, acls ...kfake.ACL) (ann, admin Config) {
	t.Helper()
	cfg := inMemory(t, kfake.EnableSASL(), kfake.EnableACLs(), kfake.Superuser("PLAIN", "admin", "a"), kfake.User("PLAIN", "ann", password, acls...))
	ann, admin = cfg, cfg
	ann.SASL, admin.SASL = SASL{"PLAIN", "ann", password}, SASL{"PLAIN", "admin", "a"}
	return ann, admin
}

func allow(resource kmsg.ACLResourceType, name string, operations ...kmsg.ACLOperation) (acls []kfake.ACL) {
	for _, op := range operations {
		acls = append(acls, kfake.ACL{Resource: resource, Name: name, Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: op, Allow: true})
	}
	return acls
}

func TestEnsureWithoutTheRightToMakeTopics(t *testing.T) {
	ann, _ := guarded(t, allow(kmsg.ACLResourceTypeTopic, "seen", kmsg.ACLOperationDescribe)...)
	err := Ensure(t.Context(), ann, newClient(t, ann), []stream.Topic{{Name: "seen", Partitions: 8, Keep: day}}, Layout{})
	for _, want := range []string{`Kafka refuses user "ann" (PLAIN) to create topic seen`, "--allow-principal User:ann --operation Create --topic seen",
		"kafka-topics --bootstrap-server " + ann.Brokers[0] + " --create --topic seen --partitions 8 --replication-factor 1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Ensure: %v\nwant %s", err, want)
		}
	}
}
