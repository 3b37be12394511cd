package stages_test

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"panther/stages"
)

// The memory of events is let go with them: what is made in pieces holds no large events back.
func TestEventsAreLetGo(t *testing.T) {
	const large = 25
	c, v := stages.NewClassifier(newWordChecker), oneSource(1)
	gone := make(chan struct{}, large)
	for i := range large {
		out := c.Map(nil, at(int64(i), "Ok "+strings.Repeat("x", 100<<10)), v)
		if !bytes.Contains(out[0].Value, []byte("xxx")) {
			t.Fatalf("no event: %.100s", out[0].Value)
		}
		runtime.AddCleanup(&out[0].Value[0], func(struct{}) { gone <- struct{}{} }, struct{}{})
	}
	c.Map(nil, at(large, "Ok"), v) // what is of the last line stays until the next
	freed := 0
	for range 1000 {
		runtime.GC()
		for len(gone) > 0 {
			<-gone
			freed++
		}
		if freed >= large-1 {
			break
		}
	}
	if freed < large-1 {
		t.Errorf("of %d large events only %d were let go", large, freed)
	}
	runtime.KeepAlive(c)
}
