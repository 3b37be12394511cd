package lake

import (
	"time"

	"panther/schemas"
)

// prepareEvent finds out in which hour the event belongs.
func prepareEvent(r *row, now time.Time) {
	at, _ := time.Parse(time.RFC3339Nano, r.Header(schemas.HeaderParseTime))
	r.at = firstSane(at, r.Time, now)
}

// firstSane returns the first time that readers can represent.
func firstSane(ts ...time.Time) time.Time {
	for _, t := range ts {
		if sane(t) {
			return t
		}
	}
	return time.Unix(0, 0)
}

// sane reports whether readers can represent a time: engines differ beyond these years.
func sane(t time.Time) bool {
	y := t.UTC().Year()
	return y >= 1970 && y < 2200
}
