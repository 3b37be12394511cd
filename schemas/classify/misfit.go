package classify

import (
	"cmp"
	"fmt"

	"panther/schemas"
)

// misfitReason says where a line of text leaves its format.
func (w *worker) misfitReason(s splitter) *schemas.Reason {
	m := &w.misfit
	r := &schemas.Reason{Code: schemas.NoPattern, Span: schemas.Span{Start: m.start, End: m.end}}
	line := withoutEnd(w.buf[:w.size])
	switch s := s.(type) {
	case *csvSplitter:
		r.Code = schemas.CSVColumns
		if r.Expected = m.expected; r.Expected == "" {
			r.Expected, r.Got = columns(m.columns), columns(m.cells)
			return r
		}
		r.Got = cmp.Or(m.got, cut(line[m.start:]))
	case *regexSplitter:
		r.Expected, r.Got = cut([]byte(s.Source)), cut(line)
		if len(line) == 0 {
			r.Got = "an empty line"
		}
	case *matchSplitter:
		m.fastMatch(r, line)
	}
	return r
}

func (m *misfit) fastMatch(r *schemas.Reason, line []byte) {
	p, done := m.pattern, m.cells
	if r.Got = cut(line[m.start:]); m.start == len(line) {
		r.Got = "the end of the line"
	}
	switch {
	case m.start == 0 && p.Literals[0] != "":
		r.Expected = fmt.Sprintf("%q at the beginning", p.Literals[0])
	case done == len(p.Fields)-1:
		r.Expected = fmt.Sprintf("%s and then %q at the end", p.Fields[done], p.Literals[done+1])
	default:
		r.Expected = fmt.Sprintf("%s and then %q", p.Fields[done], p.Literals[done+1])
	}
}

func columns(n int) string {
	if n == 1 {
		return "1 column"
	}
	return fmt.Sprintf("%d columns", n)
}
