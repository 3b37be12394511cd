package classify

// A stamp is a strftime pattern read in one go: its text is of one length if all numbers have as many digits as they can have,
// as in 01/Mar/2026:08:15:30 +0000. A text that is otherwise is left to the calendar, which gives the same times.
type stamp struct {
	length   int // 0: the pattern has something else in it
	literals []stampOp
	fields   []stampOp
}

type stampOp struct {
	at int
	timeOp
}

var stampWidths = map[byte]int{'Y': 4, 'm': 2, 'd': 2, 'H': 2, 'M': 2, 'S': 2, 'b': 3, 'z': 5}

func newStamp(ops []timeOp) *stamp {
	s := &stamp{}
	for _, op := range ops {
		at := s.length
		if op.directive == 0 {
			s.literals = append(s.literals, stampOp{at, op})
			s.length++
			continue
		}
		width := stampWidths[op.directive]
		if width == 0 {
			return &stamp{}
		}
		s.fields = append(s.fields, stampOp{at, op})
		s.length += width
	}
	return s
}

// parse reads a text; false: the calendar has to look at it.
func (s *stamp) parse(text []byte) (at instant, ok bool) {
	if len(text) != s.length || s.length == 0 {
		return instant{}, false
	}
	for i := range s.literals {
		if l := &s.literals[i]; text[l.at] != l.literal {
			return instant{}, false
		}
	}
	year, month, day, hour, minute, second, offset, wrong := 1970, 1, 1, 0, 0, 0, 0, 0
	for i := range s.fields {
		f := &s.fields[i]
		n := 0
		if f.directive != 'b' && f.directive != 'z' {
			n = two(text, f.at)
			wrong |= n // negative if anything is
		}
		switch f.directive {
		case 'Y':
			last := two(text, f.at+2)
			wrong |= last
			year = n*100 + last
		case 'm':
			month = n
		case 'd':
			day = n
		case 'H':
			hour = n
		case 'M':
			minute = n
		case 'S':
			second = n
		case 'b':
			month = monthOf(text[f.at : f.at+3])
		case 'z':
			if offset, ok = offsetOf(text[f.at : f.at+5]); !ok {
				return instant{}, false
			}
		}
	}
	seconds, ok := civil(year, month, day, hour, minute, second)
	return instant{seconds: seconds - int64(offset)}, ok && wrong >= 0
}

// monthOf returns the month that three letters stand for; 0: none.
func monthOf(b []byte) int {
	for i, name := range monthNames {
		if b[0]|0x20 == name[0] && b[1]|0x20 == name[1] && b[2]|0x20 == name[2] {
			return i + 1
		}
	}
	return 0
}

// offsetOf reads +hhmm as seconds.
func offsetOf(b []byte) (seconds int, ok bool) {
	hours, minutes := two(b, 1), two(b, 3)
	if b[0] != '+' && b[0] != '-' || hours < 0 || hours > 23 || minutes < 0 || minutes > 59 {
		return 0, false
	}
	if seconds = hours*3600 + minutes*60; b[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}
