package classify_test

import (
	"testing"

	"panther/schemas/logtype"
)

// Values of text of every length that is read by words, and what is nearly one: as a number, a time, an address, and as a text
// that events write, by engine and reference.
func TestValuesOfText(t *testing.T) {
	digits := "1234567890123456789012"
	values := []string{"", "-", "+1", "-0", "00", "007", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "32768", "1.5", "1e5",
		"01/Mar/2026:08:15:30 +0000", "1/Mar/2026:8:15:30 +0000", "01/mar/2026:08:15:30 -0730", "01/Mar/2026:08:15:30 +00:00", "31/Feb/2026:08:15:30 +0000",
		"01/Xyz/2026:08:15:30 +0000", "01/Mar/2026:08:15:30 +2460", "01/Mar/2026:08:15:60 +0000", "01-Mar/2026:08:15:30 +0000", "01/Mar/x026:08:15:30 +0000", "01/Mar/20x6:08:15:30 +0000",
		"01/Mar/2026:0x:15:30 +0000", "01/Mar/2026:08:1x:30 +0000", "01/Mar/2026:08:15:3x +0000", "01/Mar/0000:00:00:00 +1200",
		"2026-03-01T08:15:30Z", "2026-03-01T08:15:30.25Z", "2026-03-01T08:15:30+01:30", "2026.03-01T08:15:30Z", "2026-03-01t08:15:30Z", "2026-0,-01T08:15:30Z",
		"255.255.255.255", "256.1.1.1", "1.2.3", "1.2.3.4.", "01.2.3.4", "1.2.3.04", "1..2.3", "::1", `a"b`, `a\b`, "é", "\xff", "a\xffb", "\x01"}
	for n := range len(digits) {
		wrong := []byte(digits[:n+1])
		wrong[n/2] = ':' // the byte behind 9
		values = append(values, digits[:n+1], string(wrong), digits[:n]+"/", digits[:n]+`"`, digits[:n]+"é")
	}
	for _, field := range []string{"type: bigint", "type: smallint", "type: float", "type: timestamp, timeFormats: [unix, '%d/%b/%Y:%H:%M:%S %z', rfc3339]",
		"type: timestamp, timeFormat: unix_ns", "type: string, indicators: [ip, hostname]", "type: string, validate: {ip: ipv4}"} {
		s, err := logtype.Parse("x.yml", []byte("schema: My.Cells\nparser: {csv: {delimiter: ';', columns: [v, w]}}\nfields:\n- {name: v, "+field+"}\n- {name: w, type: string}\n"))
		if err != nil {
			t.Fatal(err)
		}
		p := newPair(t, s)
		for _, v := range values {
			p.check(t, []byte(v+";plain"))
			p.check(t, []byte(v+`;"in ""quotes"""`))
		}
	}
}
