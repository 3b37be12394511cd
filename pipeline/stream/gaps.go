package stream

import (
	"slices"
	"time"
)

// A Gap is time in which nobody listened: it does not count as silence. A zero From is the beginning of time.
type Gap struct {
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to"`
}

// maxGaps bounds a list of gaps. Beyond it the two that are closest become one, which can only make an alarm later, and by
// little, never false.
const maxGaps = 256

// addGap returns gaps, which are sorted and apart, with g merged in. It never changes gaps.
func addGap(gaps []Gap, g Gap) []Gap {
	if g.To.Before(g.From) {
		return gaps
	}
	out := make([]Gap, 0, len(gaps)+1)
	for _, x := range gaps {
		switch {
		case x.To.Before(g.From):
			out = append(out, x)
		case g.To.Before(x.From):
			out = append(out, g)
			g = x
		default:
			g = Gap{From: earlier(g.From, x.From), To: later(g.To, x.To)}
		}
	}
	out = append(out, g)
	if len(out) > maxGaps {
		out = joinClosest(out)
	}
	return out
}

func joinClosest(gaps []Gap) []Gap {
	closest := 1
	for i := 2; i < len(gaps); i++ {
		if gaps[i].From.Sub(gaps[i-1].To) < gaps[closest].From.Sub(gaps[closest-1].To) {
			closest = i
		}
	}
	gaps[closest].From = gaps[closest-1].From
	return slices.Delete(gaps, closest-1, closest)
}

// listened returns how much of the time from since to until lies outside gaps; never less than 0.
func listened(gaps []Gap, since, until time.Time) (d time.Duration) {
	for _, g := range gaps {
		if end := earlier(g.From, until); end.After(since) {
			d += end.Sub(since)
		}
		since = later(since, g.To)
	}
	if until.After(since) {
		d += until.Sub(since)
	}
	return d
}

// reaches returns the first time at which listened(gaps, since, t) is d, which must be more than 0.
func reaches(gaps []Gap, since time.Time, d time.Duration) time.Time {
	for _, g := range gaps {
		before := g.From.Sub(since)
		if before >= d {
			break
		}
		d -= max(before, 0)
		since = later(since, g.To)
	}
	return since.Add(d)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
