package lake

import (
	"time"

	"panther/schemas"
)

// What ActivityTable and AlertsTable share: a row is a record as it stands in its topic, and kinds of failures are listed in it.

// recordColumns are the first columns of such a table, with what its times mean; startRecord fills them.
func recordColumns(parseTime, eventTime string) []column {
	return []column{
		must(scalar(colRowID, stringType, "the id of the row, made from the position of the record")),
		must(scalar(colParseTime, timeType, parseTime)),
		must(scalar(colEventTime, timeType, eventTime)),
	}
}

// startRecord appends what recordColumns want. An event time that readers cannot represent gives way to that of the record.
func (c *cells) startRecord(r *row, eventTime time.Time) {
	c.must(rowID(placeOf(r)))
	c.time(r.at)
	c.time(firstSane(eventTime, r.at))
}

// prepareRecord puts a record into the hour in which it was written, and leaves out what is no M: other messages that travel
// in the same topic, as clocks, and the ends of keys, which stay here.
func prepareRecord[M any](r *row, now time.Time) bool {
	_, ok := r.Message.(M)
	r.at = firstSane(r.Time, now)
	return ok
}

// fingerprintColumn is a column of the kinds of failures; fingerprints fills it.
func fingerprintColumn(doc string) column {
	return structs("fingerprints", doc,
		scalar("fingerprint", stringType, ""), scalar("schema", stringType, ""), scalar("code", stringType, ""),
		scalar("field", stringType, ""), scalar("expected", stringType, ""), scalar("got", stringType, ""), scalar("count", longType, ""))
}

func (c *cells) fingerprints(fs []schemas.Fingerprint) {
	c.list(len(fs), func(i int, c *cells) {
		f := fs[i]
		c.text(f.ID)
		c.text(f.Schema)
		c.text(string(f.Code))
		c.text(f.Field)
		c.text(f.Expected)
		c.text(f.Got)
		c.long(f.Count)
	})
}
