package logtype

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestTimeFormats(t *testing.T) {
	const no, far = "another format", "out of range"
	tests := []struct{ format, text, want string }{ // want in RFC 3339
		{"rfc3339", "2026-03-01T08:15:30Z", "2026-03-01T08:15:30Z"},
		{"rfc3339", "2026-03-01T08:15:30.123456789Z", "2026-03-01T08:15:30.123456789Z"},
		{"rfc3339", "2026-03-01T08:15:30.1234567899Z", "2026-03-01T08:15:30.123456789Z"},
		{"rfc3339", "2026-03-01T00:15:30+02:30", "2026-02-28T21:45:30Z"},
		{"rfc3339", "2026-03-01T08:15:30-08:00", "2026-03-01T16:15:30Z"},
		{"rfc3339", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
		{"rfc3339", "2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"},
		{"rfc3339", "2026-02-29T00:00:00Z", no},
		{"rfc3339", "2026-03-01T24:00:00Z", no},
		{"rfc3339", "2026-03-01T08:15:60Z", no},
		{"rfc3339", "2026-03-01T08:15:30,5Z", no},
		{"rfc3339", "2026-03-01T08:15:30.Z", no},
		{"rfc3339", "2026-03-01T08:15:30", no},
		{"rfc3339", "2026-03-01 08:15:30Z", no},
		{"rfc3339", "2026-03-01t08:15:30z", no},
		{"rfc3339", "2026-03-01T08:15:30+0200", no},
		{"rfc3339", "2026-03-01T08:15:30+24:00", no},
		{"rfc3339", "2026-03-01T08:15:30Z ", no},
		{"rfc3339", "26-03-01T08:15:30Z", no},
		{"rfc3339", "0000-01-01T00:00:00+01:00", far},
		{"rfc3339", "", no},

		{"unix", "1772352930", "2026-03-01T08:15:30Z"},
		{"unix", "1772352930.000000001", "2026-03-01T08:15:30.000000001Z"},
		{"unix", "1.77235293e9", "2026-03-01T08:15:30Z"},
		{"unix", "-1.5", "1969-12-31T23:59:58.5Z"},
		{"unix", "0", "1970-01-01T00:00:00Z"},
		{"unix", "-0.0e5", "1970-01-01T00:00:00Z"},
		{"unix", "1e-400", "1970-01-01T00:00:00Z"},
		{"unix", "0.0000000019", "1970-01-01T00:00:00.000000001Z"},
		{"unix", "000000000000000000001772352930", "2026-03-01T08:15:30Z"},
		{"unix", "253402300799", "9999-12-31T23:59:59Z"},
		{"unix", "253402300800", far},
		{"unix", "-62167219200", "0000-01-01T00:00:00Z"},
		{"unix", "-62167219201", far},
		{"unix", "1e999999999999999999999", far},
		{"unix", "1772352930123", far},
		{"unix_ms", "1772352930123", "2026-03-01T08:15:30.123Z"},
		{"unix_ms", "1772352930123.25", "2026-03-01T08:15:30.12325Z"},
		{"unix_us", "1772352930123456", "2026-03-01T08:15:30.123456Z"},
		{"unix_ns", "1772352930123456789", "2026-03-01T08:15:30.123456789Z"},
		{"unix_ns", "1772352930123456789.9", "2026-03-01T08:15:30.123456789Z"},
		{"unix", "", no},
		{"unix", "+1", no},
		{"unix", "1.", no},
		{"unix", ".5", no},
		{"unix", "1e", no},
		{"unix", "0x10", no},
		{"unix", "NaN", no},
		{"unix", "2026-03-01", no},

		{"%Y-%m-%d %H:%M:%S", "2026-03-01 08:15:30", "2026-03-01T08:15:30Z"},
		{"%Y-%m-%d %H:%M:%S", "2026-3-1 8:15:30", "2026-03-01T08:15:30Z"},
		{"%Y-%m-%d %H:%M:%S", "2026-03-01 08:15:30.5", no},
		{"%Y-%m-%d %H:%M:%S", "2026-13-01 08:15:30", no},
		{"%F %T.%f", "2026-03-01 08:15:30.120", "2026-03-01T08:15:30.12Z"},
		{"%d/%b/%Y:%H:%M:%S %z", "01/mar/2026:09:15:30 +0100", "2026-03-01T08:15:30Z"},
		{"%d/%b/%Y:%H:%M:%S %z", "01/Mar/2026:09:15:30 +01:00", "2026-03-01T08:15:30Z"},
		{"%d/%b/%Y:%H:%M:%S %z", "01/Mar/2026:09:15:30 Z", "2026-03-01T09:15:30Z"},
		{"%d/%b/%Y:%H:%M:%S %z", "01/Mrz/2026:09:15:30 Z", no},
		{"%a %b %e %H:%M:%S %Y", "Sun Mar  1 08:15:30 2026", "2026-03-01T08:15:30Z"},
		{"%A, %d %B %Y %I:%M %p %Z", "Sunday, 01 March 2026 08:15 pm GMT", "2026-03-01T20:15:00Z"},
		{"%D %I:%M %p", "03/01/26 12:00 AM", "2026-03-01T00:00:00Z"},
		{"%D %I:%M %p", "03/01/69 12:00 PM", "1969-03-01T12:00:00Z"},
		{"%D %I:%M %p", "03/01/26 13:00 PM", no},
		{"%Y %j %R", "2024 366 23:59", "2024-12-31T23:59:00Z"},
		{"%Y %j %R", "2026 366 23:59", no},
		{"%c", "Sun Mar  1 08:15:30 2026", "2026-03-01T08:15:30Z"},
		{"%x%t%X", "03/01/26\t08:15:30", "2026-03-01T08:15:30Z"},
		{"%v %r", " 1-Mar-2026 08:15:30 PM", "2026-03-01T20:15:30Z"},
		{"%F %k:%M %u", "2026-03-01  8:15 7", "2026-03-01T08:15:00Z"},
		{"%F%n%l:%M %p %w", "2026-03-01\n 8:15 PM 0", "2026-03-01T20:15:00Z"},
		{"%F %H:%M", "2026-03-01  8:15", no},
		{"%F %l:%M %p", "2026-03-01 13:15 PM", no},
		{"%s.%L", "1772352930.5", "2026-03-01T08:15:30.5Z"},
		{"%Y%%%m%%%d", "2026%03%01", "2026-03-01T00:00:00Z"},

		{"layout=02.01.2006 15:04 MST", "01.03.2026 08:15 UTC", "2026-03-01T08:15:00Z"},
		{"layout=02.01.2006 15:04 MST", "01.03.2026 08:15 GMT", "2026-03-01T08:15:00Z"},
		{"layout=02.01.2006 15:04 MST", "01.03.2026 08:15 GMT+2", no},
		{"layout=02.01.2006 15:04 MST", "01.03.2026 08:15 EST", no},
		{"layout=02.01.2006 15:04 MST", "01.03.2026 08:15 CET", no},
		{"layout=02.01.2006 15:04 -0700 MST", "01.03.2026 08:15 +0000 WET", "2026-03-01T08:15:00Z"},
		{"layout=02.01.2006 15:04 Z0700 MST", "01.03.2026 08:15 +0000 WET", "2026-03-01T08:15:00Z"},
		{"layout=02.01.2006 15:04 -0700 MST", "01.03.2026 08:15 -0500 EST", "2026-03-01T13:15:00Z"},
		{"layout=2006-01-02T15:04:05-0700", "2026-03-01T08:15:30+0100", "2026-03-01T07:15:30Z"},
		{"layout=2006-01-02", "01.03.2026", no},
	}
	for _, tt := range tests {
		t.Run(tt.format+" "+tt.text, func(t *testing.T) {
			f, err := ParseTimeFormat(tt.format)
			if err != nil {
				t.Fatal(err)
			}
			got, err := f.Parse(tt.text)
			want := got.Format(time.RFC3339Nano)
			switch {
			case errors.Is(err, ErrTimeRange):
				want = far
			case err != nil:
				want = no
			}
			if want != tt.want {
				t.Errorf("got %s, want %s", want, tt.want)
			}
		})
	}
}

func TestTimeFormatsThatAreNone(t *testing.T) {
	for format, want := range map[string]string{
		"iso8601":            "is no time format",
		"":                   "is no time format",
		"%b %d %H:%M:%S":     "has no year",
		"%Y-%m":              "has no year, month and day",
		"%H:%M":              "has no year",
		"%Y-%m-%d %Q":        "%Q is not known",
		"%Y-%m-%d %":         "ends in %",
		"layout=yyyy-mm-dd":  "has no year",
		"layout=15:04:05":    "has no year",
		"layout=Jan 2 15:04": "has no year",
		"layout=06-1-2 2006": "",
	} {
		_, err := ParseTimeFormat(format)
		switch {
		case want == "" && err != nil:
			t.Errorf("%q: %v", format, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: got %v, want %s", format, err, want)
		}
	}
}

// A time that reads must write again as the same time: nothing is lost but what is finer than nanoseconds.
func FuzzTimeFormat(f *testing.F) {
	f.Add("rfc3339", "2026-03-01T08:15:30.5+01:00")
	f.Add("unix_ms", "-1772352930123.4567e-2")
	f.Add("%d/%b/%Y:%H:%M:%S %z", "01/Mar/2026:09:15:30 +0100")
	f.Add("layout=2006-01-02", "2026-03-01")
	f.Fuzz(func(t *testing.T, format, text string) {
		tf, err := ParseTimeFormat(format)
		if err != nil {
			return
		}
		at, err := tf.Parse(text)
		if err != nil {
			return
		}
		if at.Year() < 0 || at.Year() > 9999 || at.Location() != time.UTC {
			t.Fatalf("%q reads %q as %v", format, text, at)
		}
		rfc, _ := ParseTimeFormat("rfc3339")
		if again, err := rfc.Parse(at.Format(time.RFC3339Nano)); err != nil || !again.Equal(at) {
			t.Fatalf("%v reads again as %v, %v", at, again, err)
		}
	})
}
