package classify

import "strings"

// A timeOp is one step of a strftime pattern: a directive, or a literal byte if directive is 0.
type timeOp struct{ directive, literal byte }

// Directives that stand for several others.
var compound = map[byte]string{'F': "%Y-%m-%d", 'T': "%H:%M:%S", 'D': "%m/%d/%y", 'R': "%H:%M", 'r': "%I:%M:%S %p",
	'v': "%e-%b-%Y", 'c': "%a %b %e %H:%M:%S %Y", 'x': "%m/%d/%y", 'X': "%H:%M:%S", 'n': "\n", 't': "\t"}

// compileStrftime takes a pattern apart that package logtype has accepted; false: it is no strftime pattern. Package logtype reads
// times by itself, slowly, with package time; tests hold this to it.
func compileStrftime(pattern string) (ops []timeOp, ok bool) {
	if strings.HasPrefix(pattern, "layout=") || !strings.Contains(pattern, "%") {
		return nil, false
	}
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '%' {
			ops = append(ops, timeOp{literal: pattern[i]})
			continue
		}
		if i++; i == len(pattern) {
			return nil, false
		}
		switch c := pattern[i]; {
		case c == '%':
			ops = append(ops, timeOp{literal: c})
		case compound[c] != "":
			inner, ok := compileStrftime(compound[c])
			if !ok { // a literal
				inner = []timeOp{{literal: compound[c][0]}}
			}
			ops = append(ops, inner...)
		default:
			ops = append(ops, timeOp{directive: c})
		}
	}
	return ops, true
}

// A calendar eats the text of a time from the left; once something does not fit, ok is false.
type calendar struct {
	text                              []byte
	ok                                bool
	year, month, day, yearDay         int
	hour, minute, second, offset      int
	nanos                             uint32
	twelve, afternoon, isUnix, byDays bool
	unix                              int
}

func (c *calendar) parse(ops []timeOp) (instant, bool) {
	for _, op := range ops {
		if op.directive == 0 {
			c.literal(op.literal)
		} else {
			c.read(op.directive)
		}
		if !c.ok {
			return instant{}, false
		}
	}
	if len(c.text) > 0 {
		return instant{}, false
	}
	if c.isUnix {
		return instant{int64(c.unix), c.nanos}, true
	}
	if c.twelve {
		c.hour %= 12
		if c.afternoon {
			c.hour += 12
		}
	}
	if c.byDays {
		c.month, c.day = 1, c.yearDay
		for c.month < 12 && c.day > daysIn(c.year, c.month) {
			c.day -= daysIn(c.year, c.month)
			c.month++
		}
	}
	seconds, ok := civil(c.year, c.month, c.day, c.hour, c.minute, c.second)
	return instant{seconds - int64(c.offset), c.nanos}, ok
}

// read reads what one directive stands for.
func (c *calendar) read(directive byte) {
	switch directive {
	case 'Y':
		c.year = c.number(4, 4)
	case 'y':
		if c.year = 2000 + c.number(2, 2); c.year >= 2069 {
			c.year -= 100
		}
	case 'm':
		c.month = c.number(1, 2)
	case 'd', 'e':
		c.day = c.padded(directive == 'e')
	case 'j':
		c.byDays, c.yearDay = true, c.number(1, 3)
	case 'H', 'k':
		c.hour = c.padded(directive == 'k')
	case 'I', 'l':
		c.twelve, c.hour = true, c.padded(directive == 'l')
		c.ok = c.ok && c.hour >= 1 && c.hour <= 12
	case 'M':
		c.minute = c.number(1, 2)
	case 'S':
		c.second = c.number(1, 2)
	case 'f', 'L', 'N':
		nanos, n := fractionOf(c.text)
		c.nanos, c.ok, c.text = nanos, n > 0, c.text[n:]
	case 'p':
		c.afternoon = c.name(halves[:], 0) == 1
	case 'b', 'h':
		c.month = c.name(monthNames[:], 3) + 1
	case 'B':
		c.month = c.name(monthNames[:], 0) + 1
	case 'a':
		c.name(dayNames[:], 3)
	case 'A':
		c.name(dayNames[:], 0)
	case 'u', 'w':
		c.number(1, 1)
	case 'z':
		c.zone()
	case 'Z':
		c.name(zoneNames[:], 0)
	case 's':
		c.isUnix, c.unix = true, c.number(1, 12)
	default:
		c.ok = false
	}
}

// Names in lower case.
var (
	halves     = [...]string{"am", "pm"}
	zoneNames  = [...]string{"utc", "gmt", "z"}
	monthNames = [...]string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}
	dayNames   = [...]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
)

func (c *calendar) literal(b byte) {
	if c.ok = len(c.text) > 0 && c.text[0] == b; c.ok {
		c.text = c.text[1:]
	}
}

// padded reads a number of one or two digits, which may have a space in the place of the first.
func (c *calendar) padded(space bool) int {
	if space && len(c.text) > 0 && c.text[0] == ' ' {
		c.text = c.text[1:]
	}
	return c.number(1, 2)
}

// number reads from least to most digits, as many as there are.
func (c *calendar) number(least, most int) (n int) {
	digits := 0
	for digits < most && digits < len(c.text) && isDigit(c.text[digits]) {
		n = n*10 + int(c.text[digits]-'0')
		digits++
	}
	c.ok = c.ok && digits >= least
	c.text = c.text[digits:]
	return n
}

// name reads one of names, of which the first letters count if letters is not 0, whatever the case. It returns its index.
func (c *calendar) name(names []string, letters int) int {
	for i, name := range names {
		if letters > 0 {
			name = name[:letters]
		}
		if c.hasName(name) {
			c.text = c.text[len(name):]
			return i
		}
	}
	c.ok = false
	return 0
}

func (c *calendar) hasName(name string) bool {
	if len(c.text) < len(name) {
		return false
	}
	for i := range len(name) {
		if c.text[i]|0x20 != name[i] {
			return false
		}
	}
	return true
}

// zone reads Z, +hh, +hhmm or +hh:mm.
func (c *calendar) zone() {
	if len(c.text) == 0 {
		c.ok = false
		return
	}
	sign := c.text[0]
	c.text = c.text[1:]
	switch sign {
	case 'Z':
		c.offset = 0
		return
	case '+', '-':
	default:
		c.ok = false
		return
	}
	hours, minutes := c.number(2, 2), 0
	if c.ok && len(c.text) > 0 && c.text[0] == ':' {
		c.text = c.text[1:]
		minutes = c.number(2, 2)
	} else if c.ok && len(c.text) > 0 && isDigit(c.text[0]) {
		minutes = c.number(2, 2)
	}
	c.ok = c.ok && hours <= 23 && minutes <= 59
	if c.offset = hours*3600 + minutes*60; sign == '-' {
		c.offset = -c.offset
	}
}
