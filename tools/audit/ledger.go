package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/kafka"
)

// A ledger is the truth: the lines that the producers' topics hold, and, noted beside each, what became of it.
type ledger struct {
	parts map[spot][][]line // by offset; each is a record's lines
	ids   map[string]string
	total tally
	of    map[string]*tally // by source
}

// A line is what was sent, and how often it was found again.
type line struct {
	source string
	n      int
	fails  bool

	events, failures   int // records of the pipeline's topics
	eventRows, badRows int // of the lake
	misread            bool
}

// A tally counts lines.
type tally struct{ lines, failing int }

// readLedger reads the producers' topics.
func readLedger(ctx context.Context, cfg kafka.Config) (*ledger, error) {
	l := &ledger{parts: map[spot][][]line{}, ids: map[string]string{}, of: map[string]*tally{}}
	var bad error
	err := readAll(ctx, cfg, inputs(), func(r *kgo.Record) {
		at := spot{r.Topic, r.Partition}
		for int64(len(l.parts[at])) < r.Offset {
			l.parts[at] = append(l.parts[at], []line{{}}) // the producer is not transactional: there should be no hole
		}
		lines, err := unwrap(r.Value)
		if err != nil {
			bad = fmt.Errorf("record %s/%d@%d: %w", r.Topic, r.Partition, r.Offset, err)
		}
		record := make([]line, 0, len(lines))
		for _, text := range lines {
			var v struct {
				Source string          `json:"source"`
				N      int             `json:"n"`
				Grade  json.RawMessage `json:"grade"`
			}
			if err := json.Unmarshal(text, &v); err != nil {
				bad = fmt.Errorf("line %s/%d@%d: %w", r.Topic, r.Partition, r.Offset, err)
			}
			x := line{source: v.Source, n: v.N, fails: len(v.Grade) > 0 && v.Grade[0] == '"'}
			record = append(record, x)
			l.add(x)
		}
		l.parts[at] = append(l.parts[at], record)
	})
	if err == nil {
		err = bad
	}
	if err != nil {
		return nil, fmt.Errorf("read what was sent: %w", err)
	}
	return l, l.readIDs(ctx, cfg)
}

func (l *ledger) add(x line) {
	t := l.of[x.source]
	if t == nil {
		t = &tally{}
		l.of[x.source] = t
	}
	for _, t := range []*tally{t, &l.total} {
		t.lines++
		if x.fails {
			t.failing++
		}
	}
}

// readIDs asks for the ids of the producers' topics, by which rows name them.
func (l *ledger) readIDs(ctx context.Context, cfg kafka.Config) error {
	client, err := cfg.NewClient()
	if err != nil {
		return err
	}
	defer client.Close()
	topics, err := kadm.NewClient(client).ListTopics(ctx, inputs()...)
	if err != nil {
		return fmt.Errorf("ask for the ids of topics: %w", err)
	}
	for _, t := range topics {
		l.ids[fmt.Sprintf("%x", t.ID[:])] = t.Topic
	}
	return nil
}

// line finds a line by its place; nil: there is none.
func (l *ledger) line(topic string, partition int32, offset, number int64) *line {
	records := l.parts[spot{topic, partition}]
	if offset < 0 || offset >= int64(len(records)) || number < 0 || number >= int64(len(records[offset])) {
		return nil
	}
	return &records[offset][number]
}

// holes lists the numbers that a source's lines lack or have twice: the producer's own doing, or the broker's.
func (l *ledger) holes() (wrong []string) {
	numbers := map[string][]int{}
	for _, records := range l.parts {
		for _, x := range slices.Concat(records...) {
			numbers[x.source] = append(numbers[x.source], x.n)
		}
	}
	for source, all := range numbers {
		slices.Sort(all)
		for i, n := range all {
			if n != i+1 {
				wrong = append(wrong, fmt.Sprintf("%s: line %d where %d should be, of %d", source, n, i+1, len(all)))
				break
			}
		}
	}
	slices.Sort(wrong)
	return wrong
}

// each gives every line with its place, in words too, to see, in the order of places.
func (l *ledger) each(see func(name string, x *line)) {
	spots := make([]spot, 0, len(l.parts))
	for at := range l.parts {
		spots = append(spots, at)
	}
	slices.SortFunc(spots, func(a, b spot) int {
		if a.topic != b.topic {
			if a.topic < b.topic {
				return -1
			}
			return 1
		}
		return int(a.partition - b.partition)
	})
	for _, at := range spots {
		for offset, lines := range l.parts[at] {
			for number := range lines {
				x := &lines[number]
				see(fmt.Sprintf("%s/%d@%d:%d, line %d of %s", at.topic, at.partition, offset, number, x.n, x.source), x)
			}
		}
	}
}
