package catalogue

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"panther/schemas"
	"panther/schemas/strict"
)

// A fact is one field of an entry in words. Plans compare and print them, so a field without a fact is never seen to change.
type fact struct {
	name, value string
	shown       string // value without what whoever reads the plan must not learn; empty: all of it may be seen
}

type facts []fact

func (fs facts) lines() []string {
	var lines []string
	for _, f := range fs {
		if f.value != "" {
			lines = append(lines, f.name+" "+f.words())
		}
	}
	return lines
}

// differences tells in words how two entries differ. An entry that people made becomes one of the files when a file
// describes it.
func differences(old, now facts, oldOrigin, origin string) []string {
	var out []string
	for _, f := range now {
		switch before := old.get(f.name); {
		case before.value == f.value:
		case before.words() == f.words():
			out = append(out, f.name+" changes within "+f.words())
		default:
			out = append(out, f.name+" "+before.words()+" -> "+f.words())
		}
	}
	for _, f := range old {
		if f.value != "" && now.get(f.name).name == "" {
			out = append(out, f.name+" "+f.words()+" -> none")
		}
	}
	if oldOrigin == "" && origin != "" {
		out = append(out, adopted(origin))
	}
	return out
}

// get returns the fact of a name; the zero fact if there is none.
func (fs facts) get(name string) fact {
	for _, f := range fs {
		if f.name == name {
			return f
		}
	}
	return fact{}
}

func (f fact) words() string { return cmp.Or(f.shown, f.value, "none") }

func sourceFacts(s LogSource) facts {
	return facts{
		{name: "topics", value: strings.Join(s.Topics, ", ")},
		{name: "log types", value: strings.Join(s.LogTypes, ", ")},
		{name: "stream type", value: FormatStream(s)},
		{name: "alarm", value: FormatAlarm(s.Alarm)},
		{name: "from", value: s.From},
	}
}

// FormatStream says the stream type of a source, with its options.
func FormatStream(s LogSource) string {
	text := s.StreamType
	if s.JSONArrayEnvelopeField != "" {
		text += " in " + s.JSONArrayEnvelopeField
	}
	if s.RetainEnvelopeFields {
		text += " with the fields beside it"
	}
	return text
}

func destinationFacts(d Destination) facts {
	fs := facts{{name: "type", value: d.Type}}
	for _, name := range slices.Sorted(maps.Keys(d.Settings)) {
		switch v := d.Settings[name].(type) {
		case string:
			fs = append(fs, fact{name, v, shown(v)})
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				fs = append(fs, fact{name: name + "." + key, value: fmt.Sprint(v[key])})
			}
		}
	}
	return append(fs,
		fact{name: "severities", value: join(d.Severities)},
		fact{name: "alert types", value: join(d.AlertTypes), shown: allOf(d.AlertTypes)},
		fact{name: "log types", value: strings.Join(d.LogTypes, ", ")},
		fact{name: "attempt timeout", value: strict.FormatDuration(d.Delivery.AttemptTimeout)},
		fact{name: "retries", value: strconv.Itoa(d.Delivery.Retries)},
		fact{name: "max age", value: strict.FormatDuration(d.Delivery.MaxAge)},
		fact{name: "failure threshold", value: strconv.Itoa(d.Delivery.FailureThreshold)},
	)
}

func join[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, t := range list {
		texts[i] = string(t)
	}
	return strings.Join(texts, ", ")
}

// allOf says so if list has every alert type there is.
func allOf(list []schemas.AlertType) string {
	if len(list) == len(schemas.AlertTypes()) {
		return "all"
	}
	return ""
}

// shown prints a setting without what whoever reads the plan must not learn: the path of a webhook's URL is its password.
func shown(value string) string {
	u, err := url.Parse(value)
	if IsReference(value) || err != nil || u.Host == "" {
		return value
	}
	return u.Scheme + "://" + u.Host + "/..."
}
