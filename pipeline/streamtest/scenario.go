package streamtest

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"panther/pipeline/stream"
)

var update = flag.Bool("update", false, "write the output of scenarios anew")

// A Story is what scenarios of one kind have in common: which nodes they run, which verbs they know besides those of every
// story, and how an output is said in words.
type Story struct {
	Nodes func() []stream.Node
	Verbs func() map[string]Verb // made anew for each run, so that verbs may remember
	Show  func(r stream.Record) string
}

// A Verb does what a line of a story says; args are the words behind the verb.
type Verb func(d *Driver, args []string) error

// Scenarios runs each file of a folder, as it is, with every transaction aborted once, and with a restart after each.
func Scenarios(t *testing.T, dir string, s Story) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if len(files) == 0 {
		t.Fatalf("no scenario in %s", dir)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { scenario(t, file, s) })
	}
}

func scenario(t *testing.T, file string, s Story) {
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, trouble := range []trouble{none, aborts, restarts} {
		got, err := s.tell(want, trouble)
		if err != nil {
			t.Fatalf("%s:%v", file, err)
		}
		if bytes.Equal(got, want) {
			continue
		}
		if trouble == none && *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
			want = got
			continue
		}
		names := []string{"", ", with every transaction aborted once", ", with a restart after every transaction"}
		t.Fatalf("%s%s: -want +got\n%s", file, names[trouble], cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")))
	}
}

const storyMark = "-- story --\n"

// tell runs the story in text and returns it with the outputs that came.
func (s Story) tell(text []byte, trouble trouble) ([]byte, error) {
	rule, story, ok := strings.Cut(string(text), storyMark)
	if !ok || strings.TrimSpace(rule) == "" {
		return nil, errors.New("1: a scenario begins with its rule in words; then comes the line -- story --")
	}
	d := New(s.Nodes()...)
	d.trouble = trouble
	verbs := maps.Clone(verbs)
	maps.Copy(verbs, s.Verbs())
	out := bytes.NewBufferString(rule + storyMark)
	first := strings.Count(out.String(), "\n")
	for i, line := range strings.Split(strings.TrimRight(story, "\n"), "\n") {
		if strings.HasPrefix(line, "->") {
			continue
		}
		fmt.Fprintln(out, line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := d.line(line, verbs); err != nil {
			return nil, fmt.Errorf("%d: %w", first+i+1, err)
		}
		records, err := d.Read()
		if err != nil {
			return nil, fmt.Errorf("%d: %w", first+i+1, err)
		}
		for _, r := range records {
			fmt.Fprintf(out, "-> %s %s: %s\n", strings.TrimPrefix(r.Topic, "panther."), r.Key, s.Show(r))
		}
	}
	return out.Bytes(), nil
}

// line does what a line of the story says.
func (d *Driver) line(line string, verbs map[string]Verb) error {
	words := strings.Fields(line)
	at, err := ParseTime(words[0])
	if err != nil {
		return err
	}
	if at.Before(d.Now) {
		return fmt.Errorf("%s: it is later already: %s", words[0], FormatTime(d.Now))
	}
	if len(words) < 2 {
		return fmt.Errorf("%s: what happens then?", words[0])
	}
	do := verbs[words[1]]
	if do == nil {
		return fmt.Errorf("unknown verb %q; known are %s", words[1], strings.Join(slices.Sorted(maps.Keys(verbs)), ", "))
	}
	if words[1] == "time" {
		d.Until(at)
	}
	d.Now = at // other timers fire by the log: with the next record
	return do(d, words[2:])
}

// verbs are those of every story.
var verbs = map[string]Verb{
	"time":    func(*Driver, []string) error { return nil },
	"hole":    func(d *Driver, _ []string) error { d.Hole(); return nil },
	"restart": func(d *Driver, _ []string) error { d.Restart(); return nil },
	"clock":   clock,
}

func clock(d *Driver, args []string) error {
	if len(args) < 2 {
		return errors.New("clock: want a topic and a time")
	}
	at, err := ParseTime(args[1])
	if err != nil {
		return err
	}
	c := stream.Clock{Topic: args[0], ID: TopicID(1), Of: 1, Paths: 1, CaughtUpTo: at, Version: d.Newest().Version()}
	a := arguments{words: args[2:]}
	for len(a.words) > 0 && a.err == nil {
		switch word := a.next(); word {
		case "partition":
			c.Partition, c.Of = a.of()
		case "path":
			c.Path, c.Paths = a.of()
		case "version":
			c.Version = int64(a.number())
		case "id":
			c.ID = TopicID(byte(a.number()))
		case "gap":
			c.Gaps = append(c.Gaps, stream.Gap{From: a.time(), To: a.time()})
		default:
			return fmt.Errorf("clock: %q: want partition, path, version, id or gap", word)
		}
	}
	d.Clock(c)
	return a.err
}

// arguments reads the words behind a verb; the first mistake stays in err.
type arguments struct {
	words []string
	err   error
}

func (a *arguments) next() string {
	if len(a.words) == 0 {
		a.err = errors.Join(a.err, errors.New("a word is missing at the end"))
		return ""
	}
	word := a.words[0]
	a.words = a.words[1:]
	return word
}

func (a *arguments) number() int {
	n, err := strconv.Atoi(a.next())
	a.err = errors.Join(a.err, err)
	return n
}

func (a *arguments) of() (i, n int32) {
	i = int32(a.number())
	if word := a.next(); word != "of" && a.err == nil {
		a.err = fmt.Errorf("%q: want of", word)
	}
	return i, int32(a.number())
}

func (a *arguments) time() time.Time {
	t, err := ParseTime(a.next())
	a.err = errors.Join(a.err, err)
	return t
}

var storyTime = regexp.MustCompile(`^(?:day(\d+)-)?(\d\d:\d\d:\d\d)$`)

// ParseTime reads a time of a story: 12:00:00, of the first day, or day2-12:00:00.
func ParseTime(text string) (time.Time, error) {
	m := storyTime.FindStringSubmatch(text)
	if m == nil {
		return time.Time{}, fmt.Errorf("%q is no time; write 12:00:00, or day2-12:00:00", text)
	}
	clock, err := time.Parse(time.TimeOnly, m[2])
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no time: %w", text, err)
	}
	day := 1
	if m[1] != "" {
		day, _ = strconv.Atoi(m[1])
	}
	midnight := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	return Begin.AddDate(0, 0, day-1).Add(clock.Sub(midnight)), nil
}

// FormatTime writes t as ParseTime reads it, with milliseconds if it has any; the zero time is never.
func FormatTime(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	text := t.UTC().Format("15:04:05.999")
	if day := int(t.Sub(Begin)/(24*time.Hour)) + 1; day != 1 {
		text = fmt.Sprintf("day%d-%s", day, text)
	}
	return text
}
