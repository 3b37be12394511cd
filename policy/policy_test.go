// Package policy holds the project to its own rules: who may import whom, and what must not be in the repository.
package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// layers are the packages of the project from the bottom to the top: each may import those before it, and within its own
// layer what inside allows.
var layers = []struct {
	prefix string // of the package's path below the module; the longest match counts
	level  int
}{
	{"pipeline/stream", 0},
	{"schemas", 1},
	{"pipeline/streamtest", 2},
	{"pipeline/kafka", 2},
	{"pipeline/views", 2},
	{"stages", 3},
	{"sinks", 3},
	{"receivers", 3},
	{"pipeline/clocktest", 4},
	{"pipeline", 4},
	{"console", 5},
	{"cmd", 6},
	{"tools", 6},
	{"policy", 6},
}

func level(pkg string) int {
	best, found := -1, -1
	for _, l := range layers {
		if (pkg == l.prefix || strings.HasPrefix(pkg, l.prefix+"/")) && len(l.prefix) > best {
			best, found = len(l.prefix), l.level
		}
	}
	return found
}

// forbidden are imports that the levels alone would allow.
func forbidden(from, to string) string {
	in := func(pkg, folder string) bool { return pkg == folder || strings.HasPrefix(pkg, folder+"/") }
	switch {
	case from == "pipeline/stream" && !isStandard(to) && to != from:
		return "the vocabulary imports the standard library only"
	case strings.HasPrefix(to, "github.com/twmb/franz-go") && !in(from, "pipeline/kafka") && !in(from, "tools"):
		return "only pipeline/kafka imports franz-go"
	case in(from, "stages") && (in(to, "sinks") || in(to, "receivers") || in(to, "pipeline/kafka")):
		return "stages never import sinks, receivers or kafka"
	case in(from, "sinks") && (in(to, "stages") || in(to, "pipeline/kafka")):
		return "sinks never import stages or kafka"
	case in(from, "sinks/lake") && in(to, "sinks/notify"), in(from, "sinks/notify") && in(to, "sinks/lake"):
		return "one sink does not know another"
	case (from == "pipeline/kafka" || from == "pipeline/views") && isOurs(to) && !in(to, "schemas") && to != "pipeline/stream" && to != "pipeline/kafka" && to != "pipeline/views":
		return "kafka and views import only stream and schemas"
	}
	return ""
}

func isStandard(pkg string) bool {
	return !strings.Contains(strings.Split(pkg, "/")[0], ".") && !isOurs(pkg)
}
func isOurs(pkg string) bool { return level(pkg) >= 0 }

func TestImportsPointOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "panther/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := 0
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		seen++
		from := strings.TrimPrefix(p.ImportPath, "panther/")
		if level(from) < 0 {
			t.Errorf("package %s is in no layer; add it to the table of this test, where it belongs", from)
		}
		for _, to := range p.Imports {
			to, ours := strings.CutPrefix(to, "panther/")
			if why := forbidden(from, to); why != "" {
				t.Errorf("%s imports %s: %s", from, to, why)
			} else if ours && level(to) > level(from) {
				t.Errorf("%s imports %s, which is above it", from, to)
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d packages were seen", seen)
	}
}

// secretWords are what must not be in the repository: names of machines, of places outside, and of how work is organised.
var secretWords = regexp.MustCompile(`\.\./sha` + `red\b|/wo` + `rk/|proxy\.go` + `lang\.org|registry\.npm` + `js\.org|pypi\.o` + `rg|repo1?\.ma` + `ven\.|deb\.deb` + `ian\.org`)

// allowed names the one place that may look beside the checkout: it sets a variable for tests that read real log lines.
const allowed = ".ci/run"

func TestNothingPointsOutOfTheRepository(t *testing.T) {
	root := ".."
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != root && (name == ".git" || name == ".kafka" || name == "panther-data" || name == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		rel, _ := filepath.Rel(root, path)
		if info, err := d.Info(); err != nil || info.Size() > 1<<20 || rel == allowed || name == "go.sum" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if at := secretWords.FindIndex(b); at != nil && !bytes.ContainsRune(b, 0) {
			t.Errorf("%s:%d: %q points out of the repository", rel, 1+bytes.Count(b[:at[0]], []byte("\n")), b[at[0]:at[1]])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
