package classify_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"panther/schemas/logtype"
)

// damage leaves most lines as they are.
func (g generator) damage(b []byte) []byte {
	if g.chance(4) {
		b = append(b, pick(g, "  ", "\n", "x", "{}", "\r\n", ",", "\x00")...)
	}
	for g.chance(6) && len(b) > 0 {
		switch i := g.IntN(len(b)); g.IntN(4) {
		case 0:
			b[i] = byte(g.IntN(256))
		case 1:
			b = b[:i]
		case 2:
			b = append(b[:i], b[i+1:]...)
		default:
			b = append(b[:i], append([]byte(pick(g, `"`, `\`, "{", "]", "\x00", "\xff", "1", " ", "é")), b[i:]...)...)
		}
	}
	return b
}

func (g generator) space() string {
	if g.chance(4) {
		return pick(g, " ", "\t", "\n", "  \r\n")
	}
	return ""
}

// fits makes a value for a schema; one that fits if good is true, mostly.
func (g generator) fits(v *logtype.Value, depth int, good bool) string {
	if !good && g.chance(25) {
		return g.any(2)
	}
	switch v.Type {
	case logtype.Object:
		return g.embedded(v, g.object(v.Fields, depth-1, good))
	case logtype.Array:
		var items []string
		for range pick(g, 0, 1, 1, 2, 2, 3, 3, 3, 3, 3, 3, 3, 40) {
			items = append(items, g.space()+g.fits(v.Element, depth-1, good)+g.space())
		}
		return g.embedded(v, "["+strings.Join(items, ",")+"]")
	case logtype.JSON:
		return g.embedded(v, g.any(2))
	case logtype.String:
		return g.ruled(v)
	case logtype.Boolean:
		return pick(g, "true", "false", "1", `"T"`, `"false"`, `""`, "0", `"True"`, `"yes"`, `"\u0074rue"`)
	case logtype.Float:
		return pick(g, "1.5", "0", "-0", "1e5", `"1e-9"`, "0.0000001", "1.0", "123456789012345678", "1e21", `"+7"`, "null", "1e999", "5e-324", `"NaN"`, `"Inf"`, `"-.5"`, `"1."`,
			"0.000001", "0.0000012345", "999999999999999.9", "9007199254740993", "1E+2", `"007.50"`, "1e-7", "0.1000", "100000000000000000000", "-1e999", `""`, "4.35", "true")
	case logtype.Timestamp:
		return g.time(v.TimeFormats)
	}
	return pick(g, "0", "1", "-5", "32767", "32768", "-32768", "-32769", "2147483647", "2147483648", "-2147483648", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
		`"9223372036854775807"`, `"007"`, `"+7"`, "-0", `"-0"`, `""`, "null", "1.0", `"\u0031"`, "1e3", `" 1"`, "999999999999999999", "1000000000000000000", "000", `"١"`, "true", "123456789012345678901")
}

// ruled makes a text that a string may have, mostly.
func (g generator) ruled(v *logtype.Value) string {
	if r := v.Validate; r != nil && g.chance(75) {
		switch {
		case len(r.Allow) > 0:
			return strconv.Quote(pick(g, r.Allow...))
		case r.IP != "":
			return pick(g, `"192.0.2.1"`, `"2001:db8::5"`, `"::ffff:192.0.2.1"`, `"1.2.3.04"`, `"fe80::1%eth0"`, `"255.255.255.255"`, `"::"`)
		case r.CIDR != "":
			return pick(g, `"10.0.0.0/8"`, `"2001:db8::/32"`, `"10.0.0.1/33"`, `"10.0.0.1/08"`, `"::/0"`, `"10.0.0.0"`)
		}
	}
	if len(v.Indicators) > 0 && g.chance(40) {
		if texts := indicated[pick(g, v.Indicators...)]; texts != nil {
			return pick(g, texts...)
		}
	}
	return g.text()
}

// indicated are texts that mean something, for some indicators; other texts do for the others.
var indicated = map[logtype.Indicator][]string{
	logtype.SHA1:          {`"da39a3ee5e6b4b0d3255bfef95601890afd80709"`, `"DA39A3EE5E6B4B0D3255BFEF95601890AFD80709"`},
	logtype.SHA256:        {`"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"`},
	logtype.MD5:           {`"d41d8cd98f00b204e9800998ecf8427e"`, `"d41d8cd98f00b204e9800998ecf8427g"`},
	logtype.AWSAccountID:  {`"123456789012"`, `123456789012`, `"12345678901\u0032"`},
	logtype.AWSInstanceID: {`"i-0abcdef"`, `"i-0ABC"`, `"i-"`},
	logtype.AWSARN: {`"arn:aws:ec2:us-east-1:123456789012:instance/i-0abc"`, `"arn:aws:iam::123456789012:user/x"`, `"arn:aws:s3:::b"`, `"arn:a:b:c"`,
		`"arn:aws:ec2:us-east-1:1:instance/i-"`},
	logtype.IP: {`"192.0.2.7"`, `"2001:DB8::7"`, `"1.2.3"`, `"256.1.1.1"`, `"12345:1::"`, `"fe80::1%a"`, `"::1.2.3.4"`, `"1::2::3"`},
}

func (g generator) embedded(v *logtype.Value, json string) string {
	if v.IsEmbeddedJSON && g.chance(60) {
		text := pick(g, "", "", " ", "\n") + json + pick(g, "", "", "", " ", "x", ",")
		if g.chance(50) {
			return strings.NewReplacer("\x00", "x").Replace(string(g.escape(text)))
		}
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "\r", `\r`, "\x00", "").Replace(text) + `"`
	}
	return json
}

// escape writes a text as a string literal, with escapes where none are needed.
func (g generator) escape(text string) []byte {
	out := []byte{'"'}
	for _, c := range text {
		switch {
		case c == '"' || c == '\\' || c < ' ' || c == '\ufffd' || c < 0x10000 && g.chance(10):
			out = fmt.Appendf(out, `\u%04x`, c)
		case c == '/' && g.chance(50):
			out = append(out, `\/`...)
		default:
			out = append(out, string(c)...)
		}
	}
	return append(out, '"')
}

func (g generator) object(fields []logtype.Field, depth int, good bool) string {
	var members []string
	add := func(name, value string) {
		members = append(members, g.space()+name+g.space()+":"+g.space()+value+g.space())
	}
	for i := range fields {
		f := &fields[i]
		if f.Derived != nil {
			for _, path := range f.Derived.Paths() {
				if g.chance(25) {
					add(g.key(path[0]), g.leading(path[1:]))
				}
			}
			continue
		}
		for n := 0; n == 0 || g.chance(5); n++ {
			if f.Required && good || g.chance(80) {
				add(g.key(f.Member()), g.fits(&f.Value, depth, good))
			}
		}
	}
	for g.chance(30) {
		add(g.key(pick(g, g.name(), "zz", "unknown", "A b", "")), g.any(2))
	}
	g.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	return "{" + strings.Join(members, ",") + g.space() + "}"
}

// leading makes a value that has the rest of a path in it.
func (g generator) leading(path []string) string {
	if len(path) == 0 || g.chance(10) {
		return g.any(1)
	}
	text := "{" + g.key(path[0]) + ":" + g.leading(path[1:])
	if g.chance(10) {
		text += "," + g.key(path[0]) + ":" + g.leading(path[1:])
	}
	return text + "}"
}

func (g generator) key(name string) string {
	switch {
	case g.chance(4):
		return string(g.escape(name))
	case name == "\ufffd" && g.chance(50):
		return pick(g, "\"\xff\"", `"\udc00"`)
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
}

func (g generator) text() string {
	return pick(g, `"x"`, `""`, `"a"`, `"5"`, "5", "true", `"é"`, `"\u00e9\n\/"`, "\"\xff\"", `"\ud800"`, `"\ud83d\ude00"`, `"192.0.2.1"`, `"2001:db8::5"`, `"www.example.com:443"`,
		`"https://u:p@www.example.com:8443/a?b#c"`, `"https://www.example.com/"`, `"HTTP://x.example"`, `"//host/x"`, `"arn:aws:iam::123456789012:user/x"`, `"arn:aws:ec2:us-east-1:123456789012:instance/i-0abc"`,
		`"who@example.com"`, `"a b"`, `"\"quoted\" \\ \t"`, `"d41d8cd98f00b204e9800998ecf8427e"`, `" "`, "null", `"10.0.0.0/8"`, `"/a/path"`, `"http://[::1]:80/%zz"`, `"\u0007"`, `"a.b.c"`,
		`"da39a3ee5e6b4b0d3255bfef95601890afd80709"`, `"E3B0C44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"`, `"123456789012"`, `"i-0abcdef"`, `"[2001:db8::5]:53"`, `"::1:80"`, `"-"`,
		`"1.50"`, `"\b\f\u2028"`, "-0.0", `"a-b-c"`, `"http://%41.example/"`, `"mailto:a@b"`, `"http://a b/"`, `"x:y:z"`, `"\ude00\ud83d"`, "\"\xe2\x82\"", `"10.0.0.1:"`, `":80"`, `"1.2.3.4.5"`, `"fe80::1%eth0"`)
}

// deep makes a value that is nested nearly as deep as may be, or deeper.
func (g generator) deep() string {
	n := pick(g, 60, 62, 63, 64, 65, 118, 122, 123, 124, 125, 126, 127, 128, 129)
	if g.chance(50) {
		return strings.Repeat("[", n) + strings.Repeat("]", n)
	}
	return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n)
}

// any makes any JSON value.
func (g generator) any(depth int) string {
	if depth > 0 && g.chance(40) {
		if g.chance(50) {
			return g.object(nil, depth, true)
		}
		var items []string
		for range g.IntN(3) {
			items = append(items, g.space()+g.any(depth-1)+g.space())
		}
		return "[" + strings.Join(items, ",") + g.space() + "]"
	}
	if g.chance(1) {
		return g.deep()
	}
	return pick(g, g.text(), "1.50", "-1E+2", "null", "false", `{}`, `[]`, `"{\"a\":1}"`, `"[1,"`, `"\ud800{"`, `{ }`, `[ ]`, "1700000000", `"{\"a\":\"[{}]\"}"`)
}

// time makes a timestamp in one of the formats, mostly.
func (g generator) time(formats []logtype.TimeFormat) string {
	if g.chance(25) {
		return pick(g, `"2026-03-01T08:15:30Z"`, `"2026-03-01T08:15:30.120Z"`, `"2026-03-01T08:15:30.12+01:00"`, "1700000000", "1700000000.5", `"1700000000123"`, "1e9", `"0001-01-01T00:00:00Z"`,
			`"2026-03-01 08:15:30"`, `"01/Mar/2026:08:15:30 +0000"`, `"2026-060"`, `"0000-01-01T00:00:00+01:00"`, `""`, "null", `"2026-03-01"`, "-62167219201", `"2026\u002d03-01T08:15:30Z"`,
			"-1.5", "-62167219200", "253402300800", "253402300799.999", "1e400000", "-0", "0.0000000019", `"9999-12-31T23:59:59-01:00"`, `"2026-02-29T00:00:00Z"`, `"2026-03-01T24:00:00Z"`,
			"true", "1700000000123456789", "17000000001234567890", `"2026-03-01T08:15:30.1234567891Z"`, "{}")
	}
	at := time.Unix(g.Int64N(4e9), g.Int64N(1e9)).In(time.FixedZone("CET", pick(g, 0, 0, 3600, -19800, 86340)))
	f := formats[g.IntN(len(formats))].String()
	if unit, ok := map[string]int64{"unix": 1e9, "unix_ms": 1e6, "unix_us": 1e3, "unix_ns": 1}[f]; ok {
		return fmt.Sprintf(pick(g, "%d", `"%d"`, "%d.25", "-%d", "%de0"), at.UnixNano()/unit)
	}
	if f == "rfc3339" {
		return strconv.Quote(at.Format(pick(g, time.RFC3339, time.RFC3339Nano, "2006-01-02T15:04:05.000Z", "2006-01-02T15:04:05-07:00")))
	}
	if layout, ok := strings.CutPrefix(f, "layout="); ok {
		return strconv.Quote(at.Format(layout))
	}
	return string(g.escape(g.strftime(f, at)))
}

// strftime writes a time as a pattern has it, as C would.
func (g generator) strftime(pattern string, at time.Time) string {
	directives := map[byte]string{'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'e': "_2", 'H': "15", 'I': "03", 'l': "3", 'M': "04", 'S': "05", 'p': "PM", 'b': "Jan", 'h': "Jan", 'B': "January",
		'a': "Mon", 'A': "Monday", 'z': pick(g, "-0700", "-07:00", "-07", "Z07"), 'F': "2006-01-02", 'T': "15:04:05", 'D': "01/02/06", 'R': "15:04", 'r': "03:04:05 PM", 'v': "_2-Jan-2006",
		'c': "Mon Jan _2 15:04:05 2006", 'x': "01/02/06", 'X': "15:04:05", 'n': "\n", 't': "\t", '%': "%", 'j': "002"}
	var out strings.Builder
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '%' || i+1 == len(pattern) {
			out.WriteByte(pattern[i])
			continue
		}
		i++
		switch c := pattern[i]; c {
		case 'f', 'L', 'N':
			fmt.Fprintf(&out, "%0*d", 1+g.IntN(11), g.IntN(1000))
		case 's':
			fmt.Fprint(&out, at.Unix())
		case 'u', 'w':
			fmt.Fprint(&out, int(at.Weekday()))
		case 'k':
			fmt.Fprintf(&out, "%2d", at.Hour())
		case 'Z':
			out.WriteString(pick(g, "UTC", "gmt", "Z", "CET"))
		default:
			out.WriteString(at.Format(directives[c]))
		}
	}
	if text := out.String(); !g.chance(5) {
		return text
	}
	return strings.ToUpper(out.String()) + pick(g, "", " ", "0")
}
