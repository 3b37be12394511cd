// Package logtype is the language of log-type schemas: what a log line of a type looks like.
//
// A schema is a YAML document; Parse reads it, strictly. What it says is plain data, immutable once parsed: the fields that a
// line has and their types, and, for text, how a line is cut into fields. How values convert is the business of the checkers
// in package classify; how times are read is here, in TimeFormat. The log types that Panther Monitor knows by itself are the
// files under builtin, each with sample lines that a test holds it to.
package logtype

import "panther/schemas"

// A Schema is a log type: see Parse.
type Schema struct {
	Name         string // as AWS.CloudTrail; events carry it as p_log_type
	Version      int64  // of the catalogue entry that it was parsed from; 0: built in
	Description  string
	ReferenceURL string // where the vendor describes the format
	Parser       Parser
	Fields       []Field // in the order of the document, which is the order of reasons
	Samples      []Sample
}

// A Parser cuts a line of text into fields, by name. At most one of its parts is set; none: the line is a JSON object.
type Parser struct {
	CSV       *CSV
	FastMatch *FastMatch
}

// IsText reports whether lines are text, and not JSON objects.
func (p Parser) IsText() bool { return p.CSV != nil || p.FastMatch != nil }

// A CSV line is values between delimiters. A value may stand in double quotes, with quotes inside it doubled.
type CSV struct {
	Delimiter byte
	Columns   []string // the field of each column; "_" is a column that nobody wants
	HasHeader bool     // a line that repeats the names of the columns is skipped
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

// Text is what the text formats have in common.
type Text struct {
	SkipPrefix  string   // lines that begin with it are comments, neither event nor failure; empty: there are none
	EmptyValues []string // texts that stand for no value, as "-"
	TrimSpace   bool     // white space around a value does not belong to it
}

// A Field is a named member of an object, or a value of a line of text.
type Field struct {
	Name        string // case counts
	Description string
	Required    bool // present and not null
	Value
}

// A Value says what a value looks like.
type Value struct {
	Type           Type
	TimeFormats    []TimeFormat // of a timestamp: tried in order, at least one
	IsEventTime    bool         // of a timestamp: when the event happened; of several, the first that has a value
	IsEmbeddedJSON bool         // of json, object, array: the value may be a string that holds it
	Indicators     []Indicator  // of a string
	Element        *Value       // of an array
	Fields         []Field      // of an object
}

// A Type is a type of values.
type Type string

// The types. An int has 32 bits, a smallint 16, a bigint 64; a float is a finite float64; json is any JSON value.
const (
	String    Type = "string"
	Int       Type = "int"
	SmallInt  Type = "smallint"
	BigInt    Type = "bigint"
	Float     Type = "float"
	Boolean   Type = "boolean"
	Timestamp Type = "timestamp"
	Array     Type = "array"
	Object    Type = "object"
	JSON      Type = "json"
)

// MaxNesting is how deep fields may be nested in a schema: as far as a path from a field to one within it can go.
const MaxNesting = 64

// A Sample is a line that belongs to a schema as its test.
type Sample struct {
	Name  string
	Line  string
	Fails schemas.Code // empty: the line is of this type
	Field string       // where it fails
}
