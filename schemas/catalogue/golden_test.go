package catalogue_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"panther/schemas/catalogue"
	"panther/schemas/strict"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var noon = time.Date(2030, 1, 2, 12, 0, 0, 0, time.UTC)

// golden runs every archive of a folder: its files are written to a temporary folder, run tells what came of them, and
// that is compared with the last file, named result.
func golden(t *testing.T, pattern string, run func(t *testing.T, dir string) string) {
	archives, err := filepath.Glob(pattern)
	if err != nil || len(archives) == 0 {
		t.Fatalf("no golden files %s: %v", pattern, err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			var in []txtar.File
			want := ""
			for _, f := range archive.Files {
				if f.Name == "result" {
					want = string(f.Data)
					continue
				}
				in = append(in, f)
				path := filepath.Join(dir, f.Name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, f.Data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got := strings.ReplaceAll(run(t, dir), dir+string(filepath.Separator), "")
			if *update {
				archive.Files = append(in, txtar.File{Name: "result", Data: []byte(got)})
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("result (-want +got), -update rewrites it:\n%s", diff)
			}
		})
	}
}

// What files say, or everything that is wrong with them.
func TestParse(t *testing.T) {
	golden(t, "testdata/parse/*.txtar", func(t *testing.T, dir string) string {
		plan, err := planOf(dir, &catalogue.View{}, false)
		if err != nil {
			if problems := (strict.Problems)(nil); !errors.As(err, &problems) {
				t.Errorf("the error is no strict.Problems: %v", err)
			}
			return err.Error() + "\n"
		}
		return plan.String()
	})
}

// Folders that are applied one after the other, in the order of their names; with prune in the name, with --prune.
func TestPlan(t *testing.T) {
	golden(t, "testdata/plan/*.txtar", func(t *testing.T, dir string) string {
		steps, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		view := &catalogue.View{}
		for _, step := range steps {
			out.WriteString("== " + step.Name() + "\n")
			prune := strings.Contains(step.Name(), "prune")
			plan, err := planOf(filepath.Join(dir, step.Name()), view, prune)
			if err != nil {
				out.WriteString(err.Error() + "\n")
				continue
			}
			out.WriteString(plan.String())
			for _, r := range plan.Records() {
				out.WriteString("  " + named(view, plan.Apply(view), string(r.Key)))
				if r.Message == nil {
					out.WriteString(" tombstone")
				}
				out.WriteString("\n")
			}
			view = checkSteady(t, filepath.Join(dir, step.Name()), view, plan, prune)
		}
		return out.String()
	})
}

// named replaces the id in a key, which is random, by the label.
func named(before, after *catalogue.View, key string) string {
	for _, v := range []*catalogue.View{after, before} {
		switch e, _ := v.Get(key); e := e.(type) {
		case catalogue.LogSource:
			return catalogue.KindSource + "/(" + e.Label + ")"
		case catalogue.Destination:
			return catalogue.KindDestination + "/(" + e.Label + ")"
		}
	}
	return key
}

// checkSteady reads the plan's records as readers of the topic do, and holds that planning again finds nothing to change.
func checkSteady(t *testing.T, dir string, before *catalogue.View, plan catalogue.Changes, prune bool) *catalogue.View {
	t.Helper()
	after := plan.Apply(before)
	again, err := planOf(dir, after, prune)
	if err != nil || !again.Empty() || len(again.Records()) > 0 {
		t.Errorf("planned again: %v\n%s", err, again)
	}
	if again.Version != after.Version() {
		t.Errorf("a plan that changes nothing has version %d, the catalogue %d", again.Version, after.Version())
	}
	return after
}

func planOf(dir string, current *catalogue.View, prune bool) (catalogue.Changes, error) {
	files, err := catalogue.Parse(dir)
	if err != nil {
		return catalogue.Changes{}, err
	}
	return catalogue.Plan(current, files, catalogue.Options{Prune: prune}, noon, "ann")
}
