package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"panther/sinks/lake"
	"panther/sinks/lake/laketest"
	"panther/sinks/lake/query"
)

// sampleLake writes the lake of laketest into the lake of a data directory.
func sampleLake(t *testing.T) (dir string) {
	dir = t.TempDir()
	folder, err := lake.OpenFolder(filepath.Join(dir, "lake"))
	if err != nil {
		t.Fatal(err)
	}
	if err := laketest.Write(t.Context(), lake.NewCatalog(folder)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestQuerySession plays testdata/query.golden: commands, and what they print, on the lake of laketest. -update rewrites it.
func TestQuerySession(t *testing.T) {
	path, err := query.Find(os.Getenv("PANTHER_QUERY"))
	if errors.Is(err, query.ErrNoProgram) {
		t.Skip("panther query is not tested: `make build`, then `make test`")
	}
	if err != nil {
		t.Fatal(err)
	}
	dir := sampleLake(t)
	playLake(t, "testdata/query.golden", dir, func(name string) string {
		return map[string]string{"PANTHER_QUERY": path}[name]
	})
}

// playLake plays a file of commands that need a lake and no broker.
func playLake(t *testing.T, file, dir string, env func(string) string) {
	t.Helper()
	script, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for line := range strings.Lines(string(script)) {
		if strings.HasPrefix(line, "    ") {
			continue
		}
		got.WriteString(line)
		command, ok := strings.CutPrefix(strings.TrimSpace(line), "$ panther ")
		if !ok {
			continue
		}
		args := words.FindAllString(command, -1)
		for i, a := range args {
			if a[0] == '"' || a[0] == '\'' {
				args[i] = a[1 : len(a)-1]
			}
		}
		var out, errs bytes.Buffer
		p := &program{in: strings.NewReader("select 1 as one"), out: &out, err: &errs, env: env, now: func() time.Time { return laketest.Start.Add(5 * time.Hour) }}
		code := p.main(context.Background(), append(args, "--dir", dir))
		printed := (&session{files: "\x00", dir: dir}).indented(code, out.String(), errs.String())
		got.WriteString(printed)
	}
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(script), got.String()); diff != "" {
		t.Error(diff)
	}
}

// indented is what a command printed, as golden files have it.
func (s *session) indented(code int, out, errs string) string {
	var b strings.Builder
	for i, text := range []string{out, errs} {
		for line := range strings.Lines(text) {
			line = instant.ReplaceAllString(line, "(time)")
			b.WriteString("    " + []string{"", "2> "}[i] + strings.TrimRight(strings.ReplaceAll(line, s.dir, "DIR"), " \n") + "\n")
		}
	}
	if code != 0 {
		b.WriteString("    exit " + string(rune('0'+code)) + "\n")
	}
	return b.String()
}

// TestFailuresSession plays testdata/failures.golden, in the same way.
func TestFailuresSession(t *testing.T) {
	playLake(t, "testdata/failures.golden", sampleLake(t), func(string) string { return "" })
}

func TestQueryAsParquet(t *testing.T) {
	path, err := query.Find(os.Getenv("PANTHER_QUERY"))
	if err != nil {
		t.Skip("panther query is not tested: `make build`, then `make test`")
	}
	var out, errs bytes.Buffer
	p := &program{in: strings.NewReader(""), out: &out, err: &errs, env: func(name string) string { return map[string]string{"PANTHER_QUERY": path}[name] }}
	code := p.main(t.Context(), []string{"query", "--dir", sampleLake(t), "-o", "parquet", "select payload, candidates, p_parse_time from classification_failures"})
	if b := out.Bytes(); code != 0 || !bytes.HasPrefix(b, []byte("PAR1")) || !bytes.HasSuffix(b, []byte("PAR1")) {
		t.Errorf("exit %d, %d bytes, %s", code, len(b), errs.String())
	}
}

func TestQueryWithoutTheProgram(t *testing.T) {
	for env, want := range map[string]string{"": "make build", "/nowhere/panther-query": "PANTHER_QUERY"} {
		if env == "" {
			if _, err := query.Find(""); err == nil {
				continue // it is where the shell finds programs
			}
		}
		var out, errs bytes.Buffer
		p := &program{out: &out, err: &errs, env: func(name string) string { return map[string]string{"PANTHER_QUERY": env}[name] }}
		if code := p.main(t.Context(), []string{"query", "--dir", t.TempDir(), "select 1"}); code != exitUsage || !strings.Contains(errs.String(), want) {
			t.Errorf("exit %d, %s", code, errs.String())
		}
	}
}

func TestByteCounts(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "17": 17, "64MB": 64 << 20, "64mb": 64 << 20, "1.5 GiB": 3 << 29, "2K": 2048, "1TB": 1 << 40, "": -1, "MB": -1, "1XB": -1, "-1": -1, "1 M B": -1, "9999999TB": -1} {
		b := byteCount(-1)
		if err := b.Set(text); int64(b) != want || (err != nil) != (want < 0) {
			t.Errorf("%q: %d, %v; want %d", text, b, err, want)
		}
	}
	for n, want := range map[byteCount]string{0: "0B", 1 << 30: "1GB", 1500: "1500B", 256 << 20: "256MB"} {
		if got := n.String(); got != want {
			t.Errorf("%d is %q, want %q", int64(n), got, want)
		}
	}
}
