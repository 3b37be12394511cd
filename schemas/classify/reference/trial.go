package reference

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"panther/schemas"
	"panther/schemas/classify"
	"panther/schemas/logtype"
)

// An outcome is what became of a value.
type outcome uint8

const (
	failed  outcome = iota
	absent          // null, or an empty text that stands for null
	present         // converted and written
)

// A trial is one schema tried on one line.
type trial struct {
	schema   *logtype.Schema
	reasons  []schemas.Reason // the first ones
	failures int              // all that speaks against the schema
	event    event
	made     int // bytes that were made of others
}

// An event is what a trial has made so far. Copying it is a mark to go back to: what a copy has is never written over.
type event struct {
	json       []byte
	matched    int // fields that are present and convert; those within arrays do not count
	time       time.Time
	hasTime    bool
	indicators []found
	duplicates bool // a field was there twice
	altered    bool // a string has U+FFFD for what is no UTF-8
}

// fail notes a reason, unless there are enough.
func (t *trial) fail(r schemas.Reason) outcome {
	t.failures++
	if len(t.reasons) < classify.MaxReasons {
		t.reasons = append(t.reasons, r)
	}
	return failed
}

// mismatch notes that n is not what a field wants.
func (t *trial) mismatch(code schemas.Code, path, expected string, n *node) outcome {
	return t.fail(schemas.Reason{Code: code, Field: path, Expected: expected, Got: describe(n), Span: n.span})
}

// describe says what a value is, and shows it unless it is large.
func describe(n *node) string {
	switch n.kind {
	case object, array, null:
		return n.kind.String()
	}
	shown := string(n.raw[:min(len(n.raw), maxGot+utf8.UTFMax)])
	if n.kind == str && !strings.HasPrefix(shown, `"`) { // of a line of text
		shown = `"` + shown + `"`
	}
	return cut([]byte(n.kind.String() + " " + shown))
}

// object writes the fields of an object in the order of its members, a name that is there twice where its last occurrence
// stands, and what is made of others behind them. They are tried in the order of the schema, which is that of reasons and of
// event times.
func (t *trial) object(fields []logtype.Field, n *node, path string) outcome {
	given := map[string][]*node{}
	place := map[string]int{}
	for i, m := range n.members {
		given[m.name] = append(given[m.name], m.value)
		place[m.name] = i
	}
	before := t.failures
	outside := t.event.json
	var written []writtenMember
	for i := range fields {
		f := &fields[i]
		at := f.Name
		if path != "" {
			at = path + "." + f.Name
		}
		t.event.json = append(appendString(nil, f.Name), ':')
		if f.Derived != nil {
			if t.derived(f, n, at) == present {
				written = append(written, writtenMember{len(n.members) + i, t.event.json})
			}
			continue
		}
		if t.field(f, given[f.Member()], n, at) == present {
			written = append(written, writtenMember{place[f.Member()], t.event.json})
		}
	}
	slices.SortStableFunc(written, func(a, b writtenMember) int { return a.place - b.place })
	t.event.json = append(outside, '{')
	for i, w := range written {
		if i > 0 {
			t.event.json = append(t.event.json, ',')
		}
		t.event.json = append(t.event.json, w.json...)
	}
	t.event.json = append(t.event.json, '}')
	if t.failures > before {
		return failed
	}
	return present
}

// A writtenMember is a member of an object of the event, and which member of the line it comes from.
type writtenMember struct {
	place int
	json  []byte
}

// field writes the value of a field: the last of those given, though all of them are checked.
func (t *trial) field(f *logtype.Field, given []*node, parent *node, path string) outcome {
	if len(given) == 0 {
		return t.missing(f, "", enclosing(parent), path)
	}
	for _, n := range given[:len(given)-1] {
		mark := t.event
		t.value(&f.Value, n, path)
		t.event = mark
		t.event.duplicates = true
	}
	last := given[len(given)-1]
	switch result := t.value(&f.Value, last, path); result {
	case absent:
		got := "null"
		if string(last.raw) != got {
			got = "empty"
		}
		return t.missing(f, got, last.span, path)
	case present:
		t.event.matched++
		return present
	}
	return failed
}

// enclosing is the place of an object that lacks a member: nothing in particular for the line itself.
func enclosing(n *node) schemas.Span {
	if n.depth == 0 {
		return schemas.Span{}
	}
	return n.span
}

func (t *trial) missing(f *logtype.Field, got string, span schemas.Span, path string) outcome {
	if !f.Required {
		return absent
	}
	return t.fail(schemas.Reason{Code: schemas.RequiredMissing, Field: path, Expected: string(f.Type), Got: got, Span: span})
}

// value writes a value as its schema wants it.
func (t *trial) value(v *logtype.Value, n *node, path string) outcome {
	if v.IsEmbeddedJSON && n.kind == str {
		if strings.TrimSpace(n.text) == "" {
			return absent
		}
		span := n.span
		inner, reason := parse([]byte(n.text), n.depth, &span)
		if reason != nil {
			reason.Field = path
			return t.fail(*reason)
		}
		t.event.altered = t.event.altered || n.altered
		n = inner
	}
	if n.kind == null {
		return absent
	}
	switch v.Type {
	case logtype.Object:
		if n.kind != object {
			return t.mismatch(schemas.TypeMismatch, path, "object", n)
		}
		return t.object(v.Fields, n, path)
	case logtype.Array:
		if n.kind != array {
			return t.mismatch(schemas.TypeMismatch, path, "array", n)
		}
		return t.array(v.Element, n, path)
	case logtype.JSON:
		t.anything(n)
		return present
	}
	return t.scalar(v, n, path)
}

// array writes every element; one that is null stays, so that the others keep their places.
func (t *trial) array(element *logtype.Value, n *node, path string) outcome {
	before, matched := t.failures, t.event.matched
	t.event.json = append(t.event.json, '[')
	for i, item := range n.items {
		if i > 0 {
			t.event.json = append(t.event.json, ',')
		}
		mark := t.event.json
		if t.value(element, item, fmt.Sprintf("%s[%d]", path, i)) == absent {
			t.event.json = append(mark, "null"...)
		}
	}
	t.event.json = append(t.event.json, ']')
	t.event.matched = matched
	if t.failures > before {
		return failed
	}
	return present
}

// anything writes a value of any kind: without white space, numbers as they stand, members in their order.
func (t *trial) anything(n *node) {
	switch n.kind {
	case str:
		t.text(n.text, n.altered)
	case object:
		t.event.json = append(t.event.json, '{')
		for i, m := range n.members {
			if i > 0 {
				t.event.json = append(t.event.json, ',')
			}
			t.text(m.name, m.altered)
			t.event.json = append(t.event.json, ':')
			t.anything(m.value)
		}
		t.event.json = append(t.event.json, '}')
	case array:
		t.event.json = append(t.event.json, '[')
		for i, item := range n.items {
			if i > 0 {
				t.event.json = append(t.event.json, ',')
			}
			t.anything(item)
		}
		t.event.json = append(t.event.json, ']')
	default:
		t.event.json = append(t.event.json, n.raw...)
	}
}

func (t *trial) text(s string, altered bool) {
	t.event.json = appendString(t.event.json, s)
	t.event.altered = t.event.altered || altered
}

// int64 ranges of the integer types.
var ranges = map[logtype.Type][2]int64{
	logtype.SmallInt: {-1 << 15, 1<<15 - 1},
	logtype.Int:      {-1 << 31, 1<<31 - 1},
	logtype.BigInt:   {-1 << 63, 1<<63 - 1},
}

func rangeOf(t logtype.Type) string {
	r := ranges[t]
	return string(t) + " from " + strconv.FormatInt(r[0], 10) + " to " + strconv.FormatInt(r[1], 10)
}
