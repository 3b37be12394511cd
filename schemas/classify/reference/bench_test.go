package reference_test

import (
	"strings"
	"testing"

	"panther/schemas/classify"
	"panther/schemas/classify/reference"
	"panther/schemas/logtype"
)

// How fast the reference is, which is allowed to be slow: MB/s of lines, and with all types to choose from.
func BenchmarkCheck(b *testing.B) {
	for _, s := range logtype.Builtins() {
		line := s.Samples[0].Line
		b.Run(s.Name, func(b *testing.B) { benchmark(b, line, s) })
	}
	trail, _ := logtype.Builtin("AWS.CloudTrail")
	b.Run("AWS.CloudTrail/all", func(b *testing.B) { benchmark(b, trail.Samples[0].Line, logtype.Builtins()...) })
}

// Lines that are made to be slow. Time has to grow with the length of the line, not faster.
func BenchmarkHostile(b *testing.B) {
	fill := func(before, unit, behind string) string {
		return before + strings.Repeat(unit, (1<<18-len(before)-len(behind))/len(unit)) + behind
	}
	s := schemaOf(b, everything)
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	for name, line := range map[string]string{
		"nested":            fill(`{"i":1,"j":[`, deep+",", `1]}`),
		"duplicates":        fill(`{"i":1,`, `"s":"x",`, `"i":2}`),
		"unknown":           fill(`{"i":1,`, `"x":[{}],`, `"i":2}`),
		"escapes":           fill(`{"i":1,"s":"`, `\ud800\"`, `"}`),
		"wrong elements":    fill(`{"i":1,"a":[`, `"x",`, `1]}`),
		"embedded":          fill(`{"i":1,"e":"{\"e\":[`, `\"x\",`, `1]}"}`),
		"indicators":        fill(`{"i":1,"s":"`, `arn:aws:`, `"}`),
		"digits":            fill(`{"i":1,"t":`, `9`, `}`),
		"digits of a float": fill(`{"i":1,"f":"1.`, `9`, `"}`),
		"open":              fill(`{"i":1,"j":`, `[`, ``),
	} {
		b.Run(name, func(b *testing.B) { benchmark(b, line, s) })
	}
}

func benchmark(b *testing.B, line string, candidates ...*logtype.Schema) {
	c := reference.New(candidates)
	l := classify.Line{Bytes: []byte(line)}
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		c.Check(l)
	}
}
