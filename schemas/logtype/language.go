package logtype

// A Key is a key of the language of schemas: what Parse accepts, what editors are told (JSONSchema) and what docs/schemas.md
// says are the same table, which is Language.
type Key struct {
	In       []Place // where it may stand
	Name     string
	Kind     Kind
	Into     Place    // of the kinds that hold keys: the place of these
	Choices  []string // of the kind Choice and of lists: what it may be; nil: anything
	Pattern  string   // of a text: the regular expression that it matches; empty: any
	Types    []Type   // the types of values for which it has a meaning; nil: all
	Needed   bool     // it has to be there; with Types, for these types
	Group    string   // of the keys of a place that have the same, at most one may be there, or exactly one if they are Needed
	Nonempty bool     // of a text, list or mapping
	Doc      string   // what it is, in a sentence without its full stop
	Example  string   // a value, as YAML writes it on one line
}

// A Place is a kind of mapping in a schema document.
type Place string

// The places, in the order in which the documentation has them.
const (
	InSchema     Place = "schema"     // the document
	InField      Place = "field"      // of the schema or of an object
	InElement    Place = "element"    // of an array
	InDefinition Place = "definition" // what a ref refers to
	InParser     Place = "parser"
	InCSV        Place = "csv"
	InFastMatch  Place = "fastmatch"
	InRegex      Place = "regex"
	InScript     Place = "script"
	InValidate   Place = "validate"
	InRename     Place = "rename"
	InCopy       Place = "copy"
	InConcat     Place = "concat"
	InSplit      Place = "split"
	InMask       Place = "mask"
	InSample     Place = "sample"
)

// Places lists the places with what each is.
func Places() []PlaceDoc {
	return []PlaceDoc{
		{InSchema, "A schema is a document with these keys."},
		{InField, "What is in the list `fields` of a schema or of an object."},
		{InElement, "What each value of an array is."},
		{InDefinition, "What stands under a name in `definitions`, for fields of type `ref`."},
		{InParser, "How a line of text becomes fields. Without a parser a line is one JSON object."},
		{InCSV, "Values between delimiters. One in double quotes may have delimiters in it, and quotes that are doubled."},
		{InFastMatch, "Values between literals. The first pattern that fits counts."},
		{InRegex, "Values that named parts of a regular expression match. It is looked for anywhere in the line; one that begins with `^`, has no alternatives, no `\\b` and no repeated groups, and in which the next character tells where each part ends, is about ten times as quick."},
		{InScript, "A program that makes an object of a line, in Starlark, a dialect of Python. It has bounds on steps and memory."},
		{InValidate, "What a string may be. A line with another is of another type."},
		{InRename, "A field that has another name in the line."},
		{InCopy, "A field that has the value of another one."},
		{InConcat, "A field that is put together of others. It has no value unless each of them has one."},
		{InSplit, "A field that is a part of another. It has no value if there are fewer parts."},
		{InMask, "A string that events do not show. The exact bytes of a line that fails are kept unmasked."},
		{InSample, "A line with what becomes of it. `panther schema test` holds a schema to its samples."},
	}
}

// A PlaceDoc says what stands at a place.
type PlaceDoc struct {
	Place Place
	Doc   string
}

// A Kind is what the value of a key looks like.
type Kind string

// The kinds.
const (
	KindText    Kind = "text"
	KindChoice  Kind = "one of" // Choices
	KindFlag    Kind = "true or false"
	KindNumber  Kind = "a whole number" // from 0 on
	KindTexts   Kind = "a list of texts"
	KindMapping Kind = "keys"            // of the place Into
	KindList    Kind = "a list"          // of mappings with the keys of the place Into
	KindNamed   Kind = "names"           // each with the keys of the place Into
	KindNames   Kind = "names and texts" // each name with a text
	KindMembers Kind = "members"         // of an object, of any content
)
