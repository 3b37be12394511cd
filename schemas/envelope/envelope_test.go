package envelope_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"panther/schemas"
	"panther/schemas/classify"
	"panther/schemas/envelope"
)

var update = flag.Bool("update", false, "write the lines of testdata anew")

// Each file has records, "-- TYPE [field=NAME] [retain]: what it shows --", each followed by the lines that are found in it.
func TestRecords(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.txtar")
	if len(files) < 4 {
		t.Fatalf("%d files in testdata", len(files))
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want := txtar.Format(a)
			var kept []txtar.File
			for _, f := range a.Files {
				if f.Name == "lines" {
					continue
				}
				var out strings.Builder
				for l := range streamOf(t, f.Name).Lines(bytes.TrimSuffix(f.Data, []byte("\n"))) {
					out.WriteString(words(l))
				}
				kept = append(kept, f, txtar.File{Name: "lines", Data: []byte(out.String())})
			}
			a.Files = kept
			got := txtar.Format(a)
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func streamOf(t *testing.T, name string) (s envelope.Stream) {
	t.Helper()
	options, _, ok := strings.Cut(name, ":")
	if !ok {
		t.Fatalf("%q: want a stream type and a colon", name)
	}
	for i, word := range strings.Fields(options) {
		field, isField := strings.CutPrefix(word, "field=")
		switch {
		case i == 0:
			s.Type = envelope.Type(word)
		case isField:
			s.ArrayField = field
		case word == "retain":
			s.Retain = true
		default:
			t.Fatalf("%q: %q is no option", name, word)
		}
	}
	return s
}

func words(l envelope.Line) string {
	text := fmt.Sprintf("%d ", l.Number)
	switch {
	case l.Skip:
		text += "skipped "
	case l.Broken != nil:
		text += fmt.Sprintf("broken, %s: %s; at %q of ", l.Broken.Code, classify.Words(*l.Broken), l.Bytes[l.Broken.Span.Start:l.Broken.Span.End])
	}
	text += strings.ReplaceAll(string(l.Bytes), "\n", "\\n")
	if l.Envelope != nil {
		text += "\n  in " + string(l.Envelope)
	}
	if l.Header != nil && l.Number > 0 {
		text += "\n  under " + string(l.Header)
	}
	return text + "\n"
}

func linesOf(s envelope.Stream, record []byte) (out []envelope.Line) {
	s.EachLine(record, func(l envelope.Line) bool {
		out = append(out, l)
		return true
	})
	return out
}

func packed(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPackedRecords(t *testing.T) {
	whole := packed(t, "{\"a\":1}\n{\"a\":2}\n")
	n := 0
	size := envelope.Stream{}.EachLine(whole, func(l envelope.Line) bool {
		if want := fmt.Sprintf(`{"a":%d}`, n+1); string(l.Bytes) != want || l.Broken != nil {
			t.Errorf("line %d is %q, want %s", n, l.Bytes, want)
		}
		n++
		return true
	})
	if n != 2 || size != 16 {
		t.Errorf("%d lines in %d bytes, want 2 in 16", n, size)
	}
	torn := whole[:len(whole)-6]
	for name, record := range map[string][]byte{"torn": torn, "no gzip behind the mark": []byte("\x1f\x8b\x08 and text"),
		"too large": packed(t, strings.Repeat("x", envelope.MaxUnpacked+1))} {
		got := linesOf(envelope.Stream{}, record)
		if len(got) == 0 || got[0].Broken == nil || !bytes.Equal(record, joined(got)) {
			t.Errorf("%s: %d lines; want the bytes of the record as broken", name, len(got))
			continue
		}
		t.Logf("%s: %s", name, classify.Words(*got[0].Broken))
	}
}

func joined(lines []envelope.Line) (b []byte) {
	for _, l := range lines {
		b = append(b, l.Bytes...)
	}
	return b
}

// What is too long for a line is cut into parts, at the boundaries of characters; together they are all of it.
func TestPartsOfWhatIsTooLong(t *testing.T) {
	long := strings.Repeat("aé", classify.MaxLine) // 3 MiB
	tests := []struct {
		name   string
		stream envelope.Stream
		record string
		around int // bytes that are no part of a line
	}{
		{"text", envelope.Stream{Type: envelope.Lines}, long, 0},
		{"an object", envelope.Stream{Type: envelope.JSON}, `{"a":"` + long + `"}`, 0},
		{"an element", envelope.Stream{Type: envelope.JSONArray}, `[{"a":"` + long + `"}]`, 2},
		{"a torn array", envelope.Stream{Type: envelope.JSONArray}, `[{"a":"` + long, 1},
		{"the wrong type", envelope.Stream{Type: envelope.JSON}, long, 0},
		{"an envelope", envelope.Stream{Type: envelope.JSONArray, ArrayField: "r", Retain: true}, `{"a":"` + long + `","r":[{}]}`, 0},
	}
	for _, x := range tests {
		t.Run(x.name, func(t *testing.T) {
			got := linesOf(x.stream, []byte(x.record))
			if len(got) != 4 {
				t.Fatalf("%d parts, want 4", len(got))
			}
			for i, l := range got {
				switch {
				case l.Broken == nil || !strings.HasSuffix(l.Broken.Got, fmt.Sprintf("; this is part %d of 4", i+1)):
					t.Errorf("part %d: %+v", i, l.Broken)
				case len(l.Bytes) > classify.MaxLine, l.Number != int64(i), l.Broken.Span != schemas.Span{End: len(l.Bytes)}:
					t.Errorf("part %d: number %d, %d bytes, span %v", i, l.Number, len(l.Bytes), l.Broken.Span)
				case bytes.ToValidUTF8(l.Bytes, nil) == nil || !bytes.Equal(bytes.ToValidUTF8(l.Bytes, nil), l.Bytes):
					t.Errorf("part %d is cut within a character", i)
				}
			}
			if n := len(joined(got)); n != len(x.record)-x.around {
				t.Errorf("the parts are %d bytes, want %d", n, len(x.record)-x.around)
			}
		})
	}
}

// A record holds as many lines as fit into a transaction; the rest of it is kept as broken.
func TestTooManyLines(t *testing.T) {
	fields := envelope.Stream{Type: envelope.JSONArray, ArrayField: "r", Retain: true}
	many := envelope.MaxLines + 1000
	list := strings.Repeat(`{"a":1},`, many)
	heavy := `{"big":"` + strings.Repeat("x", envelope.MaxEnvelopes/100) + `","r":[`
	file := fields
	file.Unbounded = true
	ofFile := heavy + strings.Repeat(`{"a":1},`, 5000) + "{}]}"
	tests := []struct {
		name   string
		stream envelope.Stream
		record string
		whole  int
		rest   string // how what is broken ends
	}{
		{"text", envelope.Stream{}, strings.Repeat("a\n", many) + "end", envelope.MaxLines, "a\nend"},
		{"objects", envelope.Stream{}, strings.Repeat("{}\n", many) + "end", envelope.MaxLines, "{}\nend"},
		{"objects on a line", envelope.Stream{}, strings.Repeat("{}", many) + "\n{}", envelope.MaxLines, "{}{}\n{}"},
		{"an array", envelope.Stream{}, "[" + list + "{}] [{}]", envelope.MaxLines, "{}] [{}]"},
		{"a member", fields, `{"r":[` + list + `{}]} {"r":[]}`, envelope.MaxLines, `{}]} {"r":[]}`},
		{"a large envelope", fields, heavy + list + `{}]}`, 100, `{}]}`},
		{"that of a file", file, ofFile, envelope.MaxRepeats*len(ofFile)/(len(heavy)-len(`,"r":[`)+1) + 1, `{}]}`},
	}
	for _, x := range tests {
		t.Run(x.name, func(t *testing.T) {
			got := linesOf(x.stream, []byte(x.record))
			for i, l := range got[:x.whole] {
				if l.Broken != nil {
					t.Fatalf("line %d is broken: %+v", i, l.Broken)
				}
			}
			rest := joined(got[x.whole:])
			if got[x.whole].Broken == nil || !strings.HasSuffix(string(rest), x.rest) || !strings.HasSuffix(x.record, string(rest)) {
				t.Errorf("behind line %d: %d lines, %d bytes, %+v", x.whole, len(got)-x.whole, len(rest), got[x.whole].Broken)
			}
		})
	}
}

// A line that comes alone has no header: nothing tells that it is not itself one, and it would be passed over as that.
func TestHeaders(t *testing.T) {
	for record, want := range map[string][]string{
		"a;b":               {""},
		"\n\na;b\r\n\n":     {""},
		"a;b\r\n1;2":        {"a;b", "a;b"},
		"\na;b\n\n1;2\n3;4": {"a;b", "a;b", "a;b"},
		"{}\n{}":            {"", ""},
		`[{},{}]`:           {"", ""},
	} {
		var got []string
		for l := range (envelope.Stream{}).Lines([]byte(record)) {
			got = append(got, string(l.Header))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", record, diff)
		}
	}
}

// What a file must be read as a whole for shows in its first line.
func TestByLine(t *testing.T) {
	for _, x := range []struct {
		stream envelope.Stream
		first  string
		want   bool
	}{
		{envelope.Stream{}, "", true},
		{envelope.Stream{}, "GET /", true},
		{envelope.Stream{}, `{"a":1}`, true},
		{envelope.Stream{}, `[{"a":1}]`, true},
		{envelope.Stream{}, "[error] disk full", true},
		{envelope.Stream{}, "{", false},
		{envelope.Stream{}, " [", false},
		{envelope.Stream{}, `[{"a":1},`, false},
		{envelope.Stream{Type: envelope.Lines}, "{", true},
		{envelope.Stream{Type: envelope.JSON}, `{"a":1}`, false},
	} {
		if got := x.stream.ByLine([]byte(x.first)); got != x.want {
			t.Errorf("%+v: %q by line is %v", x.stream, x.first, got)
		}
	}
}

// Who has seen enough gets no more.
func TestStopEarly(t *testing.T) {
	for _, record := range []string{"a\nb\nc", "{}\n{}\n{}", "{}{}{}", "[{},{},{}]", strings.Repeat("x", 3*classify.MaxLine),
		`{"messageType":"DATA_MESSAGE","logGroup":"g","logStream":"s","logEvents":[{"message":"a"},{"message":"b"}],"x":`} {
		n := 0
		for range (envelope.Stream{}).Lines([]byte(record)) {
			n++
			break
		}
		if n != 1 {
			t.Errorf("%d lines of %.20s", n, record)
		}
	}
}

// An envelope is valid JSON of valid UTF-8, whatever it was.
func TestEnvelopesAreSound(t *testing.T) {
	s := envelope.Stream{Type: envelope.JSONArray, ArrayField: "r", Retain: true}
	for _, around := range []string{`"a": "\ud800"`, "\"a\":\"\xff\"", `"a":"` + "\u2028" + `"`, `"a" : [1 , {"b" : null}]`, `"a":1,"a":2`} {
		got := linesOf(s, []byte(`{`+around+`,"r":[{}]}`))
		if len(got) != 1 || !json.Valid(got[0].Envelope) || !bytes.Equal(got[0].Envelope, bytes.ToValidUTF8(got[0].Envelope, nil)) {
			t.Errorf("%s: %+v", around, got)
		}
	}
	for _, around := range []string{`"a":tru`, `"a":01`, "\"a\":\"\t\"", `"a":"\x"`} {
		got := linesOf(s, []byte(`{`+around+`,"r":[{}]}`))
		if len(got) != 1 || got[0].Broken == nil || got[0].Broken.Field != "p_header" {
			t.Errorf("%s: %+v; want a broken line", around, got)
		}
	}
}

// An envelope is nested as deep as lines may be, so that whoever reads its events can read p_header.
func TestDepthOfEnvelopes(t *testing.T) {
	record := func(levels int) []byte {
		return fmt.Appendf(nil, `{"messageType":"DATA_MESSAGE","logGroup":"[[\"[","x":%s1%s,"logEvents":[{"id":"1","timestamp":1,"message":"{\"a\":1}"}]}`,
			strings.Repeat("[", levels), strings.Repeat("]", levels))
	}
	for levels, deep := range map[int]bool{classify.MaxDepth - 1: false, classify.MaxDepth: true, 9000: true} {
		lines := linesOf(envelope.Stream{Type: envelope.CloudWatchLogs}, record(levels))
		if len(lines) != 1 {
			t.Fatalf("%d levels: %d lines", levels, len(lines))
		}
		why := lines[0].Broken
		if deep != (why != nil) || deep && (why.Code != schemas.TooDeep || why.Field != "p_header") {
			t.Errorf("%d levels in an object: %+v", levels, why)
		}
	}
}
