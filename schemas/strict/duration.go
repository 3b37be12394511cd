package strict

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var numberAndPeriod = regexp.MustCompile(`^(\d+) ?(second|minute|hour|day|d)s?$`)

var periods = map[string]time.Duration{
	"second": time.Second, "minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour, "d": 24 * time.Hour,
}

// ParseDuration reads a length of time as people write it: a number and a period, as 15 minutes, 1 day or 2d, or one of
// Go's durations, as 15m or 1h30m. It is never negative.
func ParseDuration(text string) (time.Duration, error) {
	if m := numberAndPeriod.FindStringSubmatch(strings.TrimSpace(text)); m != nil {
		n, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil || n > math.MaxInt64/int64(periods[m[2]]) {
			return 0, fmt.Errorf("%q is too long", text)
		}
		return time.Duration(n) * periods[m[2]], nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is no duration", text)
	}
	if d < 0 {
		return 0, fmt.Errorf("%q is negative", text)
	}
	return d, nil
}

// FormatDuration writes d as people say it: 15 minutes, 1 day, 90 minutes.
func FormatDuration(d time.Duration) string {
	for _, p := range []struct {
		name string
		unit time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}} {
		if d != 0 && d%p.unit == 0 {
			if d == p.unit {
				return "1 " + p.name
			}
			return fmt.Sprintf("%d %ss", d/p.unit, p.name)
		}
	}
	return d.String()
}
