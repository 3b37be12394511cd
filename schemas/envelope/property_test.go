package envelope_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"panther/schemas/classify"
	"panther/schemas/envelope"
)

// separators are what may stand between lines, and around the elements of an array.
const separators = " \t\r\n[],"

func withoutSeparators(b []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if strings.ContainsRune(separators, r) {
			return -1
		}
		return r
	}, bytes.ToValidUTF8(b, []byte("?")))
}

// checkSplit holds the lines of a record to what is promised of any record.
func checkSplit(t *testing.T, s envelope.Stream, record []byte) {
	t.Helper()
	before := bytes.Clone(record)
	wrapped := false
	var all []byte
	number := int64(0)
	for l := range s.Lines(record) {
		switch {
		case l.Number != number:
			t.Fatalf("line %d is numbered %d", number, l.Number)
		case len(l.Bytes) > classify.MaxLine:
			t.Fatalf("line %d has %d bytes", number, len(l.Bytes))
		case l.Envelope != nil && (!json.Valid(l.Envelope) || l.Envelope[0] != '{'):
			t.Fatalf("line %d is in %q", number, l.Envelope)
		case l.Broken == nil && !l.Skip && len(l.Bytes) == 0:
			t.Fatalf("line %d is empty", number)
		case l.Broken != nil && (l.Broken.Span.Start < 0 || l.Broken.Span.End < l.Broken.Span.Start || l.Broken.Span.End > len(l.Bytes)):
			t.Fatalf("line %d of %d bytes is broken at %v", number, len(l.Bytes), l.Broken.Span)
		case l.Broken != nil && (l.Broken.Code == "" || l.Broken.Got == "" && l.Broken.Field == ""):
			t.Fatalf("line %d is broken without a reason: %+v", number, l.Broken)
		}
		number++
		wrapped = wrapped || l.Envelope != nil || l.Skip || s.Type == envelope.CloudWatchLogs
		all = append(append(all, l.Bytes...), ' ')
	}
	if !bytes.Equal(before, record) {
		t.Fatal("the record has changed")
	}
	if s.ArrayField != "" || wrapped || bytes.Contains(record, []byte(`"logEvents"`)) {
		return
	}
	if diff := cmp.Diff(withoutSeparators(record), withoutSeparators(all)); diff != "" {
		t.Fatalf("%+v %q: lost or added: %s", s, record, diff)
	}
}

func streams() []envelope.Stream {
	return []envelope.Stream{{}, {Type: envelope.JSON}, {Type: envelope.Lines}, {Type: envelope.JSONArray}, {Type: envelope.CloudWatchLogs},
		{Type: envelope.JSONArray, ArrayField: "r"}, {Type: envelope.JSONArray, ArrayField: "r", Retain: true}}
}

// FuzzLines: whatever the bytes, no byte is lost, and each line is one that can be handled.
func FuzzLines(f *testing.F) {
	for _, seed := range []string{"", "\n", "a\nb\r\n", "{}{}", "{\"a\":1}\n{\"a\":\n{\"b\":2}", "[{},{}]", `[{"a":1},`, `{"r":[{},{}],"x":1}`, "{a\nb\n{c}", "[{]",
		`{"messageType":"D","logGroup":"g","logStream":"s","logEvents":[{"message":"a\n","id":"1"}]}`, `{"a":"\"}{\\"}{`, "{\"a\":[\n{\n{", "[\n{\xff}\n]"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		for _, s := range streams() {
			checkSplit(t, s, record)
		}
	})
}

// Records made of pieces of JSON at random, mostly broken, lose nothing either.
func TestSplitsOfPieces(t *testing.T) {
	pieces := []string{"{", "}", "[", "]", ",", ":", "\"", "\\", "\n", "\r\n", " ", `"a":`, `{"a":1}`, `"r":[`, "{}", "1", "x", "é", "\xff", `"logEvents":[`,
		`{"messageType":"D","logGroup":"g","logStream":"s",`, `{"message":"m\n"}`}
	r := rand.New(rand.NewPCG(1, 1))
	for range 5_000 {
		var b strings.Builder
		for range r.IntN(20) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		for _, s := range streams() {
			checkSplit(t, s, []byte(b.String()))
		}
	}
}

// object makes a JSON object at random, on one line or over several.
func object(r *rand.Rand) string {
	var value func(depth int) any
	value = func(depth int) any {
		switch n := r.IntN(6); {
		case n == 0 && depth < 3:
			list := []any{}
			for range r.IntN(3) {
				list = append(list, value(depth+1))
			}
			return list
		case n <= 2 && depth < 3:
			m := map[string]any{}
			for range r.IntN(4) {
				m[[]string{"a", "b", "}{", "\"", "r"}[r.IntN(5)]] = value(depth + 1)
			}
			return m
		case n == 3:
			return r.IntN(1000) - 500
		case n == 4:
			return nil
		}
		return []string{"", "}\n{", "}{", "\\", "\"", "é", "[{", ","}[r.IntN(8)]
	}
	b, _ := json.Marshal(map[string]any{"v": value(0), "w": value(0)})
	if r.IntN(3) > 0 {
		return string(b)
	}
	var out bytes.Buffer
	_ = json.Indent(&out, b, "", []string{"", " ", "\t"}[r.IntN(3)])
	return out.String()
}

// What is put together as a stream type says comes apart again, whole.
func TestPutTogetherAndTakenApart(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	between := func(of ...string) string { return of[r.IntN(len(of))] }
	for range 1_000 {
		var objects, messages []string
		var side, array, events strings.Builder
		for i := range 1 + r.IntN(5) {
			o := object(r)
			objects = append(objects, o)
			side.WriteString(between("", " ", "\n", "\r\n", "\n\n ") + o)
			m := between("2026 a line of text", o, "two\nlines", "\xffé\"\\")
			messages = append(messages, m)
			if i > 0 {
				array.WriteString(between(",", " , ", ",\n"))
				events.WriteString(",")
			}
			array.WriteString(o)
			fmt.Fprintf(&events, `{"message":%s}`, quoteKeeping(m))
		}
		arrayField := envelope.Stream{Type: envelope.JSONArray, ArrayField: "r", Retain: true}
		cloudWatch := `{"messageType":"DATA_MESSAGE","logGroup":"g","logStream":"s","logEvents":[` + events.String() + `]}`
		for _, x := range []struct {
			stream envelope.Stream
			record string
			want   []string
		}{
			{envelope.Stream{}, side.String(), objects},
			{envelope.Stream{Type: envelope.JSON}, side.String(), objects},
			{envelope.Stream{}, "[" + array.String() + "]", objects},
			{envelope.Stream{Type: envelope.JSONArray}, "[\n" + array.String() + "]\n", objects},
			{arrayField, `{"before":1,"r":[` + array.String() + `],"behind":{}}`, objects},
			{envelope.Stream{}, cloudWatch, messages},
			{envelope.Stream{Type: envelope.CloudWatchLogs}, cloudWatch + "\n", messages},
		} {
			var got []string
			for l := range x.stream.Lines([]byte(x.record)) {
				if l.Broken != nil {
					t.Fatalf("%+v: %s\n%+v", x.stream, x.record, l.Broken)
				}
				got = append(got, string(l.Bytes))
			}
			if diff := cmp.Diff(x.want, got); diff != "" {
				t.Fatalf("%+v: %s\n%s", x.stream, x.record, diff)
			}
		}
	}
}

// quoteKeeping writes a JSON string without replacing bytes that are no UTF-8.
func quoteKeeping(s string) string {
	return `"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(s) + `"`
}

// The time for a record grows with its length, whatever is in it.
func TestHostileRecords(t *testing.T) {
	const n = 1 << 17
	for name, unit := range map[string]string{"braces": "{", "brackets": "[", "empty objects": "{}", "torn lines": "{\"a\":\n", "line feeds": "\n",
		"brace and feed": "{\n", "feeds in an array": "[{\n", "quotes": `{"`, "escapes": `{"\"`, "commas": ",\n{", "blanks": "{ ", "closing": "}\n{,"} {
		for _, before := range []string{"", "{", "[{", `{"r":[`, `{"logEvents":[`} {
			record := []byte(before + strings.Repeat(unit, n/len(unit)))
			for _, s := range streams() {
				var work int // bytes that lines have, at most each twice
				for l := range s.Lines(record) {
					work += len(l.Bytes)
				}
				if work > 2*len(record) {
					t.Errorf("%s behind %q: lines of %d bytes of a record of %d", name, before, work, len(record))
				}
			}
		}
	}
}
