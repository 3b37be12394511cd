package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"panther/pipeline"
	"panther/pipeline/kafka"
	"panther/pipeline/stream"
	"panther/schemas/catalogue"
)

// The times of the audit: far shorter than in use, so that a minute holds many of them.
const (
	heartbeat          = 500 * time.Millisecond
	sessionTimeout     = 3 * time.Second
	transactionTimeout = 5 * time.Second
	lakeInterval       = 2 * time.Second
	silence            = 10 * time.Second // the drop-off threshold of every source; files may not say less than a minute
)

// A source is a log source of the audit and how it behaves.
type source struct {
	name       string
	logType    string
	topics     []string
	partitions int
	share      float64       // of the rate; 0: it sends one line each pause
	pause      time.Duration // between two lines of a slow source
	failing    int           // one line of so many does not match; 0: all match
	falls      bool          // it falls silent until its alarm is seen
	lines      int           // in each of its records; 0: one
	pack       packing       // of records with several
}

// sources have different shapes: two topics and one, keyed and not, busy and slow, a line a record and many.
func sources() []source {
	return []source{
		{name: "alpha", logType: "Audit.Web", topics: []string{"alpha-1", "alpha-2"}, partitions: 3, share: 0.4, failing: 50},
		{name: "beta", logType: "Audit.Mail", topics: []string{"beta"}, partitions: 4, share: 0.3, failing: 7},
		{name: "gamma", logType: "Audit.Web", topics: []string{"gamma"}, partitions: 2, share: 0.2, failing: 30, lines: 8, pack: jsonArray},
		{name: "delta", logType: "Audit.Mail", topics: []string{"delta"}, partitions: 2, share: 0.1, failing: 40, lines: 5, pack: cloudWatch},
		{name: "slow", logType: "Audit.Mail", topics: []string{"slow"}, partitions: 2, pause: 2 * time.Second},
		{name: "quiet", logType: "Audit.Web", topics: []string{"quiet"}, partitions: 3, pause: 100 * time.Millisecond, falls: true},
	}
}

// destinations are the two web hooks of the audit; the second refuses the first attempt at each alert.
var destinations = []string{"steady", "flaky"}

const schemaFile = `schema: %s
description: Lines of the audit. A line whose grade is a word does not match.
fields:
- {name: source, type: string, required: true}
- {name: n, type: bigint, required: true}
- {name: time, type: timestamp, required: true, timeFormats: [rfc3339], isEventTime: true}
- {name: grade, type: int, required: true}
- {name: text, type: string}
`

// config is how the audit and its workers reach the broker.
func config(broker, protocol string) kafka.Config {
	return kafka.Config{Brokers: []string{broker}, Protocol: protocol, Heartbeat: heartbeat, SessionTimeout: sessionTimeout,
		TransactionTimeout: transactionTimeout, CommitInterval: 100 * time.Millisecond}
}

// prepare makes the topics and writes the catalogue.
func prepare(ctx context.Context, cfg kafka.Config, dir, hook string, partitions int) error {
	client, err := cfg.NewClient()
	if err != nil {
		return err
	}
	defer client.Close()
	topics := pipeline.Topics()
	for i := range topics {
		switch topics[i].Partitions {
		case stream.One:
		case stream.Bulk:
			topics[i].Partitions = partitions
		default:
			topics[i].Partitions = max(partitions/2, 1)
		}
	}
	if err := kafka.Ensure(ctx, cfg, client, topics, kafka.Layout{}); err != nil {
		return err
	}
	for _, s := range sources() {
		for _, t := range s.topics {
			if _, err := kadm.NewClient(client).CreateTopic(ctx, int32(s.partitions), 1, nil, t); err != nil {
				return fmt.Errorf("make topic %s: %w", t, err)
			}
		}
	}
	return apply(ctx, cfg, dir, hook)
}

// apply writes the catalogue from files, as a person would, but for the alarms, which are shorter than a person's may be.
func apply(ctx context.Context, cfg kafka.Config, dir, hook string) error {
	folder := filepath.Join(dir, "catalogue")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	var docs []string
	for _, t := range []string{"Audit.Web", "Audit.Mail"} {
		if err := os.WriteFile(filepath.Join(folder, strings.ToLower(t)+".yml"), fmt.Appendf(nil, schemaFile, t), 0o644); err != nil {
			return err
		}
	}
	for _, s := range sources() {
		docs = append(docs, fmt.Sprintf("kind: LogSource\nname: %s\ntopics: [%s]\nlogTypes: [%s]\n", s.name, strings.Join(s.topics, ", "), s.logType))
	}
	for _, d := range destinations {
		docs = append(docs, fmt.Sprintf("kind: Destination\nname: %s\ntype: webhook\nwebhook: {url: \"%s/%s\"}\nseverities: [CRITICAL]\n", d, hook, d))
	}
	if err := os.WriteFile(filepath.Join(folder, "audit.yml"), []byte(strings.Join(docs, "---\n")), 0o644); err != nil {
		return err
	}
	files, err := catalogue.Parse(folder)
	if err != nil {
		return err
	}
	for i := range files.Sources {
		files.Sources[i].Alarm = silence
	}
	_, err = kafka.WriteCatalogue(ctx, cfg, func(v *catalogue.View) ([]stream.Record, error) {
		changes, err := catalogue.Plan(v, files, catalogue.Options{}, time.Now().UTC(), "audit")
		return changes.Records(), err
	})
	return err
}

// ids are the ids that the catalogue gave to sources and destinations, by name.
func ids(ctx context.Context, cfg kafka.Config) (map[string]string, error) {
	follower, err := kafka.FollowCatalogue(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer follower.Close()
	out := map[string]string{}
	for _, s := range follower.View().Sources() {
		out[s.Label] = s.ID
	}
	for _, d := range follower.View().Destinations() {
		out[d.Label] = d.ID
	}
	return out, nil
}

// inputs are the topics of all sources.
func inputs() (topics []string) {
	for _, s := range sources() {
		topics = append(topics, s.topics...)
	}
	return topics
}

// ours are the topics of the pipeline.
func ours() (topics []string) {
	for _, t := range pipeline.Topics() {
		topics = append(topics, t.Name)
	}
	return topics
}
