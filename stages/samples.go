package stages

import (
	"slices"

	"panther/schemas"
)

// maxPayload bounds the part of a failing line that a sample shows; the lake has all of it.
const maxPayload = 2 << 10

// addFailure counts a failure under its fingerprint, and keeps it as a sample if it is among the first few. Kinds of failures
// beyond maxFingerprints are counted by their activity alone.
func addFailure(prints []schemas.Fingerprint, f schemas.Failure) []schemas.Fingerprint {
	i := slices.IndexFunc(prints, func(p schemas.Fingerprint) bool { return p.ID == f.Fingerprint })
	if i < 0 {
		if len(prints) == maxFingerprints {
			return prints
		}
		nearest, why := f.Nearest()
		i = len(prints)
		prints = append(prints, schemas.Fingerprint{ID: f.Fingerprint, Schema: nearest.Schema, Code: why.Code, Field: why.Field,
			Expected: why.Expected, Got: why.Got})
	}
	p := &prints[i]
	p.Count++
	if len(p.Samples) < maxSamples {
		p.Samples = append(p.Samples, sample(f))
	}
	return prints
}

// sample shows a failing line around the part that fails.
func sample(f schemas.Failure) schemas.Sample {
	_, why := f.Nearest()
	s := schemas.Sample{RowID: f.RowID, Payload: f.Payload, Span: why.Span, Error: f.Error, Position: f.Position, Arrival: f.Arrival}
	if len(f.Payload) <= maxPayload {
		return s
	}
	middle := why.Span.Start + min(why.Span.End-why.Span.Start, maxPayload)/2
	start := min(max(0, middle-maxPayload/2), len(f.Payload)-maxPayload)
	s.Cut = true
	s.Payload = slices.Clone(f.Payload[start : start+maxPayload])
	s.Span.Start = min(maxPayload, max(0, why.Span.Start-start))
	s.Span.End = min(maxPayload, max(0, why.Span.End-start))
	return s
}
