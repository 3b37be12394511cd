package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/kafka"
)

// A spot is one partition of a topic.
type spot struct {
	topic     string
	partition int32
}

// ends are the offsets up to which all is decided, and those partitions where that is not all there is: behind a transaction
// left open readers wait, and the last stable offset stays behind the high watermark.
func ends(ctx context.Context, client *kgo.Client, topics []string) (decided map[spot]int64, open []string, err error) {
	admin := kadm.NewClient(client)
	decided = map[spot]int64{}
	all, err := admin.ListEndOffsets(ctx, topics...)
	if err != nil {
		return nil, nil, fmt.Errorf("ask where topics end: %w", err)
	}
	stable, err := admin.ListCommittedOffsets(ctx, topics...)
	if err != nil {
		return nil, nil, fmt.Errorf("ask where topics end: %w", err)
	}
	all.Each(func(o kadm.ListedOffset) {
		s, _ := stable.Lookup(o.Topic, o.Partition)
		decided[spot{o.Topic, o.Partition}] = s.Offset
		if o.Err != nil || s.Err != nil || s.Offset != o.Offset {
			open = append(open, fmt.Sprintf("%s/%d stable up to %d of %d", o.Topic, o.Partition, s.Offset, o.Offset))
		}
	})
	slices.Sort(open)
	return decided, open, nil
}

// readAll gives every committed record of topics to take, from the start to the end of what is decided; control records and the barriers of
// restores are left out.
func readAll(ctx context.Context, cfg kafka.Config, topics []string, take func(*kgo.Record)) error {
	client, err := cfg.NewClient(kgo.ConsumeTopics(topics...), kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.FetchMaxWait(100*time.Millisecond))
	if err != nil {
		return err
	}
	defer client.Close()
	left, _, err := ends(ctx, client, topics)
	if err != nil {
		return err
	}
	for s, end := range left {
		if end == 0 {
			delete(left, s)
		}
	}
	for len(left) > 0 {
		poll, cancel := context.WithTimeout(ctx, 30*time.Second)
		fetches := client.PollFetches(poll)
		cancel()
		if err := fetches.Err(); err != nil {
			return fmt.Errorf("read %s: not to the end of %v: %w", strings.Join(topics, ", "), left, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			at := spot{r.Topic, r.Partition}
			if end, ok := left[at]; ok && r.Offset >= end-1 {
				delete(left, at)
			}
			if !r.Attrs.IsControl() && !kafka.IsBarrier(r) {
				take(r)
			}
		})
	}
	return nil
}
