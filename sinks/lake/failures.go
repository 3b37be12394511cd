package lake

import (
	"slices"
	"time"

	"github.com/apache/iceberg-go"

	"panther/schemas"
)

// failureColumns are the columns of FailuresTable, in order: fillFailure fills them by these positions.
func failureColumns() []column {
	reasons := structs("reasons", "why the line does not match, the first one first",
		scalar("code", stringType, ""), scalar("field", stringType, ""), scalar("expected", stringType, ""), scalar("got", stringType, ""),
		scalar("span_start", longType, ""), scalar("span_end", longType, ""))
	candidates := structs("candidates", "the schemas that were tried, the nearest first",
		scalar("schema", stringType, ""), scalar("version", longType, ""), reasons)
	return append([]column{
		scalar("error", stringType, "the first reason of the nearest schema, in words"),
		scalar("id", stringType, "the nearest schema; null if none is configured"),
		scalar(colPayload, stringType, "the line; bytes that are not UTF-8 as U+FFFD"),
		scalar("payload_raw", iceberg.PrimitiveTypes.Binary, "the exact bytes of a line that is not UTF-8; else null"),
		must(scalar(colSourceID, stringType, "the log source")),
		scalar("p_source_label", stringType, "the name of the log source"),
		must(scalar(colParseTime, timeType, "when the line was classified")),
		must(scalar(colEventTime, timeType, "as p_parse_time: the line's own time is not known")),
		must(scalar(colRowID, stringType, "the id of the row, made from the position of the line")),
		scalar(colLogType, stringType, "the nearest schema, as id"),
		scalar(colHeader, stringType, "what was around the line in its record, as a JSON object"),
		scalar("fingerprint", stringType, "of source, nearest schema, field and code: the same for lines that fail alike"),
		scalar("code", stringType, "why, in one word"),
		scalar("field", stringType, "the path of the failing field"),
		scalar("expected", stringType, "what the schema wants"),
		scalar("got", stringType, "what the line has"),
		scalar("span_start", longType, "the first byte of the failing part within the line"),
		scalar("span_end", longType, "the byte behind the failing part"),
		scalar("schema_version", longType, "the version of the nearest schema"),
		candidates,
		scalar("s3_bucket", stringType, "the bucket of an object"),
		scalar("s3_key", stringType, "the key of an object"),
	}, positionColumns()...)
}

// prepareFailure makes sure that a row can be written whatever the message holds.
func prepareFailure(r *row, now time.Time) bool {
	f, ok := r.Message.(schemas.Failure)
	if !ok {
		return false
	}
	if len(f.Candidates) > 0 && len(f.Candidates[0].Reasons) == 0 {
		f.Candidates = slices.Clone(f.Candidates)
		f.Candidates[0].Reasons = []schemas.Reason{{}}
		r.Message = f
	}
	r.at = firstSane(f.ParseTime, r.Time, now)
	return true
}

func fillFailure(c *cells, r *row) {
	f := r.Message.(schemas.Failure)
	nearest, reason := f.Nearest()
	c.text(f.Error)
	c.text(nearest.Schema)
	c.line(f.Payload)
	c.must(f.Source)
	c.text(f.Label)
	c.time(r.at)
	c.time(r.at)
	c.must(f.RowID)
	c.text(nearest.Schema)
	c.text(string(f.Envelope))
	c.text(f.Fingerprint)
	fillReason(c, reason)
	if len(f.Candidates) > 0 {
		c.long(nearest.Version)
	} else {
		c.null()
	}
	c.list(len(f.Candidates), func(i int, c *cells) {
		candidate := f.Candidates[i]
		c.text(candidate.Schema)
		c.long(candidate.Version)
		c.list(len(candidate.Reasons), func(i int, c *cells) { fillReason(c, candidate.Reasons[i]) })
	})
	c.text(f.Position.Bucket)
	c.text(f.Position.Object)
	c.position(f.Position)
}

func fillReason(c *cells, r schemas.Reason) {
	c.text(string(r.Code))
	c.text(r.Field)
	c.text(r.Expected)
	c.text(r.Got)
	c.long(int64(r.Span.Start))
	c.long(int64(r.Span.End))
}
