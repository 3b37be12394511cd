package classify

import (
	"testing"
	"time"
)

// Every day of the years 0 to 9999 has the second that package time says, and no month has a day more.
func TestCivil(t *testing.T) {
	for at := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 10000; at = at.AddDate(0, 0, 1) {
		if got, ok := civil(at.Year(), int(at.Month()), at.Day(), 0, 0, 0); !ok || got != at.Unix() {
			t.Fatalf("%s is second %d, %v; want %d", at.Format(time.DateOnly), got, ok, at.Unix())
		}
		if last := at.AddDate(0, 0, 1).Day() == 1; last {
			if _, ok := civil(at.Year(), int(at.Month()), at.Day()+1, 0, 0, 0); ok {
				t.Fatalf("there is a day behind %s in its month", at.Format(time.DateOnly))
			}
		}
	}
}
