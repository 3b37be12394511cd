package envelope_test

import (
	"fmt"

	"panther/schemas/envelope"
)

// Two lines and what is left of a third: the array was cut.
func ExampleStream_Lines() {
	s := envelope.Stream{Type: envelope.JSONArray, ArrayField: "Records", Retain: true}
	for line := range s.Lines([]byte(`{"region": "eu-west-1", "Records": [{"user": "maria"}, {"user": "jo"}, {"user": "m`)) {
		if line.Broken != nil {
			fmt.Printf("%d is broken: expected %s, got %s: %s\n", line.Number, line.Broken.Expected, line.Broken.Got, line.Bytes)
			continue
		}
		fmt.Printf("%d %s in %s\n", line.Number, line.Bytes, line.Envelope)
	}
	// Output:
	// 0 {"user": "maria"} in {"region":"eu-west-1"}
	// 1 {"user": "jo"} in {"region":"eu-west-1"}
	// 2 is broken: expected a closing quote in the array, got the end: {"user": "m
}
