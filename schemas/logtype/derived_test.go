package logtype_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"panther/schemas/logtype"
)

// What transformations come to: paths by the names of the line, and literals.
func TestDerived(t *testing.T) {
	s, err := logtype.Parse("x.yml", []byte(`
schema: My.Orders
fields:
- {name: user, type: object, fields: [{name: login, type: string, rename: {from: "@name"}}, {name: a.b, type: object, fields: [{name: c, type: int}]}]}
- {name: day, type: string, rename: {from: date}}
- {name: who, type: string, copy: {from: user.login}}
- {name: deep, type: int, copy: {from: user.a.b.c}}
- {name: unknown, type: string, copy: {from: not.declared}}
- {name: person, type: object, copy: {from: user}, fields: [{name: x, type: int}]}
- {name: at, type: string, concat: {separator: "T", paths: [day, at, who]}}
- {name: part, type: string, split: {from: at, separator: "T", index: 1}}
- {name: first, type: string, split: {from: person.x, separator: ",", index: 0}}
`))
	if err != nil {
		t.Fatal(err)
	}
	at := &logtype.Join{Paths: []logtype.Path{{"date"}, {"at"}, {"user", "@name"}}, Literals: []string{"", "T", "T", ""}}
	want := map[string]*logtype.Derived{
		"user": nil, "day": nil,
		"who":     {Copy: logtype.Path{"user", "@name"}},
		"deep":    {Copy: logtype.Path{"user", "a.b", "c"}},
		"unknown": {Copy: logtype.Path{"not", "declared"}},
		"person":  {Copy: logtype.Path{"user"}},
		"at":      {Join: at},
		"part":    {Split: &logtype.Split{Join: at, Separator: "T", Index: 1}},
		"first":   {Split: &logtype.Split{Path: logtype.Path{"user", "x"}, Separator: ","}},
	}
	got := map[string]*logtype.Derived{}
	for _, f := range s.Fields {
		got[f.Name] = f.Derived
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if f := s.Fields[1]; f.Member() != "date" || s.Fields[2].Member() != "who" {
		t.Errorf("%q and %q", f.Member(), s.Fields[2].Member())
	}
}

func TestDerivedOfText(t *testing.T) {
	_, err := logtype.Parse("x.yml", []byte(`
schema: My.Orders
parser: {csv: {columns: [y, m, z, _], expandFields: {month: "%{y}-%{m}!", all: fixed}}}
fields:
- {name: month, type: string}
- {name: all, type: string}
- {name: same, type: string, copy: {from: month}}
- {name: both, type: string, concat: {separator: "/", paths: [z, month, y]}}
- {name: cut, type: string, split: {from: both, separator: "/", index: 1}}
- {name: zone, type: string, rename: {from: z}}
`))
	if err == nil {
		t.Fatal("z is renamed, and concat takes it by its old name")
	}
	s, err := logtype.Parse("x.yml", []byte(`
schema: My.Orders
parser: {csv: {columns: [y, m, z, _], expandFields: {month: "%{y}-%{m}!", all: fixed}}}
fields:
- {name: month, type: string}
- {name: all, type: string}
- {name: same, type: string, copy: {from: month}}
- {name: both, type: string, concat: {separator: "/", paths: [zone, month, y]}}
- {name: cut, type: string, split: {from: both, separator: "/", index: 1}}
- {name: zone, type: string, rename: {from: z}}
`))
	if err != nil {
		t.Fatal(err)
	}
	month := &logtype.Join{Paths: []logtype.Path{{"y"}, {"m"}}, Literals: []string{"", "-", "!"}}
	both := &logtype.Join{Paths: []logtype.Path{{"z"}, {"y"}, {"m"}, {"y"}}, Literals: []string{"", "/", "-", "!/", ""}}
	want := []*logtype.Derived{{Join: month}, {Join: &logtype.Join{Literals: []string{"fixed"}}}, {Join: month}, {Join: both},
		{Split: &logtype.Split{Join: both, Separator: "/", Index: 1}}, nil}
	for i, f := range s.Fields {
		if diff := cmp.Diff(want[i], f.Derived); diff != "" {
			t.Errorf("%s: %s", f.Name, diff)
		}
	}
}
