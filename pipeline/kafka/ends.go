package kafka

import "context"

// Ends returns how many offsets were given out in topics: the high watermarks of all their partitions, added up by topic.
func Ends(ctx context.Context, cfg Config, topics ...string) (map[string]int64, error) {
	client, err := cfg.NewClient()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	seen, err := look(ctx, client, topics)
	if err != nil {
		return nil, cfg.Explain(err)
	}
	ends := map[string]int64{}
	for tp, l := range seen {
		if tp.num >= 0 {
			ends[tp.topic] += l.end
		}
	}
	return ends, nil
}
