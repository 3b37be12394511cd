package kafka

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/stream"
)

// assign restores the state of partitions that the group gives to this session, and says where their reading begins. It
// always answers with exact offsets: the client then counts them as committed, so that a transaction that consumed nothing
// can commit them again and be fenced by it.
func (s *session) assign(ctx context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	<-s.opened
	began := time.Now()
	tasks, err := s.restore(ctx, offsets)
	if err != nil {
		s.seldom("state could not be restored; the partitions wait", "err", err)
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for topic, parts := range offsets {
		for num := range parts {
			tp := topicPartition{topic, num}
			if t := tasks[tp]; t != nil {
				s.tasks[tp] = t
				parts[num] = kgo.NewOffset().At(t.edge.Position)
			} else {
				delete(parts, num) // it waits; the others go on
				s.away[tp] = true
			}
		}
	}
	s.ready.Store(true)
	if len(tasks) > 0 {
		s.log.Info("partitions assigned", "count", len(tasks), "took", time.Since(began).Round(time.Millisecond))
	}
	s.Look()
	s.wake()
	return offsets, nil
}

func (s *session) restore(ctx context.Context, offsets map[string]map[int32]kgo.Offset) (map[topicPartition]*task, error) {
	topics := make([]string, 0, len(offsets))
	for topic, parts := range offsets {
		if len(parts) > 0 {
			topics = append(topics, topic)
		}
	}
	if len(topics) == 0 {
		return nil, nil
	}
	seen, err := look(ctx, s.group.Client(), topics)
	if err != nil {
		return nil, s.cfg.Explain(err)
	}
	tasks := map[topicPartition]*task{}
	for topic, parts := range offsets {
		for p := range parts {
			l := seen[topicPartition{topic, p}]
			if err := l.problem(); err != nil {
				s.log.Error("a partition cannot be read; it waits, the others go on", "topic", topic, "partition", p, "err", s.cfg.Explain(err))
				continue
			}
			t := &task{part: stream.Partition{Topic: topic, ID: l.id, Num: p}, fresh: true, assigned: time.Now()}
			t.edge = stream.NewEdge(stream.EdgeState{Topic: topic, ID: l.id, Partition: p, Position: -1})
			if s.node.Task != nil {
				t.stage = s.node.Task(s.latest)
			}
			tasks[topicPartition{topic, p}] = t
		}
	}
	known := map[string]history{}
	if err := s.readState(ctx, tasks, known); err != nil {
		return nil, err
	}
	for tp, t := range tasks {
		s.begin(t, seen[tp], offsets[tp.topic][tp.num].EpochOffset().Offset, known[tp.topic])
	}
	return tasks, nil
}

// latest reads the catalogue to its end: what a task asks for before an alarm.
func (s *session) latest() stream.Catalogue {
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.TransactionTimeout/2)
	defer cancel()
	v, err := s.catalogue.ReadToEnd(ctx)
	if err != nil {
		// No alarm without it: the transaction is given up, and its records come again.
		panic(catalogueAway{err})
	}
	return v
}

// catalogueAway is panicked with where a pure function cannot go on, and caught by the turn, which aborts.
type catalogueAway struct{ err error }

// readState reads the changelog up to its barrier. The state of a stage's task lies in the partition of the same number; the
// positions of a node at the edge are spread by hash. known is filled with when each topic was first read, by anybody.
func (s *session) readState(ctx context.Context, tasks map[topicPartition]*task, known map[string]history) error {
	state, _ := s.node.State()
	if s.node.Task != nil {
		byNum := map[int32]*task{}
		var nums []int32
		for tp, t := range tasks {
			byNum[tp.num] = t
			nums = append(nums, tp.num)
		}
		err := Restore(ctx, s.cfg, state.Name, nums, func(r *kgo.Record) error { return byNum[r.Partition].stage.Restore(r.Key, r.Value) })
		if err != nil {
			return err
		}
		for tp, t := range tasks {
			n := s.counts.of(state.Name)
			t.stage.Start(func(key string) bool { return PartitionFor([]byte(key), int(n)) == tp.num })
		}
		return nil
	}
	byKey := map[string]*task{}
	for _, t := range tasks {
		byKey[positionKey(t.part)] = t
	}
	nums := make([]int32, s.counts.of(state.Name))
	for i := range nums {
		nums[i] = int32(i)
	}
	return Restore(ctx, s.cfg, state.Name, nums, func(r *kgo.Record) error {
		if len(r.Value) == 0 {
			return nil
		}
		var e stream.EdgeState
		if err := json.Unmarshal(r.Value, &e); err != nil {
			return fmt.Errorf("position %s: %w", r.Key, err)
		}
		h, ok := known[e.Topic]
		if !ok || e.Began.Before(h.began) {
			h.began = e.Began
		}
		h.ids = append(h.ids, e.ID)
		known[e.Topic] = h
		if t := byKey[string(r.Key)]; t != nil {
			e.Topic = t.part.Topic
			t.edge = stream.NewEdge(e)
		}
		return nil
	})
}

// history is what the changelog tells of a topic name: when it was first read, and the ids that it had.
type history struct {
	began time.Time
	ids   []stream.ID
}

// positionKey is the key of a partition's position in the changelog of a node at the edge.
func positionKey(p stream.Partition) string { return p.ID.String() + "/" + strconv.Itoa(int(p.Num)) }

// begin decides where reading begins. The changelog knows best: it moved in one transaction with the outputs. The group's
// offset may be gone by accident (they expire), or be that of a topic of the same name that was deleted.
//
// A source that begins with what comes from now on does so once: a partition that is added later, or a topic made anew, is
// read from its start. Several processes that begin at about the same time are one beginning.
func (s *session) begin(t *task, l looked, committed int64, before history) {
	if t.edge.Began.IsZero() {
		t.edge.Began = time.Now().UTC()
	}
	anew := slices.ContainsFunc(before.ids, func(id stream.ID) bool { return id != t.part.ID })
	beginning := len(before.ids) == 0 || !anew && t.edge.Began.Sub(before.began) < 3*s.cfg.Heartbeat
	position, known := t.edge.Position, t.edge.Position >= 0
	if t.stage != nil {
		var id stream.ID
		if id, position, known = t.stage.Position(); known && id != t.part.ID {
			known = false
		}
	}
	log := s.log.With("topic", t.part.Topic, "partition", t.part.Num)
	switch {
	case known && committed >= 0 && committed != position:
		log.Warn("the group's offset is not where the state stands; going by the state", "group", committed, "state", position)
	case known:
	case committed >= 0 && committed <= l.end && s.node.Task == nil && !s.node.Sources:
		position = committed
	case beginning && s.from(t.part.Topic) == "latest":
		position = l.end
	default:
		position = l.start
	}
	hole := position < l.start
	if hole {
		log.Error("records were deleted by retention before they were read", "from", position, "to", l.start, "lost", l.start-position,
			"mend", "raise the topic's retention.ms or retention.bytes, or give this node more processes")
		s.metrics.lost.WithLabelValues(s.node.Name, t.part.Topic).Add(float64(l.start - position))
		t.edge.Hole(l.start, time.Now())
		position = l.start
	} else if position > l.end {
		log.Error("the topic ends before the position: its broker lost records; going on at its end", "position", position, "end", l.end)
		position = l.end
	}
	if position != t.edge.Position {
		t.edge.Within = stream.Place{} // of another record
	}
	t.edge.Position = position
	t.edge = stream.NewEdge(t.edge.EdgeState)
	if t.stage != nil && hole {
		t.stage.Hole()
		t.stage.Commit() // it holds whatever becomes of the first transaction
	}
}

// from is where the reading of a topic begins that was never read: as its source says.
func (s *session) from(topic string) string {
	for _, source := range s.catalogue.View().Sources() {
		for _, t := range source.Topics {
			if t == topic {
				return source.From
			}
		}
	}
	return "earliest"
}
