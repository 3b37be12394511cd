package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A mutant is the pipeline with one rule broken, by other text in its source. The compiler is told to take the changed files
// in place of the real ones, so the program that is shipped has no switch that could break it.
//
// An audit that does not fail with a mutant proves nothing.
type mutant struct {
	name, rule string
	dies       bool // its first workers kill themselves where the rule matters: at random that moment is seldom hit
	edits      []edit
}

// doomedVariable tells a worker of such a mutant to die.
const doomedVariable = "PANTHER_AUDIT_DIES"

// An edit replaces a text, which must be there exactly once, in a file.
type edit struct{ file, from, to string }

func mutants() []mutant {
	return []mutant{
		{
			name: "commit-first", rule: "offsets and state are committed before the outputs, in a transaction of their own", dies: true,
			edits: []edit{
				{"pipeline/kafka/turn.go", "	s.settle(tx, committed && err == nil)\n", `	s.settle(tx, committed && err == nil)
	if committed && err == nil && len(tx.late) > 0 {
		if tx.in > 0 && s.node.Clocks != "" && os.Getenv("` + doomedVariable + `") != "" {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		if err := s.group.Begin(); err != nil {
			return err
		}
		for _, r := range tx.late {
			s.group.Produce(ctx, r, s.promise.callback)
		}
		if _, err := s.end(ctx, &transaction{}, true); err != nil {
			return err
		}
	}
`},
				{"pipeline/kafka/turn.go", "	\"fmt\"\n", "	\"fmt\"\n	\"os\"\n	\"syscall\"\n"},
				{"pipeline/kafka/emit.go", "	s.group.Produce(tx.ctx, r, s.promise.callback)\n", `	if state, _ := s.node.State(); r.Topic != state.Name {
		tx.late = append(tx.late, r)
		return
	}
	s.group.Produce(tx.ctx, r, s.promise.callback)
`},
				{"pipeline/kafka/transaction.go", "	scratch           []stream.Record\n", "	scratch           []stream.Record\n	late              []*kgo.Record\n"},
			},
		},
		{
			name: "read-uncommitted", rule: "sinks read what was never committed",
			edits: []edit{{"pipeline/kafka/sinkloop.go", "kgo.FetchIsolationLevel(kgo.ReadCommitted())", "kgo.FetchIsolationLevel(kgo.ReadUncommitted())"}},
		},
		{
			name: "sink-commits-first", rule: "a sink's offsets are committed before its rows are in their tables", dies: true,
			edits: []edit{
				{"pipeline/kafka/sinkflush.go", "	safe, out, failed := s.sink.Flush(ctx, last)\n", `	read, ahead := map[stream.Partition]int64{}, false
	committed := s.client.CommittedOffsets()
	for tp, p := range s.owned {
		read[p] = s.next[tp]
		ahead = ahead || s.handed[tp] > max(0, committed[tp.topic][tp.num].Offset)
	}
	if err := s.commit(ctx, read); err != nil {
		return err
	}
	if ahead && s.node.Name == "lake" && os.Getenv("` + doomedVariable + `") != "" {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	safe, out, failed := s.sink.Flush(ctx, last)
`},
				{"pipeline/kafka/sinkflush.go", "	\"fmt\"\n", "	\"fmt\"\n	\"os\"\n	\"syscall\"\n"},
			},
		},
	}
}

func mutantNames() string {
	var names []string
	for _, m := range mutants() {
		names = append(names, m.name)
	}
	return strings.Join(names, ", ")
}

// doomed reports whether the first workers of a mutant kill themselves.
func doomed(name string) bool {
	return slices.ContainsFunc(mutants(), func(m mutant) bool { return m.name == name && m.dies })
}

func mutantNote(name string) string {
	if name == "" {
		return ""
	}
	return ", MUTANT " + name
}

// workerProgram is what workers run: this program, or one made with a mutant's edits.
func workerProgram(ctx context.Context, name, dir string) (string, error) {
	if name == "" {
		return os.Executable()
	}
	for _, m := range mutants() {
		if m.name == name {
			return m.build(ctx, dir)
		}
	}
	return "", fmt.Errorf("there is no mutant %q; there are %s", name, mutantNames())
}

// texts returns the changed files of the mutant, by name.
func (m mutant) texts(root string) (map[string]string, error) {
	texts := map[string]string{}
	for _, e := range m.edits {
		if _, ok := texts[e.file]; !ok {
			b, err := os.ReadFile(filepath.Join(root, e.file))
			if err != nil {
				return nil, fmt.Errorf("make mutant %s: %w", m.name, err)
			}
			texts[e.file] = string(b)
		}
		if n := strings.Count(texts[e.file], e.from); n != 1 {
			return nil, fmt.Errorf("make mutant %s: the text to replace is %d times in %s; adapt tools/audit/mutants.go to the new text:\n%s", m.name, n, e.file, e.from)
		}
		texts[e.file] = strings.Replace(texts[e.file], e.from, e.to, 1)
	}
	return texts, nil
}

// build makes the program with the mutant's edits.
func (m mutant) build(ctx context.Context, dir string) (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	list, err := m.overlay(root, dir)
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "mutant-"+m.name)
	if err := compile(ctx, root, list, "-o", program, "./tools/audit"); err != nil {
		return "", fmt.Errorf("make mutant %s: %w", m.name, err)
	}
	return program, nil
}

// overlay writes the changed files into dir, and the list by which the compiler takes them in place of the real ones.
func (m mutant) overlay(root, dir string) (list string, err error) {
	texts, err := m.texts(root)
	if err != nil {
		return "", err
	}
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for file, text := range texts {
		changed := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(changed, []byte(text), 0o644); err != nil {
			return "", err
		}
		overlay.Replace[filepath.Join(root, file)] = changed
	}
	b, err := json.Marshal(overlay)
	if err != nil {
		return "", err
	}
	list = filepath.Join(dir, "overlay.json")
	return list, os.WriteFile(list, b, 0o644)
}

// compile runs go build with the changed files of a list.
func compile(ctx context.Context, root, list string, args ...string) error {
	build := exec.CommandContext(ctx, "go", append([]string{"build", "-overlay", list}, args...)...)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// runMutants runs the audit once with each mutant. One that is not caught is an error.
func runMutants(ctx context.Context, s setup) error {
	var errs []error
	for _, m := range mutants() {
		fmt.Printf("\nmutant %s: %s\n", m.name, m.rule)
		s.mutant = m.name
		wrong, err := audit(ctx, s)
		switch {
		case err != nil:
			return err
		case wrong == 0:
			errs = append(errs, fmt.Errorf("mutant %s was not caught (seed %d): run it for longer, or mend the audit", m.name, s.seed))
		default:
			fmt.Printf("caught: %d checks are wrong, as they must be\n", wrong)
		}
	}
	return errors.Join(errs...)
}
