package lake

import (
	"slices"
	"time"

	"panther/schemas"
)

// prepareFailure makes sure that a row can be written whatever the message holds.
func prepareFailure(r *row, f schemas.Failure, now time.Time) {
	if len(f.Candidates) > 0 && len(f.Candidates[0].Reasons) == 0 {
		f.Candidates = slices.Clone(f.Candidates)
		f.Candidates[0].Reasons = []schemas.Reason{{}}
	}
	r.at = firstSane(f.ParseTime, r.Time, now)
	r.Message = f
	r.Value, r.Headers = nil, nil // what they say is in the message
}

// prepareEvent finds out in which hour the event belongs.
func prepareEvent(r *row, now time.Time) {
	at, _ := time.Parse(time.RFC3339Nano, r.Header(schemas.HeaderParseTime))
	r.at = firstSane(at, r.Time, now)
}

// firstSane returns the first time that readers can represent: engines differ beyond these years.
func firstSane(ts ...time.Time) time.Time {
	for _, t := range ts {
		if y := t.UTC().Year(); y >= 1970 && y < 2200 {
			return t
		}
	}
	return time.Unix(0, 0)
}
