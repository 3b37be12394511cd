package classify

// A stamp is a strftime pattern read in one go: its text is of one length if all numbers have as many digits as they can have,
// as in 01/Mar/2026:08:15:30 +0000. A text that is otherwise is left to the calendar, which gives the same times.
type stamp struct {
	length   int // 0: the pattern has something else in it
	literals []stampLiteral

	year, month, name, day, hour, minute, second, offset int // where they begin, name being that of the month; -1: it is not there
}

type stampLiteral struct {
	at      int
	literal byte
}

var stampWidths = map[byte]int{'Y': 4, 'm': 2, 'd': 2, 'H': 2, 'M': 2, 'S': 2, 'b': 3, 'z': 5}

func newStamp(ops []timeOp) *stamp {
	s := &stamp{year: -1, month: -1, name: -1, day: -1, hour: -1, minute: -1, second: -1, offset: -1}
	places := map[byte]*int{'Y': &s.year, 'm': &s.month, 'd': &s.day, 'H': &s.hour, 'M': &s.minute, 'S': &s.second, 'b': &s.name, 'z': &s.offset}
	for _, op := range ops {
		at := s.length
		if op.directive == 0 {
			s.literals = append(s.literals, stampLiteral{at, op.literal})
			s.length++
			continue
		}
		place := places[op.directive]
		if place == nil || *place >= 0 {
			return &stamp{}
		}
		*place = at
		s.length += stampWidths[op.directive]
	}
	if s.month >= 0 && s.name >= 0 {
		return &stamp{}
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
	year, month, offset := 1970, 1, 0
	day, hour, minute, second := twoOr(text, s.day, 1), twoOr(text, s.hour, 0), twoOr(text, s.minute, 0), twoOr(text, s.second, 0)
	wrong := day | hour | minute | second // negative if any of them is
	if s.year >= 0 {
		first, last := two(text, s.year), two(text, s.year+2)
		wrong |= first | last
		year = first*100 + last
	}
	if s.name >= 0 {
		month = monthOf(text[s.name : s.name+3])
	} else {
		month = twoOr(text, s.month, 1)
	}
	if s.offset >= 0 {
		if offset, ok = offsetOf(text[s.offset : s.offset+5]); !ok {
			return instant{}, false
		}
	}
	seconds, ok := civil(year, month, day, hour, minute, second)
	return instant{seconds: seconds - int64(offset)}, ok && wrong >= 0
}

// twoOr is two, and otherwise if at is negative.
func twoOr(b []byte, at, otherwise int) int {
	if at < 0 {
		return otherwise
	}
	return two(b, at)
}

// monthOf returns the month that three letters stand for; 0: none.
func monthOf(b []byte) int {
	one := &namedMonths[(b[1]+b[2])%32]
	if uint32(b[0])<<16|uint32(b[1])<<8|uint32(b[2])|0x202020 != one.name {
		return 0
	}
	return one.month
}

// namedMonths are by the sum of their second and third letters, modulo 32: it is another one for each.
var namedMonths = func() (months [32]struct {
	name  uint32 // three letters
	month int
}) {
	for i, name := range monthNames {
		one := &months[(name[1]+name[2])%32]
		one.name, one.month = uint32(name[0])<<16|uint32(name[1])<<8|uint32(name[2]), i+1
	}
	return months
}()

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
