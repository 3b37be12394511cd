package logtype

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:embed builtin/*.yml
var builtinFiles embed.FS

// Builtins returns the log types that Panther Monitor knows by itself, by name. They are the files of the folder builtin, one
// a log type, and have version 0. The schemas are shared: do not change them.
func Builtins() []*Schema { return slices.Clone(parseBuiltins()) }

// BuiltinNames returns the names of the log types that are built in, in order.
func BuiltinNames() []string {
	var names []string
	for _, s := range parseBuiltins() {
		names = append(names, s.Name)
	}
	return names
}

// Builtin returns the log type of a name that is built in.
func Builtin(name string) (*Schema, bool) {
	all := parseBuiltins()
	i, ok := slices.BinarySearchFunc(all, name, func(s *Schema, name string) int { return strings.Compare(s.Name, name) })
	if !ok {
		return nil, false
	}
	return all[i], true
}

// BuiltinText returns the YAML document of a log type that is built in: a start for one of your own.
func BuiltinText(name string) (string, bool) {
	if _, ok := Builtin(name); !ok {
		return "", false
	}
	text, err := builtinFiles.ReadFile(path.Join("builtin", name+".yml"))
	return string(text), err == nil
}

// parseBuiltins parses the embedded files once. They are part of the program, so a mistake in one is a mistake of the program;
// a test reads them all.
var parseBuiltins = sync.OnceValue(func() []*Schema {
	files, err := builtinFiles.ReadDir("builtin")
	if err != nil {
		panic(fmt.Sprintf("logtype: the schemas that are built in: %v", err))
	}
	var all []*Schema
	for _, f := range files {
		text, err := builtinFiles.ReadFile(path.Join("builtin", f.Name()))
		if err != nil {
			panic(fmt.Sprintf("logtype: %s: %v", f.Name(), err))
		}
		s, err := Parse(f.Name(), text)
		if err != nil {
			panic(fmt.Sprintf("logtype: %v", err))
		}
		if s.Name+".yml" != f.Name() {
			panic(fmt.Sprintf("logtype: %s holds the schema %s", f.Name(), s.Name))
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *Schema) int { return strings.Compare(a.Name, b.Name) })
	return all
})
