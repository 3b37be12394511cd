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

// A Field is a named member of an object, or a value of a line of text. In events it has its name, whatever it is called in
// the line.
type Field struct {
	Name        string // case counts
	From        string // rename: the member of the line that it is; empty: the one of its name
	Description string
	Required    bool     // present and not null
	Derived     *Derived // made of other values; nil: a member of the line. Only fields at the top are
	Value
}

// Member returns the name of the member of the line that the field is. A derived field is none.
func (f *Field) Member() string {
	if f.From != "" {
		return f.From
	}
	return f.Name
}

// A Value says what a value looks like.
type Value struct {
	Type           Type
	TimeFormats    []TimeFormat // of a timestamp: tried in order, at least one
	IsEventTime    bool         // of a timestamp: when the event happened; of several, the first that has a value
	IsEmbeddedJSON bool         // of json, object, array: the value may be a string that holds it
	Indicators     []Indicator  // of a string
	Validate       *Validate    // of a string: what it may be; nil: anything
	Mask           *Mask        // of a string: what events have in its place; nil: itself
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
	Name   string
	Header []byte // of csv: the first line of the file, which names the columns; nil: the line came alone
	Line   string
	Event  map[string]any // members that the event has to have, among others: see Differences; nil: none is named
	Fails  schemas.Code   // empty: the line is of this type
	Field  string         // where it fails
}
