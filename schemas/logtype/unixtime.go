package logtype

import (
	"strconv"
	"strings"
	"time"
)

// The first and the last second of the years 0 to 9999.
var (
	firstSecond = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	lastSecond  = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Unix()
)

// parseUnix reads a number of units since 1970, a unit being 10^-unit seconds: an optional minus, digits, a fraction, an
// exponent, as JSON has numbers. It is exact: no float64 stands between, so that nanoseconds survive.
func parseUnix(s string, unit int) (time.Time, error) {
	digits, exponent, negative, ok := decimal(s)
	if !ok {
		return time.Time{}, errTimeFormat
	}
	// In seconds the number is 0.digits * 10^point.
	point := len(digits) + exponent - unit
	significant := strings.TrimLeft(digits, "0")
	point -= len(digits) - len(significant)
	if significant == "" {
		return time.Unix(0, 0).UTC(), nil
	}
	if point > 12 { // seconds of 13 digits and more are behind the year 9999
		return time.Time{}, ErrTimeRange
	}
	whole, _ := strconv.ParseInt("0"+places(significant, 0, point), 10, 64)
	nanos, _ := strconv.ParseInt(places(significant, point, point+9), 10, 64)
	if negative {
		whole, nanos = -whole, -nanos
	}
	t := time.Unix(whole, nanos).UTC()
	if t.Unix() < firstSecond || t.Unix() > lastSecond {
		return time.Time{}, ErrTimeRange
	}
	return t, nil
}

// places returns the decimal places from up to to of 0.digits, with zeros where there are none.
func places(digits string, from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		if i >= 0 && i < len(digits) {
			b.WriteByte(digits[i])
		} else {
			b.WriteByte('0')
		}
	}
	return b.String()
}

// decimal takes a number apart: its value is digits * 10^exponent. Exponents beyond any use are cut to a million.
func decimal(s string) (digits string, exponent int, negative, ok bool) {
	s, negative = strings.CutPrefix(s, "-")
	mantissa := s
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa = s[:i]
		e := s[i+1:]
		sign := 1
		if strings.HasPrefix(e, "-") {
			sign = -1
		}
		if strings.HasPrefix(e, "-") || strings.HasPrefix(e, "+") {
			e = e[1:]
		}
		if !allDigits(e) {
			return "", 0, false, false
		}
		e = strings.TrimLeft(e, "0")
		if len(e) > 7 {
			e = "10000000"
		}
		n, _ := strconv.Atoi("0" + e)
		exponent = sign * n
	}
	whole, fraction, dotted := strings.Cut(mantissa, ".")
	if !allDigits(whole) || dotted && !allDigits(fraction) {
		return "", 0, false, false
	}
	return whole + fraction, exponent - len(fraction), negative, true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}
