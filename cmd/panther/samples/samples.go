// Package samples writes log lines as four vendors write them, for the demo and for tests of the whole pipeline.
//
// Lines depend on nothing but the random numbers and the time that the caller gives, so the same seed writes the same log.
// Addresses, names and accounts are from the ranges that are kept free for documentation.
package samples

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"
)

// A Source is a producer of sample lines and what the catalogue is told of it.
type Source struct {
	Name    string // label of the log source
	Topic   string // which it produces to
	LogType string // which its lines match

	// Line writes one line, without a line break, of an event at now.
	Line func(rng *rand.Rand, now time.Time) []byte

	// Changed writes a line in which the vendor has given a field another type, so that it no longer matches LogType.
	// Change says which: the path of the field. Both are zero for formats of plain text.
	Changed func(rng *rand.Rand, now time.Time) []byte
	Change  string
}

// Sources returns the four sources of the demo.
func Sources() []Source {
	return []Source{
		{Name: "cloudtrail", Topic: "aws-cloudtrail", LogType: "AWS.CloudTrail", Line: cloudTrail, Changed: cloudTrailChanged, Change: "sourceIPAddress"},
		{Name: "okta", Topic: "okta-system-log", LogType: "Okta.SystemLog", Line: okta, Changed: oktaChanged, Change: "actor.alternateId"},
		{Name: "vpc flow", Topic: "aws-vpc-flow", LogType: "AWS.VPCFlow", Line: vpcFlow},
		{Name: "nginx edge", Topic: "nginx-access", LogType: "Nginx.Access", Line: nginx},
	}
}

// pick returns one of a list.
func pick[T any](rng *rand.Rand, of ...T) T { return of[rng.IntN(len(of))] }

// text returns n characters of an alphabet.
func text(rng *rand.Rand, alphabet string, n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(alphabet[rng.IntN(len(alphabet))])
	}
	return b.String()
}

// Alphabets of ids.
const (
	hexDigits = "0123456789abcdef"
	base32    = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	alnum     = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// uuid returns a random UUID, version 4.
func uuid(rng *rand.Rand) string {
	h := text(rng, hexDigits, 32)
	return fmt.Sprintf("%s-%s-4%s-%s%s-%s", h[:8], h[8:12], h[13:16], pick(rng, "8", "9", "a", "b"), h[17:20], h[20:])
}

// public returns an address of the ranges for documentation.
func public(rng *rand.Rand) string {
	net := pick(rng, [3]byte{192, 0, 2}, [3]byte{198, 51, 100}, [3]byte{203, 0, 113})
	return netip.AddrFrom4([4]byte{net[0], net[1], net[2], byte(1 + rng.IntN(254))}).String()
}

// private returns an address of a private network.
func private(rng *rand.Rand) string {
	return netip.AddrFrom4([4]byte{10, 0, byte(rng.IntN(8)), byte(4 + rng.IntN(250))}).String()
}

func browser(rng *rand.Rand) string {
	return pick(rng,
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15",
		"Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1")
}

// line encodes v, which is made of what encodes, and leaves <, > and & as vendors do.
func line(v any) []byte {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}
