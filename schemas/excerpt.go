package schemas

import (
	"strings"
	"unicode/utf8"
)

// excerptWidth is how many bytes of a line an excerpt shows, besides the marks.
const excerptWidth = 200

// Excerpt is what people see of a failing line in a message: about 200 bytes around the part that fails, which stands between
// >>> and <<<, with "…" where the line goes on. Where no part is to blame it is the beginning of the line. Bytes
// that are not UTF-8 stay as they are.
func (s Sample) Excerpt() string {
	line := []byte(s.Payload)
	span := Span{Start: min(max(0, s.Span.Start), len(line))}
	span.End = min(max(span.Start, s.Span.End), len(line))
	from, to := excerptOf(line, span)
	var b strings.Builder
	if from > 0 || s.Cut && span.End > 0 {
		b.WriteString("…")
	}
	failing := Span{max(from, span.Start), min(to, span.End)}
	if failing.End > failing.Start {
		b.Write(line[from:failing.Start])
		b.WriteString(">>>")
		b.Write(line[failing.Start:failing.End])
		if failing.End < span.End {
			b.WriteString("…")
		}
		b.WriteString("<<<")
		from = failing.End
	}
	b.Write(line[from:to])
	if to < len(line) || s.Cut {
		b.WriteString("…")
	}
	return b.String()
}

// excerptOf chooses the bytes to show: the part that fails in the middle, or its beginning, if it is longer.
func excerptOf(line []byte, span Span) (from, to int) {
	if len(line) <= excerptWidth {
		return 0, len(line)
	}
	middle := span.Start + min(span.End-span.Start, excerptWidth)/2
	from = min(max(0, middle-excerptWidth/2), len(line)-excerptWidth)
	to = from + excerptWidth
	for from > 0 && !utf8.RuneStart(line[from]) && from > to-excerptWidth-utf8.UTFMax {
		from--
	}
	for to < len(line) && !utf8.RuneStart(line[to]) && to < from+excerptWidth+2*utf8.UTFMax {
		to++
	}
	return from, to
}
