package classify

import "panther/schemas/logtype"

// A regexSplitter cuts by a regular expression.
type regexSplitter struct {
	*logtype.Regex
	fields []int32 // by group; -1: it is no field
	cutter *cutter // nil: the expression is not of that kind
}

func (s *regexSplitter) text() *logtype.Text                         { return &s.Text }
func (s *regexSplitter) isHeader(*worker, []byte, []byte, bool) bool { return false }

// find returns where the groups begin and end.
func (s *regexSplitter) find(w *worker, line []byte) (places []int, ok bool) {
	if s.cutter == nil {
		places = s.Regexp.FindSubmatchIndex(line)
		return places, places != nil
	}
	w.cuts, ok = s.cutter.cut(w.cuts, line)
	return w.cuts, ok
}

// split makes a cell of each group that takes part in the match.
func (s *regexSplitter) split(w *worker, line, _ []byte) (ok bool) {
	places, ok := s.find(w, line)
	if !ok {
		w.misfit = misfit{end: len(line)}
		return false
	}
	for i, field := range s.fields {
		if start, end := places[2*i], places[2*i+1]; field >= 0 && start >= 0 {
			if s.TrimSpace {
				start, end = trimmed(line, start, end)
			}
			w.addCell(field, cellAt(start, end))
		}
	}
	return true
}
