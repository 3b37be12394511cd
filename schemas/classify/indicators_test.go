package classify

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"panther/schemas/logtype"
)

// isIP takes what netip.ParseAddr takes, unless it has a zone, whatever stands behind it.
func TestIsIP(t *testing.T) {
	check := func(text string) {
		t.Helper()
		addr, err := netip.ParseAddr(text)
		want := err == nil && addr.Zone() == ""
		for _, behind := range []string{"", "0", ".", "1.1.1.1.1.1.1.1.1.1", strings.Repeat("\xff", 30)} {
			if got := isIP([]byte(text + behind)[:len(text)]); got != want {
				t.Fatalf("%q before %q: %t, want %t", text, behind, got, want)
			}
		}
	}
	parts := []string{"", "0", "1", "9", "00", "01", "10", "99", "100", "199", "249", "250", "255", "256", "260", "300", "999", "1000", "0255", "/", ":", "2x", "-1", "\x80", "25:"}
	for _, a := range parts {
		for _, b := range parts {
			for _, text := range []string{a + "." + b + ".3.4", "1." + a + "." + b + ".4", "1.2." + a + "." + b, a + ".1.1." + b, a + "." + b, a + "." + b + ".3", a + "." + b + ".3.4.5"} {
				check(text)
			}
		}
	}
	check("1111:2222:3333:4444:5555:6666:111.111.111.111")
	check("1111:2222:3333:4444:5555:6666:111.111.111.1111")
	const letters = "0123456789....afx:-\x00\xae"
	r := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		text := make([]byte, r.IntN(20))
		for i := range text {
			text[i] = letters[r.IntN(len(letters))]
		}
		check(string(text))
	}
	valid := 0
	for range 300_000 { // groups, some of them empty, or more than four digits, or none at all
		groups := make([]string, 1+r.IntN(10))
		for i := range groups {
			groups[i] = []string{"0", "a", "FF", "2001", "db8", "1f"}[r.IntN(6)]
			if r.IntN(20) == 0 {
				groups[i] = []string{"", "", "fffff", "00001", "g", "1%a"}[r.IntN(6)]
			}
		}
		text := strings.Join(groups, ":")
		if r.IntN(2) == 0 {
			text = strings.Replace(text, "::", ":", r.IntN(3))
		}
		switch r.IntN(6) {
		case 0:
			text += []string{":1.2.3.4", "1.2.3.4", ":1.2.3", ":1.2.3.456", ":1.2.3.4:1", ":"}[r.IntN(6)]
		case 1:
			text = "::" + text
		case 2:
			text += "::"
		}
		check(text)
		if isIP([]byte(text)) {
			valid++
		}
	}
	if valid < 10_000 {
		t.Errorf("%d texts are addresses; the others say little", valid)
	}
}

// The account of an ARN stands between its fourth and fifth colon, wherever they are and whatever stands behind the ARN.
func TestAccountOf(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 100_000 {
		text := "arn:"[:r.IntN(5)]
		if r.IntN(9) > 0 {
			text = "arn:"
		}
		for range r.IntN(8) {
			text += strings.Repeat("x", r.IntN(4)*r.IntN(8)) + ":"
		}
		text += strings.Repeat("y", r.IntN(3))
		before, behind := 0, 0
		if parts := strings.SplitN(text, ":", 6); parts[0] == "arn" && len(parts) == 6 {
			behind = len(text) - len(parts[5]) - 1
			before = behind - len(parts[4]) - 1
		}
		for _, around := range []string{"", ":", "::::::", strings.Repeat("z:", 40)} {
			buf := slices.Clip([]byte(around + text + around))
			from := len(around)
			gotBefore, gotBehind := accountOf(buf, from, from+len(text))
			if gotBehind != 0 {
				gotBefore, gotBehind = gotBefore-from, gotBehind-from
			}
			if gotBefore != before || gotBehind != behind {
				t.Fatalf("%q in %q: %d and %d, want %d and %d", text, buf, gotBefore, gotBehind, before, behind)
			}
		}
	}
}

// Each indicator has a bit of its own beside those that say more of a value, and what it adds to.
func TestKindsOfIndicators(t *testing.T) {
	sets := len(logtype.IndicatorSets())
	if n := len(logtype.Indicators()); uint64(1)<<n > tells || sets > maxSets {
		t.Errorf("%d indicators and %d sets are too many", n, sets)
	}
	for i, k := range kinds {
		if int(k.set) >= sets {
			t.Errorf("indicator %d adds to no set", i)
		}
	}
	for _, set := range []uint8{setIPs, setDomains, setAccounts, setInstances, setARNs} {
		if int(set) >= sets {
			t.Errorf("there is no set %d", set)
		}
	}
}
