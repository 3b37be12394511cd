package main

import (
	"context"
	"fmt"

	"panther/pipeline/kafka"
	"panther/pipeline/stream"
	"panther/schemas/catalogue"
	"panther/sinks/notify"
)

// lookAtCatalogue tells what will not work of what the catalogue names: destinations that cannot be built, and topics that
// are not there. The rest of the pipeline runs without them, so each problem is minor. Topics that are ours to make are made.
func (s *service) lookAtCatalogue(ctx context.Context) (kafka.Problems, error) {
	v, err := readCatalogue(ctx, s.kafka)
	if err != nil {
		return nil, err
	}
	problems := s.destinations(v.Destinations())
	missing, found, err := kafka.Missing(ctx, s.kafka, sourcesTopics(v.Sources()), s.layout())
	switch {
	case err != nil:
		found = kafka.Problems{{What: "look at the topics of the log sources", Err: err}}
	case len(missing) > 0 && (s.config.Embedded != nil || s.config.CreateTopics):
		return problems, ensure(ctx, s.kafka, missing, s.layout())
	}
	for _, p := range found {
		p.Minor = true
	}
	return append(problems, found...), nil
}

// destinations tells which destinations get no alerts, as those whose secret is not set.
func (s *service) destinations(all []catalogue.Destination) (problems kafka.Problems) {
	for _, d := range all {
		if _, err := notify.Build(d, notify.Options{Env: s.env}); err != nil {
			problems = append(problems, &kafka.Problem{What: err.Error(), Minor: true,
				Mend: fmt.Sprintf("alerts for %q wait until then; the other destinations get theirs", d.Label)})
		}
	}
	return problems
}

// sourcesTopics are the topics that log sources name.
func sourcesTopics(sources []catalogue.LogSource) (topics []stream.Topic) {
	for _, source := range sources {
		for _, name := range source.Topics {
			topics = append(topics, kafka.ProducersTopic(name))
		}
	}
	return topics
}
