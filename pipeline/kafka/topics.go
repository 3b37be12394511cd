package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"panther/pipeline/stream"
)

// A Layout says how topics lie on the brokers.
type Layout struct {
	Embedded       bool  // on the embedded broker: few partitions, and a bound on their size
	Replication    int   // copies of each partition; 0: three, or as many as there are brokers
	RetentionBytes int64 // embedded: the bound for a partition whose records expire; 0: 128 MiB
}

// partitions is how many of the wanted partitions a topic gets.
func (l Layout) partitions(wanted int) int {
	if l.Embedded {
		return min(wanted, 2) // it writes the ends of a transaction one partition after the other
	}
	return wanted
}

// A setting is a property of a topic, and the sense in which another value may be as good.
type setting struct {
	value string
	fits  fit
	minor bool // the pipeline runs all the same
}

// A fit says which values, besides the one wanted, do.
type fit int

const (
	exactly fit = iota
	atLeast     // -1 is endless
	atMost
)

// settings are those that topic t is to have.
func (l Layout) settings(t stream.Topic, replication int) map[string]setting {
	s := map[string]setting{
		"cleanup.policy":    {value: "delete"},
		"retention.ms":      {value: "-1", fits: atLeast},
		"max.message.bytes": {value: strconv.Itoa(MaxMessageBytes), fits: atLeast},
	}
	if t.Keep > 0 {
		s["retention.ms"] = setting{value: millis(t.Keep), fits: atLeast}
	}
	if replication >= 3 {
		s["min.insync.replicas"] = setting{value: "2", fits: atLeast, minor: true}
	}
	switch {
	case t.Compact && t.Keep > 0:
		s["cleanup.policy"] = setting{value: "compact,delete"}
	case t.Compact:
		s["cleanup.policy"] = setting{value: "compact"}
	case l.Embedded:
		s["retention.bytes"] = setting{value: strconv.FormatInt(cmp.Or(l.RetentionBytes, 128<<20), 10)}
	}
	if t.Compact && !l.Embedded {
		s["min.cleanable.dirty.ratio"] = setting{value: "0.1", fits: atMost, minor: true}
		s["segment.ms"] = setting{value: millis(time.Hour), fits: atMost, minor: true}
		s["max.compaction.lag.ms"] = setting{value: millis(max(time.Hour, t.History)), fits: atMost, minor: true}
		if t.History > 0 {
			s["min.compaction.lag.ms"] = setting{value: millis(t.History), fits: atLeast, minor: true}
		}
		// A reader that is away for less than this still sees that a key is gone.
		s["delete.retention.ms"] = setting{value: millis(24 * time.Hour), fits: atLeast, minor: true}
	}
	return s
}

// met reports whether a topic that has the value got is served.
func (s setting) met(got string) bool {
	if s.fits == exactly {
		split := func(list string) []string { return slices.Sorted(strings.SplitSeq(list, ",")) }
		return slices.Equal(split(got), split(s.value))
	}
	want, err1 := strconv.ParseFloat(s.value, 64)
	have, err2 := strconv.ParseFloat(got, 64)
	switch {
	case err1 != nil || err2 != nil:
		return got == s.value
	case s.fits == atMost:
		return have <= want
	}
	return have == -1 || want != -1 && have >= want
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// Ensure makes the topics that are not there, and looks at those that are. It returns a Problems of all that is wrong: on a
// cluster, other people's settings are not changed, but the command is told that does it. The embedded broker is ours; there
// Ensure changes what differs.
func Ensure(ctx context.Context, cfg Config, client *kgo.Client, topics []stream.Topic, layout Layout) error {
	e := ensurer{cfg: cfg, client: client, admin: kadm.NewClient(client), layout: layout}
	e.admin.SetTimeoutMillis(15_000)
	problems, err := e.ensure(ctx, topics)
	if err != nil {
		return fmt.Errorf("make the topics: %w", cfg.Explain(err, Access{"Describe", "cluster", ""}))
	}
	if len(problems) > 0 {
		return problems
	}
	return nil
}

type ensurer struct {
	cfg         Config
	client      *kgo.Client
	admin       *kadm.Client
	layout      Layout
	replication int
	patience    time.Time // until when all topics together wait for brokers
}

func (e *ensurer) ensure(ctx context.Context, topics []stream.Topic) (Problems, error) {
	brokers, err := e.admin.ListBrokers(ctx)
	if err != nil {
		return nil, err
	}
	e.replication = replicationOf(e.layout, len(brokers))
	e.patience = time.Now().Add(15 * time.Second)
	there, err := describe(ctx, e.client, namesOf(topics)...)
	if err != nil {
		return nil, err
	}
	var problems Problems
	var existing []stream.Topic
	var made []string
	for _, t := range topics {
		switch err := there[t.Name].err; {
		case err == nil:
			existing = append(existing, t)
		case errors.Is(err, kerr.UnknownTopicOrPartition):
			was, p := e.create(ctx, t)
			if p != nil {
				problems = append(problems, p)
				continue
			}
			made = append(made, t.Name)
			if was {
				existing = append(existing, t)
			}
		case errors.Is(err, kerr.TopicAuthorizationFailed):
			// Nothing is granted: a broker does not even say whether the topic is there.
			p := e.cfg.Refused(Access{"Describe", "topic", t.Name}, err)
			p.Mend = "grant what is needed: " + e.cfg.grant(Access{"Read", "topic", t.Name}, "Write", "Create", "DescribeConfigs")
			problems = append(problems, p)
		default:
			problems = append(problems, e.problem("look at topic "+t.Name, err, Access{"Describe", "topic", t.Name}))
		}
	}
	if len(made) > 0 {
		if err := seen(ctx, e.client, made); err != nil {
			return problems, err
		}
	}
	found, err := e.check(ctx, existing)
	return append(problems, found...), err
}

// seen waits until the brokers know topics that the controller has just made.
func seen(ctx context.Context, client *kgo.Client, topics []string) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for {
		there, err := describe(ctx, client, topics...)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(topics, func(t string) bool { return there[t].err != nil })
		if i < 0 {
			return nil
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("wait for topic %s, just made: %w", topics[i], there[topics[i]].err)
		}
	}
}

// replicationOf is how many copies of a partition there are to be.
func replicationOf(l Layout, brokers int) int {
	if l.Replication > 0 {
		return l.Replication
	}
	return max(1, min(3, brokers))
}

// problem says what was tried, unless the cause is explained better.
func (e *ensurer) problem(what string, err error, on ...Access) *Problem {
	var p *Problem
	if errors.As(e.cfg.Explain(err, on...), &p) {
		return p
	}
	return &Problem{What: what, Err: err}
}

// create makes a topic, and says whether it was there already: this broker may not have heard of it yet.
func (e *ensurer) create(ctx context.Context, t stream.Topic) (was bool, p *Problem) {
	configs := map[string]*string{}
	for name, s := range e.layout.settings(t, e.replication) {
		configs[name] = &s.value
	}
	err := e.createOne(ctx, t, configs)
	if err == nil || errors.Is(err, kerr.TopicAlreadyExists) {
		return err != nil, nil
	}
	if errors.Is(err, kerr.TopicAuthorizationFailed) || errors.Is(err, kerr.ClusterAuthorizationFailed) {
		p := e.cfg.Refused(Access{"Create", "topic", t.Name}, err)
		p.Mend += "; or make it: " + e.createCommand(t)
		return false, p
	}
	return false, &Problem{What: "make topic " + t.Name, Err: err, Mend: "make it: " + e.createCommand(t)}
}

// createOne asks for a topic. As many copies as there are brokers are too many for a moment, where one of them has just begun or was
// late to say that it is alive: then it waits.
func (e *ensurer) createOne(ctx context.Context, t stream.Topic, configs map[string]*string) error {
	for {
		_, err := e.admin.CreateTopic(ctx, int32(e.layout.partitions(t.Partitions)), int16(e.replication), configs, t.Name)
		wait := errors.Is(err, kerr.InvalidReplicationFactor) && e.layout.Replication == 0 && time.Now().Before(e.patience)
		if !wait || pause(ctx, 250*time.Millisecond) != nil {
			return err
		}
	}
}

// createCommand is what a person may run to make a topic.
func (e *ensurer) createCommand(t stream.Topic) string {
	cmd := fmt.Sprintf("kafka-topics --bootstrap-server %s --create --topic %s --partitions %d --replication-factor %d",
		e.cfg.first(), quote(t.Name), e.layout.partitions(t.Partitions), e.replication)
	settings := e.layout.settings(t, e.replication)
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		cmd += " --config " + quote(name+"="+settings[name].value)
	}
	return cmd
}

// check compares existing topics with what they should be.
func (e *ensurer) check(ctx context.Context, topics []stream.Topic) (Problems, error) {
	if len(topics) == 0 {
		return nil, nil
	}
	there, err := describe(ctx, e.client, namesOf(topics)...)
	if err != nil {
		return nil, err
	}
	configs, err := e.admin.DescribeTopicConfigs(ctx, namesOf(topics)...)
	if err != nil {
		return nil, err
	}
	var problems Problems
	for _, t := range topics {
		problems = append(problems, e.checkPartitions(t, there[t.Name])...)
		config, err := configs.On(t.Name, nil)
		if err == nil {
			err = config.Err
		}
		if err != nil {
			problems = append(problems, e.problem("look at the settings of topic "+t.Name, err, Access{"DescribeConfigs", "topic", t.Name}))
			continue
		}
		if p := e.checkSettings(ctx, t, config); p != nil {
			problems = append(problems, p)
		}
	}
	return problems, nil
}

func (e *ensurer) checkPartitions(t stream.Topic, got described) (problems Problems) {
	if n := got.partitions; t.Partitions == stream.One && n > 1 {
		problems = append(problems, &Problem{What: fmt.Sprintf("topic %s has %d partitions; it must have one, for its records have one order", t.Name, n),
			Mend: "stop every process of the pipeline, delete the topic, and start again; what it held must be applied anew"})
	}
	if n := got.replicas; n < e.replication {
		problems = append(problems, &Problem{What: fmt.Sprintf("topic %s has %d copies of its records, not %d: it is away with its broker", t.Name, n, e.replication),
			Mend: "give it more with kafka-reassign-partitions", Minor: true})
	}
	return problems
}

// checkSettings compares the settings of a topic. All that differs is one problem, as one command mends it.
func (e *ensurer) checkSettings(ctx context.Context, t stream.Topic, config kadm.ResourceConfig) *Problem {
	got := map[string]string{}
	for _, c := range config.Configs {
		got[c.Key] = c.MaybeValue()
	}
	want := e.layout.settings(t, e.replication)
	var differ, set []string
	var alter []kadm.AlterConfig
	minor := true
	for _, name := range slices.Sorted(maps.Keys(want)) {
		s := want[name]
		if s.met(got[name]) {
			continue
		}
		differ = append(differ, fmt.Sprintf("%s is %s, want %s", name, got[name], s.value))
		value := s.value
		if strings.Contains(value, ",") {
			value = "[" + value + "]"
		}
		set = append(set, name+"="+value)
		alter = append(alter, kadm.AlterConfig{Op: kadm.SetConfig, Name: name, Value: kadm.StringPtr(s.value)})
		minor = minor && s.minor
	}
	if len(differ) == 0 {
		return nil
	}
	if e.layout.Embedded {
		res, err := e.admin.AlterTopicConfigs(ctx, alter, t.Name)
		if err == nil {
			_, err = res.On(t.Name, func(r *kadm.AlterConfigsResponse) error { return r.Err })
		}
		if err == nil {
			return nil
		}
	}
	return &Problem{What: fmt.Sprintf("topic %s: %s", t.Name, strings.Join(differ, "; ")), Minor: minor,
		Mend: fmt.Sprintf("set it: kafka-configs --bootstrap-server %s --alter --entity-type topics --entity-name %s --add-config %s",
			e.cfg.first(), quote(t.Name), quote(strings.Join(set, ",")))}
}

// A described topic is what a broker tells of it at the time of asking.
type described struct {
	partitions int
	replicas   int                 // of the partition that has the fewest
	allowed    []kadm.ACLOperation // nil: the broker did not say
	err        error               // of this topic alone
}

// describe asks for topics. It does not take what the client remembers from a few seconds ago.
func describe(ctx context.Context, client *kgo.Client, topics ...string) (map[string]described, error) {
	req := kmsg.NewPtrMetadataRequest()
	req.IncludeTopicAuthorizedOperations = true
	req.Topics = []kmsg.MetadataRequestTopic{}
	for _, name := range topics {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = &name
		req.Topics = append(req.Topics, t)
	}
	resp, err := req.RequestWith(ctx, client)
	if err != nil {
		return nil, err
	}
	there := map[string]described{}
	for _, t := range resp.Topics {
		d := described{partitions: len(t.Partitions), err: kerr.ErrorForCode(t.ErrorCode), allowed: kadm.DecodeACLOperations(t.AuthorizedOperations)}
		for i, p := range t.Partitions {
			if i == 0 || len(p.Replicas) < d.replicas {
				d.replicas = len(p.Replicas)
			}
		}
		there[*t.Topic] = d
	}
	return there, nil
}

// partitionsOf asks for the partitions of a topic.
func partitionsOf(ctx context.Context, cfg Config, client *kgo.Client, topic string) ([]int32, error) {
	there, err := describe(ctx, client, topic)
	if err == nil {
		err = there[topic].err
	}
	if err != nil {
		return nil, fmt.Errorf("ask for its partitions: %w", cfg.Explain(err, Access{"Describe", "topic", topic}))
	}
	partitions := make([]int32, there[topic].partitions)
	for i := range partitions {
		partitions[i] = int32(i)
	}
	return partitions, nil
}

func namesOf(topics []stream.Topic) []string {
	names := make([]string, 0, len(topics))
	for _, t := range topics {
		names = append(names, t.Name)
	}
	return names
}
