package evolve

import (
	"fmt"
	"strings"

	"panther/schemas/logtype"
)

// A fate is what becomes of a column.
type fate int

const (
	kept      fate = iota // it holds values of both types
	widened               // it is widened in place
	begunAnew             // the old one gets another name
)

// columnType is the type that a column of values has: some types share one.
func columnType(t logtype.Type) logtype.Type {
	switch t {
	case logtype.SmallInt:
		return logtype.Int
	case logtype.JSON:
		return logtype.String
	}
	return t
}

// column says what becomes of the column of a value, as package lake does it. A column is never narrowed and never removed.
func column(old, new logtype.Value, at string) (became fate, note string) {
	was, is := columnType(old.Type), columnType(new.Type)
	switch {
	case was == logtype.Object && is == logtype.Object:
		return kept, "" // its columns are looked at one by one
	case was == logtype.Array && is == logtype.Array:
		became, note = column(*old.Element, *new.Element, at)
		if became != begunAnew {
			return became, note
		}
	case was == logtype.Int && is == logtype.BigInt:
		return widened, "widens in place from int to bigint"
	case was == logtype.BigInt && is == logtype.Int:
		return kept, "stays a bigint"
	case was == is:
		return kept, ""
	}
	return begunAnew, fmt.Sprintf("begins anew as %s; what it had stays in %s__%s", is, columnName(at), was)
}

// columnName is the last part of a path, without the marks of arrays.
func columnName(at string) string {
	at = strings.TrimRight(at, "[]")
	return at[strings.LastIndexByte(at, '.')+1:]
}
