package lake

import (
	"slices"

	"panther/schemas"
)

// activityColumns are the columns of ActivityTable, in order: fillActivity fills them by these positions.
func activityColumns() []column {
	return slices.Concat(recordColumns("when the lines were classified", "the latest time that the lines say themselves; else p_parse_time"), []column{
		scalar(colLogType, stringType, "the log type; null: of lines that matched none"),
		must(scalar(colSourceID, stringType, "the log source")),
		scalar("p_source_label", stringType, "the name of the log source"),
		scalar("events", longType, "lines that matched the log type"),
		scalar("failures", longType, "lines that matched none"),
		scalar("bytes", longType, "of the lines, uncompressed"),
		scalar("first_arrival", timeType, "when the first of the lines came"),
		scalar("last_arrival", timeType, "when the last of the lines came"),
		fingerprintColumn("the kinds of failures"),
	}, positionColumns())
}

func fillActivity(c *cells, r *row) {
	a := r.Message.(schemas.Activity)
	c.startRecord(r, a.MaxEventTime)
	c.text(a.LogType)
	c.must(a.Source)
	c.text(a.Label)
	c.long(a.Events)
	c.long(a.Failures)
	c.long(a.Bytes)
	c.sane(a.FirstArrival)
	c.sane(a.LastArrival)
	c.fingerprints(a.Fingerprints)
	c.position(placeOf(r))
}
