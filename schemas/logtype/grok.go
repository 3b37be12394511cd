package logtype

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"panther/schemas/strict"
)

// A GrokPattern is a regular expression with a name, for the parser regex: %{NAME} or %{NAME:field}.
type GrokPattern struct {
	Name        string
	Expr        string // on RE2; may refer to other patterns
	Description string
}

// GrokPatterns lists the patterns that every schema may use. A schema's own patternDefinitions go before them.
func GrokPatterns() []GrokPattern {
	return []GrokPattern{
		{"DATA", `.*?`, "anything, as little as will do"},
		{"GREEDYDATA", `.*`, "anything, as much as there is"},
		{"NOTSPACE", `\S+`, "anything without white space"},
		{"SPACE", `\s*`, "white space, or none"},
		{"WORD", `\b\w+\b`, "letters, digits and underscores"},
		{"QUOTEDSTRING", `(?:"(?:\\.|[^\\"])*"|'(?:\\.|[^\\'])*')`, "a text in quotes, with the quotes; a backslash takes the meaning off a quote"},
		{"INT", `[+-]?[0-9]+`, "a whole number"},
		{"POSINT", `\b[1-9][0-9]*\b`, "a whole number from 1 on"},
		{"NUMBER", `[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)`, "a number, with or without a fraction"},
		{"HEX", `\b(?:0[xX])?[0-9a-fA-F]+\b`, "a hexadecimal number"},
		{"UUID", `\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b`, "as 123e4567-e89b-12d3-a456-426614174000"},
		{"USERNAME", `[a-zA-Z0-9._@$-]+`, "the name of an account"},
		{"EMAIL", `[a-zA-Z0-9.!#$%&'*+/=?^_{|}~-]+@%{HOSTNAME}`, "an address of mail"},
		{"HOSTNAME", `\b[a-zA-Z0-9_](?:[a-zA-Z0-9_-]{0,62})(?:\.[a-zA-Z0-9_](?:[a-zA-Z0-9_-]{0,62}))*\.?`, "the name of a host"},
		{"IPV4", `\b(?:%{OCTET}\.){3}%{OCTET}\b`, "as 198.51.100.7"},
		{"OCTET", `(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])`, "a number from 0 to 255"},
		{"IPV6", ipv6Expr(), "as 2001:db8::5, without a zone"},
		{"IP", `(?:%{IPV6}|%{IPV4})`, "an IPv4 or IPv6 address"},
		{"IPORHOST", `(?:%{IP}|%{HOSTNAME})`, "an address or the name of a host"},
		{"HOSTPORT", `(?:\[%{IPV6}\]|%{IPORHOST}):%{POSINT}`, "an address or a name with a port"},
		{"MAC", `\b[0-9a-fA-F]{2}(?:[:-][0-9a-fA-F]{2}){5}\b`, "as 00:00:5e:00:53:01"},
		{"PATH", `(?:/[^\s?*]*)+|[A-Za-z]:(?:\\[^\\\s?*]*)+`, "the path of a file"},
		{"URISCHEME", `[A-Za-z][A-Za-z0-9+.-]*`, "as https"},
		{"URIPATH", `/[A-Za-z0-9$.+!*'(){},~:;=@#%&_/-]*`, "as /a/b"},
		{"URIPARAM", `\?[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?<>\[\]-]*`, "as ?a=1&b=2"},
		{"URI", `%{URISCHEME}://(?:[^\s/?#@]*@)?(?:\[%{IPV6}\]|%{IPORHOST})(?::[0-9]+)?(?:%{URIPATH})?(?:%{URIPARAM})?`, "as https://www.example.com/a?b=1"},
		{"MONTH", `\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b`, "a month in English, whole or its first three letters"},
		{"DAY", `\b(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)\b`, "a day of the week in English"},
		{"YEAR", `[0-9]{4}`, "a year"},
		{"MONTHNUM", `(?:0?[1-9]|1[0-2])`, "a month from 1 to 12"},
		{"MONTHDAY", `(?:0?[1-9]|[12][0-9]|3[01]|\ [1-9])`, "a day of the month"},
		{"TIME", `(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::(?:[0-5][0-9]|60)(?:[.,][0-9]+)?)?`, "a time of the day, with or without seconds"},
		{"TIMEZONE", `(?:Z|[+-][0-9]{2}:?[0-9]{2})`, "as Z or +01:00"},
		{"HTTPDATE", `%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} [+-][0-9]{4}`, "as 01/Mar/2026:08:15:30 +0000"},
		{"TIMESTAMP_ISO8601", `%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{TIME}(?:%{TIMEZONE})?`, "as 2026-03-01T08:15:30.5Z"},
		{"SYSLOGTIMESTAMP", `%{MONTH} +%{MONTHDAY} %{TIME}`, "as Mar  1 08:15:30, which has no year"},
		{"SYSLOGHOST", `%{IPORHOST}`, "who sent a line of syslog"},
		{"SYSLOGPROG", `[\x21-\x5a\x5c\x5e-\x7e]+(?:\[[0-9]+\])?`, "as sshd[4711]"},
		{"LOGLEVEL", `(?i:trace|debug|info(?:rmation)?|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|alert|fatal|severe|emerg(?:ency)?)`, "how bad it is, in one word"},
	}
}

// ipv6Expr writes the forms of an IPv6 address: all eight groups, or fewer with :: in the place of the others.
func ipv6Expr() string {
	const group = `[0-9a-fA-F]{1,4}`
	forms := []string{fmt.Sprintf(`(?:%s:){7}%s`, group, group), fmt.Sprintf(`(?:%s:){6}%%{IPV4}`, group)}
	forms = append(forms, fmt.Sprintf(`(?:%s:){7}:`, group))
	for before := 6; before >= 0; before-- { // groups before the ::
		lead := fmt.Sprintf(`(?:%s(?::%s){0,%d})`, group, group, max(0, before-1))
		if before == 0 {
			lead = ""
		}
		tail := 7 - before // groups behind it, at most
		if tail > 2 {
			forms = append(forms, fmt.Sprintf(`%s::(?:%s:){0,%d}%%{IPV4}`, lead, group, tail-2))
		}
		forms = append(forms, fmt.Sprintf(`%s::(?:%s(?::%s){0,%d})?`, lead, group, group, tail-1))
	}
	return `(?:` + strings.Join(forms, "|") + `)`
}

// maxExpr bounds a regular expression with its patterns put in, in bytes: a few that refer to each other could grow without
// bound.
const maxExpr = 32 << 10

// A grok puts patterns into a regular expression.
type grok struct {
	patterns map[string]string
	used     map[string]bool
	fields   []string // the field of each group that is put in
}

func newGrok(definitions map[string]string) *grok {
	g := &grok{patterns: map[string]string{}, used: map[string]bool{}}
	for _, p := range GrokPatterns() {
		g.patterns[p.Name] = p.Expr
	}
	maps.Copy(g.patterns, definitions)
	return g
}

// expand puts in what %{NAME} and %{NAME:field} stand for. within are the patterns that are being put in.
func (g *grok) expand(source string, within []string) (string, error) {
	var out strings.Builder
	for rest := source; ; {
		before, behind, found := strings.Cut(rest, "%{")
		out.WriteString(before)
		if out.Len() > maxExpr {
			return "", fmt.Errorf("more than %d bytes with its patterns put in", maxExpr)
		}
		if !found {
			return out.String(), nil
		}
		reference, after, closed := strings.Cut(behind, "}")
		if !closed {
			return "", fmt.Errorf("%%{ without }")
		}
		expr, err := g.pattern(reference, within)
		if err != nil {
			return "", err
		}
		out.WriteString(expr)
		rest = after
	}
}

// pattern returns what a reference stands for, as one group.
func (g *grok) pattern(reference string, within []string) (string, error) {
	name, field, hasField := strings.Cut(reference, ":")
	expr, ok := g.patterns[name]
	switch {
	case !ok:
		hint := strict.DidYouMean(name, slices.Sorted(maps.Keys(g.patterns)))
		if strict.Nearest(name, slices.Collect(maps.Keys(g.patterns))) == "" {
			hint = "name it in patternDefinitions"
		}
		return "", fmt.Errorf("there is no pattern %q; %s", name, hint)
	case slices.Contains(within, name):
		return "", fmt.Errorf("the pattern %q contains itself", name)
	case strings.Contains(field, ":"):
		return "", fmt.Errorf("%%{%s} has a type; the types of fields stand in fields", reference)
	case hasField && field == "":
		return "", fmt.Errorf("%%{%s} has an empty field; write %%{%s}", reference, name)
	}
	g.used[name] = true
	open := "(?:"
	if hasField && field != "_" {
		open = fmt.Sprintf("(?P<%s%d>", grokGroup, len(g.fields))
		g.fields = append(g.fields, field)
	}
	expanded, err := g.expand(expr, append(slices.Clone(within), name))
	if err != nil {
		return "", err
	}
	return open + expanded + ")", nil
}

// grokGroup begins the names of the groups that are put in: a field may have a name that no group can have.
const grokGroup = "grok_field_"
