package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"panther/pipeline"
	"panther/pipeline/kafka"
	"panther/sinks/lake"
	"panther/sinks/notify"
	"panther/stages"
)

var update = flag.Bool("update", false, "rewrite golden files and the picture in README.md")

// The sessions in testdata/*.session are what a person types and reads, on an embedded broker with a pipeline:
//
//	$ panther alerts list              a command; what it prints follows, indented: "2> " marks stderr
//	until TEXT $ panther alerts list   the command again and again, until it prints TEXT, a regular expression
//	start, start lake, stop            the pipeline, without or with a lake
//	later 3h                           the clock of the person goes on
//	aged 3h                            the clock is right again, and the files of the lake are so much older
//	-- name --                         a file, behind the session
//
// $ID is the id of the last row of a list, FILES the folder of the files, DIR the data directory. Ids and times are replaced. -update rewrites what is printed.
func TestSessions(t *testing.T) {
	files, err := filepath.Glob("testdata/*.session")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".session"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			for again := true; again; { // rows go by the hour: a session in which another one begins is played again
				hour := time.Now().Truncate(time.Hour)
				got = newSession(t, archive.Files).play(string(archive.Comment))
				again = !time.Now().Truncate(time.Hour).Equal(hour)
			}
			if *update {
				archive.Comment = []byte(got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(archive.Comment), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A session is a person at a terminal.
type session struct {
	t      *testing.T
	dir    string // data directory; the files are in the folder beside it
	files  string
	broker *kafka.Embedded
	engine *pipeline.Engine
	id     string
	ahead  time.Duration // of the person's clock: some minutes at least, so that those that pass change nothing
}

func newSession(t *testing.T, files []txtar.File) *session {
	s := &session{t: t, dir: filepath.Join(t.TempDir(), "data"), files: t.TempDir(), ahead: 10 * time.Minute}
	for _, f := range files {
		name := filepath.Join(s.files, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	broker, done, err := startBroker(t.Context(), s.dir, 0, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s.broker = broker
	t.Cleanup(func() {
		s.stop()
		if err := done(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// start starts the pipeline. It retries soon, so that a failing delivery fails soon.
func (s *session) start(withLake bool) {
	cfg := s.broker.Config()
	cfg.Heartbeat = 200 * time.Millisecond
	parts := pipeline.Parts{Dispatcher: stages.Dispatcher{Backoff: 10 * time.Millisecond}, Notify: notify.Options{Out: io.Discard}}
	nodes := []string{"classifier", "dropoff", "failures", "meter", "aggregator", "dispatcher", "notify"}
	if withLake {
		folder, err := lake.OpenFolder(lakeOf(s.dir))
		if err != nil {
			s.t.Fatal(err)
		}
		parts.Lake, parts.Tables = lake.NewCatalog(folder), lake.Options{Interval: 50 * time.Millisecond, Idle: 50 * time.Millisecond}
		nodes = append(nodes, "lake")
	}
	engine, err := pipeline.Start(s.t.Context(), cfg, parts, nodes...)
	if err != nil {
		s.t.Fatal(err)
	}
	s.engine = engine
}

// age makes the files of the lake older.
func (s *session) age(by string) {
	d, err := time.ParseDuration(by)
	if err != nil {
		s.t.Fatal(err)
	}
	s.ahead = 10 * time.Minute
	err = filepath.WalkDir(lakeOf(s.dir), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return os.Chtimes(path, time.Time{}, info.ModTime().Add(-d))
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *session) stop() {
	if s.engine == nil {
		return
	}
	if err := s.engine.Stop(); err != nil {
		s.t.Error(err)
	}
	s.engine = nil
}

// play runs the lines of a session, and returns it with what was printed.
func (s *session) play(script string) string {
	var b strings.Builder
	for line := range strings.Lines(script) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "    ") {
			continue // what was printed when it was written down
		}
		b.WriteString(line + "\n")
		until, command, isCommand := strings.Cut(line, "$ panther ")
		switch {
		case isCommand:
			b.WriteString(s.command(strings.TrimSpace(strings.TrimPrefix(until, "until ")), command))
		case line == "start", line == "start lake":
			s.start(line == "start lake")
		case strings.HasPrefix(line, "later "):
			d, err := time.ParseDuration(strings.TrimPrefix(line, "later "))
			if err != nil {
				s.t.Fatal(err)
			}
			s.ahead += d
		case strings.HasPrefix(line, "aged "):
			s.age(strings.TrimPrefix(line, "aged "))
		case line == "stop":
			s.stop()
		case line != "" && !strings.HasPrefix(line, "#"):
			s.t.Fatalf("what is %q?", line)
		}
	}
	return b.String()
}

// patience is how long a command is tried again. It is over only where something is wrong: machines may be busy.
const patience = 3 * time.Minute

// words are words and quoted words, of a command line.
var words = regexp.MustCompile(`'[^']*'|"[^"]*"|\S+`)

// command runs a command, again until it prints a text, and returns what it printed, indented.
func (s *session) command(until, line string) string {
	args := words.FindAllString(strings.NewReplacer("$ID", s.id, "FILES", s.files).Replace(line), -1)
	for i := range args {
		if n := len(args[i]); n > 1 && strings.ContainsRune(`'"`, rune(args[i][0])) && args[i][0] == args[i][n-1] {
			args[i] = args[i][1 : n-1]
		}
	}
	if !slices.Contains([]string{"topology", "help", "schema"}, args[0]) {
		args = append(slices.Clone(args), "--dir", s.dir)
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	done := regexp.MustCompile(until)
	for ; ; sleep(ctx, 20*time.Millisecond) { // the others need the machine
		var out, errs bytes.Buffer
		p := &program{in: strings.NewReader(""), out: &out, err: &errs, env: func(name string) string {
			return map[string]string{"USER": "maria"}[name]
		}, now: func() time.Time { return time.Now().Add(s.ahead) }}
		code := p.main(ctx, args)
		if !done.MatchString(out.String()) && ctx.Err() == nil {
			continue
		}
		return s.printed(code, out.String(), errs.String())
	}
}

var (
	longID   = regexp.MustCompile(`\b[0-9a-f]{32}\b`)
	shortID8 = regexp.MustCompile(`\b[0-9a-f]{8}\b`)
	print    = regexp.MustCompile(`\b[0-9a-f]{16}\b`)
	position = regexp.MustCompile(`partition \d+, offset \d+`)
	rowID    = regexp.MustCompile(`^([0-9a-f]{8})  `)
	uuid     = regexp.MustCompile(`\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`)
	parsedAt = regexp.MustCompile(`("p_parse_time": )"[^"]*"`)
	instant  = regexp.MustCompile(`(\d\d:\d\d:\d\d|\w{3} \d+ \d\d:\d\d|\d{4}-\d\d-\d\d) \([^)]*\)`)
	minute   = regexp.MustCompile(`\b\d\d:\d\d\b`)
	size     = regexp.MustCompile(`\b\d+\.\d [KM]iB`)
	dropTime = regexp.MustCompile(`\d{4}-\d\d-\d\d (\d\d:\d\d|\(minute\)) UTC`)
	spaces   = regexp.MustCompile(`(\S)  +`)
	deep     = regexp.MustCompile(`^ {40,}([^ ^])`) // below a column behind a time, which is wider on another day
)

// printed is what a command printed, without what differs from run to run.
func (s *session) printed(code int, out, errs string) string {
	var b strings.Builder
	for i, text := range []string{out, errs} {
		for line := range strings.Lines(text) {
			if id := rowID.FindStringSubmatch(line); id != nil {
				s.id = id[1]
			}
			line = strings.NewReplacer(s.files, "FILES", s.dir, "DIR", s.broker.Addr(), "BROKER").Replace(strings.TrimRight(line, "\n"))
			line = uuid.ReplaceAllString(line, "(uuid)")
			line = print.ReplaceAllString(line, "(fingerprint)")
			line = position.ReplaceAllString(line, "partition N, offset N")
			line = longID.ReplaceAllString(line, "(long id)")
			line = shortID8.ReplaceAllString(line, "(id)")
			line = parsedAt.ReplaceAllString(line, `$1"(time)"`)
			line = instant.ReplaceAllString(line, "(time)")
			line = minute.ReplaceAllString(line, "(minute)")
			line = size.ReplaceAllString(line, "(size)")
			line = dropTime.ReplaceAllString(line, "(hour)")
			line = spaces.ReplaceAllString(line, "$1  ")
			line = deep.ReplaceAllString(line, strings.Repeat(" ", 40)+"$1")
			fmt.Fprintf(&b, "    %s%s\n", []string{"", "2> "}[i], line)
		}
	}
	if code != 0 {
		fmt.Fprintf(&b, "    exit %d\n", code)
	}
	return b.String()
}
