package classify_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"panther/schemas/logtype"
)

// Every directive, in a pattern of its own: times as they are written, and texts that are nearly that, by engine and reference.
func TestEveryDirective(t *testing.T) {
	texts := []string{"", " ", "0", "1", "7", "12", "13", " 9", "59", "60", "366", "2026", "Mar", "march", "Sun", "Sunday", "PM", "am", "UTC", "Z",
		"+01:00", "-0830", "+1", "1772352930", ".5", "5", "000000001", "03/01/26", "08:15", "08:15:30", "08:15:30 PM", " 1-Mar-2026", "1-Mar-2026",
		"Sun Mar  1 08:15:30 2026", "\t", "\n", "%", "2026-03-01"}
	for _, d := range logtype.Directives() {
		format := "%s " + "%" + string(d.Letter)
		if d.Letter == 's' {
			format = "%F %%s %s"
		}
		s, err := logtype.Parse("x.yml", fmt.Appendf(nil, "schema: My.Times\nfields:\n- {name: t, type: timestamp, timeFormat: %q}\n- {name: u, type: timestamp, timeFormat: %q}\n", format, "%Y-%m-%d|%"+string(d.Letter)))
		if err != nil {
			t.Fatalf("%%%c: %v", d.Letter, err)
		}
		p := newPair(t, s)
		for _, text := range texts {
			for _, before := range []string{"1772352930 ", "2026-03-01|", time.RFC3339} {
				line, _ := json.Marshal(map[string]string{"t": before + text})
				p.check(t, line)
				line, _ = json.Marshal(map[string]string{"u": before + text})
				p.check(t, line)
			}
		}
	}
}
