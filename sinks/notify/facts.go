package notify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"panther/schemas"
)

// maxFacts bounds how many fingerprints, and how many deliveries, a message for people shows.
const maxFacts = 3

// facts says what was seen, a line each.
func facts(a schemas.Alert) []string {
	out := lines(a.Description)
	for i, f := range a.Fingerprints {
		if i == maxFacts {
			out = append(out, more(len(a.Fingerprints)-maxFacts, "kind of failure", "kinds of failure"))
			break
		}
		out = append(out, fingerprintFact(f))
		if len(f.Samples) == 0 {
			continue
		}
		if line := f.Samples[0].Excerpt(); !strings.Contains(a.Description, strings.ToValidUTF8(line, "\uFFFD")) {
			out = append(out, "first line: "+line)
		}
	}
	if d := a.DropOff; d != nil {
		out = append(out, dropOffFact(*d))
	}
	for i, d := range a.Deliveries {
		if i == maxFacts {
			out = append(out, more(len(a.Deliveries)-maxFacts, "alert", "alerts"))
			break
		}
		out = append(out, fmt.Sprintf("not delivered after %s: %s (%s)", plural(d.Attempts, "attempt", "attempts"), d.Title, d.Error))
	}
	return out
}

// fingerprintFact says in one line how lines fail.
func fingerprintFact(f schemas.Fingerprint) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s schema %s: %s", plural(int(f.Count), "line fails", "lines fail"), f.Schema, f.Code)
	if f.Field != "" {
		fmt.Fprintf(&b, " in field %s", f.Field)
	}
	if f.Expected != "" {
		fmt.Fprintf(&b, ", expected %s", f.Expected)
	}
	if f.Got != "" {
		fmt.Fprintf(&b, ", got %s", f.Got)
	}
	return b.String()
}

func dropOffFact(d schemas.DropOff) string {
	if d.LastEvent.IsZero() {
		return fmt.Sprintf("no event since it was added on %s; its threshold is %s", moment(d.Since), duration(d.Threshold))
	}
	return fmt.Sprintf("last event %s; its threshold is %s", moment(d.LastEvent), duration(d.Threshold))
}

// lines splits a text of ours into its lines, without the empty ones.
func lines(text string) []string {
	return slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return strings.TrimSpace(line) == "" })
}

// moment writes a time for people.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

func more(n int, one, many string) string { return "and " + plural(n, "more "+one, "more "+many) }

// plural counts things in words: 1 attempt, 2 attempts.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
