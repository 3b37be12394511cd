package logtype

import (
	"fmt"
	"strings"
	"time"
)

// A timeOp is one step of a strftime pattern: a directive, or a literal byte if directive is 0.
type timeOp struct {
	directive byte
	literal   byte
}

// Directives that stand for several others.
var compound = map[byte]string{'F': "%Y-%m-%d", 'T': "%H:%M:%S", 'D': "%m/%d/%y", 'R': "%H:%M", 'r': "%I:%M:%S %p",
	'v': "%e-%b-%Y", 'c': "%a %b %e %H:%M:%S %Y", 'x': "%m/%d/%y", 'X': "%H:%M:%S"}

const directives = "YymdejHkIlMSfLNpbhBaAuwzZs"

var (
	months   = []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	weekdays = []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
)

// compileStrftime turns a pattern into steps. It refuses directives that it does not know, and patterns that leave the day
// open: the year of a syslog line would be a guess.
func compileStrftime(pattern string) (ops []timeOp, err error) {
	has := map[byte]bool{}
	for rest := pattern; rest != ""; rest = rest[1:] {
		if rest[0] != '%' {
			ops = append(ops, timeOp{literal: rest[0]})
			continue
		}
		if rest = rest[1:]; rest == "" {
			return nil, fmt.Errorf("the time format %q ends in %%; write %%%% for a percent sign", pattern)
		}
		switch c := rest[0]; {
		case c == '%':
			ops = append(ops, timeOp{literal: '%'})
		case c == 'n':
			ops = append(ops, timeOp{literal: '\n'})
		case c == 't':
			ops = append(ops, timeOp{literal: '\t'})
		case compound[c] != "":
			rest = "." + compound[c] + rest[1:] // the dot takes the place of the letter
		case strings.IndexByte(directives, c) >= 0:
			has[c] = true
			ops = append(ops, timeOp{directive: c})
		default:
			return nil, fmt.Errorf("the time format %q: %%%c is not known; known are %%%% and the letters FTDRrvcxXnt%s", pattern, c, directives)
		}
	}
	year := has['Y'] || has['y']
	day := has['j'] || (has['m'] || has['b'] || has['h'] || has['B']) && (has['d'] || has['e'])
	if !has['s'] && !(year && day) {
		return nil, fmt.Errorf("the time format %q has no year, month and day", pattern)
	}
	return ops, nil
}

// A calendar is what the directives of a pattern have read so far.
type calendar struct {
	year, month, day, yearDay            int
	hour, minute, second, nanos, offset  int
	twelve, afternoon, isUnix, byYearDay bool
	unix                                 int
}

func parseStrftime(ops []timeOp, s string) (time.Time, error) {
	r := timeReader{text: s, ok: true}
	c := calendar{year: 1970, month: 1, day: 1}
	for _, op := range ops {
		if op.directive == 0 {
			r.literal(op.literal)
		} else {
			c.read(&r, op.directive)
		}
	}
	if !r.ok || r.text != "" {
		return time.Time{}, errTimeFormat
	}
	return c.time()
}

// read reads what one directive stands for. Numbers have as many digits as the directive allows, or fewer; a year has four.
func (c *calendar) read(r *timeReader, directive byte) {
	switch directive {
	case 'Y':
		c.year = r.number(4, 4)
	case 'y': // as POSIX has it: 69 to 99 are of the twentieth century
		if c.year = 2000 + r.number(2, 2); c.year >= 2069 {
			c.year -= 100
		}
	case 'm':
		c.month = r.number(1, 2)
	case 'd', 'e':
		c.day = r.padded(directive == 'e')
	case 'j':
		c.byYearDay, c.yearDay = true, r.number(1, 3)
	case 'H', 'k':
		c.hour = r.padded(directive == 'k')
	case 'I', 'l':
		c.twelve, c.hour = true, r.padded(directive == 'l')
		r.ok = r.ok && c.hour >= 1 && c.hour <= 12
	case 'M':
		c.minute = r.number(1, 2)
	case 'S':
		c.second = r.number(1, 2)
	case 'f', 'L', 'N':
		c.nanos = r.fraction()
	case 'p':
		c.afternoon = r.name([]string{"AM", "PM"}, 0) == 1
	case 'b', 'h':
		c.month = r.name(months, 3) + 1
	case 'B':
		c.month = r.name(months, 0) + 1
	case 'a':
		r.name(weekdays, 3)
	case 'A':
		r.name(weekdays, 0)
	case 'u', 'w': // the day of the week, which nobody needs: Monday is 1, Sunday 7 or 0
		r.number(1, 1)
	case 'z':
		c.offset = r.offset()
	case 'Z':
		r.name([]string{"UTC", "GMT", "Z"}, 0)
	case 's':
		c.isUnix, c.unix = true, r.number(1, 12)
	}
}

func (c *calendar) time() (time.Time, error) {
	if c.isUnix {
		return time.Unix(int64(c.unix), int64(c.nanos)).UTC(), nil
	}
	if c.twelve {
		c.hour %= 12
		if c.afternoon {
			c.hour += 12
		}
	}
	if c.byYearDay {
		date := time.Date(c.year, 1, c.yearDay, 0, 0, 0, 0, time.UTC)
		if c.yearDay < 1 || date.Year() != c.year {
			return time.Time{}, errTimeFormat
		}
		c.month, c.day = int(date.Month()), date.Day()
	}
	return civilTime(c.year, c.month, c.day, c.hour, c.minute, c.second, c.nanos, c.offset)
}

// padded reads a number of one or two digits, which may have a space in the place of the first.
func (r *timeReader) padded(space bool) int {
	if space {
		r.text = strings.TrimPrefix(r.text, " ")
	}
	return r.number(1, 2)
}

// name reads one of names, of which the first letters count if letters is not 0, whatever the case. It returns its index.
func (r *timeReader) name(names []string, letters int) int {
	for i, name := range names {
		if letters > 0 {
			name = name[:letters]
		}
		if r.ok && len(r.text) >= len(name) && strings.EqualFold(r.text[:len(name)], name) {
			r.text = r.text[len(name):]
			return i
		}
	}
	r.ok = false
	return 0
}

// offset reads Z, +hh, +hhmm or +hh:mm as seconds east of UTC.
func (r *timeReader) offset() int {
	if r.ok && strings.HasPrefix(r.text, "Z") {
		r.literal('Z')
		return 0
	}
	sign := r.sign()
	hours, minutes := r.number(2, 2), 0
	if r.ok && strings.HasPrefix(r.text, ":") {
		r.literal(':')
		minutes = r.number(2, 2)
	} else if r.ok && r.text != "" && isDigit(r.text[0]) {
		minutes = r.number(2, 2)
	}
	r.ok = r.ok && hours <= 23 && minutes <= 59
	return sign * (hours*3600 + minutes*60)
}
