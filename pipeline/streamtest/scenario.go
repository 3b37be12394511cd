package streamtest

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"panther/pipeline/stream"
)

var update = flag.Bool("update", false, "write the output of scenarios anew")

// A Story is what scenarios of one kind have in common: which nodes they run, which verbs they know besides those of every
// story, and how an output is said in words.
type Story struct {
	Nodes func() []stream.Node
	Verbs map[string]Verb              // they remember nothing: the driver does
	Show  func(r stream.Record) string // the topic stands before it
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
		if err := s.line(d, line); err != nil {
			return nil, fmt.Errorf("%d: %w", first+i+1, err)
		}
		records, err := d.Read()
		if err != nil {
			return nil, fmt.Errorf("%d: %w", first+i+1, err)
		}
		for _, r := range records {
			fmt.Fprintf(out, "-> %s %s\n", strings.TrimPrefix(r.Topic, "panther."), s.Show(r))
		}
	}
	return out.Bytes(), nil
}

// Steps makes steps of lines as they stand in a story.
func (s Story) Steps(lines []string) (steps []Step) {
	for _, line := range lines {
		steps = append(steps, func(d *Driver) {
			if err := s.line(d, line); err != nil {
				d.fail("%s: %w", line, err)
			}
		})
	}
	return steps
}

// line does what a line of the story says.
func (s Story) line(d *Driver, line string) error {
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
		do = s.Verbs[words[1]]
	}
	if do == nil {
		known := slices.Sorted(maps.Keys(verbs))
		return fmt.Errorf("unknown verb %q; known are %s", words[1], strings.Join(append(known, slices.Sorted(maps.Keys(s.Verbs))...), ", "))
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
	a := Args{Words: args[2:]}
	for a.More() {
		switch word := a.Next(); word {
		case "partition":
			c.Partition, c.Of = a.Of()
		case "path":
			c.Path, c.Paths = a.Of()
		case "version":
			c.Version = int64(a.Number())
		case "id":
			c.ID = TopicID(byte(a.Number()))
		case "gap":
			c.Gaps = append(c.Gaps, stream.Gap{From: a.Time(), To: a.Time()})
		default:
			return fmt.Errorf("clock: %q: want partition, path, version, id or gap", word)
		}
	}
	d.Clock(c)
	return a.Err
}
