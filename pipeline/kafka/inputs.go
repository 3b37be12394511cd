package kafka

import (
	"context"

	"panther/schemas/catalogue"
)

// resubscribe follows the sources of the catalogue, between transactions. A topic that was made anew is taken up again;
// the others go on meanwhile.
func (s *session) resubscribe() {
	want := s.wanted(s.catalogue.View())
	var add, purge []string
	for t := range want {
		if !s.subscribe[t] || s.renewed[t] {
			add = append(add, t)
		}
	}
	for t := range s.subscribe {
		if !want[t] || s.renewed[t] {
			purge = append(purge, t)
		}
	}
	if len(add)+len(purge) == 0 {
		return
	}
	s.log.Info("inputs changed", "added", add, "left", purge)
	if len(purge) > 0 {
		s.group.Client().PurgeTopicsFromConsuming(purge...)
	}
	s.mu.Lock()
	for tp := range s.tasks {
		if !want[tp.topic] || s.renewed[tp.topic] {
			delete(s.tasks, tp)
		}
	}
	s.mu.Unlock()
	if len(add) > 0 {
		s.group.Client().AddConsumeTopics(add...)
	}
	s.subscribe = want
	clear(s.renewed)
}

// waitForTopics waits until there is something to read: a node that reads only what sources name may begin with none.
func (s *session) waitForTopics(ctx context.Context) error {
	for {
		changed := s.catalogue.Changed() // asked before the look: a change between the two is not missed
		if s.subscribe = s.wanted(s.catalogue.View()); len(s.subscribe) > 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// wanted are the topics that the node reads.
func (r *Runner) wanted(v *catalogue.View) map[string]bool {
	topics := map[string]bool{}
	for _, t := range r.node.Reads {
		topics[t.Name] = true
	}
	if r.node.Sources {
		for _, source := range v.Sources() {
			for _, t := range source.Topics {
				topics[t] = true
			}
		}
	}
	return topics
}
