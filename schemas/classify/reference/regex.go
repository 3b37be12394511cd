package reference

import (
	"panther/schemas"
	"panther/schemas/logtype"
)

// splitRegex cuts a line by a regular expression. A group that takes no part in the match has no cell.
func splitRegex(r *logtype.Regex, line []byte) (names []string, cells []cell, reason *schemas.Reason) {
	ends := r.Regexp.FindSubmatchIndex(line)
	if ends == nil {
		got := cut(line)
		if len(line) == 0 {
			got = "an empty line"
		}
		return nil, nil, &schemas.Reason{Code: schemas.NoPattern, Expected: cut([]byte(r.Source)), Got: got, Span: wholeLine(line)}
	}
	for i, name := range r.Fields {
		if start, end := ends[2*i], ends[2*i+1]; name != "" && start >= 0 {
			names = append(names, name)
			cells = append(cells, cell{schemas.Span{Start: start, End: end}, line[start:end]})
		}
	}
	return names, trimmed(cells, r.TrimSpace), nil
}
