package reference

import (
	"cmp"
	"slices"
	"strconv"

	"panther/schemas/classify"
	"panther/schemas/logtype"
)

// finish adds the p_ fields to the event of a trial that has matched.
func (t *trial) finish(l classify.Line) []byte {
	dst := t.event.json[:len(t.event.json)-1] // without the closing brace
	text := func(name, value string) {
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		value, _ = decode([]byte(value))
		dst = appendString(append(appendString(dst, name), ':'), value)
	}
	at := l.ParseTime
	if t.event.hasTime {
		at = t.event.time
	}
	text("p_log_type", t.schema.Name)
	text("p_row_id", l.RowID)
	text("p_event_time", string(appendTime(nil, at)))
	text("p_parse_time", string(appendTime(nil, l.ParseTime)))
	text("p_source_id", l.SourceID)
	text("p_source_label", l.SourceLabel)
	dst = strconv.AppendInt(append(dst, `,"p_schema_version":`...), t.schema.Version, 10)
	if l.SourceFile != "" {
		text("p_source_file", l.SourceFile)
	}
	if len(l.Envelope) > 0 {
		dst = append(append(dst, `,"p_header":`...), l.Envelope...)
	}
	dst = appendSet(dst, "p_flags", t.flags())
	for _, set := range logtype.IndicatorSets() {
		var values []string
		for _, f := range t.event.indicators {
			if f.set == set {
				values = append(values, f.value)
			}
		}
		dst = appendSet(dst, set, values)
	}
	return append(dst, '}')
}

func (t *trial) flags() (flags []string) {
	if t.event.duplicates {
		flags = append(flags, classify.FlagDuplicateKeys)
	}
	if t.event.altered {
		flags = append(flags, classify.FlagInvalidUTF8)
	}
	return flags
}

// appendSet writes a set of texts, sorted by their bytes, each once; nothing if it is empty.
func appendSet(dst []byte, name string, values []string) []byte {
	if len(values) == 0 {
		return dst
	}
	slices.SortFunc(values, cmp.Compare[string])
	dst = append(appendString(append(dst, ','), name), ':', '[')
	for i, v := range slices.Compact(values) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, v)
	}
	return append(dst, ']')
}
