package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

func TestNextLine(t *testing.T) {
	type line struct {
		text   string
		length int
	}
	for _, tt := range []struct {
		name, text string
		want       []line
	}{
		{"no end", "a\nbc", []line{{"a", 1}, {"bc", 2}}},
		{"ends of both kinds, and an empty line", "a\r\n\nb\r\n", []line{{"a", 1}, {"", 0}, {"b", 1}}},
		{"as long as may be", "12345678\n12345678\r\n12345678", []line{{"12345678", 8}, {"12345678", 8}, {"12345678", 8}}},
		{"one byte too many", "123456789\nx", []line{{"123456789", 9}, {"x", 1}}},
		{"longer than any buffer", strings.Repeat("z", 50) + "\nx\n", []line{{"zzzzzzzz", 51}, {"x", 1}}}, // and its end
		{"an end that two buffers share", strings.Repeat("y", 15) + "\r\nx\n", []line{{"yyyyyyyy", 17}, {"x", 1}}},
		{"any bytes", "\x00\xff\r\r\n\n", []line{{"\x00\xff\r", 3}, {"", 0}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := bufio.NewReaderSize(strings.NewReader(tt.text), 16)
			var got []line
			for {
				text, length, err := nextLine(r, 8)
				if length > 0 || err == nil {
					got = append(got, line{string(text), length})
				}
				if errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(line{})); diff != "" {
				t.Error(diff)
			}
		})
	}
	// An end that two buffers share, of a line that is not too long.
	r := bufio.NewReaderSize(strings.NewReader(strings.Repeat("y", 15)+"\r\nx\n"), 16)
	if text, length, err := nextLine(r, 100); string(text) != strings.Repeat("y", 15) || length != 15 || err != nil {
		t.Errorf("%q, %d, %v", text, length, err)
	}
}

func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		p := pace{rate: 100, began: began}
		for n := range 51 {
			if err := p.wait(t.Context(), n); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != 500*time.Millisecond {
			t.Errorf("51 lines at 100 a second took %s", took)
		}
		if err := (pace{began: began}).wait(t.Context(), 1_000_000); err != nil || time.Since(began) != 500*time.Millisecond {
			t.Errorf("without a rate: %v, after %s", err, time.Since(began))
		}
	})
}

func TestProgress(t *testing.T) {
	p := progress{size: 100 << 20}
	if got := p.text(1000, 25<<20, 5*time.Second); got != "1000 lines, 25.0 MiB of 100.0 MiB, 5.0 MiB/s, 15s left" {
		t.Error(got)
	}
	p.size = 0
	if got := p.text(1000, 25<<20, 5*time.Second); got != "1000 lines, 25.0 MiB, 5.0 MiB/s" {
		t.Error(got)
	}
	var b bytes.Buffer
	now := time.Now()
	p = progress{w: &b, began: now.Add(-time.Second)}
	p.show(1, 1, now)
	p.show(2, 2, now.Add(time.Millisecond)) // too soon
	p.end()
	p.end()
	line := "1 lines, 1 B, 1 B/s"
	if want := "\r" + line + "\r" + strings.Repeat(" ", len(line)) + "\r"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
	if p := newProgress(&b, 1); p.w != nil {
		t.Error("progress on what is no terminal")
	}
}

// A line that is too long is named and left out; the others arrive, in whichever file they are, and from standard input.
func TestProduceLongLine(t *testing.T) {
	s := newSession(t, []txtar.File{{Name: "a.yml", Data: []byte("kind: LogSource\nname: flow\ntopics: [vpc-flow]\nlogTypes: [AWS.VPCFlow]\n")}})
	s.run(t, "", 0, "apply", "-f", s.files)
	long := filepath.Join(s.files, "long.log")
	if err := os.WriteFile(long, []byte("first\r\n"+strings.Repeat("x", 9<<20)+"\nlast"), 0o644); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(s.files, "old.log.gz"), packed(t, "was\nrotated\n"))
	_, talk := s.run(t, "from stdin\n", exitProblems, "produce", "--source", "flow", long, filepath.Join(s.files, "old.log.gz"), "-", "--rate", "1000")
	for _, want := range []string{long + ":2: the line has 9437185 bytes; topic vpc-flow takes ", "Produced 5 lines, 29 B, to topic vpc-flow of the embedded broker in " + s.dir + ".", "Left out 1 line that is too long."} {
		if !strings.Contains(talk, want) {
			t.Errorf("stderr does not say %q:\n%s", want, talk)
		}
	}
}

// run runs a command in the session's place and returns what it printed.
func (s *session) run(t *testing.T, stdin string, code int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	p := &program{in: strings.NewReader(stdin), out: &out, err: &errs, env: func(string) string { return "" }}
	if got := p.main(t.Context(), append(args, "--dir", s.dir)); got != code {
		t.Fatalf("%v: exit %d, want %d:\n%s%s", args, got, code, &out, &errs)
	}
	return out.String(), fmt.Sprint(&errs)
}
