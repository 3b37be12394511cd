package samples

import (
	"testing"
	"time"

	"panther/schemas"
	"panther/schemas/classify"
	"panther/schemas/classify/reference"
	"panther/schemas/logtype"
)

// Each line is an event of its log type, at the time that it was written for; one with the changed field fails, and at
// that field.
func TestLinesClassify(t *testing.T) {
	for _, s := range Sources() {
		schema, ok := logtype.Builtin(s.LogType)
		if !ok {
			t.Fatalf("%s: there is no log type %s", s.Name, s.LogType)
		}
		checker := reference.New([]*logtype.Schema{schema})
		for _, l := range lines(s.Line, 500) {
			v := checker.Check(classify.Line{Bytes: l, ParseTime: at})
			if v.Schema == nil {
				t.Fatalf("%s: %+v in %s", s.Name, v.Candidates, l)
			}
			if v.EventTime.Before(at.Add(-2 * time.Minute)) {
				t.Fatalf("%s: the event is of %s: %s", s.Name, v.EventTime, l)
			}
		}
		if s.Changed == nil {
			continue
		}
		for _, l := range lines(s.Changed, 100) {
			v := checker.Check(classify.Line{Bytes: l, ParseTime: at})
			if v.Schema != nil || len(v.Candidates) != 1 {
				t.Fatalf("%s: a changed line matches: %s", s.Name, l)
			}
			reasons := v.Candidates[0].Reasons
			if len(reasons) != 1 || reasons[0].Code != schemas.TypeMismatch || reasons[0].Field != s.Change || reasons[0].Expected != "string" {
				t.Fatalf("%s: want a type_mismatch of %s, got %+v", s.Name, s.Change, reasons)
			}
		}
	}
}
