package classify_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"panther/schemas"
	"panther/schemas/classify"
	"panther/schemas/classify/reference"
	"panther/schemas/logtype"
)

// A tally counts what schemas say, and what became of lines.
type tally map[string]int

func (c tally) schema(s *logtype.Schema, text string) {
	if strings.Contains(text, "type: ref") {
		c["ref"]++
	}
	c.fields(s.Fields, "")
	var common logtype.Text
	switch p := s.Parser; {
	case p.CSV != nil:
		common = p.CSV.Text
		c[fmt.Sprintf("csv, named columns %t, header %t", p.CSV.Columns != nil, p.CSV.HasHeader)]++
		c["csv, delimiter "+string(p.CSV.Delimiter)]++
	case p.FastMatch != nil:
		common = p.FastMatch.Text
		c[fmt.Sprintf("fastmatch, patterns %d", len(p.FastMatch.Patterns))]++
	case p.Regex != nil:
		common = p.Regex.Text
		c["regex"]++
		if strings.Contains(text, "patternDefinitions") {
			c["regex with definitions"]++
		}
	case p.Script != nil:
		c["script"]++
	}
	c["skipPrefix"] += flag(common.SkipPrefix != "")
	c["emptyValues"] += flag(common.EmptyValues != nil)
	c["trimSpace"] += flag(common.TrimSpace)
}

func flag(is bool) int {
	if is {
		return 1
	}
	return 0
}

func (c tally) fields(fields []logtype.Field, within string) {
	for i := range fields {
		f := &fields[i]
		c["required"+within] += flag(f.Required)
		c["rename"+within] += flag(f.From != "")
		c.value(&f.Value, within)
		d := f.Derived
		if d == nil {
			continue
		}
		c["copy into "+string(f.Type)] += flag(d.Copy != nil)
		c["join into "+string(f.Type)] += flag(d.Join != nil)
		c["split into "+string(f.Type)] += flag(d.Split != nil)
		c["split of a join"] += flag(d.Split != nil && d.Split.Join != nil)
		c["path of several names"] += flag(slices.ContainsFunc(d.Paths(), func(p logtype.Path) bool { return len(p) > 1 }))
		c["required and made"] += flag(f.Required)
	}
}

func (c tally) value(v *logtype.Value, within string) {
	c[string(v.Type)+within]++
	c["embedded "+string(v.Type)] += flag(v.IsEmbeddedJSON)
	c["event time"] += flag(v.IsEventTime)
	for _, i := range v.Indicators {
		c["indicator "+string(i)]++
	}
	if r := v.Validate; r != nil {
		c["allow"] += flag(r.Allow != nil)
		c["deny"] += flag(r.Deny != nil)
		c["ip "+string(r.IP)]++
		c["cidr "+string(r.CIDR)]++
	}
	if m := v.Mask; m != nil {
		c[fmt.Sprintf("mask, hash %t, salt %t", m.Hash, m.Salt != "")]++
	}
	c["several formats"] += flag(len(v.TimeFormats) > 1)
	for _, f := range v.TimeFormats {
		name := f.String()
		if strings.HasPrefix(name, "layout=") {
			name = "layout"
		}
		for i := 0; i+1 < len(name); i++ {
			if name[i] == '%' {
				c["time %"+name[i+1:i+2]]++
				i++
			}
		}
		c["time "+name]++
	}
	switch v.Type {
	case logtype.Array:
		c.value(v.Element, " in array")
	case logtype.Object:
		c.fields(v.Fields, " in object")
	}
}

func (c tally) verdict(v classify.Verdict) {
	c["skipped"] += flag(v.Skipped)
	c["matched"] += flag(v.Schema != nil)
	c["ambiguous"] += flag(v.Ambiguous != nil)
	c["event time found"] += flag(!v.EventTime.IsZero())
	for _, text := range append(logtype.IndicatorSets(), classify.FlagDuplicateKeys, classify.FlagInvalidUTF8, "p_header", "p_source_file") {
		c[text] += flag(strings.Contains(string(v.Event), `"`+text+`"`))
	}
	if v.Schema != nil {
		kind := "of JSON matched"
		if v.Schema.Parser.IsText() {
			kind = "of text matched"
		} else if v.Schema.Parser.Script != nil {
			kind = "of scripts matched"
		}
		c[kind]++
	}
	for _, candidate := range v.Candidates {
		c["many reasons"] += flag(len(candidate.Reasons) == classify.MaxReasons)
		for _, r := range candidate.Reasons {
			c[string(r.Code)]++
			c["within embedded JSON "+string(r.Code)] += flag(r.Field != "" && r.Code == schemas.NotJSON)
			if kind, _, _ := strings.Cut(r.Expected, " "); r.Field != "" {
				c[string(r.Code)+" of "+kind]++
			}
		}
	}
}

// features lists what the generator has to reach.
func features() (all []string) {
	for _, t := range []string{"string", "int", "smallint", "bigint", "float", "boolean", "timestamp", "json", "object", "array"} {
		all = append(all, t, t+" in object", t+" in array", "copy into "+t)
		if t != "string" && t != "json" {
			all = append(all, "type_mismatch of "+t)
		}
		all = append(all, "required_missing of "+t)
	}
	for _, t := range []string{"string", "int", "timestamp", "json", "boolean"} {
		all = append(all, "join into "+t, "split into "+t)
	}
	for _, i := range logtype.Indicators() {
		all = append(all, "indicator "+string(i))
	}
	all = append(all, logtype.IndicatorSets()...)
	for _, d := range logtype.Directives() {
		all = append(all, "time %"+string(d.Letter))
	}
	all = append(all, "time rfc3339", "time unix", "time unix_ms", "time unix_us", "time unix_ns", "time layout", "several formats", "event time", "event time found",
		"embedded json", "embedded object", "embedded array", "allow", "deny", "ip any", "ip ipv4", "ip ipv6", "cidr any", "cidr ipv4", "cidr ipv6", "mask, hash false, salt false",
		"mask, hash true, salt false", "mask, hash true, salt true", "ref", "rename", "rename in object", "required", "required in object", "required and made", "split of a join", "path of several names",
		"csv, named columns true, header false", "csv, named columns true, header true", "csv, named columns false, header true", "csv, delimiter ,", "csv, delimiter ;", "csv, delimiter \t",
		"fastmatch, patterns 1", "fastmatch, patterns 2", "regex", "regex with definitions", "script", "skipPrefix", "emptyValues", "trimSpace",
		"skipped", "matched", "ambiguous", "of JSON matched", "of text matched", "of scripts matched", "many reasons", "duplicate_keys", "invalid_utf8", "p_header", "p_source_file",
		"within embedded JSON not_json", "type_mismatch of a")
	for _, code := range []schemas.Code{schemas.RequiredMissing, schemas.TypeMismatch, schemas.OutOfRange, schemas.TimestampFormat, schemas.NotAllowed, schemas.NotJSON,
		schemas.TrailingData, schemas.TooDeep, schemas.CSVColumns, schemas.NoPattern, schemas.ScriptError} {
		all = append(all, string(code))
	}
	return all
}

// What is compared by chance is all of the language: each feature comes up, in schemas and in what becomes of lines.
func TestGeneratorReachesEverything(t *testing.T) {
	c := tally{}
	for seed := range uint64(2000) {
		g := newGenerator(seed)
		all := g.schemas(1+g.IntN(4), g.schema)
		checker := reference.New(schemasOf(all))
		for _, m := range all {
			c.schema(m.Schema, m.text)
		}
		for _, l := range g.lines(all, 8) {
			c.verdict(checker.Check(l))
		}
	}
	const often = 3
	for _, f := range features() {
		if c[f] < often {
			t.Errorf("%q came up %d times in schemas and lines by chance", f, c[f])
		}
	}
}
