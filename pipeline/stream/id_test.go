package stream_test

import (
	"strings"
	"testing"

	"panther/pipeline/stream"
)

// The text of an id comes from headers and properties, which anybody may have written: one of another length is refused.
func TestIDOfAnyLength(t *testing.T) {
	for n := range 80 {
		var id stream.ID
		err := id.UnmarshalText([]byte(strings.Repeat("a", n)))
		if (err == nil) != (n == 32) {
			t.Errorf("%d digits: %v", n, err)
		}
	}
	if err := new(stream.ID).UnmarshalText([]byte(strings.Repeat("x", 32))); err == nil {
		t.Error("letters that are no digits are taken")
	}
}
