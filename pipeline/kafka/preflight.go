package kafka

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"panther/pipeline/stream"
)

// Needs are what a pipeline wants from Kafka.
type Needs struct {
	Topics    []stream.Topic // our own: made if they are not there
	Producers []stream.Topic // of the log sources, to be read where they are; see ProducersTopic
	Groups    []string       // consumer groups of the nodes
	Layout    Layout
	// MakeProducers makes the producers' topics that are not there. Else their absence is a problem.
	MakeProducers bool
	// Inputs names, for a state topic, the input whose partitions it mirrors.
	Inputs map[string]string
}

// ProducersTopic is the topic of a producer, as it is made where nobody made it before.
func ProducersTopic(name string) stream.Topic {
	return stream.Topic{Name: name, Key: "producer's choice", Holds: "lines", Partitions: stream.Control, Keep: 7 * 24 * time.Hour}
}

// NeedsOf collects the needs of nodes.
func NeedsOf(nodes []*stream.Node, also ...stream.Topic) Needs {
	n := Needs{Topics: also, Inputs: map[string]string{}}
	add := func(t stream.Topic) {
		if !slices.ContainsFunc(n.Topics, func(u stream.Topic) bool { return u.Name == t.Name }) {
			n.Topics = append(n.Topics, t)
		}
	}
	for _, node := range nodes {
		for _, t := range slices.Concat(node.Reads, node.Writes) {
			add(t)
		}
		add(node.DeadLetters())
		if t, ok := node.State(); ok {
			add(t)
			if node.Task != nil {
				n.Inputs[t.Name] = node.Reads[0].Name
			}
		}
		n.Groups = append(n.Groups, "panther."+node.Name)
	}
	return n
}

// Preflight looks at everything that Kafka must offer before nodes start, makes the topics that it may make, and returns all
// that is wrong. What cannot be looked at, because something before it failed, is not guessed at.
func Preflight(ctx context.Context, cfg Config, needs Needs) Problems {
	cfg = cfg.WithDefaults()
	client, err := cfg.NewClient()
	if err != nil {
		return Problems{{What: "the configuration of Kafka", Err: err}}
	}
	defer client.Close()
	if err := cfg.Reach(ctx, client); err != nil {
		return Problems{asProblem("reach Kafka at "+cfg.first(), err)}
	}
	p := preflight{cfg: cfg, client: client, needs: needs}
	for _, look := range []func(context.Context) error{p.versions, p.ours, p.producers, p.mirrors, p.groups, p.transactions} {
		if err := look(ctx); err != nil {
			p.add(asProblem("look at Kafka", cfg.Explain(err)))
		}
	}
	return p.problems
}

type preflight struct {
	cfg      Config
	client   *kgo.Client
	needs    Needs
	problems Problems
}

func (p *preflight) add(ps ...*Problem) { p.problems = append(p.problems, ps...) }

// asProblem is err, as a problem with what was tried.
func asProblem(what string, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	return &Problem{What: what, Err: err}
}

// versions asks each broker what it can do. A cluster in the middle of an upgrade can do what its oldest can.
func (p *preflight) versions(ctx context.Context) error {
	versions, err := kadm.NewClient(p.client).ApiVersions(ctx)
	if err != nil {
		return err
	}
	needed := []struct {
		key  kmsg.Key
		min  int16
		what string
		mend string
		on   bool
	}{
		{kmsg.TxnOffsetCommit, 3, "it cannot fence the transactions of a consumer group", "Kafka 2.5 or newer is needed", true},
		{kmsg.ConsumerGroupHeartbeat, 1, "it does not offer the group protocol consumer", "Kafka 4.0 or newer is needed for it; or set the group protocol to auto or classic",
			p.cfg.Protocol == "consumer"},
	}
	versions.Each(func(v kadm.BrokerApiVersions) {
		if v.Err != nil {
			p.add(asProblem(fmt.Sprintf("ask broker %d for its version", v.NodeID), p.cfg.Explain(v.Err)))
			return
		}
		for _, n := range needed {
			if have, ok := v.KeyMaxVersion(n.key.Int16()); n.on && (!ok || have < n.min) {
				p.add(&Problem{What: fmt.Sprintf("broker %d is of version %s: %s", v.NodeID, v.VersionGuess(), n.what), Mend: n.mend})
			}
		}
	})
	return nil
}

// ours makes and checks our own topics.
func (p *preflight) ours(ctx context.Context) error {
	err := Ensure(ctx, p.cfg, p.client, p.needs.Topics, p.needs.Layout)
	if found := (Problems)(nil); errors.As(err, &found) {
		p.add(found...)
	} else if err != nil {
		return err
	}
	there, err := describe(ctx, p.client, namesOf(p.needs.Topics)...)
	if err != nil {
		return err
	}
	for _, t := range p.needs.Topics {
		p.allowed(t.Name, there[t.Name], kmsg.ACLOperationRead, kmsg.ACLOperationWrite)
	}
	return nil
}

// allowed names the operations on a topic that the broker would refuse.
func (p *preflight) allowed(topic string, d described, operations ...kmsg.ACLOperation) {
	if d.err != nil || len(d.allowed) == 0 {
		return // told already; or the broker is too old to say
	}
	for _, op := range operations {
		if !slices.Contains(d.allowed, op) {
			p.add(p.cfg.Refused(Access{operationNames[op], "topic", topic}, nil))
		}
	}
}

// operationNames are those of Kafka's own tools.
var operationNames = map[kmsg.ACLOperation]string{kmsg.ACLOperationRead: "Read", kmsg.ACLOperationWrite: "Write"}

// producers checks the topics that log sources name. Their settings are their owners' business.
func (p *preflight) producers(ctx context.Context) error {
	there, err := describe(ctx, p.client, namesOf(p.needs.Producers)...)
	if err != nil {
		return err
	}
	var missing []stream.Topic
	for _, t := range p.needs.Producers {
		switch d := there[t.Name]; {
		case d.err == nil:
			p.allowed(t.Name, d, kmsg.ACLOperationRead)
		case errors.Is(d.err, kerr.UnknownTopicOrPartition):
			missing = append(missing, t)
		case errors.Is(d.err, kerr.TopicAuthorizationFailed):
			// Kafka does not say whether a topic is there to who may not know.
			p.add(p.cfg.Refused(Access{"Describe", "topic", t.Name}, d.err), p.cfg.Refused(Access{"Read", "topic", t.Name}, nil))
		default:
			p.add(asProblem("look at topic "+t.Name+" of a log source", p.cfg.Explain(d.err, Access{"Describe", "topic", t.Name})))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if p.needs.MakeProducers {
		err := Ensure(ctx, p.cfg, p.client, missing, p.needs.Layout)
		if found := (Problems)(nil); errors.As(err, &found) {
			p.add(found...)
			return nil
		}
		return err
	}
	brokers, err := kadm.NewClient(p.client).ListBrokers(ctx)
	if err != nil {
		return err
	}
	e := ensurer{cfg: p.cfg, layout: p.needs.Layout, replication: replicationOf(p.needs.Layout, len(brokers))}
	for _, t := range missing {
		p.add(&Problem{What: fmt.Sprintf("topic %s, which a log source names, does not exist", t.Name), Mend: "correct the name; or set createTopics (PANTHER_CREATE_TOPICS=true); or make it: " + e.createCommand(t)})
	}
	return nil
}

// mirrors checks that each state topic has a partition for each one of its node's input.
func (p *preflight) mirrors(ctx context.Context) error {
	var names []string
	for state, input := range p.needs.Inputs {
		names = append(names, state, input)
	}
	slices.Sort(names)
	there, err := describe(ctx, p.client, slices.Compact(names)...)
	if err != nil {
		return err
	}
	for _, state := range names {
		input := p.needs.Inputs[state]
		s, in := there[state], there[input]
		if input == "" || s.err != nil || in.err != nil || s.partitions >= in.partitions {
			continue
		}
		p.add(&Problem{What: fmt.Sprintf("topic %s has %d partitions, its input %s has %d; the state of the others has no place", state, s.partitions, input, in.partitions),
			Mend: fmt.Sprintf("give it as many: kafka-topics --bootstrap-server %s --alter --topic %s --partitions %d", p.cfg.first(), quote(state), in.partitions)})
	}
	return nil
}

// groups checks that the nodes may join their groups. A cluster that never had a group makes its topic for them now.
func (p *preflight) groups(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for _, g := range p.needs.Groups {
		err := p.group(ctx, g)
		for kerr.IsRetriable(err) && pause(ctx, 200*time.Millisecond) == nil {
			err = p.group(ctx, g)
		}
		if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
			p.add(asProblem("look at consumer group "+g, p.cfg.Explain(err, Access{"Read", "group", g})))
		}
	}
	return nil
}

// group asks for the offsets of a group: any member does so, and the group need not exist.
func (p *preflight) group(ctx context.Context, name string) error {
	req := kmsg.NewPtrOffsetFetchRequest()
	group := kmsg.NewOffsetFetchRequestGroup()
	group.Group = name
	req.Groups = append(req.Groups, group)
	resp, err := req.RequestWith(ctx, p.client)
	if err != nil {
		return err
	}
	for _, g := range resp.Groups {
		if err := kerr.ErrorForCode(g.ErrorCode); err != nil {
			return err
		}
	}
	return kerr.ErrorForCode(resp.ErrorCode)
}

// transactions checks that the nodes may take transactional ids, by taking one.
func (p *preflight) transactions(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	id := fmt.Sprintf("panther.preflight.%x", rand.Uint64())
	client, err := p.cfg.NewClient(kgo.TransactionalID(id), kgo.TransactionTimeout(p.cfg.TransactionTimeout))
	if err != nil {
		return err
	}
	defer client.Close()
	_, _, err = client.ProducerID(ctx)
	switch {
	case err == nil:
	case errors.Is(err, kerr.TransactionalIDAuthorizationFailed):
		refused := p.cfg.Refused(Access{"Write", "transactional-id", "panther"}, err)
		refused.Mend += " --resource-pattern-type prefixed"
		p.add(refused)
	case errors.Is(err, kerr.InvalidTransactionTimeout):
		p.add(&Problem{What: fmt.Sprintf("Kafka does not accept the transaction timeout %s", p.cfg.TransactionTimeout), Err: err,
			Mend: "set a shorter one, or raise the brokers' transaction.max.timeout.ms"})
	default:
		p.add(&Problem{What: "Kafka gives no transactional id", Err: p.cfg.Explain(err),
			Mend: "the topic __transaction_state must be well: on fewer than three brokers, set transaction.state.log.replication.factor and transaction.state.log.min.isr to fit"})
	}
	return nil
}

// Text lists the problems for a person, numbered, the serious first.
func (ps Problems) Text() string {
	ordered := slices.Clone(ps)
	slices.SortStableFunc(ordered, func(a, b *Problem) int {
		switch {
		case a.Minor == b.Minor:
			return 0
		case b.Minor:
			return -1
		}
		return 1
	})
	var b strings.Builder
	for i, p := range ordered {
		fmt.Fprintf(&b, "%2d. %s", i+1, p.What)
		if p.Err != nil {
			fmt.Fprintf(&b, ": %v", p.Err)
		}
		if p.Minor {
			b.WriteString(" (it runs all the same)")
		}
		b.WriteByte('\n')
		if p.Mend != "" {
			fmt.Fprintf(&b, "    %s\n", p.Mend)
		}
	}
	return b.String()
}
