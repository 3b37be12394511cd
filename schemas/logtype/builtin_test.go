package logtype_test

import (
	"testing"

	"panther/schemas/logtype"
)

func TestBuiltinsAreDescribed(t *testing.T) {
	names := logtype.BuiltinNames()
	if len(names) < 8 {
		t.Errorf("built in are %v", names)
	}
	for _, s := range logtype.Builtins() {
		if s.Version != 0 || s.Description == "" || s.ReferenceURL == "" {
			t.Errorf("%s: version %d, description %q, reference %q", s.Name, s.Version, s.Description, s.ReferenceURL)
		}
		if text, ok := logtype.BuiltinText(s.Name); !ok || text == "" {
			t.Errorf("%s has no text", s.Name)
		}
		if same, ok := logtype.Builtin(s.Name); !ok || same != s {
			t.Errorf("%s is not found by its name", s.Name)
		}
		described(t, s.Name, s.Fields)
	}
	if _, ok := logtype.Builtin("No.Such"); ok {
		t.Error("there is a log type No.Such")
	}
	if _, ok := logtype.BuiltinText("../builtin/AWS.VPCFlow"); ok {
		t.Error("a path is taken for a name")
	}
}

func described(t *testing.T, path string, fields []logtype.Field) {
	for _, f := range fields {
		if f.Description == "" {
			t.Errorf("%s.%s has no description", path, f.Name)
		}
		described(t, path+"."+f.Name, f.Fields)
		if f.Element != nil {
			described(t, path+"."+f.Name+"[]", f.Element.Fields)
		}
	}
}
