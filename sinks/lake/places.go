package lake

import (
	"cmp"
	"slices"
)

// places are the positions of rows, by partition: 16 bytes a row, so that ten million fit easily.
type places map[partitionOfTopic]*[]spot

type partitionOfTopic struct {
	topicID string
	num     int32
}

// A spot is the place of a line in its partition.
type spot struct{ offset, line int64 }

func compareSpots(a, b spot) int {
	return cmp.Or(cmp.Compare(a.offset, b.offset), cmp.Compare(a.line, b.line))
}

// of returns the places in a partition, to add to.
func (p places) of(topicID string, num int32) *[]spot {
	key := partitionOfTopic{topicID, num}
	if p[key] == nil {
		p[key] = &[]spot{}
	}
	return p[key]
}

// settle sorts what was added, leaves each place in once, and returns how many there are. Only then has can be asked.
func (p places) settle() (distinct int64) {
	for _, spots := range p {
		slices.SortFunc(*spots, compareSpots)
		*spots = slices.Compact(*spots)
		distinct += int64(len(*spots))
	}
	return distinct
}

func (p places) has(at Place) bool {
	spots := p[partitionOfTopic{at.TopicID, at.Partition}]
	if spots == nil {
		return false
	}
	_, ok := slices.BinarySearchFunc(*spots, spot{at.Offset, at.Line}, compareSpots)
	return ok
}
