package script_test

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"panther/schemas/script"
)

// Scripts that mean no good, each for a line of "x". None takes more memory or steps than there are, whatever the trick.
func TestScriptsAreBounded(t *testing.T) {
	const tooMuch = "too much time or memory"
	for name, body := range map[string]string{
		"steps":                    "for i in range(1000000000):\n  pass",
		"a long text":              "x = log * 1000000000",
		"a text by a huge number":  "x = log * (1 << 100)",
		"a long list":              "x = [0] * 100000000",
		"a list from a range":      "x = list(range(1000000000))",
		"a sum of texts":           "for i in range(40):\n  log = log + log",
		"a sum in place":           "for i in range(40):\n  log += log",
		"a list in itself":         "l = [0]\nfor i in range(40):\n  l += l",
		"a list that grows":        "l = [0]\nfor i in range(40):\n  l.extend(l)",
		"a list by its method":     "l = [0]\nf = getattr(l, 'extend')\nfor i in range(40):\n  f(l)",
		"replace":                  "x = ('a' * 10000).replace('', 'b' * 10000)",
		"replace by replace":       "for i in range(40):\n  log = log.replace('x', 'xx')",
		"join":                     "x = ('a' * 100000).join(['b'] * 100000)",
		"format":                   "x = ('{0}' * 10000).format('a' * 100000)",
		"percent":                  "x = ('%(a)s' * 10000) % {'a': 'a' * 100000}",
		"percent by percent":       "for i in range(40):\n  log = '%s%s' % (log, log)",
		"str of one list":          "l = [0]\nfor i in range(40):\n  l = [l, l]\nx = str(l)",
		"repr of one list":         "l = [0]\nfor i in range(40):\n  l = [l, l]\nx = '%r' % (l,)",
		"json of one list":         "l = [0]\nfor i in range(40):\n  l = [l, l]\nx = json.encode(l)",
		"compare one list":         "l = [0]\nm = [0]\nfor i in range(40):\n  l = [l, l]\n  m = [m, m]\nx = l == m",
		"a key of one tuple":       "t = (0,)\nfor i in range(40):\n  t = (t, t)\nx = {}\nx[t] = 1",
		"a key in braces":          "t = (0,)\nfor i in range(40):\n  t = (t, t)\nx = {t: 1}",
		"a key that is asked for":  "t = (0,)\nfor i in range(40):\n  t = (t, t)\nx = {}.get(t)",
		"a key that is looked for": "t = (0,)\nfor i in range(40):\n  t = (t, t)\nx = t in {}",
		"any":                      "x = any(range(1, 2)) and all(range(1, 1000000000))",
		"max":                      "x = max(range(1000000000))",
		"sorted":                   "x = sorted(range(1000000000))",
		"zip":                      "x = zip(range(100000000), range(100000000))",
		"spread":                   "x = max(*range(100000000))",
		"slices":                   "l = [0] * 100000\nx = [l[:] for i in range(100000)]",
		"codepoints":               "s = 'a' * 1000000\nx = [list(s.codepoints()) for i in range(1000)]",
		"split":                    "s = ',' * 1000000\nx = [s.split(',') for i in range(1000)]",
		"upper":                    "s = 'a' * 1000000\nx = [s.upper() for i in range(1000)]",
		"items":                    "d = {i: i for i in range(10000)}\nx = [d.items() for i in range(100000)]",
		"json.decode":              "s = '[' + '1,' * 1000000 + '1]'\nx = [json.decode(s) for i in range(1000)]",
		"json.decode, deep":        "x = json.decode('[' * 1000000)",
		"json.encode":              "l = [0] * 10000\nx = [json.encode(l) for i in range(100000)]",
		"base64":                   "s = 'a' * 1000000\nx = [base64.encode(s) for i in range(1000)]",
		"a lambda":                 "f = lambda s: s + s\nfor i in range(40):\n  log = f(log)",
		"a default value":          "def f(s = log * 1000000000):\n  return s\nx = f()",
		"a dict of a range":        "x = dict(range(1 << 40))",
		"a union with a range":     "x = range(1 << 40) | {}",
		"a long search":            "l = ['a' * 1000] * 10000\nx = [1 for i in range(100000) if 'b' in l]",
		"index":                    "l = ['a' * 1000] * 10000 + ['b']\nx = [l.index('b') for i in range(100000)]",
	} {
		t.Run(name, func(t *testing.T) {
			allocated, err := run(t, "def parse(log):\n  "+strings.ReplaceAll(body, "\n", "\n  ")+"\n  return {'a': 1}\n")
			if err == nil || !strings.Contains(err.Error(), tooMuch) {
				t.Errorf("got %v", err)
			}
			if allocated > 200<<20 {
				t.Errorf("%d MB for one line", allocated>>20)
			}
		})
	}
	for name, tt := range map[string]struct{ body, want string }{
		"a large number":     {"x = 2\nfor i in range(40):\n  x = x * x", "more than 8192 bits"},
		"a number in place":  {"x = 2\nfor i in range(40):\n  x *= x", "more than 8192 bits"},
		"a number of digits": {"x = int('9' * 100000)", tooMuch},
		"a deep list":        {"l = []\nfor i in range(10000):\n  l = [l]\nx = str(l)", tooMuch},
		"recursion":          {"f = lambda g: g(g)\nf(f)", "called recursively"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run(t, "def parse(log):\n  "+strings.ReplaceAll(tt.body, "\n", "\n  ")+"\n  return {'a': 1}\n")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func run(t *testing.T, code string) (allocated uint64, err error) {
	t.Helper()
	p, err := script.Compile(code)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = p.Parse([]byte("x"))
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, err
}

// A guarded script means what it means without guards: each of these returns what the language itself returns, or its error.
func TestGuardsChangeNothing(t *testing.T) {
	for _, body := range []string{
		"return {'a': [1 + 2, 'a' + 'b', [1] + [2], (1,) + (2,), 1.5 + 1, 7 - 2, 7 * 6, 'ab' * 2, 2 * [1, 2], 7 / 2, 7 // 2, -7 // 2, 7 % 3, -7 % 3]}",
		"return {'a': [6 & 3, 6 | 3, 6 ^ 3, 1 << 4, 256 >> 2, ~5, -5, +5, not 1], 'b': {'x': 1} | {'y': 2}}",
		"return {'a': [1 == 1.0, 'a' < 'b', [1] >= [1], (1, 2) != (1, 3), 1 in [1], 'b' in 'abc', 'k' not in {'k': 1}, 2 in (1, 2)]}",
		"return {'a': ['%s %d %r %%' % ('x', 7, 'y'), '%(a)s' % {'a': 1}, '{} {x}'.format(1, x = 2), '{1}{0}'.format('a', 'b')]}",
		"x = 1\n  x += 2\n  x *= 5\n  x -= 1\n  x //= 3\n  x %= 3\n  x <<= 3\n  x |= 1\n  return {'x': x}",
		"a = [1]\n  b = a\n  a += [2]\n  a += (3,)\n  return {'a': a, 'b': b}",
		"a = {'x': 1}\n  b = a\n  a |= {'y': 2}\n  return {'a': a, 'b': b}",
		"d = {}\n  for w in log.split(' '):\n    d[w] = d.get(w, 0)\n    d[w] += 1\n  return {'d': d}",
		"d = {'l': [1, 2]}\n  d['l'][0] += 5\n  return d",
		"a, (b, c) = 1, (2, 3)\n  [e, f] = [4, 5]\n  return {'a': [a, b, c, e, f]}",
		"l = [0, 1, 2, 3, 4]\n  return {'a': [l[1:], l[:-1], l[::2], l[::-1], log[1:3], log[::-1], (1, 2, 3)[1:]]}",
		"return {'a': [x * y for x in range(3) for y in range(3) if x != y], 'd': {k: v for k, v in [('a', 1), ('b', 2)]}}",
		"def f(a, b = 2, *c, **d):\n    return [a, b, list(c), d]\n  return {'a': f(1), 'b': f(1, 3, 4, 5), 'c': f(*[1, 2, 3], **{'x': 4}), 'd': f(b = 1, a = 2)}",
		"f = lambda x, y = 3: x + y\n  return {'a': f(1), 'b': sorted([3, 1, 2], key = lambda x: -x, reverse = True)}",
		"return {'a': 1 if log else 2, 'b': log and 'yes', 'c': None or [], 'd': (log)}",
		"return {'a': log.upper().title().strip().split(), 'b': ','.join(['a', 'b']), 'c': log.replace('a', 'b'), 'd': log.partition(' ')}",
		"return {'a': [len(log), int('7'), str(1.5), bool([]), type(1), list('ab'.elems()), max(1, 2), min([2, 1]), any([0, 1]), all([]), repr('a')]}",
		"return {'a': [dict(a = 1), list(reversed([1, 2])), zip([1, 2], [3, 4]), enumerate(['a']), hasattr('', 'split'), getattr('abc', 'upper')(), hash('a'), chr(65), ord('A')]}",
		"l = [3]\n  l.append(1)\n  l.insert(0, 2)\n  l.extend([4])\n  l.remove(1)\n  p = l.pop()\n  return {'l': l, 'p': p, 'i': l.index(3)}",
		"d = {'a': 1, 'b': 2}\n  d.update({'c': 3}, e = 5)\n  d.pop('a')\n  d.setdefault('z', 9)\n  return {'k': d.keys(), 'v': d.values(), 'i': d.items()}",
		"for i in range(10):\n    if i == 3:\n      continue\n    elif i == 5:\n      break\n    else:\n      pass\n  return {'i': i}",
		"return {'a': log.elems}",
		"return {'a': 1 + 'a'}",
		"return {'a': [] < 1}",
		"return {'a': log.nothing}",
		"return {'a': {}['x']}",
		"return {'a': [1][5]}",
		"return {'a': int('x')}",
		"return {'a': 1 // 0}",
		"return {'a': '%d' % 'x'}",
		"return {'a': len(5)}",
		"return {'a': log.split(1, 2, 3)}",
		"return {[]: 1}",
		"x = 1\n  x[0] = 2\n  return {}",
		"a, b = [1]\n  return {}",
		"return nothing()",
	} {
		const line = "a quick brown ant a"
		code := "def parse(log):\n  " + body + "\n"
		want := plainly(code, line)
		got := ""
		if p, err := script.Compile(code); err != nil {
			got = err.Error()
		} else if made, err := p.Parse([]byte(line)); err != nil {
			got = err.Error()
		} else {
			got = string(made)
		}
		// An error has the line before it, and a value that JSON has not is told in other words.
		if got != want && !strings.HasSuffix(got, ": "+want) && !strings.Contains(got, "JSON has no such value") {
			t.Errorf("%s\ngot  %s\nwant %s", body, got, want)
		}
	}
}

// plainly runs a script without guards: what it returns as JSON, or its error.
func plainly(code, line string) string {
	thread := &starlark.Thread{}
	globals, err := starlark.ExecFileOptions(&syntax.FileOptions{}, thread, "x", code, nil)
	if err != nil {
		message := err.Error()
		return message[strings.LastIndex(message, ": ")+2:]
	}
	v, err := starlark.Call(thread, globals["parse"], starlark.Tuple{starlark.String(line)}, nil)
	if err != nil {
		return err.Error()
	}
	return script.JSON(v)
}

func TestCompile(t *testing.T) {
	multiples := ""
	for i := range 300 {
		multiples += strconv.Itoa(i<<26) + ": 0, "
	}
	for _, tt := range []struct{ name, code, want string }{
		{"syntax", "def parse(log):\n  return {", "line 2: got newline, want primary expression"},
		{"a name", "def parse(log):\n  return nothing", "line 2: undefined: nothing"},
		{"no parse", "def pars(log):\n  return {}", "there is no function parse; begin it with `def parse(log):`"},
		{"a value", "parse = 1", "there is no function parse; begin it with `def parse(log):`"},
		{"two arguments", "\ndef parse(log, x):\n  return {}", "line 2: parse takes one argument, the line: `def parse(log):`"},
		{"load", "load('x', 'y')\ndef parse(log):\n  return {}", "line 1: load: a script stands alone"},
		{"while", "def parse(log):\n  while True:\n    pass", "line 2: a statement that scripts do not have"},
		{"set", "def parse(log):\n  return {'a': set([1])}", "line 2: this Starlark dialect does not support sets"},
		{"no clock", "def parse(log):\n  return {'a': time.now()}", "line 2: undefined: time"},
		{"a loop at the top", "for i in range(9):\n  pass", "line 1: for loop not within a function"},
		{"a table that is too large", "T = list(range(100000000))\ndef parse(log):\n  return {}", "line 1: what stands outside of functions takes too much time or memory"},
		{"a table that would do for a line", "T = list(range(150000))\ndef parse(log):\n  return {}", "line 1: what stands outside of functions takes too much time or memory"},
		{"an odd left side", "def parse(log):\n  d = {}\n  d[f(1)] += 1\n  return d", "line 3: the left side of += is neither a name nor an element by a name, a number or a text; use two statements"},
		{"a field", "def parse(log):\n  log.a = 1\n  return {}", "line 2: no value has a field that can be set; use a dict"},
		{"keys alike", "def parse(log):\n  return {" + multiples + "}", "line 2: 256 keys or more that are alike to a dict, as 17112760320; use others"},
		{"a guard", "def parse(log):\n  return value.name(log, 'x')", "line 2: undefined: value"},
		{"a long one", strings.Repeat("#", script.MaxCode+1), "a script of 65537 bytes; 65536 are the most"},
	} {
		if _, err := script.Compile(tt.code); err == nil || err.Error() != tt.want {
			t.Errorf("%s:\ngot  %v\nwant %s", tt.name, err, tt.want)
		}
	}
}

// What one line leaves behind would be seen by the next, or by another goroutine.
func TestLinesDoNotSeeEachOther(t *testing.T) {
	for _, code := range []string{
		"seen = []\ndef parse(log):\n  seen.append(log)\n  return {'n': len(seen)}",
		"def parse(log, ):\n  return keep(log)\ndef keep(log, seen = []):\n  seen.append(log)\n  return {'n': len(seen)}",
	} {
		p, err := script.Compile(code)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.Parse([]byte("x")); err == nil || !strings.Contains(err.Error(), "frozen") {
			t.Errorf("%s: %s, %v", code, got, err)
		}
	}
	p, err := script.Compile("TABLE = {str(i): [i] for i in range(1000)}\ndef parse(log):\n  return {'n': TABLE.get(log), 'm': TABLE == {}, 's': json.encode(TABLE)}")
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 20 {
				if got, err := p.Parse([]byte("42")); err != nil || !strings.HasPrefix(string(got), `{"n":[42],"m":false,`) {
					t.Errorf("%s %v", got, err)
				}
			}
		})
	}
	wait.Wait()
}

func FuzzParse(f *testing.F) {
	f.Add("def parse(log):\n  return {'a': log}", "x")
	f.Add("def parse(log):\n  e = json.decode(log)\n  e['b'] = [x for x in e['a'] if x]\n  return e", `{"a":[1]}`)
	f.Add("def parse(log):\n  d = {}\n  for p in log.split(' '):\n    k, _, v = p.partition('=')\n    d[k] = v\n  d['n'] = d.get('n', 0) * 3\n  return d", "a=b c=d")
	f.Fuzz(func(t *testing.T, code, line string) {
		p, err := script.Compile(code)
		if err != nil {
			return
		}
		first, errFirst := p.Parse([]byte(line))
		second, errSecond := p.Parse([]byte(line))
		if string(first) != string(second) || (errFirst == nil) != (errSecond == nil) {
			t.Errorf("not the same twice: %s %v, %s %v", first, errFirst, second, errSecond)
		}
	})
}

// Keys with one hash make a list of a dict: each look into it takes as long as that is. Keys that nobody chose cost nothing more.
func TestKeysWithOneHash(t *testing.T) {
	names, object := alike(12_000, 'a'), func(names []string) string { return `{"` + strings.Join(names, `":0,"`) + `":0}` }
	var others []string
	for i := range 30_000 {
		others = append(others, "k"+strconv.Itoa(i))
	}
	words, networks := strings.Join(names, " "), ""
	for i := range 20_000 {
		networks += strconv.Itoa(i%256<<16) + " "
	}
	escaped := strings.ReplaceAll(object(names), "a", `\u0061`)
	const decode, put = "  return {'n': len(json.decode(log))}", "  d = {}\n  for w in log.split(' '):\n    d[w] = 1\n  return {'n': len(d)}"
	for name, tt := range map[string]struct {
		body, line string
		fails      bool
	}{
		"names":           {decode, object(names), true},
		"escaped names":   {decode, escaped, true},
		"other names":     {decode, object(others), false},
		"names, raw":      {decode, `{"` + strings.Join(alike(12_000, '\t'), `":0,"`) + `":0}`, true},
		"elements":        {put, words, true},
		"other elements":  {put, strings.Join(others, " "), false},
		"networks":        {"  d = {}\n  for w in log.split(' ')[:10000]:\n    d[int(w)] = d.get(int(w), 0) + 1\n  return {'n': len(d)}", networks, false},
		"a union":         {"  d = {}\n  for i in range(300):\n    d = d | {w: 1 for w in log.split(' ')[40 * i:40 * i + 40]}\n  return {'n': len(d)}", words, true},
		"lambdas":         {"  d = {}\n  for i in range(20000):\n    d[lambda: i] = 1\n  return {'n': len(d)}", "", true},
		"lambdas, in two": {"  d = {}\n  for i in range(20000):\n    d[(lambda: i, 1)] = 1\n  return {'n': len(d)}", "", true},
		"arguments":       {"  f = lambda **k: 0\n  d = {w: 1 for w in log.split(' ')[:2000]}\n  for i in range(2000):\n    f(**d)\n  return {'n': len(d)}", words, true},
		"pairs":           {"  return {'n': len(dict([(w, 1) for w in log.split(' ')]))}", words, true},
		"update":          {"  d = {}\n  d.update([(w, 1) for w in log.split(' ')])\n  return {'n': len(d)}", words, true},
		"setdefault":      {"  d = {}\n  for w in log.split(' '):\n    d.setdefault(w, 1)\n  return {'n': len(d)}", words, true},
		"integers":        {"  return {'n': len({i << 32: 1 for i in range(20000)})}", "", true},
		"other integers":  {"  return {'n': len({i: 1 for i in range(30000)})}", "", false},
		"one key":         {"  d = {'a': 0}\n  for i in range(30000):\n    d['a'] += 1\n  return d", "", false},
		"a long number":   {decode, `{"a":` + strings.Repeat("1", 3000) + "}", true},
		"less long":       {decode, `{"a":` + strings.Repeat("1", 2400) + "}", false},
		"numbers as text": {"  n = 1 << 500\n  n = n * n * n * n\n  n = n * n * n * n\n  k = 0\n  for i in range(10000):\n    k += len(str(n))\n  return {'k': k}", "", true},
	} {
		p, err := script.Compile("def parse(log):\n" + tt.body + "\n")
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Parse([]byte(tt.line))
		if (err != nil) != tt.fails || err != nil && !strings.Contains(err.Error(), "too much time or memory") {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

// alike returns texts with one beginning, of which Starlark's hash ends in nearly the same 14 bits: FNV-1a.
func alike(n int, first byte) (all []string) {
	const prime = 16777619
	for i := 0; len(all) < n; i++ {
		text, hash := fmt.Sprintf("%c%06d", first, i), uint32(2166136261)
		for _, c := range []byte(text) {
			hash = (hash ^ uint32(c)) * prime
		}
		// The last character is the one that makes the hash end in zeros, if it is a letter.
		if c := hash & (1<<14 - 1); c >= 'a' && c <= 'z' {
			all = append(all, text+string(rune(c)))
		}
	}
	return all
}
