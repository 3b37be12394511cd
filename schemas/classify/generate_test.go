package classify_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"panther/schemas/classify"
	"panther/schemas/logtype"
)

// A generator makes schemas and lines by chance: a few names, so that schemas meet each other and the lines, and values that
// are at the edge of something.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator { return generator{rand.New(rand.NewPCG(seed, 1))} }

func pick[T any](g generator, from ...T) T { return from[g.IntN(len(from))] }

func (g generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g generator) name() string {
	return pick(g, "a", "b", "c", "d", "e", "f", "id", "tеxt", "x y", `q"uote`, "a_name_of_more_than_thirty_two_bytes", "twenty_four_bytes_long_x", "A")
}

var formats = []string{"rfc3339", "unix", "unix_ms", "unix_us", "unix_ns", `"%Y-%m-%d %H:%M:%S"`, `"%d/%b/%Y:%H:%M:%S %z"`, `"%Y-%j"`, "layout=2006-01-02"}

// value writes a value of a schema, in YAML's flow style.
func (g generator) value(depth int) string {
	kind := pick(g, "string", "string", "int", "smallint", "bigint", "float", "boolean", "timestamp", "json", "object", "array")
	if depth <= 0 && (kind == "object" || kind == "array") {
		kind = "json"
	}
	text := "type: " + kind
	switch kind {
	case "string":
		if g.chance(40) {
			text += ", indicators: [" + pick(g, "ip", "hostname", "url", "net_addr", "aws_arn", "email", "username, md5", "trace_id, ip") + "]"
		}
		if g.chance(10) {
			text += ", validate: " + pick(g, "{allow: [a, '5', '']}", "{deny: [x, 'true']}", "{ip: any}", "{ip: ipv4}", "{cidr: any}")
		}
		if g.chance(5) {
			text += ", mask: " + pick(g, "{type: redact}", "{type: hash, salt: s}")
		}
	case "timestamp":
		text += ", timeFormats: [" + pick(g, formats...)
		for g.chance(40) {
			text += ", " + pick(g, formats...)
		}
		text += "]"
	case "array":
		text += ", element: {" + g.value(depth-1) + "}"
	case "object":
		text += ", fields: " + g.fields(depth-1, 3)
	}
	if (kind == "json" || kind == "object" || kind == "array") && g.chance(30) {
		text += ", isEmbeddedJSON: true"
	}
	return text
}

func (g generator) fields(depth, most int) string {
	used := map[string]bool{}
	var fields []string
	for range 1 + g.IntN(most) {
		name := g.name()
		if used[name] {
			continue
		}
		used[name] = true
		text := "{name: " + strconv.Quote(name) + ", " + g.value(depth)
		if g.chance(20) {
			text += ", required: true"
		}
		fields = append(fields, text+"}")
	}
	return "[" + strings.Join(fields, ", ") + "]"
}

// schema makes a schema of JSON lines. Some of what it writes the language refuses; then it tries again.
func (g generator) schema(t testing.TB, number int) *logtype.Schema {
	for {
		fields := strings.TrimSuffix(g.fields(3, 6), "]")
		if g.chance(20) {
			fields += ", {name: new, rename: {from: b}, type: " + pick(g, "string", "int", "json") + "}"
		}
		if g.chance(20) {
			fields += ", {name: copied, copy: {from: " + pick(g, "a.b", "zz", "c", "d.e.f") + "}, type: " + pick(g, "string", "json", "int", "timestamp, timeFormat: unix", "object, fields: [{name: a, type: int, required: true}]") + pick(g, "", ", required: true") + "}"
		}
		if g.chance(20) {
			fields += ", {name: joined, concat: {separator: '-', paths: [" + pick(g, "a", "zz") + ", " + pick(g, "b.a", "c", "e") + "]}, type: " + pick(g, "string, indicators: [hostname]", "int, required: true", "json, isEmbeddedJSON: true") + "}"
		}
		if g.chance(20) {
			fields += ", {name: part, split: {from: " + pick(g, "a", "b.a", "zz") + ", separator: '.', index: " + pick(g, "0", "1") + "}, type: " + pick(g, "string", "int", "string, required: true") + "}"
		}
		text := fmt.Sprintf("schema: My.Type%d\nfields: %s]\n", number, fields)
		if s, err := logtype.Parse("generated", []byte(text)); err == nil {
			return s
		}
	}
}

func (g generator) schemas(t testing.TB, n int) (all []*logtype.Schema) {
	for i := range n {
		all = append(all, g.schema(t, i))
	}
	return all
}

// line makes a line that is mostly JSON, and mostly near to some schema.
func (g generator) line(near []*logtype.Schema) []byte {
	var line string
	if s := near[g.IntN(len(near))]; g.chance(90) {
		line = g.object(s.Fields, 4, g.chance(60))
	} else {
		line = g.any(3)
	}
	b := []byte(line)
	if g.chance(5) {
		b = append(b, pick(g, "  ", "\n", "x", "{}", "\r\n", ",")...)
	}
	for g.chance(5) && len(b) > 0 { // damage
		switch i := g.IntN(len(b)); g.IntN(4) {
		case 0:
			b[i] = byte(g.IntN(256))
		case 1:
			b = b[:i]
		case 2:
			b = append(b[:i], b[i+1:]...)
		default:
			b = append(b[:i], append([]byte(pick(g, `"`, `\`, "{", "]", "\x00", "\xff", "1")), b[i:]...)...)
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
	if !good && g.chance(30) {
		return g.any(2)
	}
	switch v.Type {
	case logtype.Object:
		return g.embedded(v, g.object(v.Fields, depth-1, good))
	case logtype.Array:
		var items []string
		for range g.IntN(4) {
			items = append(items, g.space()+g.fits(v.Element, depth-1, good)+g.space())
		}
		return g.embedded(v, "["+strings.Join(items, ",")+"]")
	case logtype.JSON:
		return g.embedded(v, g.any(2))
	case logtype.String:
		return g.text()
	case logtype.Boolean:
		return pick(g, "true", "false", "1", `"T"`, `"false"`, `""`)
	case logtype.Float:
		return pick(g, "1.5", "0", "-0", "1e5", `"1e-9"`, "0.0000001", "1.0", "123456789012345678", "1e21", `"+7"`, "null", "1e999", "5e-324")
	case logtype.Timestamp:
		return pick(g, `"2026-03-01T08:15:30Z"`, `"2026-03-01T08:15:30.120Z"`, `"2026-03-01T08:15:30.12+01:00"`, "1700000000", "1700000000.5", `"1700000000123"`, "1e9",
			`"2026-03-01 08:15:30"`, `"01/Mar/2026:08:15:30 +0000"`, `"2026-060"`, `"0000-01-01T00:00:00+01:00"`, `""`, "null", `"2026-03-01"`, "-62167219201", `"2026\u002d03-01T08:15:30Z"`)
	}
	return pick(g, "0", "1", "-5", "32767", "32768", "2147483648", "9223372036854775808", "-9223372036854775808", `"007"`, `"+7"`, "-0", `""`, "null", "1.0", `"\u0031"`)
}

func (g generator) embedded(v *logtype.Value, json string) string {
	if v.IsEmbeddedJSON && g.chance(60) {
		return strconv.Quote(pick(g, "", " ") + json)
	}
	return json
}

func (g generator) object(fields []logtype.Field, depth int, good bool) string {
	var members []string
	add := func(name, value string) {
		members = append(members, g.space()+name+g.space()+":"+g.space()+value+g.space())
	}
	for i := range fields {
		f := &fields[i]
		if f.Derived != nil {
			continue
		}
		for n := 0; n == 0 || g.chance(5); n++ {
			if f.Required && good || g.chance(80) {
				add(g.key(f.Member()), g.fits(&f.Value, depth, good))
			}
		}
	}
	for g.chance(30) {
		add(g.key(pick(g, g.name(), "zz", "unknown")), g.any(2))
	}
	g.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	return "{" + strings.Join(members, ",") + g.space() + "}"
}

func (g generator) key(name string) string {
	if g.chance(3) {
		return fmt.Sprintf(`"\u%04x%s"`, name[0], strings.ReplaceAll(name[1:], `"`, `\"`))
	}
	return `"` + strings.ReplaceAll(name, `"`, `\"`) + `"`
}

func (g generator) text() string {
	return pick(g, `"x"`, `""`, `"a"`, `"5"`, "5", "true", `"é"`, `"\u00e9\n\/"`, "\"\xff\"", `"\ud800"`, `"\ud83d\ude00"`, `"192.0.2.1"`, `"2001:db8::5"`, `"www.example.com:443"`,
		`"https://u:p@www.example.com:8443/a?b#c"`, `"arn:aws:iam::123456789012:user/x"`, `"arn:aws:ec2:us-east-1:123456789012:instance/i-0abc"`, `"who@example.com"`, `"a b"`, `"\"quoted\" \\ \t"`,
		`"d41d8cd98f00b204e9800998ecf8427e"`, `" "`, "null", `"10.0.0.0/8"`, `"/a/path"`, `"http://[::1]:80/%zz"`, `"\u0007"`, `"a.b.c"`)
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
		return "[" + strings.Join(items, ",") + "]"
	}
	return pick(g, g.text(), "1.50", "-1E+2", "null", "false", `{}`, `[]`, `"{\"a\":1}"`, `"[1,"`, `"\ud800{"`)
}

// Schemas and lines by chance.
func TestGeneratedLikeReference(t *testing.T) {
	rounds := 2000
	if testing.Short() {
		rounds = 200
	}
	for seed := range uint64(rounds) {
		g := newGenerator(seed)
		all := g.schemas(t, 1+g.IntN(6))
		p := newPair(t, all...)
		for range 30 {
			line := g.line(all)
			if p.check(t, line); t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
	}
}

// textSchemas are schemas of text of every kind.
func textSchemas(t testing.TB) (all []*logtype.Schema) {
	for i, text := range []string{
		"parser: {csv: {columns: [a, _, b, c], trimSpace: true, emptyValues: ['-', x]}}",
		"parser: {csv: {columns: [a, b, c], delimiter: ' ', hasHeader: true, skipPrefix: '#'}}",
		"parser: {csv: {hasHeader: true, emptyValues: ['-']}}",
		"parser: {csv: {columns: [a, b, c], expandFields: {e: '%{a}-%{b}'}}}",
		"parser: {fastmatch: {match: ['%{a} \"%{b}\" [%{c}]', \"<%{a}'%{b}'%{c}'\"], skipPrefix: '#', trimSpace: true}}",
		"parser: {fastmatch: {match: ['%{a},%{b},%{c}'], emptyValues: ['-']}}",
		`parser: {regex: {match: ['^(?P<a>\S+) (?P<b>[^,]*)(?:,(?P<c>.*))?$'], emptyValues: ['-']}}`,
	} {
		fields := "fields: [{name: a, type: string, required: true, indicators: [hostname]}, {name: b, type: int}, {name: c, type: json, isEmbeddedJSON: true}"
		if i == 3 {
			fields += ", {name: e, type: string}"
		}
		if i == 2 || i == 6 {
			fields += ", {name: d, type: string, copy: {from: a}}, {name: k, type: int, split: {from: a, separator: '.', index: 1}}"
		}
		s, err := logtype.Parse("text", []byte(fmt.Sprintf("schema: My.Text%d\n%s\n%s]\n", i, text, fields)))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

// textLine makes a line of words, delimiters, quotes and JSON.
func (g generator) textLine() []byte {
	var line string
	for range 1 + g.IntN(7) {
		line += pick(g, "x", "-", "12", "+007", "a", "b", "c", "{}", `{"a":[1, "\ud800"]}`, `"q""x"`, `"12"`, `"`, "1.2.3", "\xff", "é", `\"`, `\`, "#", "", " ", "[", "]", "<", "'", "A-", "null")
		line += pick(g, ",", ",", " ", " ", `" "`, ", ", `" [`, "'")
	}
	if g.chance(50) {
		line = line[:len(line)-1]
	}
	return []byte(line + pick(g, "", "", "", "\n", "\r\n", "\r", "]"))
}

// Text by chance: each schema alone, all together, and with schemas of JSON.
func TestGeneratedTextLikeReference(t *testing.T) {
	texts := textSchemas(t)
	g := newGenerator(7)
	mixed := append(g.schemas(t, 3), texts...)
	pairs := []*pair{newPair(t, texts...), newPair(t, mixed...)}
	for _, s := range texts {
		pairs = append(pairs, newPair(t, s))
	}
	rounds := 20000
	if testing.Short() {
		rounds = 2000
	}
	for i := range rounds {
		l := classify.Line{Bytes: g.textLine()}
		if g.chance(40) {
			l.Header = []byte(pick(g, "a,b,c", "a,,b", "a,a,c\r\n", "\ufeff\"a\", b ,c", `a,"b`, "zz", string(l.Bytes)))
		}
		if g.chance(10) {
			l.Bytes = g.line(mixed[:3])
		}
		for k, p := range pairs {
			if p.checkLine(t, l); t.Failed() {
				t.Fatalf("line %d, header %q, schemas %d", i, l.Header, k)
			}
		}
	}
}

// More schemas than a group has, of which many match.
func TestManySchemasLikeReference(t *testing.T) {
	for seed := range uint64(20) {
		g := newGenerator(seed)
		all := g.schemas(t, 60+int(seed)*5)
		p := newPair(t, all...)
		for range 20 {
			line := g.line(all)
			if p.check(t, line); t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
	}
}
