package lake

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/apache/iceberg-go/table"

	"panther/pipeline/stream"
)

// A buffer holds the rows that are on their way into one table.
type buffer struct {
	table   table.Identifier
	fixed   *fixedTable // nil: an event table
	logType string      // of an event table
	parts   map[stream.Partition]*pending
	bytes   int64
	first   time.Time // when the oldest row came
	newest  time.Time // when the newest row came

	columns *columnSet // for the table as it was when it was written last; nil: anew
}

// pending is what a buffer holds of one partition, and what it knows of the table's offset of that partition.
type pending struct {
	rows  []*row // by offset
	from  int64  // the table has all rows below; unknown: not looked since the partition was assigned
	tried int64  // the offset of a commit whose fate is not known; else unknown
}

const unknown = -1

func (p *pending) to() int64 { return p.rows[len(p.rows)-1].Offset + 1 }

func (b *buffer) add(p stream.Partition, r *row, now time.Time) {
	q := b.parts[p]
	if q == nil {
		q = &pending{from: unknown, tried: unknown}
		b.parts[p] = q
	}
	if b.bytes == 0 {
		b.first = now
	}
	q.rows = append(q.rows, r)
	b.bytes += r.size
	b.newest = now
}

// dropBelow forgets the rows of p below an offset: the table has them.
func (b *buffer) dropBelow(p stream.Partition, offset int64) {
	q := b.parts[p]
	n := 0
	for n < len(q.rows) && q.rows[n].Offset < offset {
		b.bytes -= q.rows[n].size
		n++
	}
	q.rows = slices.Delete(q.rows, 0, n)
}

// drop forgets all of p, rows and knowledge.
func (b *buffer) drop(p stream.Partition) {
	if q := b.parts[p]; q != nil {
		for _, r := range q.rows {
			b.bytes -= r.size
		}
		delete(b.parts, p)
	}
}

// waiting returns the partitions that have rows, in a fixed order.
func (b *buffer) waiting() []stream.Partition {
	var out []stream.Partition
	for p, q := range b.parts {
		if len(q.rows) > 0 {
			out = append(out, p)
		}
	}
	sortPartitions(out)
	return out
}

func sortPartitions(ps []stream.Partition) {
	slices.SortFunc(ps, func(a, b stream.Partition) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), slices.Compare(a.ID[:], b.ID[:]), cmp.Compare(a.Num, b.Num))
	})
}

// buffersBySize returns buffers that hold rows, the largest first.
func buffersBySize(bs map[string]*buffer) []*buffer {
	out := slices.DeleteFunc(slices.Collect(maps.Values(bs)), func(b *buffer) bool { return b.bytes == 0 })
	slices.SortFunc(out, func(a, b *buffer) int {
		return cmp.Or(cmp.Compare(b.bytes, a.bytes), cmp.Compare(folderOf(a.table), folderOf(b.table)))
	})
	return out
}
