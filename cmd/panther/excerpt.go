package main

import (
	"strings"
	"unicode/utf8"

	"panther/schemas"
)

// An excerpt is a line as a terminal may show it, cut around the part that fails.
type excerpt struct {
	before, failing, after string
}

// excerptOf cuts a line to width letters around a span, and makes visible what could disturb a terminal.
func excerptOf(payload []byte, span schemas.Span, width int) excerpt {
	text, from, more := near(payload, span, width)
	span.Start, span.End = max(0, span.Start-from), max(0, span.End-from)
	shown := make([]string, 0, len(text)) // letters
	start, end := 0, 0                    // of the span, in shown letters
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		letters := strings.Split(escaped(r, text[i:i+size]), "")
		if i < span.Start {
			start += len(letters)
		}
		if i < span.End {
			end += len(letters)
		}
		shown = append(shown, letters...)
		i += size
	}
	left, right := window(len(shown), start, end, width)
	start, end = min(max(start, left), right), min(max(end, left), right)
	e := excerpt{strings.Join(shown[left:start], ""), strings.Join(shown[start:end], ""), strings.Join(shown[end:right], "")}
	if left > 0 || from > 0 {
		e.before = cut + e.before
	}
	if right < len(shown) || more {
		e.after += cut
	}
	return e
}

// near returns the bytes of a line that width letters around a span can be made of, from where they begin, and whether there
// are more behind them: most of a long line need not be looked at.
func near(payload []byte, span schemas.Span, width int) (text string, from int, more bool) {
	const most = utf8.UTFMax
	from = max(0, min(span.Start, len(payload))-most*width)
	to := min(len(payload), max(from, span.Start)+2*most*width)
	for n := 0; n < most && from > 0 && !utf8.RuneStart(payload[from]); n++ {
		from--
	}
	for n := 0; n < most && to < len(payload) && !utf8.RuneStart(payload[to]); n++ {
		to++
	}
	return string(payload[from:to]), from, to < len(payload)
}

// line is the excerpt as text.
func (e excerpt) line() string { return e.before + e.failing + e.after }

// marks are what stands below the line; empty if no part is to blame.
func (e excerpt) marks() string {
	if e.failing == "" {
		return ""
	}
	return strings.Repeat(" ", utf8.RuneCountInString(e.before)) + strings.Repeat("^", utf8.RuneCountInString(e.failing))
}

// cut stands where a line goes on.
const cut = "..."

// window chooses at most width of n letters so that those from start to end are in the middle.
func window(n, start, end, width int) (from, to int) {
	if n <= width {
		return 0, n
	}
	middle := start + min(end-start, width)/2
	from = min(max(0, middle-width/2), n-width)
	return from, from + width
}

// mark returns a line as a terminal may show it, cut to width letters around the part that fails, and the marks to print
// below it. A span of nothing has no marks.
func mark(payload []byte, span schemas.Span, width int) (line, marks string) {
	e := excerptOf(payload, span, width)
	return e.line(), e.marks()
}
