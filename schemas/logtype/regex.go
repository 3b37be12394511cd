package logtype

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"

	"panther/schemas/strict"
)

// Bounds of a compiled regular expression. The time for a byte of a line grows with its instructions, and where it has groups each
// instruction at work remembers where they began: so memory grows with the product.
const (
	maxInstructions = 10_000
	maxWork         = 250_000 // instructions times groups
)

// lookAround begins what other engines have and RE2 has not.
var lookAround = regexp.MustCompile(`\(\?<?[=!]`)

// readRegex reads the parser regex.
func readRegex(m *strict.Mapping) *Regex {
	r := &Regex{Text: readText(m)}
	definitions := map[string]string{}
	places := optionalPairs(m.Optional("patternDefinitions"))
	for _, d := range places {
		definitions[d.Key] = d.Value.Text()
		if strings.ContainsAny(d.Key, ":}%{") || d.Key == "" {
			d.Name.Problem(fmt.Sprintf("%q cannot be the name of a pattern", d.Key), "as API_KEY: letters, digits and underscores")
		}
	}
	match := m.Required("match")
	parts := match.Texts()
	r.Source = strings.Join(parts, "")
	if !match.IsList() || len(parts) < len(match.List()) {
		return r
	}
	if r.Source == "" {
		match.Problem("the pattern is empty", `as ["^%{IP:client} %{WORD:method}"]; the parts of the list are put together as they are`)
		return r
	}
	g := newGrok(definitions)
	expr, err := g.expand(r.Source, nil)
	if err == nil {
		err = r.compile(expr, g.fields)
	}
	if err != nil {
		match.Problem("the pattern: "+err.Error(), "")
		return r
	}
	reportTwice(match, r.Fields)
	for _, d := range places {
		if !g.used[d.Key] {
			d.Name.Problem("nothing refers to this pattern", "leave it out")
		}
	}
	return r
}

// compile compiles an expression that has its patterns put in; fields are those of the groups that were.
func (r *Regex) compile(expr string, fields []string) error {
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		if around := lookAround.FindString(r.Source); around != "" {
			return fmt.Errorf("RE2 cannot look around itself, as %s; match what is there", around)
		}
		var e *syntax.Error
		if errors.As(err, &e) {
			return fmt.Errorf("%s: %q", e.Code, e.Expr)
		}
		return err
	}
	if n := instructions(tree); n > maxInstructions || n*(tree.MaxCap()+1) > maxWork {
		return fmt.Errorf("it is too large: %d instructions, and %d groups; %d instructions are the most, and %d instructions times groups; "+
			"repeat less, or use simpler patterns, as DATA and NOTSPACE for IP and URI, and fewer groups", n, tree.MaxCap(), maxInstructions, maxWork)
	}
	if r.Regexp, err = regexp.Compile(expr); err != nil {
		return err
	}
	any := false
	for _, name := range r.Regexp.SubexpNames() {
		if number, ok := strings.CutPrefix(name, grokGroup); ok {
			if i, err := strconv.Atoi(number); err == nil && i < len(fields) {
				name = fields[i]
			}
		}
		if name == "_" {
			name = ""
		}
		any = any || name != ""
		r.Fields = append(r.Fields, name)
	}
	if !any {
		return fmt.Errorf("it has no field, as %%{WORD:name} or (?P<name>...)")
	}
	return nil
}

// instructions estimates the size of a compiled expression, from above; it stops counting when that is beyond any use.
func instructions(tree *syntax.Regexp) int {
	inner := 0
	for _, sub := range tree.Sub {
		inner = min(inner+instructions(sub), 1<<30)
	}
	switch tree.Op {
	case syntax.OpLiteral:
		return len(tree.Rune)
	case syntax.OpRepeat:
		times := max(tree.Min+1, tree.Max)
		return min(times*(inner+1), 1<<30)
	}
	return inner + 2
}
