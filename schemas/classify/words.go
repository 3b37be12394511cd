package classify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"panther/schemas"
)

var index = regexp.MustCompile(`\[[0-9]+\]`)

// Fingerprint identifies a kind of failure: lines of one source whose nearest schema fails at the same field with the same
// code have the same one. It is 16 hexadecimal digits. Positions in arrays do not count: target[0].id and target[7].id are
// one field. Without any candidate, which is the zero nearest, the code is NoSchema.
func Fingerprint(source string, nearest schemas.Candidate) string {
	reason := first(nearest)
	field := index.ReplaceAllString(reason.Field, "[]")
	sum := sha256.Sum256([]byte(strings.Join([]string{source, nearest.Schema, field, string(reason.Code)}, "\x00")))
	return hex.EncodeToString(sum[:8])
}

// Summary says in words why a line does not match its nearest schema, from the first reason and the number of others:
//
//	AWS.CloudTrail: field eventVersion: expected string, got object (and 2 more reasons)
//
// The zero Candidate, of a line that had no schema to be tried, has words of its own.
func Summary(nearest schemas.Candidate) string {
	if nearest.Schema == "" || len(nearest.Reasons) == 0 {
		return "no schema is configured for this source; give it log types"
	}
	text := nearest.Schema + ": " + Words(first(nearest))
	switch more := len(nearest.Reasons) - 1; {
	case more == 1:
		text += " (and 1 more reason)"
	case more > 1:
		text += fmt.Sprintf(" (and %d more reasons)", more)
	}
	return text
}

// Why is Summary of a line, with Advice behind it if there is any.
func Why(nearest schemas.Candidate, line []byte) string {
	why := Summary(nearest)
	if advice := Advice(line); advice != "" {
		why += "; " + advice
	}
	return why
}

// Words says one reason in words: "field port: expected int, got string "abc"".
func Words(r schemas.Reason) string {
	switch {
	case r.Code == schemas.RequiredMissing && r.Got == "":
		return fmt.Sprintf("required field %s is missing", r.Field)
	case r.Code == schemas.RequiredMissing:
		return fmt.Sprintf("required field %s is %s", r.Field, r.Got)
	case r.Code == schemas.ScriptError:
		return "the script fails: " + r.Got
	}
	text := fmt.Sprintf("expected %s, got %s", r.Expected, r.Got)
	if r.Field != "" {
		text = fmt.Sprintf("field %s: %s", r.Field, text)
	}
	switch r.Code {
	case schemas.NotJSON:
		return "not JSON: " + text
	case schemas.TrailingData:
		return "data behind the JSON object: " + text
	case schemas.TooDeep:
		return "nested too deep: " + text
	case schemas.LineTooLong:
		return "line too long: " + text
	case schemas.OutOfRange:
		return "out of range: " + text
	case schemas.NoPattern:
		return "no pattern matches: " + text
	case schemas.NotAllowed:
		return "not allowed: " + text
	}
	return text
}

// wrapper matches the beginning of a file of AWS and of others: one object that holds the records.
var wrapper = regexp.MustCompile(`^\s*\{\s*"(Records|records|logEvents)"\s*:\s*\[\s*\{`)

// Advice is what Summary cannot know without the line; mostly it is empty. A file as CloudTrail delivers
// it is one object with all its records: nobody sees from "required field eventName is missing" what is wrong with that.
func Advice(line []byte) string {
	member := Wrapper(line)
	if member == "" {
		return ""
	}
	return fmt.Sprintf("the line is a wrapper: its records are in member %s; give the source streamType: JsonArray, and "+
		"streamTypeOptions: {jsonArrayEnvelopeField: %s}", member, member)
}

// Wrapper names the member that has the records, if a line is an object as AWS delivers files; else it is empty.
func Wrapper(line []byte) (member string) {
	if m := wrapper.FindSubmatch(line[:min(len(line), 200)]); m != nil {
		member = string(m[1])
	}
	return member
}

func first(c schemas.Candidate) schemas.Reason {
	if len(c.Reasons) == 0 {
		return schemas.Reason{Code: schemas.NoSchema}
	}
	return c.Reasons[0]
}
