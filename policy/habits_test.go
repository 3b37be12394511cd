package policy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// emptyNames say nothing of what a package is for.
var emptyNames = []string{"util", "utils", "common", "helper", "helpers", "manager", "impl", "misc", "base", "shared"}

// Every package says in one place what it is for; none is named after nothing; nothing happens because a package is imported;
// and no error says that something failed, which errors are for.
func TestHabits(t *testing.T) {
	files := token.NewFileSet()
	comments := map[string][]string{} // files with a package comment, by folder
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != ".." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go"):
			return nil
		}
		file, err := parser.ParseFile(files, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		folder := filepath.Dir(path)
		if _, seen := comments[folder]; !seen {
			comments[folder] = nil
			if slices.Contains(emptyNames, filepath.Base(folder)) {
				t.Errorf("%s: the name says nothing of what is in the package", folder)
			}
		}
		if file.Doc != nil {
			comments[folder] = append(comments[folder], filepath.Base(path))
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil && n.Name.Name == "init" {
					t.Errorf("%s: func init runs for whoever imports the package; let main or a constructor call it", files.Position(n.Pos()))
				}
			case *ast.BasicLit:
				if n.Kind == token.STRING && strings.HasPrefix(strings.ToLower(strings.Trim(n.Value, "\"`")), "failed "+"to ") {
					t.Errorf("%s: say what was being done, to which thing: an error says itself that it failed", files.Position(n.Pos()))
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for folder, in := range comments {
		if len(in) != 1 {
			t.Errorf("%s: %d files have a package comment (%s); want one", folder, len(in), strings.Join(in, ", "))
		}
	}
	if len(comments) < 10 {
		t.Errorf("only %d packages were seen", len(comments))
	}
}
