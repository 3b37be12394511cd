package logtype

import (
	"regexp"

	"panther/schemas/script"
)

// A Parser makes an object of a line that is none, with fields by name. At most one of its parts is set; none: the line is a
// JSON object.
type Parser struct {
	CSV       *CSV
	FastMatch *FastMatch
	Regex     *Regex
	Script    *Script
}

// IsText reports whether lines are text that is cut into values, all of them texts. A script is given text too, and makes
// what it likes of it.
func (p Parser) IsText() bool { return p.CSV != nil || p.FastMatch != nil || p.Regex != nil }

// Name is the key by which a schema chooses the parser; "json" of none.
func (p Parser) Name() string {
	switch {
	case p.CSV != nil:
		return "csv"
	case p.FastMatch != nil:
		return "fastmatch"
	case p.Regex != nil:
		return "regex"
	case p.Script != nil:
		return "script"
	}
	return "json"
}

// A CSV line is values between delimiters. A value may stand in double quotes, with quotes inside it doubled.
type CSV struct {
	Delimiter byte
	Columns   []string // the field of each column; "_" is a column that nobody wants; nil: the header names them
	HasHeader bool     // the first line of a file is its header, and so is a line that repeats the names of the columns
	Text
}

// A FastMatch line is values between literals, as "%{host} - %{user} [%{time}]". Patterns are tried in order.
type FastMatch struct {
	Patterns []Pattern
	Text
}

// A Pattern is a sequence of fields with literals around them: Literals[i] stands before Fields[i], and the last literal
// behind the last field. Only the first and the last literal may be empty.
type Pattern struct {
	Fields   []string // "_" is a value that nobody wants
	Literals []string // one more than fields
}

// A Regex line is one that matches a regular expression somewhere; "^" and "$" tie it to the ends of the line. The values are
// what its named groups match; a group that takes no part in the match has none.
type Regex struct {
	Source string // the parts of match put together, as the schema has them
	Regexp *regexp.Regexp
	Fields []string // the field of each group of Regexp, the whole match being the first; "" for a group that is no field
	Text
}

// A Script line is given to a program, which makes an object of it.
type Script struct {
	Program *script.Program
}

// Text is what the text formats have in common.
type Text struct {
	SkipPrefix  string   // lines that begin with it are comments, neither event nor failure; empty: there are none
	EmptyValues []string // texts that stand for no value, as "-"
	TrimSpace   bool     // white space around a value does not belong to it
}
