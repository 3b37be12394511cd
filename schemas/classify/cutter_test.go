package classify

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestWhichExpressionsAreCut(t *testing.T) {
	for expr, want := range map[string]bool{
		`^(\S+) (\S+) \[([^\]]+)\] "([^"]*)" (\d{3}) (\d+|-)$`:                     false, // alternatives
		`^(\S+) (\S+) \[([^\]]+)\] "([^"]*)" (\d{3}) ([^ ]+)$`:                     true,
		`^(\w+)(?:\[(\d+)\])?: (.*)$`:                                              true,
		`^(\w+)(?:\[(\d+)\])?: (.*)`:                                               true,
		`^(\w+)(?:\[(\d+)\])?`:                                                     false, // the group may be there and the match end before it
		`^(\w+)(?: (\d+))?$`:                                                       true,
		`^[0-9]{4}-[0-9]{2} ([A-Z_]*),([^,]*)$`:                                    true,
		`^(?P<time>\d+) level=(?P<level>[a-z]+)(?: user=(?P<user>\S+))? (?P<m>.*)`: false, // a blank begins both
		`(\S+) (\S+)`:        false, // it may begin anywhere
		`^(\S+?) (\S+)`:      true,
		`^(.*) (\S+)$`:       false, // up to which blank
		`^(.*?)$`:            true,
		`^(.*?)`:             false, // nothing
		`^(?i)a(\d+)$`:       false,
		`^(?m)a$`:            false,
		`^\bx(\d+)$`:         false,
		`^[^é]+x$`:           false,
		`^é([^ ]*) $`:        true,
		`^[^ ]{3} $`:         false, // characters are counted, not bytes
		`^(a)*b$`:            false,
		`^a*(\d*)$`:          true,
		`^a?a$`:              false,
		`^$`:                 true,
		`^(?:(?:a)?)?b`:      false, // the inner one may be empty
		`^(?:a(?:b(c)?)?)?$`: true,
		"^" + strings.Repeat("(?:c", 300) + "a" + strings.Repeat(")?b", 300) + "$": true, // in no time
	} {
		if got := newCutter(expr) != nil; got != want {
			t.Errorf("%s is cut: %v, want %v", expr, got, want)
		}
	}
}

// What is cut is what package regexp finds, for expressions and lines made by chance of pieces that have to do with each other.
func TestCutLikeRegexp(t *testing.T) {
	pieces := []string{`\S+`, `\S*`, `[^ ]+`, `[^"]*`, `\d+`, `\d{1,3}`, `\w+?`, `[a-c]*`, `[ab]{2}`, `.*`, `.+`, ` `, `"`, `a`, `ab`, `,`, `: `, `é`, `[^,]+`, `(?s:.)*`, `(?s:.)`, `(?i:b)`, `a{0}`, `[\x00-\x{80}]*`, `[^\x{80}-\x{10FFFF}]*`, `\d+?`, `\D*`, `(?U:\w+)`, `[^ ]{2}`, `[^"]{1,3}`, `\[`, `a?`, `[^\d]*`}
	letters := []string{"a", "b", "c", "1", "23", " ", `"`, ",", ": ", "é", "\xff", "[", "\n", "x"}
	random := rand.New(rand.NewPCG(7, 11))
	var expression func(deep int) string
	expression = func(deep int) string {
		var b strings.Builder
		for range 1 + random.IntN(4) {
			piece := pieces[random.IntN(len(pieces))]
			switch k := random.IntN(8); {
			case k < 3:
				piece = "(" + piece + ")"
			case k == 3 && deep < 2:
				piece = "(?:" + expression(deep+1) + ")?"
			case k == 4 && deep < 2:
				piece = "(" + expression(deep+1) + ")"
			}
			b.WriteString(piece)
		}
		return b.String()
	}
	cuts, matches := 0, 0
	for range 40_000 {
		expr := "^" + expression(0)
		if random.IntN(2) == 0 {
			expr += "$"
		}
		c := newCutter(expr)
		if c == nil {
			continue
		}
		cuts++
		re := regexp.MustCompile(expr)
		for range 30 {
			var line strings.Builder
			for range random.IntN(12) {
				line.WriteString(letters[random.IntN(len(letters))])
			}
			if likeRegexp(t, c, re, line.String()) {
				matches++
			}
		}
	}
	if cuts < 2000 || matches < 2000 {
		t.Errorf("%d expressions were cut, and %d lines matched: too few to say anything", cuts, matches)
	}
}

func FuzzCutLikeRegexp(f *testing.F) {
	f.Add(`^(\w+)(?:\[(\d+)\])?: (.*)$`, "sshd[12]: session opened")
	f.Add(`^(\S+) "([^"]*)" (\d{3})`, "a \"b c\" 200\xff")
	f.Fuzz(func(t *testing.T, expr, line string) {
		re, err := regexp.Compile(expr)
		if err != nil {
			return
		}
		if c := newCutter(expr); c != nil {
			likeRegexp(t, c, re, line)
		}
	})
}

func likeRegexp(t *testing.T, c *cutter, re *regexp.Regexp, line string) (matches bool) {
	t.Helper()
	want := re.FindSubmatchIndex([]byte(line))
	got, ok := c.cut(nil, []byte(line))
	if ok != (want != nil) || ok && !slices.Equal(got[2:], want[2:]) {
		t.Fatalf("%s on %q: %v %v, want %v", re, line, got, ok, want)
	}
	return ok
}

// BenchmarkCut compares the two ways to find the values of a line.
func BenchmarkCut(b *testing.B) {
	const expr = `^(?P<ip>\S+) - (?P<user>\S+) \[(?P<time>[^\]]+)\] "(?P<request>[^"]*)" (?P<status>\d{3}) (?P<bytes>\d+) "(?P<referer>[^"]*)" "(?P<agent>[^"]*)"$`
	line := []byte(`198.51.100.7 - maria [22/Nov/2026:05:12:01 +0000] "GET /login?next=%2Fhome HTTP/1.1" 200 5316 "https://example.com/" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"`)
	c, re := newCutter(expr), regexp.MustCompile(expr)
	var places []int
	for name, find := range map[string]func(){
		"cutter": func() { places, _ = c.cut(places, line) },
		"regexp": func() { re.FindSubmatchIndex(line) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				find()
			}
		})
	}
}
