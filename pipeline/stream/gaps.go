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

// maxGaps bounds a list of gaps. Beyond it the two oldest become one, which can only make an alarm later, never false.
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
			if x.From.Before(g.From) {
				g.From = x.From
			}
			if x.To.After(g.To) {
				g.To = x.To
			}
		}
	}
	out = append(out, g)
	if len(out) > maxGaps {
		out[1].From = out[0].From
		out = slices.Delete(out, 0, 1)
	}
	return out
}

// listened returns how much of the time from since to until lies outside gaps; never less than 0.
func listened(gaps []Gap, since, until time.Time) time.Duration {
	d := until.Sub(since)
	for _, g := range gaps {
		from, to := later(g.From, since), earlier(g.To, until)
		if to.After(from) {
			d -= to.Sub(from)
		}
	}
	return max(d, 0)
}

// reaches returns the first time at which listened(gaps, since, t) is d.
func reaches(gaps []Gap, since time.Time, d time.Duration) time.Time {
	t := since.Add(d)
	for _, g := range gaps {
		from := later(g.From, since)
		if !g.To.After(from) {
			continue
		}
		if !from.Before(t) {
			break
		}
		t = t.Add(g.To.Sub(from))
	}
	return t
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
