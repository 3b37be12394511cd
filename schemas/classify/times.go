package classify

import (
	"errors"
	"time"

	"panther/schemas/logtype"
)

// An instant is a time in two numbers: nanoseconds alone end in the year 2262, and real lines have the year 1 in them.
type instant struct {
	seconds int64 // since 1970
	nanos   uint32
}

func (a instant) time() time.Time { return time.Unix(a.seconds, int64(a.nanos)).UTC() }

// micros counts microseconds since 1970; what is finer is cut off.
func (a instant) micros() int64 { return a.seconds*1e6 + int64(a.nanos/1000) }

func instantOf(t time.Time) instant { return instant{t.Unix(), uint32(t.Nanosecond())} }

// The first and the last second of the years 0 to 9999.
const (
	firstSecond = -62167219200
	lastSecond  = 253402300799
)

// A timeFormat is a logtype.TimeFormat, compiled: it reads bytes, and gives the same times.
type timeFormat struct {
	logtype.TimeFormat
	kind  timeKind
	unit  int      // of unix formats: decimal digits of the unit in a second
	ops   []timeOp // of strftime
	stamp *stamp   // of strftime, too
}

type timeKind uint8

const (
	otherTime timeKind = iota // package logtype reads it
	rfc3339Time
	unixTime
	strftimeTime
)

func compileTime(f logtype.TimeFormat) timeFormat {
	c := timeFormat{TimeFormat: f}
	switch s := f.String(); s {
	case "rfc3339":
		c.kind = rfc3339Time
	case "unix", "unix_ms", "unix_us", "unix_ns":
		c.kind, c.unit = unixTime, map[string]int{"unix": 0, "unix_ms": 3, "unix_us": 6, "unix_ns": 9}[s]
	default:
		if ops, ok := compileStrftime(s); ok {
			c.kind, c.ops, c.stamp = strftimeTime, ops, newStamp(ops)
		}
	}
	return c
}

// parseTime reads a time in the first of the formats that takes it. For a JSON number these are the unix formats.
func parseTime(formats []timeFormat, text []byte, isNumber bool) (at instant, seen flags, r result) {
	r = wrongFormat
	for i := range formats {
		f := &formats[i]
		if isNumber && f.kind != unixTime {
			continue
		}
		at, seen, one := f.parse(text)
		if one == fits {
			return at, seen, fits
		}
		if one == outOfRange {
			r = outOfRange
		}
	}
	return instant{}, 0, r
}

func (f *timeFormat) parse(text []byte) (at instant, seen flags, r result) {
	switch f.kind {
	case rfc3339Time:
		return parseRFC3339(text)
	case unixTime:
		if at, ok := parseUnix(text, f.unit); ok {
			return checkRange(at)
		}
	case strftimeTime:
		if at, ok := f.stamp.parse(text); ok {
			return checkRange(at)
		}
		c := calendar{text: text, ok: true, year: 1970, month: 1, day: 1}
		if at, ok := c.parse(f.ops); ok {
			return checkRange(at)
		}
		return instant{}, 0, wrongFormat
	}
	t, err := f.Parse(string(text))
	switch {
	case errors.Is(err, logtype.ErrTimeRange):
		return instant{}, 0, outOfRange
	case err != nil:
		return instant{}, 0, wrongFormat
	}
	return instantOf(t), 0, fits
}

func checkRange(at instant) (instant, flags, result) {
	if at.seconds < firstSecond || at.seconds > lastSecond {
		return instant{}, 0, outOfRange
	}
	return at, 0, fits
}

// parseRFC3339 reads 2006-01-02T15:04:05[.fraction](Z or +hh:mm).
func parseRFC3339(b []byte) (at instant, seen flags, r result) {
	if len(b) < 20 {
		return instant{}, 0, wrongFormat
	}
	date, clock, second := word(b, 0), word(b, 8), two(b, 17) // 2006-01-, 02T15:04 and 05
	if date&dateMarks != dashes || clock&clockMarks != marks || b[16] != ':' || second < 0 {
		return instant{}, 0, wrongFormat
	}
	if date, clock = date^dashes|'0'*lows&dateMarks, clock^marks|'0'*lows&clockMarks; !allDigits(date) || !allDigits(clock) {
		return instant{}, 0, wrongFormat
	}
	rest := b[19:]
	seen = canonical
	if rest[0] == '.' {
		var n int
		if at.nanos, n = fractionOf(rest[1:]); n == 0 {
			return instant{}, 0, wrongFormat
		}
		if n > 9 || rest[n] == '0' {
			seen = 0
		}
		rest = rest[1+n:]
	}
	offset := 0
	if string(rest) != "Z" {
		if len(rest) != 6 || rest[0] != '+' && rest[0] != '-' || rest[3] != ':' {
			return instant{}, 0, wrongFormat
		}
		hours, minutes := two(rest, 1), two(rest, 4)
		if hours < 0 || minutes < 0 || hours > 23 || minutes > 59 {
			return instant{}, 0, wrongFormat
		}
		offset, seen = hours*3600+minutes*60, 0
		if rest[0] == '-' {
			offset = -offset
		}
	}
	seconds, ok := civil(pair(date, 0)*100+pair(date, 2), pair(date, 5), pair(clock, 0), pair(clock, 3), pair(clock, 6), second)
	if !ok {
		return instant{}, 0, wrongFormat
	}
	at.seconds = seconds - int64(offset)
	if offset != 0 {
		return checkRange(at)
	}
	return at, seen, fits
}

// Where marks stand among the digits of a time, and which: in words of a text.
const (
	dateMarks, dashes = 0xff<<32 | 0xff<<56, '-'<<32 | '-'<<56
	clockMarks, marks = 0xff<<16 | 0xff<<40, 'T'<<16 | ':'<<40
)

// pair is the number that the digits n and n+1 of a word make.
func pair(x uint64, n int) int { return int(x>>(8*n)&15)*10 + int(x>>(8*n+8)&15) }

// two reads two digits at i; negative: they are none.
func two(b []byte, i int) int {
	x, y := b[i]-'0', b[i+1]-'0'
	if x > 9 || y > 9 {
		return -1
	}
	return int(x)*10 + int(y)
}

// fractionOf reads the digits at the beginning of b as nanoseconds; what is finer is cut off.
func fractionOf(b []byte) (nanos uint32, n int) {
	unit := uint32(100_000_000)
	for n < len(b) && isDigit(b[n]) {
		nanos += uint32(b[n]-'0') * unit
		unit /= 10
		n++
	}
	return nanos, n
}

var powers = [...]int64{1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

// parseUnix reads what is common: up to 18 digits, with a sign and a fraction perhaps. All else is left to package logtype.
func parseUnix(b []byte, unit int) (at instant, ok bool) {
	if n, ok := shortDigits(b); ok && unit == 0 {
		return instant{seconds: n}, true
	}
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		b = b[1:]
	}
	var n int64
	i := 0
	for ; i < len(b) && isDigit(b[i]); i++ {
		if i == 18 {
			return instant{}, false
		}
		n = n*10 + int64(b[i]-'0')
	}
	if i == 0 {
		return instant{}, false
	}
	nanos := n % powers[unit] * powers[9-unit]
	if i < len(b) {
		if b[i] != '.' {
			return instant{}, false
		}
		finer, digits := fractionOf(b[i+1:])
		if digits == 0 || i+1+digits != len(b) {
			return instant{}, false
		}
		nanos += int64(finer) / powers[unit]
	}
	seconds := n / powers[unit]
	if negative {
		seconds, nanos = -seconds, -nanos
		if nanos < 0 {
			seconds, nanos = seconds-1, nanos+1e9
		}
	}
	return instant{seconds, uint32(nanos)}, true
}

// civil returns the second of a date and a clock in UTC; false: there is no such day or second.
func civil(year, month, day, hour, minute, second int) (int64, bool) {
	if month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	var days int64
	if m := uint((year-firstYear)*12 + month - 1); m < uint(len(months)-1) {
		days = int64(months[m]) + int64(day) - 1
		if days >= int64(months[m+1]) {
			return 0, false
		}
	} else {
		if day > daysIn(year, month) {
			return 0, false
		}
		days = daysBefore(year, month, day)
	}
	return days*86400 + int64(hour*3600+minute*60+second), true
}

// months are the days, from 1970, with which the months of the years begin in which logs are written.
var months = func() (days [12*tableYears + 1]int32) {
	for i := range days {
		days[i] = int32(daysBefore(firstYear+i/12, i%12+1, 1))
	}
	return days
}()

const firstYear, tableYears = 1970, 100

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysBefore counts days from 1970, by years that begin in March and eras of 400 years. The year is not below 0.
func daysBefore(year, month, day int) int64 {
	y, m := year+400, month-3 // 400 years more, so that March of the year -1 is no negative number
	if m < 0 {
		y, m = y-1, m+12
	}
	era, ofEra := y/400, y%400
	dayOfYear := (153*m+2)/5 + day - 1
	return int64(era)*146097 + int64(ofEra*365+ofEra/4-ofEra/100+dayOfYear) - 719468 - 146097
}

// A timeWriter writes times. It remembers the day: the times of a line, and of its neighbours, are mostly of one.
type timeWriter struct {
	day  int64 // 1 + the day that text is of, from the first of the year 0
	text [20]byte
}

// append writes a time as events have it: RFC 3339 in UTC, with as many digits of a fraction as it needs.
func (w *timeWriter) append(dst []byte, at instant) []byte {
	if at.seconds < firstSecond || at.seconds > lastSecond {
		return at.time().AppendFormat(dst, time.RFC3339Nano)
	}
	since := at.seconds - firstSecond // from the first day of the year 0
	day, clock := since/86400, uint32(since%86400)
	b := &w.text
	if w.day != day+1 {
		w.day = day + 1
		*b = [20]byte([]byte("0000-00-00T00:00:00Z"))
		year, month, dayOfMonth := date(day)
		putTwo(b, 0, uint32(year/100))
		putTwo(b, 2, uint32(year%100))
		putTwo(b, 5, uint32(month))
		putTwo(b, 8, uint32(dayOfMonth))
	}
	n := len(dst)
	dst = append(dst, b[:]...)
	hms := (*[20]byte)(dst[n:]) // written in the copy: a text that has just been written byte by byte is slow to copy
	minutes := clock / 60
	putTwo(hms, 11, minutes/60)
	putTwo(hms, 14, minutes%60)
	putTwo(hms, 17, clock%60)
	if at.nanos == 0 {
		return dst
	}
	dst[len(dst)-1] = '.'
	for rest, unit := at.nanos, uint32(100_000_000); rest > 0; unit /= 10 {
		dst = append(dst, byte('0'+rest/unit))
		rest %= unit
	}
	return append(dst, 'Z')
}

// putTwo writes two digits at i.
func putTwo(b *[20]byte, i int, n uint32) {
	b[i], b[i+1] = byte('0'+n/10), byte('0'+n%10)
}

// date is the date of a day that is counted from the first of the year 0.
func date(day int64) (year, month, dayOfMonth int) {
	n := int(day) + 146097 - 60 // from the first of March, 400 years before
	era, ofEra := n/146097, n%146097
	yearOfEra := (ofEra - ofEra/1460 + ofEra/36524 - ofEra/146096) / 365
	dayOfYear := ofEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	m := (5*dayOfYear + 2) / 153
	year, month = era*400+yearOfEra-400, m+3
	if month > 12 {
		year, month = year+1, month-12
	}
	return year, month, dayOfYear - (153*m+2)/5 + 1
}
