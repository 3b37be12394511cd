package stages

import (
	"fmt"

	"panther/pipeline/stream"
	"panther/schemas"
)

// Failures raises a signal for each activity that has lines which match none of their source's schemas. It remembers nothing:
// the first signal opens an alert, the aggregator lets the others join it.
type Failures struct{}

// Map turns an activity with failures into a signal.
func (Failures) Map(dst []stream.Record, r stream.Record, _ stream.View) []stream.Record {
	a, ok := r.Message.(schemas.Activity)
	if !ok || a.Failures == 0 {
		return dst
	}
	return append(dst, send(schemas.Signal{
		Type:         schemas.SourceClassificationFailures,
		Component:    schemas.Component{Kind: schemas.LogSource, ID: a.Source, Label: a.Label},
		Verb:         schemas.Raise,
		Cause:        firstFailure(a, r),
		At:           r.Time,
		Count:        a.Failures,
		Fingerprints: a.Fingerprints,
	}))
}

// firstFailure names the first failing line of an activity, which is what an alert is named after.
func firstFailure(a schemas.Activity, r stream.Record) string {
	for _, f := range a.Fingerprints {
		for _, s := range f.Samples {
			return "line " + s.RowID
		}
	}
	return fmt.Sprintf("activity %s/%d/%d", r.TopicID, r.Partition, r.Offset)
}

// Flush has nothing to add.
func (Failures) Flush(dst []stream.Record, _ stream.View) []stream.Record { return dst }

// Reset has nothing to forget.
func (Failures) Reset() {}
