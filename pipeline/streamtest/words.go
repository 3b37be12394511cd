package streamtest

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Args are the words behind a verb, read one after the other. The first mistake stays in Err.
type Args struct {
	Words []string
	Err   error
}

// More reports whether there are words left, and no mistake yet.
func (a *Args) More() bool { return len(a.Words) > 0 && a.Err == nil }

// Next takes a word.
func (a *Args) Next() string {
	if len(a.Words) == 0 {
		a.fail(errors.New("a word is missing at the end"))
		return ""
	}
	word := a.Words[0]
	a.Words = a.Words[1:]
	return word
}

// Number takes a whole number.
func (a *Args) Number() int {
	n, err := strconv.Atoi(a.Next())
	a.fail(err)
	return n
}

// Of takes two numbers: 1 of 2.
func (a *Args) Of() (i, n int32) {
	i = int32(a.Number())
	if word := a.Next(); word != "of" {
		a.fail(fmt.Errorf("%q: want of", word))
	}
	return i, int32(a.Number())
}

// Time takes a time of the story.
func (a *Args) Time() time.Time {
	t, err := ParseTime(a.Next())
	a.fail(err)
	return t
}

func (a *Args) fail(err error) {
	if a.Err == nil {
		a.Err = err
	}
}

var storyTime = regexp.MustCompile(`^(?:day(\d+)-)?(\d\d:\d\d:\d\d)$`)

// ParseTime reads a time of a story: 12:00:00, of the first day, or day2-12:00:00.
func ParseTime(text string) (time.Time, error) {
	m := storyTime.FindStringSubmatch(text)
	if m == nil {
		return time.Time{}, fmt.Errorf("%q is no time; write 12:00:00, or day2-12:00:00", text)
	}
	clock, err := time.Parse(time.TimeOnly, m[2])
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no time: %w", text, err)
	}
	day := 1
	if m[1] != "" {
		day, _ = strconv.Atoi(m[1])
	}
	midnight := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	return Begin.AddDate(0, 0, day-1).Add(clock.Sub(midnight)), nil
}

// FormatTime writes t as ParseTime reads it, with milliseconds if it has any; the zero time is never.
func FormatTime(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	text := t.UTC().Format("15:04:05.999")
	if day := int(t.Sub(Begin)/(24*time.Hour)) + 1; day != 1 {
		text = fmt.Sprintf("day%d-%s", day, text)
	}
	return text
}
