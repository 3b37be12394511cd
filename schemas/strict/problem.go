// Package strict reads YAML that people write, and tells them of every mistake at once, each with its file, line and column.
//
// Its one idea: reading never stops. A Node is a cursor that always answers; where the file has something else than was
// asked for, the answer is the zero value and a Problem joins the list. So a reader is a plain list of what it wants, with
// no error to handle on the way:
//
//	var problems strict.Problems
//	for _, doc := range strict.Read("source.yml", data, &problems) {
//		doc.Root.Mapping(func(m *strict.Mapping) {
//			label = m.Required("name").Text()
//			topics = m.Required("topics").Texts()
//			alarm = m.Optional("alarm").Duration()
//		})
//	}
//	return problems.Err()
//
// Keys that nobody asked for are mistakes, and so are duplicate keys, aliases and values of another kind. Start with Read.
package strict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Problem is one mistake in a file.
type Problem struct {
	File   string
	Line   int    // from 1; 0: the file as a whole
	Column int    // from 1, in characters; 0: not known
	Text   string // what is wrong
	Hint   string // how to mend it; may be empty
}

// String prints p as compilers do: file.yml:12:3: unknown key "toppics"; did you mean "topics"?
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	if p.Line > 0 && p.Column > 0 {
		fmt.Fprintf(&b, ":%d", p.Column)
	}
	if p.File != "" {
		b.WriteString(": ")
	}
	b.WriteString(p.Text)
	if p.Hint != "" {
		b.WriteString("; " + p.Hint)
	}
	return b.String()
}

// Problems collects mistakes, of any number of files. The zero value is ready to use.
type Problems []Problem

// Add puts p on the list.
func (ps *Problems) Add(p Problem) { *ps = append(*ps, p) }

// Err returns what was collected as an error, which is a Problems sorted by file, line and column with each problem once;
// nil if there is none.
func (ps *Problems) Err() error {
	if len(*ps) == 0 {
		return nil
	}
	sorted := slices.Clone(*ps)
	slices.SortStableFunc(sorted, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Text, b.Text))
	})
	return slices.Compact(sorted)
}

// Error prints all problems, one a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}
