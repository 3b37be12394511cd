package evolve_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"panther/schemas/classify"
	"panther/schemas/classify/reference"
	"panther/schemas/evolve"
	"panther/schemas/logtype"
)

var update = flag.Bool("update", false, "rewrite golden files")

// The files in testdata hold pairs of schemas, old.yml and new.yml (the fields alone, or a whole document), each followed by
// changes, what is said of them. -update rewrites these.
func TestCompare(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got := &txtar.Archive{Comment: archive.Comment}
		for i := 0; i+1 < len(archive.Files); i += 3 {
			old, new := archive.Files[i], archive.Files[i+1]
			changes := evolve.Compare(parse(t, string(old.Data)), parse(t, string(new.Data)), evolve.Options{Drop: strings.Contains(old.Name, "drop")})
			got.Files = append(got.Files, old, new, txtar.File{Name: "changes", Data: []byte(printed(changes))})
			if len(archive.Files) == i+2 {
				break
			}
		}
		if *update {
			if err := os.WriteFile(file, txtar.Format(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(string(txtar.Format(archive)), string(txtar.Format(got))); diff != "" {
			t.Errorf("%s: %s", file, diff)
		}
	}
}

func printed(changes []evolve.Change) string {
	var b strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&b, "%s %s: %s\n", c.Level, c.Path, c.What)
		if c.Lines != "" {
			fmt.Fprintf(&b, "  lines: %s\n", c.Lines)
		}
		if c.Column != "" {
			fmt.Fprintf(&b, "  column: %s\n", c.Column)
		}
	}
	return b.String()
}

func parse(t *testing.T, text string) *logtype.Schema {
	t.Helper()
	if strings.HasPrefix(text, "- ") {
		text = "fields:\n" + text
	}
	if !strings.HasPrefix(text, "schema:") {
		text = "schema: My.Type\n" + text
	}
	s, err := logtype.Parse("schema.yml", []byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return s
}

// A schema does not differ from itself, nor by what is for people.
func TestNothingChanges(t *testing.T) {
	for _, s := range logtype.Builtins() {
		text, _ := logtype.BuiltinText(s.Name)
		again, err := logtype.Parse("again.yml", []byte(strings.ReplaceAll(text, "description: ", "description: 'x' #")))
		if err != nil {
			again = s // a description of several lines
		}
		if changes := evolve.Compare(s, again, evolve.Options{}); len(changes) > 0 {
			t.Errorf("%s: %s", s.Name, printed(changes))
		}
	}
}

// Samples of the old version, and any lines, show what is lost.
func TestTrial(t *testing.T) {
	old, new := parse(t, "- {name: port, type: string}\n"), parse(t, "- {name: port, type: int}\n")
	trial := evolve.NewTrial(reference.New([]*logtype.Schema{old}), reference.New([]*logtype.Schema{new}))
	for i, line := range []string{`{"port": 80}`, `{"port": "http"}`, `{"port": []}`, `{}`} {
		trial.Line(fmt.Sprintf("line %d", i), classify.Line{Bytes: []byte(line)})
	}
	if trial.Lines != 4 || trial.Before != 3 || trial.After != 2 || trial.LostLines() != 1 {
		t.Errorf("%+v", trial)
	}
	if len(trial.Lost) != 1 || trial.Lost[0].Name != "line 1" || !strings.Contains(classify.Summary(trial.Lost[0].Candidate), "field port: expected int") {
		t.Errorf("%+v", trial.Lost)
	}
}
