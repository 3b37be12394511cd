package logtype

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// A TimeFormat reads timestamps that are written in one way. It comes from ParseTimeFormat; its zero value reads nothing.
type TimeFormat struct {
	source string // as the schema has it
	unit   int    // of unix formats: decimal digits of the unit in a second (0, 3, 6, 9)
	kind   timeKind
	ops    []timeOp // of strftime patterns
}

type timeKind uint8

const (
	noTime timeKind = iota
	rfc3339Time
	unixTime
	strftimeTime
	layoutTime
)

var unixUnits = map[string]int{"unix": 0, "unix_ms": 3, "unix_us": 6, "unix_ns": 9}

// ErrTimeRange is the error of a timestamp that is well formed and not within the years 0 to 9999.
var ErrTimeRange = errors.New("not within the years 0 to 9999")

var errTimeFormat = errors.New("of another format")

// ParseTimeFormat reads the name of a time format: rfc3339, unix, unix_ms, unix_us, unix_ns, layout=<a layout of Go's package
// time>, or a strftime pattern as "%Y-%m-%d %H:%M:%S". A format has to have a year, a month and a day.
func ParseTimeFormat(s string) (TimeFormat, error) {
	if s == "rfc3339" {
		return TimeFormat{source: s, kind: rfc3339Time}, nil
	}
	if unit, ok := unixUnits[s]; ok {
		return TimeFormat{source: s, kind: unixTime, unit: unit}, nil
	}
	if layout, ok := strings.CutPrefix(s, "layout="); ok {
		return TimeFormat{source: s, kind: layoutTime}, checkLayout(layout)
	}
	if strings.Contains(s, "%") {
		ops, err := compileStrftime(s)
		return TimeFormat{source: s, kind: strftimeTime, ops: ops}, err
	}
	return TimeFormat{}, fmt.Errorf("%q is no time format", s)
}

// String returns the format as the schema has it.
func (f TimeFormat) String() string { return f.source }

// IsUnix reports whether the format counts from 1970: only then may a timestamp be a JSON number.
func (f TimeFormat) IsUnix() bool { return f.kind == unixTime }

// Parse reads a timestamp, to the nanosecond; what is finer is cut off. A text without a zone is in UTC, and so is the
// result. The error is ErrTimeRange or says that the text is of another format.
func (f TimeFormat) Parse(s string) (time.Time, error) {
	var t time.Time
	err := errTimeFormat
	switch f.kind {
	case rfc3339Time:
		t, err = parseRFC3339(s)
	case unixTime:
		t, err = parseUnix(s, f.unit)
	case strftimeTime:
		t, err = parseStrftime(f.ops, s)
	case layoutTime:
		// Not time.Parse: that one asks the zone of this machine what an abbreviation means.
		layout := strings.TrimPrefix(f.source, "layout=")
		if t, err = time.ParseInLocation(layout, s, time.UTC); err != nil || isForeign(layout, t) {
			err = errTimeFormat
		}
	}
	if err != nil {
		return time.Time{}, err
	}
	if t = t.UTC(); t.Year() < 0 || t.Year() > 9999 {
		return time.Time{}, ErrTimeRange
	}
	return t, nil
}

// isForeign reports whether a time that a layout has read names its zone only, by an abbreviation: package time takes any as UTC.
func isForeign(layout string, t time.Time) bool {
	name, _ := t.Zone()
	return name != "UTC" && name != "GMT" && strings.Contains(layout, "MST") && !strings.Contains(layout, "-07") && !strings.Contains(layout, "Z07")
}

// checkLayout refuses layouts that lose the day, or have nothing of a time in them.
func checkLayout(layout string) error {
	sample := time.Date(1987, time.November, 23, 0, 0, 0, 0, time.UTC)
	back, err := time.ParseInLocation(layout, sample.Format(layout), time.UTC)
	if err != nil {
		return fmt.Errorf("%q is no layout of Go that can be read back", layout)
	}
	if y, m, d := back.Date(); y != 1987 || m != time.November || d != 23 {
		return fmt.Errorf("the layout %q has no year, month and day; write the reference time 2006-01-02 15:04:05 in the format of the field", layout)
	}
	return nil
}

// parseRFC3339 reads 2006-01-02T15:04:05[.fraction](Z or +hh:mm), letters in upper case. It is stricter than package time,
// which takes a comma before the fraction and offsets that no zone has.
func parseRFC3339(s string) (time.Time, error) {
	r := timeReader{text: s, ok: true}
	year := r.number(4, 4)
	r.literal('-')
	month := r.number(2, 2)
	r.literal('-')
	day := r.number(2, 2)
	r.literal('T')
	hour := r.number(2, 2)
	r.literal(':')
	minute := r.number(2, 2)
	r.literal(':')
	second := r.number(2, 2)
	nanos := 0
	if r.ok && strings.HasPrefix(r.text, ".") {
		r.literal('.')
		nanos = r.fraction()
	}
	offset := 0
	if r.ok && strings.HasPrefix(r.text, "Z") {
		r.literal('Z')
	} else {
		sign := r.sign()
		hours := r.number(2, 2)
		r.literal(':')
		minutes := r.number(2, 2)
		r.ok = r.ok && hours <= 23 && minutes <= 59
		offset = sign * (hours*3600 + minutes*60)
	}
	if !r.ok || r.text != "" {
		return time.Time{}, errTimeFormat
	}
	return civilTime(year, month, day, hour, minute, second, nanos, offset)
}

// civilTime is the time of a date and a clock, offset seconds east of UTC; an error if there is no such day or hour.
func civilTime(year, month, day, hour, minute, second, nanos, offset int) (time.Time, error) {
	t := time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
	if t.Year() != year || int(t.Month()) != month || t.Day() != day || t.Hour() != hour || t.Minute() != minute || t.Second() != second {
		return time.Time{}, errTimeFormat
	}
	return t.Add(-time.Duration(offset) * time.Second), nil
}

// A timeReader eats the text of a time from the left; once something does not fit, ok is false.
type timeReader struct {
	text string
	ok   bool
}

func (r *timeReader) literal(c byte) {
	if r.ok = r.ok && r.text != "" && r.text[0] == c; r.ok {
		r.text = r.text[1:]
	}
}

// number reads from least to most digits, as many as there are.
func (r *timeReader) number(least, most int) (n int) {
	digits := 0
	for r.ok && digits < most && digits < len(r.text) && isDigit(r.text[digits]) {
		n = n*10 + int(r.text[digits]-'0')
		digits++
	}
	if r.ok = r.ok && digits >= least; r.ok {
		r.text = r.text[digits:]
	}
	return n
}

// fraction reads the digits of a fraction of a second, at least one, as nanoseconds.
func (r *timeReader) fraction() (nanos int) {
	digits, unit := 0, 100_000_000
	for r.ok && digits < len(r.text) && isDigit(r.text[digits]) {
		nanos += int(r.text[digits]-'0') * unit
		unit /= 10
		digits++
	}
	if r.ok = r.ok && digits > 0; r.ok {
		r.text = r.text[digits:]
	}
	return nanos
}

func (r *timeReader) sign() int {
	if strings.HasPrefix(r.text, "-") {
		r.literal('-')
		return -1
	}
	r.literal('+')
	return 1
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
