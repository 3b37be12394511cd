package logtype_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"panther/schemas/logtype"
)

// regexOf makes a schema whose parser is a regex of one field, f.
func regexOf(t testing.TB, pattern string) *logtype.Regex {
	t.Helper()
	s, err := logtype.Parse("x.yml", fmt.Appendf(nil, "schema: My.Text\nparser: {regex: {match: [%q]}}\nfields: [{name: f, type: string}]\n", pattern))
	if err != nil {
		t.Fatalf("%s: %v", pattern, err)
	}
	return s.Parser.Regex
}

func TestGrokPatterns(t *testing.T) {
	takes := map[string]struct{ yes, no []string }{
		"DATA":              {[]string{"", "a b"}, nil},
		"GREEDYDATA":        {[]string{"", "a b"}, nil},
		"NOTSPACE":          {[]string{"a", `"x-y"`}, []string{"", "a b"}},
		"SPACE":             {[]string{"", " \t"}, []string{"a"}},
		"WORD":              {[]string{"a", "a_1"}, []string{"", "a-b", "a b"}},
		"QUOTEDSTRING":      {[]string{`"a b"`, `""`, `"a \" b"`, `'a'`}, []string{`"a`, `"a"b"`, `a`, `"a'`}},
		"INT":               {[]string{"0", "-12", "+7", "007"}, []string{"", "1.5", "x", "-"}},
		"POSINT":            {[]string{"1", "65535"}, []string{"0", "-1", "01"}},
		"NUMBER":            {[]string{"1", "-1.5", ".5", "1."}, []string{"", ".", "1.2.3", "x"}},
		"HEX":               {[]string{"0xff", "DEADbeef"}, []string{"", "xyz", "0x"}},
		"UUID":              {[]string{"123e4567-e89b-12d3-a456-426614174000"}, []string{"123e4567e89b12d3a456426614174000", "123e4567-e89b-12d3-a456-42661417400"}},
		"USERNAME":          {[]string{"maria", "a.b-c_d@x", "DOMAIN$"}, []string{"", "a b"}},
		"EMAIL":             {[]string{"maria@example.com", "a+b@x"}, []string{"maria", "@example.com", "a b@c"}},
		"HOSTNAME":          {[]string{"a", "www.example.com", "a-b.example.", "_dmarc.example.com"}, []string{"", "-a", "a..b", "a b"}},
		"OCTET":             {[]string{"0", "9", "99", "199", "249", "255"}, []string{"256", "300", "01", ""}},
		"IPV4":              {[]string{"0.0.0.0", "255.255.255.255", "198.51.100.7"}, []string{"256.1.1.1", "1.2.3", "1.2.3.4.5", "01.2.3.4"}},
		"IPV6":              {[]string{"::", "::1", "1::", "2001:db8::5", "1:2:3:4:5:6:7:8", "1::8", "1:2:3:4:5:6::8", "::ffff:198.51.100.7", "1:2:3:4:5:6:1.2.3.4", "64:ff9b::1.2.3.4", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8"}, []string{"", ":", ":::", "1:2:3", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "::1%eth0", "1.2.3.4"}},
		"IP":                {[]string{"198.51.100.7", "2001:db8::5"}, []string{"a", "1.2.3"}},
		"IPORHOST":          {[]string{"198.51.100.7", "2001:db8::5", "www.example.com"}, []string{"", "a b"}},
		"HOSTPORT":          {[]string{"a.example:443", "198.51.100.7:80", "[2001:db8::5]:443"}, []string{"a.example", "a:0", "a:"}},
		"MAC":               {[]string{"00:00:5e:00:53:01", "00-00-5E-00-53-01"}, []string{"00:00:5e:00:53", "g0:00:5e:00:53:01"}},
		"PATH":              {[]string{"/", "/var/log/a.log", `C:\Windows\a.exe`}, []string{"", "a", "/a b"}},
		"URISCHEME":         {[]string{"https", "git+ssh"}, []string{"", "1a", "a b"}},
		"URIPATH":           {[]string{"/", "/a/b%20c"}, []string{"", "a", "/a?b"}},
		"URIPARAM":          {[]string{"?", "?a=1&b=[2]"}, []string{"", "a=1", "?a b"}},
		"URI":               {[]string{"https://www.example.com", "http://u:p@198.51.100.7:8080/a/b?c=d", "http://[2001:db8::5]/"}, []string{"www.example.com", "http:/a", "http://a b"}},
		"MONTH":             {[]string{"Mar", "March", "May", "Sept" + "ember"}, []string{"", "mar", "Marc", "Foo"}},
		"DAY":               {[]string{"Sun", "Sunday", "Wednesday"}, []string{"", "Su", "sun"}},
		"YEAR":              {[]string{"2026"}, []string{"26", "20260"}},
		"MONTHNUM":          {[]string{"1", "09", "12"}, []string{"0", "13", ""}},
		"MONTHDAY":          {[]string{"1", "01", " 1", "31"}, []string{"0", "32", ""}},
		"TIME":              {[]string{"08:15", "08:15:30", "8:15:30.123", "23:59:60,5"}, []string{"24:00", "08:60", "8", "08:15:61"}},
		"TIMEZONE":          {[]string{"Z", "+01:00", "-0800"}, []string{"", "UTC", "+1"}},
		"HTTPDATE":          {[]string{"01/Mar/2026:08:15:30 +0000"}, []string{"01/Mar/2026 08:15:30 +0000", "1/3/2026:08:15:30 +0000"}},
		"TIMESTAMP_ISO8601": {[]string{"2026-03-01T08:15:30.5Z", "2026-03-01 08:15:30", "2026-03-01T08:15+01:00"}, []string{"2026-03-01", "26-03-01T08:15:30Z"}},
		"SYSLOGTIMESTAMP":   {[]string{"Mar  1 08:15:30", "Mar 31 08:15:30"}, []string{"Mar 1", "1 Mar 08:15:30"}},
		"SYSLOGHOST":        {[]string{"web-1", "198.51.100.7"}, []string{"", "a b"}},
		"SYSLOGPROG":        {[]string{"sshd", "sshd[4711]", "postfix/smtp[1]", "kernel:"}, []string{"", "a b", "[1]"}},
		"LOGLEVEL":          {[]string{"INFO", "warn", "Warning", "error", "crit"}, []string{"", "none", "infos"}},
	}
	for _, p := range logtype.GrokPatterns() {
		want, ok := takes[p.Name]
		if !ok || len(want.yes) == 0 || p.Description == "" {
			t.Errorf("%s has no examples, or no description", p.Name)
		}
		r := regexOf(t, "^%{"+p.Name+":f}$").Regexp
		for _, text := range want.yes {
			if m := r.FindStringSubmatch(text); m == nil || m[1] != text {
				t.Errorf("%s does not take %q: %q", p.Name, text, m)
			}
		}
		for _, text := range want.no {
			if r.MatchString(text) {
				t.Errorf("%s takes %q", p.Name, text)
			}
		}
	}
}

// The usual pattern of a web server's log takes every line of one that is no part of the project.
func TestGrokOnCorpus(t *testing.T) {
	dir := os.Getenv("PANTHER_CORPUS")
	if dir == "" {
		t.Skip("PANTHER_CORPUS is not set: it names a folder with sample lines in text/Apache.AccessCombined.log")
	}
	data, err := os.ReadFile(filepath.Join(dir, "text", "Apache.AccessCombined.log"))
	if err != nil {
		t.Fatal(err)
	}
	r := regexOf(t, `^%{IPORHOST} %{NOTSPACE} %{NOTSPACE} \[%{HTTPDATE:f}\] %{QUOTEDSTRING} %{INT} (?:%{INT}|-) %{QUOTEDSTRING} %{QUOTEDSTRING}`).Regexp
	lines, bad := strings.Split(strings.TrimSpace(string(data)), "\n"), 0
	for _, line := range lines {
		if !r.MatchString(line) {
			if bad++; bad < 4 {
				t.Logf("%.200q", line)
			}
		}
	}
	if bad*100 > len(lines) {
		t.Errorf("%d of %d lines do not match", bad, len(lines))
	}
}

// What a schema makes every line be compared with has bounds, and so has what it takes to find out.
func TestRegexesAreBounded(t *testing.T) {
	doubling := func(steps int) string {
		var b strings.Builder
		for i := range steps {
			fmt.Fprintf(&b, "P%d: '%%{P%d}%%{P%d}', ", i, i+1, i+1)
		}
		fmt.Fprintf(&b, "P%d: x", steps)
		return b.String()
	}
	for _, tt := range []struct{ name, pattern, definitions, want string }{
		{"repeats", "(?P<f>((x{30}){30})[0-9]{900})", "", ""},
		{"repeats of repeats", "(?P<f>[a-z]{31}){32}([ab][cd][ef][gh][ij][kl]){999}([ab][cd][ef][gh][ij][kl]){999}", "", "too large"},
		{"repeats that RE2 refuses", "(?P<f>((x{100}){100}){100})", "", "invalid repeat count"},
		{"long", "(?P<f>" + strings.Repeat("x", 40_000) + ")", "", "more than 32768 bytes"},
		{"doubling", "%{P0:f}", doubling(40), "more than 32768 bytes"},
		{"doubling a little", "%{P0:f}", doubling(5), ""},
	} {
		_, err := logtype.Parse("x.yml", fmt.Appendf(nil, "schema: My.Text\nparser:\n  regex:\n    match: [%q]\n    patternDefinitions: {%s}\nfields: [{name: f, type: string}]\n", tt.pattern, tt.definitions))
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: want %q, got %.300v", tt.name, tt.want, err)
		}
	}
}
