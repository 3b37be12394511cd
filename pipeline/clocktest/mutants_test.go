package clocktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Each rule of the clocks, broken, must be objected to: by the simulation alone, for a rule that only a unit test defends might
// as well not be there. testdata/mutants.txt lists them. It takes minutes, so it runs when asked:
//
//	PANTHER_MUTANTS=1 go test ./pipeline/clocktest -run Mutants -v
//	PANTHER_MUTANTS='no first gap' go test ...      only those whose name contains it
func TestMutants(t *testing.T) {
	which := os.Getenv("PANTHER_MUTANTS")
	if which == "" {
		t.Skip("set PANTHER_MUTANTS=1 to break each rule in turn")
	}
	text, err := os.ReadFile("testdata/mutants.txt")
	if err != nil {
		t.Fatal(err)
	}
	mutants, err := readMutants(string(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants {
		if which != "1" && !strings.Contains(m.name, which) {
			continue
		}
		said, err := m.run(t.TempDir())
		if err != nil {
			t.Errorf("%s: %v", m.name, err)
			continue
		}
		fmt.Printf("caught  %-40s %s\n", m.name, said)
	}
}

// A mutant is a rule, and edits of the source that break it.
type mutant struct {
	name, rule  string
	seed        string // of a schedule that objected when it was last looked for; it is tried first
	from, count string // the schedules among which one must object
	faults      string // in all of them; empty: as drawn
	edits       []edit
}

type edit struct {
	file     string // from the module's root
	old, new string
}

// readMutants reads blocks of lines: "# name", the rule in a sentence, "seed N", "seeds FROM COUNT" and "faults LIST" if it
// takes others than the usual schedules, then edits: "file PATH", lines that
// begin with "-", lines that begin with "+".
func readMutants(text string) (all []mutant, err error) {
	for i, line := range strings.Split(text, "\n") {
		if name, ok := strings.CutPrefix(line, "# "); ok {
			all = append(all, mutant{name: name, from: "1", count: "300"})
			continue
		}
		if len(all) == 0 {
			continue
		}
		m := &all[len(all)-1]
		word, rest, _ := strings.Cut(line, " ")
		switch {
		case line == "":
		case word == "seed":
			m.seed = rest
		case word == "seeds":
			m.from, m.count, _ = strings.Cut(rest, " ")
		case word == "faults":
			m.faults = rest
		case word == "file":
			m.edits = append(m.edits, edit{file: rest})
		case len(m.edits) == 0:
			m.rule = strings.TrimSpace(m.rule + " " + line)
		case line[0] == '-':
			m.edits[len(m.edits)-1].old += line[1:] + "\n"
		case line[0] == '+':
			m.edits[len(m.edits)-1].new += line[1:] + "\n"
		default:
			return nil, fmt.Errorf("line %d: %q is no part of a mutant", i+1, line)
		}
	}
	return all, nil
}

// run tests the module with the edits laid over it. It returns what was objected to first.
func (m mutant) run(dir string) (said string, err error) {
	overlay, err := m.overlay(dir)
	if err != nil {
		return "", err
	}
	try := func(from, count string) ([]byte, error) {
		return exec.Command("go", "test", "-overlay="+overlay, "-vet=off", "-run=^TestSchedules$", "-timeout=10m", ".",
			"-from="+from, "-schedules="+count, "-faults="+m.faults, "-first").CombinedOutput()
	}
	var out []byte
	if m.seed != "" {
		out, err = try(m.seed, "1")
	}
	if err == nil {
		out, err = try(m.from, m.count)
	}
	switch {
	case err == nil:
		return "", fmt.Errorf("survived %s schedules from seed %s: no schedule needs the rule that %s", m.count, m.from, m.rule)
	case !bytes.Contains(out, []byte("seed ")):
		return "", fmt.Errorf("go test: %w\n%s", err, out)
	}
	_, objection, _ := strings.Cut(string(out), "seed ")
	objection, _, _ = strings.Cut(objection, "\n")
	if seed, text, ok := strings.Cut(objection, "]: "); ok {
		number, _, _ := strings.Cut(seed, " ")
		objection = "seed " + number + ": " + text
	}
	return objection[:min(len(objection), 120)], nil
}

// overlay writes the edited files and the list of what they replace.
func (m mutant) overlay(dir string) (path string, err error) {
	root, err := filepath.Abs("../..")
	if err != nil {
		return "", err
	}
	replace, texts := map[string]string{}, map[string]string{}
	for _, e := range m.edits {
		real := filepath.Join(root, e.file)
		text, ok := texts[real]
		if !ok {
			b, err := os.ReadFile(real)
			if err != nil {
				return "", err
			}
			text = string(b)
		}
		if n := strings.Count(text, e.old); n != 1 {
			return "", fmt.Errorf("no longer applies: %s has its text %d times\n%s", e.file, n, e.old)
		}
		texts[real] = strings.Replace(text, e.old, e.new, 1)
	}
	for real, text := range texts {
		replace[real] = filepath.Join(dir, fmt.Sprintf("%d.go", len(replace)))
		if err := os.WriteFile(replace[real], []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	b, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, b, 0o600)
}
