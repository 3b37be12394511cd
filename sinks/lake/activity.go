package lake

import (
	"time"

	"panther/schemas"
)

// activityColumns are the columns of ActivityTable, in order: fillActivity fills them by these positions.
func activityColumns() []column {
	return append([]column{
		must(scalar(colRowID, stringType, "the id of the row, made from the position of the record")),
		must(scalar(colParseTime, timeType, "when the lines were classified")),
		must(scalar(colEventTime, timeType, "the latest time that the lines say themselves; else p_parse_time")),
		scalar(colLogType, stringType, "the log type; null: of lines that matched none"),
		must(scalar(colSourceID, stringType, "the log source")),
		scalar("p_source_label", stringType, "the name of the log source"),
		scalar("events", longType, "lines that matched the log type"),
		scalar("failures", longType, "lines that matched none"),
		scalar("bytes", longType, "of the lines, uncompressed"),
		scalar("first_arrival", timeType, "when the first of the lines came"),
		scalar("last_arrival", timeType, "when the last of the lines came"),
		structs("fingerprints", "the kinds of failures",
			scalar("fingerprint", stringType, ""), scalar("schema", stringType, ""), scalar("code", stringType, ""),
			scalar("field", stringType, ""), scalar("expected", stringType, ""), scalar("got", stringType, ""), scalar("count", longType, "")),
	}, positionColumns()...)
}

// prepareActivity leaves out the clocks, which travel in the same topic.
func prepareActivity(r *row, now time.Time) bool {
	_, ok := r.Message.(schemas.Activity)
	r.at = firstSane(r.Time, now)
	return ok
}

func fillActivity(c *cells, r *row) {
	a := r.Message.(schemas.Activity)
	p := placeOf(r)
	c.must(rowID(p))
	c.time(r.at)
	c.time(firstSane(a.MaxEventTime, r.at))
	c.text(a.LogType)
	c.must(a.Source)
	c.text(a.Label)
	c.long(a.Events)
	c.long(a.Failures)
	c.long(a.Bytes)
	c.sane(a.FirstArrival)
	c.sane(a.LastArrival)
	c.list(len(a.Fingerprints), func(i int, c *cells) { fillFingerprint(c, a.Fingerprints[i]) })
	c.position(p)
}

func fillFingerprint(c *cells, f schemas.Fingerprint) {
	c.text(f.ID)
	c.text(f.Schema)
	c.text(string(f.Code))
	c.text(f.Field)
	c.text(f.Expected)
	c.text(f.Got)
	c.long(f.Count)
}
