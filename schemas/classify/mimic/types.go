package mimic

import (
	"slices"
	"strings"

	"panther/schemas/classify"
	"panther/schemas/logtype"
)

// Types returns n log types of JSON lines, AWS.CloudTrail in the middle: those that are built in, and if there are not so many,
// the same under other names.
func Types(n int) (all []*logtype.Schema) {
	trail, _ := logtype.Builtin("AWS.CloudTrail")
	for _, s := range logtype.Builtins() {
		if !s.Parser.IsText() && s.Parser.Script == nil && s != trail && len(all) < n-1 {
			all = append(all, s)
		}
	}
	for i := 0; len(all) < n-1; i++ {
		all = append(all, renamed(all[i]))
	}
	return slices.Insert(all, min(len(all)/2, 30), trail)
}

// renamed makes the log type Other.<name> of one that is built in.
func renamed(s *logtype.Schema) *logtype.Schema {
	text, _ := logtype.BuiltinText(s.Name)
	name := "Other." + strings.ReplaceAll(s.Name, ".", "")
	other, err := logtype.Parse(s.Name, []byte(strings.Replace(text, "schema: "+s.Name, "schema: "+name, 1)))
	if err != nil {
		panic("mimic: " + err.Error()) // the text is in the program
	}
	return other
}

// Mixed makes n lines of all types, in any order: samples of the types, with other digits where they are still of a type then.
func (g Generator) Mixed(n int, types []*logtype.Schema) (lines [][]byte, err error) {
	var samples [][]byte
	for _, s := range types {
		for _, sample := range s.Samples {
			if sample.Fails == "" {
				samples = append(samples, []byte(sample.Line))
			}
		}
	}
	c, err := classify.New(types)
	if err != nil {
		return nil, err
	}
	for range n {
		line := samples[g.IntN(len(samples))]
		changed := slices.Clone(line)
		for i, b := range changed {
			if b >= '1' && b <= '9' && g.chance(30) {
				changed[i] = byte('1' + g.IntN(9))
			}
		}
		if c.Check(classify.Line{Bytes: changed}).Schema == nil {
			changed = line
		}
		lines = append(lines, changed)
	}
	return lines, nil
}
