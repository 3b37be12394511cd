package query

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"panther/sinks/lake/query/wire"
)

// An Error is what is wrong with a statement, or why it was ended.
type Error struct {
	SQL string
	wire.Mistake
}

// Error says what is wrong, where, and how to mend it, in one line.
func (e *Error) Error() string {
	s := e.Text
	if e.Position >= 0 {
		line, column, _ := e.place()
		s = fmt.Sprintf("line %d, column %d: %s", line, column, s)
	}
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

// Permanent reports whether the statement itself is wrong: it would fail again.
func (e *Error) Permanent() bool { return e.Reason == wire.BadStatement || e.Reason == wire.Refused }

// place returns the line and column of the mistake, from 1, in letters, and the text of the line.
func (e *Error) place() (line, column int, text string) {
	at := min(e.Position, len(e.SQL))
	from := strings.LastIndexByte(e.SQL[:at], '\n') + 1
	text, _, _ = strings.Cut(e.SQL[from:], "\n")
	return 1 + strings.Count(e.SQL[:from], "\n"), 1 + utf8.RuneCountInString(e.SQL[from:at]), text
}

// Excerpt is the line of the mistake, and the bytes of it, a word or a sign, that are to blame. Without a position there is none.
func (e *Error) Excerpt() (line string, from, to int, ok bool) {
	if e.Position < 0 {
		return "", 0, 0, false
	}
	_, _, line = e.place()
	from = min(e.Position, len(e.SQL)) - strings.LastIndexByte(e.SQL[:min(e.Position, len(e.SQL))], '\n') - 1
	if from == len(line) {
		line += " " // the end is to blame
	}
	to = from
	for to < len(line) && (line[to] == '_' || unicode.IsLetter(rune(line[to])) || unicode.IsDigit(rune(line[to])) || line[to] >= utf8.RuneSelf) {
		to++
	}
	return line, from, max(to, from+1), true
}
