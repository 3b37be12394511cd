package classify

import "panther/schemas/logtype"

// A regexSplitter cuts by a regular expression.
type regexSplitter struct {
	*logtype.Regex
	fields []int32 // by group; -1: it is no field
}

func (s *regexSplitter) text() *logtype.Text                         { return &s.Text }
func (s *regexSplitter) isHeader(*worker, []byte, []byte, bool) bool { return false }

// split makes a cell of each group that takes part in the match.
func (s *regexSplitter) split(w *worker, line, _ []byte) (fields []int32, ok bool) {
	ends := s.Regexp.FindSubmatchIndex(line)
	if ends == nil {
		w.misfit = misfit{end: len(line)}
		return nil, false
	}
	w.matched = w.matched[:0]
	for i, field := range s.fields {
		if start, end := ends[2*i], ends[2*i+1]; field >= 0 && start >= 0 {
			w.addCell(start, end)
			w.matched = append(w.matched, field)
		}
	}
	if s.TrimSpace {
		w.trimCells()
	}
	return w.matched, true
}
