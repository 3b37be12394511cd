package logtype_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"panther/schemas/logtype"
)

func TestValidate(t *testing.T) {
	for _, tt := range []struct {
		rule       logtype.Validate
		text, want string // what is expected; empty: it may stand there
	}{
		{logtype.Validate{Allow: []string{"a", "b"}}, "a", ""},
		{logtype.Validate{Allow: []string{"a", "b"}}, "A", `one of "a", "b"`},
		{logtype.Validate{Allow: []string{"1", "2", "3", "4", "5", "6", "7"}}, "", `one of "1", "2", "3", "4", "5" and 2 others`},
		{logtype.Validate{Deny: []string{"a"}}, "b", ""},
		{logtype.Validate{Deny: []string{"a"}}, "a", `none of "a"`},
		{logtype.Validate{IP: logtype.AnyFamily}, "198.51.100.7", ""},
		{logtype.Validate{IP: logtype.AnyFamily}, "2001:db8::5", ""},
		{logtype.Validate{IP: logtype.AnyFamily}, "fe80::1%eth0", "an IP address"},
		{logtype.Validate{IP: logtype.AnyFamily}, "198.51.100.0/24", "an IP address"},
		{logtype.Validate{IP: logtype.AnyFamily}, "", "an IP address"},
		{logtype.Validate{IP: logtype.IPv4}, "198.51.100.7", ""},
		{logtype.Validate{IP: logtype.IPv4}, "2001:db8::5", "an IPv4 address"},
		{logtype.Validate{IP: logtype.IPv6}, "2001:db8::5", ""},
		{logtype.Validate{IP: logtype.IPv6}, "::ffff:198.51.100.7", ""},
		{logtype.Validate{IP: logtype.IPv6}, "198.51.100.7", "an IPv6 address"},
		{logtype.Validate{CIDR: logtype.AnyFamily}, "10.0.0.1/8", ""},
		{logtype.Validate{CIDR: logtype.AnyFamily}, "2001:db8::/32", ""},
		{logtype.Validate{CIDR: logtype.AnyFamily}, "10.0.0.1", "an IP CIDR block"},
		{logtype.Validate{CIDR: logtype.IPv4}, "10.0.0.0/33", "an IPv4 CIDR block"},
		{logtype.Validate{CIDR: logtype.IPv4}, "::/0", "an IPv4 CIDR block"},
		{logtype.Validate{CIDR: logtype.IPv6}, "::/0", ""},
		{logtype.Validate{Allow: []string{"10.0.0.1"}, IP: logtype.IPv4}, "10.0.0.2", `one of "10.0.0.1"`},
	} {
		expected, ok := tt.rule.Check(tt.text)
		if expected != tt.want || ok != (tt.want == "") {
			t.Errorf("%+v takes %q: %t, %q", tt.rule, tt.text, ok, expected)
		}
	}
}

func TestMask(t *testing.T) {
	hash := logtype.Mask{Hash: true, Salt: "s"}
	if got := hash.Apply("maria@example.com"); got != "90c804c5c96b0289d816362af6ddd0a15b439baa01c979fb4df5379f055b1dbf" {
		t.Errorf("got %s", got)
	}
	if got := (&logtype.Mask{To: "***"}).Apply("x"); got != "***" {
		t.Errorf("got %s", got)
	}
}

func TestDifferences(t *testing.T) {
	const event = `{"user":"maria","port":443,"big":9007199254740993,"ratio":0.50,"list":[1,{"a":1,"b":2}],"o":{"x":1,"y":null},"p_any_ip_addresses":["198.51.100.7"]}`
	for _, tt := range []struct {
		sample string
		want   []string
	}{
		{`{user: maria, port: 443}`, nil},
		{`{o: {x: 1}, p_any_ip_addresses: ["198.51.100.7"], ratio: 0.5, big: 9007199254740993, list: [1, {a: 1}]}`, nil},
		{`{none: null, o: {y: null}}`, nil},
		{`{port: "443", user: mario}`, []string{`port: want "443", got 443`, `user: want "mario", got "maria"`}},
		{`{big: 9007199254740992}`, []string{`big: want 9007199254740992, got 9007199254740993`}},
		{`{o: {x: 2, z: 3}}`, []string{`o.x: want 2, got 1`, `o.z: want 3, got nothing`}},
		{`{list: [1], user: null}`, []string{`list: want [1], got [1,{"a":1,"b":2}]`, `user: want nothing, got "maria"`}},
		{`{port: 443.0}`, nil},
		{`{user: {name: maria}}`, []string{`user: want {"name":"maria"}, got "maria"`}},
	} {
		s, err := logtype.Parse("x.yml", []byte("schema: My.Type\nfields: [{name: a, type: int}]\nsamples: [{name: x, line: '{}', event: "+tt.sample+"}]\n"))
		if err != nil {
			t.Errorf("%s: %v", tt.sample, err)
			continue
		}
		if diff := cmp.Diff(tt.want, s.Samples[0].Differences([]byte(event))); diff != "" {
			t.Errorf("%s: %s", tt.sample, diff)
		}
	}
	if got := (logtype.Sample{}).Differences([]byte(event)); got != nil {
		t.Errorf("a sample that expects nothing: %v", got)
	}
}
