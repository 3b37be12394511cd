package streamtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"panther/pipeline/stream"
)

// A Step is one thing that happens to a driver.
type Step func(d *Driver)

// Conform holds a node to what every node promises, on a sequence of steps:
//
//   - an abort of one step or of several, and a restart, at any step or at each, change nothing that comes out;
//   - a stage writes only to topics that it declares, and its states, Wakes included, survive the changelog;
//   - it neither changes the state that it is given, nor remembers anything else, and forgets a key with the zero state.
//
// The node's stage must be wrapped by Checked, which sees to the last two.
func Conform(t *testing.T, node func() stream.Node, steps []Step) {
	t.Helper()
	if err := conform(node, steps); err != nil {
		t.Fatal(err)
	}
}

func conform(node func() stream.Node, steps []Step) error {
	run := func(span int, troubled func(i int) trouble) ([]string, error) {
		return play(node(), steps, span, troubled)
	}
	calm := func(int) trouble { return none }
	want, err := run(0, calm)
	if err != nil {
		return err
	}
	if len(want) == 0 {
		return errors.New("these steps make no output, so they prove nothing")
	}
	check := func(what string, span int, troubled func(i int) trouble) error {
		got, err := run(span, troubled)
		if diff := cmp.Diff(want, got); err == nil && diff != "" {
			err = fmt.Errorf("the output is another: -without +with\n%s", diff)
		}
		if err != nil {
			return fmt.Errorf("with %s: %w", what, err)
		}
		return nil
	}
	for _, x := range []struct {
		name    string
		trouble trouble
	}{{"an abort", aborts}, {"a restart", restarts}} {
		if err := check(x.name+" in every step", 0, func(int) trouble { return x.trouble }); err != nil {
			return err
		}
		for at := range steps {
			troubled := func(i int) trouble {
				if i == at {
					return x.trouble
				}
				return none
			}
			if err := check(fmt.Sprintf("%s in step %d", x.name, at), 0, troubled); err != nil {
				return err
			}
		}
	}
	for _, span := range []int{2, 7} {
		if err := check(fmt.Sprintf("aborts of %d steps at once", span), span, calm); err != nil {
			return err
		}
	}
	return nil
}

// play runs the steps, each span of them after they were done and aborted together, and returns what came out.
func play(n stream.Node, steps []Step, span int, troubled func(i int) trouble) (out []string, err error) {
	defer func() {
		if p := recover(); p != nil { // of Wake, which no task guards
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	d := New(n)
	for i, step := range steps {
		if span > 0 && i%span == 0 {
			d.rehearse(steps[i:min(i+span, len(steps))])
		}
		d.trouble = troubled(i)
		step(d)
		records, err := d.Read()
		if err != nil {
			return nil, fmt.Errorf("step %d: %w", i, err)
		}
		for _, r := range records {
			out = append(out, fmt.Sprintf("step %d: %s %s %s %q", i, r.Topic, r.Key, r.Value, r.Headers))
		}
	}
	return out, nil
}

// Checked wraps a stage so that each call fails, by a panic that the driver reports, if the stage breaks a promise.
func Checked[S any](s stream.Stage[S]) stream.Stage[S] { return checked[S]{s} }

type checked[S any] struct{ stage stream.Stage[S] }

func (c checked[S]) Process(s S, r stream.Record, v stream.View) (S, []stream.Record) {
	return c.twice(s, func() (S, []stream.Record) { return c.stage.Process(s, r, v) })
}

func (c checked[S]) Tick(s S, key string, now time.Time, v stream.View) (S, []stream.Record) {
	return c.twice(s, func() (S, []stream.Record) { return c.stage.Tick(s, key, now, v) })
}

func (c checked[S]) Wake(s S) stream.Wake {
	w := c.stage.Wake(s)
	var restored S
	if err := decode(encode(s), &restored); err != nil {
		panic(fmt.Sprintf("state %+v does not survive the changelog: %v", s, err))
	}
	if again := c.stage.Wake(restored); !bytes.Equal(encode(w), encode(again)) {
		panic(fmt.Sprintf("Wake is %+v, and from the restored state %+v", w, again))
	}
	var zero S
	if w := c.stage.Wake(zero); !w.IsZero() {
		panic(fmt.Sprintf("the zero state wakes: %+v", w))
	}
	if bytes.Equal(encode(s), encode(zero)) && !reflect.ValueOf(&s).Elem().IsZero() {
		panic(fmt.Sprintf("state %#v is not zero, but the changelog cannot tell: return the zero state to forget a key", s))
	}
	return w
}

// twice calls f twice on the same state, which must not change, for the same answer.
func (c checked[S]) twice(s S, f func() (S, []stream.Record)) (S, []stream.Record) {
	before := encode(s)
	first, out := f()
	if after := encode(s); !bytes.Equal(before, after) {
		panic(fmt.Sprintf("the stage changed the state that it was given: %s, now %s", before, after))
	}
	answer := encode(first, out)
	if again, more := f(); !bytes.Equal(answer, encode(again, more)) {
		panic(fmt.Sprintf("the stage answers %s, then to the same question %s", answer, encode(again, more)))
	}
	var restored S
	if err := decode(encode(first), &restored); err != nil || !bytes.Equal(encode(first), encode(restored)) {
		panic(fmt.Sprintf("state %s comes out of the changelog as %s (%v)", encode(first), encode(restored), err))
	}
	return first, out
}

// encode is a list of values as JSON.
func encode(values ...any) []byte {
	b, err := json.Marshal(values)
	if err != nil {
		panic(fmt.Sprintf("not JSON: %v", err))
	}
	return bytes.Clone(b)
}

// decode reads the only value of a list that encode made.
func decode(b []byte, into any) error { return json.Unmarshal(b, &[]any{into}) }
