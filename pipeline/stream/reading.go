package stream

import (
	"slices"
	"time"
)

// A reading sums up the clocks of a topic's partitions: a million sources ask for it, and there may be thousands of partitions
// and paths.
type reading struct {
	at    time.Time
	whole bool   // every partition and path has been heard of
	steps []step // from when all of them speak for a version, or a newer one
}

func (t *topicClock) reading() *reading {
	if t.sum == nil {
		t.sum = &reading{}
		t.sum.at, t.sum.whole = t.least()
		t.sum.steps = t.steps()
	}
	return t.sum
}

func (t *topicClock) least() (at time.Time, whole bool) {
	for i, p := range t.Parts {
		if i == 0 || p.At.Before(at) {
			at = p.At
		}
	}
	return at, len(t.Parts) > 0 && len(t.Parts) == int(t.Of)*int(t.Paths)
}

// steps lists the versions of which every partition speaks, each with the latest time at which one began to.
func (t *topicClock) steps() (all []step) {
	var versions []int64
	for _, p := range t.Parts {
		for _, s := range p.Steps {
			if i, ok := slices.BinarySearch(versions, s.Version); !ok {
				versions = slices.Insert(versions, i, s.Version)
			}
		}
	}
	for _, v := range versions {
		s := step{Version: v}
		for _, p := range t.Parts {
			i := spokeFor(p.Steps, v)
			if i == len(p.Steps) {
				return all
			}
			s.Written = later(s.Written, p.Steps[i].Written)
		}
		all = append(all, s)
	}
	return all
}

// spokeFor finds the first of steps that is of a version or a newer one.
func spokeFor(steps []step, version int64) int {
	i, _ := slices.BinarySearchFunc(steps, version, func(s step, v int64) int {
		if s.Version < v {
			return -1
		}
		return 1
	})
	return i
}
