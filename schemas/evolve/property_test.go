package evolve_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"panther/schemas/classify"
	"panther/schemas/classify/reference"
	"panther/schemas/evolve"
	"panther/schemas/logtype"
)

var index = regexp.MustCompile(`\[[0-9]+\]`)

// A line that matched and does not any more fails at a field that Compare has told of, and in words about lines.
func TestNoLossIsUntold(t *testing.T) {
	lost, safe, pairs := 0, 0, 3000
	for seed := range uint64(pairs) {
		g := generator{rand.New(rand.NewPCG(seed, 0))}
		old := parse(t, g.fields(0, false))
		new := parse(t, g.fields(0, false))
		if g.IntN(2) == 0 { // mostly the same
			text := g.fields(0, false)
			old = parse(t, text)
			new = parse(t, g.mutated(text))
		}
		changes := evolve.Compare(old, new, evolve.Options{})
		if evolve.Worst(changes) == evolve.Safe {
			safe++
		}
		before, after := reference.New([]*logtype.Schema{old}), reference.New([]*logtype.Schema{new})
		for range 20 {
			line := g.object(0)
			if before.Check(classify.Line{Bytes: []byte(line)}).Schema == nil {
				continue
			}
			v := after.Check(classify.Line{Bytes: []byte(line)})
			if v.Schema != nil {
				continue
			}
			lost++
			reason := v.Candidates[0].Reasons[0]
			if !tells(changes, index.ReplaceAllString(reason.Field, "[]")) {
				t.Fatalf("seed %d: %s fails: %s\n%s\n%+v\n%+v", seed, line, classify.Words(reason), printed(changes), old.Fields, new.Fields)
			}
		}
	}
	if lost < 500 || safe < 100 {
		t.Errorf("only %d lines of %d pairs were lost, %d pairs are safe", lost, pairs, safe)
	}
}

// tells reports whether a change says that lines fail at a field, or in what holds it.
func tells(changes []evolve.Change, field string) bool {
	for _, c := range changes {
		within := c.Path == "" || field == c.Path || strings.HasPrefix(field, c.Path+".") || strings.HasPrefix(field, c.Path+"[")
		if within && c.Lines != "" && c.Level != evolve.Safe {
			return true
		}
	}
	return false
}

type generator struct{ *rand.Rand }

func pick(g generator, from ...string) string { return from[g.IntN(len(from))] }

// fields is a list of fields in the flow style of YAML.
func (g generator) fields(depth int, inline bool) string {
	var list []string
	for _, name := range []string{"a", "b", "c"}[:1+g.IntN(3)] {
		required := pick(g, "", "", ", required: true")
		list = append(list, fmt.Sprintf("{name: %s%s, %s}", name, required, g.value(depth+1)))
	}
	if inline {
		return "[" + strings.Join(list, ", ") + "]"
	}
	return "- " + strings.Join(list, "\n- ") + "\n"
}

func (g generator) value(depth int) string {
	if depth > 2 {
		return "type: " + pick(g, "string", "int", "bigint", "json")
	}
	switch g.IntN(12) {
	case 0:
		return "type: object, fields: " + g.fields(depth, true) + pick(g, "", ", isEmbeddedJSON: true")
	case 1:
		return "type: array, element: {" + g.value(depth+1) + "}" + pick(g, "", ", isEmbeddedJSON: true")
	case 2, 3:
		return "type: timestamp, timeFormats: [" + pick(g, "rfc3339", "unix", "rfc3339, unix", "unix, rfc3339", `"%Y-%m-%d"`) + "]"
	case 4:
		return "type: json, isEmbeddedJSON: true"
	case 5:
		return "type: string, validate: {" + pick(g, `allow: [x, "7"]`, "allow: [x]", "deny: [x]", "deny: [x, y]", "ip: any") + "}"
	}
	return "type: " + pick(g, "string", "smallint", "int", "bigint", "float", "boolean", "json")
}

// mutated changes one word of a schema.
func (g generator) mutated(text string) string {
	from, to, _ := strings.Cut(pick(g, "type: int|type: bigint", "type: bigint|type: float", "type: int|type: string", "type: string}|type: int}",
		", required: true|", "rfc3339, unix|unix", ", isEmbeddedJSON: true|", "type: smallint|type: float", "type: boolean|type: json", "name: b,|name: d,", `allow: [x]|allow: [x, "7"]`, "deny: [x]|deny: [x, y]", "name: a,|name: a, rename: {from: d},"), "|")
	return strings.Replace(text, from, to, 1)
}

func (g generator) object(depth int) string {
	var members []string
	for _, name := range []string{"a", "b", "c", "d"} {
		if g.IntN(5) > 0 {
			members = append(members, fmt.Sprintf("%q:%s", name, g.json(depth+1)))
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

func (g generator) json(depth int) string {
	switch n := g.IntN(10); {
	case n == 0 && depth < 4:
		return g.object(depth)
	case n == 1 && depth < 4:
		return "[" + g.json(depth+1) + "," + g.json(depth+1) + "]"
	case n == 2:
		return pick(g, `"{\"a\":1}"`, `"[1]"`, `"{"`, `" "`, `"[\"x\"]"`)
	}
	return pick(g, "null", "true", "7", "70000", "3000000000", "1.5", `""`, `"x"`, `"7"`, `"+7"`, `"true"`, `"2026-03-01T08:15:30Z"`, `"2026-03-01"`, "1772352930")
}
