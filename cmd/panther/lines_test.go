package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// packed is a text as gzip packs it.
func packed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestOpenLines(t *testing.T) {
	whole := packed(t, "a\nb\n")
	for _, tt := range []struct {
		name, text, want string
		err              string // of opening or reading
	}{
		{"text", "a\nb\n", "a\nb\n", ""},
		{"nothing", "", "", ""},
		{"packed", whole, "a\nb\n", ""},
		{"packed in two parts", whole + packed(t, "c\n"), "a\nb\nc\n", ""},
		{"text that begins alike", "\x1f\n", "\x1f\n", ""},
		{"packed, and torn", whole[:len(whole)-4], "a\nb\n", "unexpected EOF"},
		{"packed, and broken", whole[:3], "", "unpack "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "lines")
			put(t, name, tt.text)
			for _, from := range []string{name, "-"} {
				r, done, err := openLines(strings.NewReader(tt.text), from)
				var got []byte
				if err == nil {
					got, err = io.ReadAll(r)
					done()
				}
				if string(got) != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
					t.Errorf("%s: %q, %v", from, got, err)
				}
			}
		})
	}
	if _, _, err := openLines(nil, "/no/such.log"); err == nil || !strings.Contains(err.Error(), "/no/such.log") {
		t.Errorf("a file that is not there: %v", err)
	}
}

// A person who types one letter gets an answer: nothing waits for the next one to see whether the letters are packed.
func TestIsPackedDoesNotWait(t *testing.T) {
	if isPacked(bufio.NewReader(io.MultiReader(strings.NewReader("a"), waiting{t}))) {
		t.Error("a letter is packed")
	}
}

type waiting struct{ t *testing.T }

func (w waiting) Read([]byte) (int, error) {
	w.t.Error("it waits for a second letter")
	return 0, errors.New("nobody types")
}

// Lines that are packed are read by every command that reads files.
func TestPackedFiles(t *testing.T) {
	log := writeFile(t, "flow.log.gz", packed(t, `{"id": 1}`+"\n"+`{"id": 2}`+"\n"))
	out, talk := runProgram(t, 0, "schema", "infer", "--name", "My.Type", log)
	if !strings.Contains(out, "name: id") || !strings.Contains(talk, "from 2 lines") {
		t.Errorf("infer: %s%s", out, talk)
	}
	file := writeFile(t, "my.yml", out)
	if out, _ := runProgram(t, 0, "schema", "diff", file, file, "--lines", log); !strings.Contains(out, "Lines of files: 2 in all, 2 matched") {
		t.Errorf("diff: %s", out)
	}
	torn := writeFile(t, "torn.log.gz", packed(t, "{}\n")[:20])
	if _, talk := runProgram(t, exitFailed, "schema", "infer", "--name", "My.Type", torn); !strings.Contains(talk, "torn.log.gz: unexpected EOF") {
		t.Errorf("a file that is torn: %s", talk)
	}
}
