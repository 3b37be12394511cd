package stages_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"panther/pipeline/stream"
	"panther/pipeline/streamtest"
)

// conforms holds a node to streamtest.Conform on stories made at random: 30 lines, each at most gap after the one
// before. line makes what happens; now is the time as stories write it.
func conforms(t *testing.T, node func() stream.Node, story streamtest.Story, gap time.Duration, line func(r *rand.Rand, now string) string) {
	if testing.Short() {
		return
	}
	for seed := range uint64(5) {
		t.Run(fmt.Sprint("seed", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			at := streamtest.Begin
			var lines []string
			for range 30 {
				at = at.Add(time.Duration(r.Int64N(int64(gap))).Truncate(time.Second))
				now := streamtest.FormatTime(at)
				if r.IntN(3) == 0 {
					lines = append(lines, now+" time passes")
				}
				lines = append(lines, now+" "+line(r, now))
			}
			streamtest.Conform(t, node, story.Steps(lines))
		})
	}
}

func pick(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }
