package catalogue

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"panther/schemas/logtype"
	"panther/schemas/strict"
)

// maxFile is the largest file that is read: an entry has to fit into a record.
const maxFile = 4 << 20

// Files is what files say shall be in the catalogue. Ids and versions are not set: they come with Plan.
type Files struct {
	Sources      []LogSource
	Schemas      []Schema
	Destinations []Destination

	places   map[string]place // by kind/name
	users    []place          // of log types: all sources and destinations, those without a name too
	parsed   map[string]*logtype.Schema
	problems *strict.Problems // where the places report
}

// A place is where an entry stands in the files, for mistakes that show only beside other entries.
type place struct {
	name     strict.Node
	topics   []strict.Node
	logTypes []strict.Node
}

// Parse reads the files of a catalogue: every *.yml and *.yaml in and below a folder, or one file. Hidden files and folders
// are passed over. The error is a strict.Problems with all the mistakes of all files. Those that show only beside the catalogue
// as it is, such as a topic that another source has, come with Plan.
func Parse(root string) (*Files, error) {
	names, err := list(root)
	if err != nil {
		return nil, err
	}
	files := &Files{places: map[string]place{}, parsed: map[string]*logtype.Schema{}, problems: &strict.Problems{}}
	for _, n := range names {
		info, err := os.Stat(n.path)
		if err != nil {
			return nil, fmt.Errorf("read the catalogue's files: %w", err)
		}
		if info.Size() > maxFile {
			files.problems.Add(strict.Problem{File: n.path, Text: fmt.Sprintf("the file has %d bytes; at most %d are read", info.Size(), maxFile)})
			continue
		}
		data, err := os.ReadFile(n.path)
		if err != nil {
			return nil, fmt.Errorf("read the catalogue's files: %w", err)
		}
		for _, doc := range strict.Read(n.path, data, files.problems) {
			files.read(doc, n.origin)
		}
	}
	if err := files.checkAlone(); err != nil {
		return nil, err
	}
	return files, nil
}

// A fileName is a file as the system knows it, and as entries name it: by its path below the folder.
type fileName struct{ path, origin string }

func list(root string) ([]fileName, error) {
	info, err := os.Stat(root)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read the catalogue's files: there is no file or folder %s", root)
	case err != nil:
		return nil, fmt.Errorf("read the catalogue's files: %w", err)
	}
	if !info.IsDir() {
		return []fileName{{root, filepath.Base(root)}}, nil
	}
	var names []fileName
	err = fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
		case !d.IsDir() && slices.Contains([]string{".yml", ".yaml"}, path.Ext(name)):
			names = append(names, fileName{filepath.Join(root, filepath.FromSlash(name)), name})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the catalogue's files: %w", err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("read the catalogue's files: %s has no *.yml or *.yaml", root)
	}
	return names, nil
}

// read takes one document: a log type, or what its kind says.
func (f *Files) read(doc strict.Document, origin string) {
	var kind, schema, rule strict.Node
	for _, p := range doc.Root.Pairs() {
		switch p.Key {
		case "kind":
			kind = p.Value
		case "schema":
			schema = p.Value
		case "AnalysisType":
			rule = p.Name
		}
	}
	switch {
	case rule.Present():
		rule.Problem("detections are not supported by this version", "keep them in another folder")
	case schema.Present():
		f.readSchema(doc, schema, origin)
	case !kind.Present() && doc.Root.IsMapping():
		doc.Root.Problem("this is neither a log type nor a log source nor a destination",
			"begin with schema: NAME, kind: LogSource or kind: Destination")
	default:
		f.readKind(doc.Root, kind, origin)
	}
}

func (f *Files) readKind(root, kind strict.Node, origin string) {
	switch name := kind.Text(); name {
	case "LogSource":
		f.readSource(root, origin)
	case "Destination":
		f.readDestination(root, origin)
	case "CloudAccount":
		kind.Problem("kind: CloudAccount is not supported by this version", "LogSource and Destination are")
	default:
		if name != "" {
			kind.Problem(fmt.Sprintf("kind: %q is not known", name), strict.DidYouMean(name, []string{"LogSource", "Destination"}))
		}
	}
}

// readSchema takes a log type. One with mistakes is taken as well, so that sources that name it are not mistaken too.
func (f *Files) readSchema(doc strict.Document, name strict.Node, origin string) {
	parsed := logtype.ParseNode(doc.Root)
	if parsed.Name != "" && f.add(KindSchema, parsed.Name, place{name: name}) {
		f.parsed[parsed.Name] = parsed
		f.Schemas = append(f.Schemas, Schema{Name: parsed.Name, Text: strings.TrimSpace(doc.Text) + "\n", Origin: origin})
	}
}

// add notes the place of an entry. Of two with one name the second is a mistake.
func (f *Files) add(kind, name string, p place) bool {
	key := kind + "/" + name
	if first, ok := f.places[key]; ok {
		p.name.Problem(fmt.Sprintf("a second %s named %q", words[kind], name), "the first one is at "+first.name.Position())
		return false
	}
	f.places[key] = p
	return true
}

// words are the kinds as people call them.
var words = map[string]string{KindSource: "log source", KindSchema: "log type", KindDestination: "destination"}
