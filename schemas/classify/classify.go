// Package classify decides which schema a log line matches and, if none, why not.
//
// Its one idea: all candidate schemas of a source are compiled into one tree of fields (a Plan), in which a schema is one bit of
// a mask, and a line is walked once for all of them. The walk leaves a tape, the values that somebody knows, and whatever is
// made of the line is made from its tape: the event, what speaks against each schema, the choice among several that match.
//
// A caller needs this file, plans.go and engine.go, and whoever makes tables column.go, fill.go for events and fillmatch.go for
// lines. To see how it works read plan.go (what is compiled), walk.go and value.go (one line), tape.go (what that leaves), judge.go
// (schemas that the walk does not judge itself), emit.go (events), explain.go, narrate.go and diagnose.go (reasons); text.go has the
// formats that are no JSON, times.go and convert.go how values are read. Package reference is the clear, slow checker that defines
// what is right; tests compare the two on schemas and lines that are made by chance.
package classify

import (
	"time"

	"panther/schemas"
	"panther/schemas/logtype"
)

// MaxLine is the longest line that is looked at; a longer one is a failure of its own.
const MaxLine = 1 << 20

// MaxDepth is how deep objects and arrays may be nested, the line's own object counted, embedded JSON included.
const MaxDepth = 128

// MaxMade is how many bytes a schema may make of a line by copy, concat, split and expandFields, all its fields together: else a
// few copies of a long line would be an event of any size.
const MaxMade = 1 << 20

// MaxReasons bounds the reasons that a candidate reports: an array of a million wrong elements is one trouble.
const MaxReasons = 32

// The flags that an event can have, in p_flags: what was odd about its line.
const (
	FlagDuplicateKeys = "duplicate_keys" // a field was there twice; the event has the last one
	FlagInvalidUTF8   = "invalid_utf8"   // the event has U+FFFD for bytes, or halves of surrogate pairs, that are no character
)

// A Line is one log line, and what its event will carry besides its own fields.
type Line struct {
	Bytes       []byte
	Header      []byte // the first line of what this line of text is from, also of itself; nil if it came alone, or is no text. Its bytes stay as they are
	Envelope    []byte // what was around the line, for p_header: a JSON object, valid and compact; nil: nothing
	RowID       string
	SourceID    string
	SourceLabel string
	SourceFile  string // of an S3 object; else empty
	ParseTime   time.Time
}

// A Verdict is what became of a line: an event, or the reasons of each candidate.
type Verdict struct {
	Schema     *logtype.Schema     // nil: it matches none
	Ambiguous  []string            // names of the other schemas that match as well
	Event      []byte              // the event as a JSON object, p_ fields included; valid until the next Check, or until a table is filled from the line
	EventTime  time.Time           // zero: it has none of its own
	Skipped    bool                // a header or comment of its text format: neither an event nor a failure
	Candidates []schemas.Candidate // without a match: the nearest first; at most MaxReasons reasons each
}

// A Checker checks lines against the schemas that it was made for. The choice among several that match: most known fields
// matched, then the order in which they were given. It never fails and never panics, whatever the bytes.
type Checker interface {
	Check(l Line) Verdict
}
