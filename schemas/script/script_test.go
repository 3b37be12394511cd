package script_test

import (
	"testing"

	"panther/schemas/script"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct{ name, code, line, want string }{ // want: the object, or the error
		{"text", "def parse(log):\n  a, b = log.split(' ')\n  return {'b': b, 'a': int(a)}", "7 x", `{"b":"x","a":7}`},
		{"json", "def parse(log):\n  e = json.decode(log)\n  e['is'] = e['n'] > 1.5\n  return e", `{"n": 2, "x": null}`, `{"n":2,"x":null,"is":true}`},
		{"values", "def parse(log):\n  return {'f': 5.0, 'g': 1.5e30, 'l': [1, (2, None)], 'i': 1 << 70, 's': 'a\\n\\x01\"', 'd': {}}", "",
			`{"f":5,"g":1.5e+30,"l":[1,[2,null]],"i":1180591620717411303424,"s":"a\u000a\u0001\"","d":{}}`},
		{"an error", "def parse(log):\n  return {'a': log[3]}", "ab", "line 2: string index 3 out of range [-2:1]"},
		{"fail", "def parse(log):\n  fail('no', log)", "x", "line 2: fail: no x"},
		{"no dict", "def parse(log):\n  return [1]", "", "parse returned a list, which is no dict"},
		{"nothing", "def parse(log):\n  pass", "", "parse returned None, which is no dict"},
		{"an empty dict", "def parse(log):\n  return {}", "", "parse returned an empty dict"},
		{"a key", "def parse(log):\n  return {1: 2}", "", "parse returned a dict with the key an int, which is no string"},
		{"a function", "def parse(log):\n  return {'a': parse}", "", "parse returned a dict that holds a function; JSON has no such value"},
		{"no number", "def parse(log):\n  return {'a': float('nan')}", "", "parse returned a number that is not finite"},
		{"a list in itself", "def parse(log):\n  l = []\n  l.append(l)\n  return {'a': l}", "", "parse returned a dict that is nested more than 128 deep"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := script.Compile(tt.code)
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.Parse([]byte(tt.line))
			if err != nil {
				got = []byte(err.Error())
			}
			if string(got) != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
