package infer

import (
	"math/bits"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"panther/schemas/logtype"
)

// Time formats that are tried on texts, in order: the first that reads all texts of a field is its format.
var textFormats = []string{
	"rfc3339",
	"%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S",
	"%Y-%m-%d %H:%M:%S.%f %z", "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M:%S.%f%z", "%Y-%m-%d %H:%M:%S%z",
	"%Y-%m-%d %H:%M:%S.%f %Z", "%Y-%m-%d %H:%M:%S %Z",
	"%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S,%f", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M",
	"%Y/%m/%d %H:%M:%S.%f", "%Y/%m/%d %H:%M:%S",
	"%d/%b/%Y:%H:%M:%S %z", "%d/%b/%Y %H:%M:%S", "%d %b %Y %H:%M:%S",
	"%a, %d %b %Y %H:%M:%S %z", "%a, %d %b %Y %H:%M:%S %Z", "%a %b %e %H:%M:%S %Y", "%b %d %Y %H:%M:%S", "%b %d, %Y %H:%M:%S",
	"%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M",
	"%d.%m.%Y %H:%M:%S", "%Y%m%dT%H%M%SZ", "%Y-%m-%d",
}

// units are the formats of numbers, and the numbers that are between the years 2000 and 2100 in each.
var units = []struct {
	format   string
	from, to float64
}{
	{"unix", 946684800, 4102444800},
	{"unix_ms", 946684800e3, 4102444800e3},
	{"unix_us", 946684800e6, 4102444800e6},
	{"unix_ns", 946684800e9, 4102444800e9},
}

// formats returns textFormats and units, parsed.
var formats = sync.OnceValue(func() (all []logtype.TimeFormat) {
	names := slices.Clone(textFormats)
	for _, u := range units {
		names = append(names, u.format)
	}
	for _, name := range names {
		f, err := logtype.ParseTimeFormat(name)
		if err != nil {
			panic("infer: " + err.Error()) // a name of the table above
		}
		all = append(all, f)
	}
	return all
})

// times is what the values of a field say about its time format. Bit i stands for formats()[i].
type times struct {
	byName bool   // the name says that it is a time, so that numbers may be
	never  bool   // a value was no time
	some   bool   // there was one
	each   uint64 // formats that read every value
	any    uint64 // for each value the first format that reads it
}

func (t *times) named(name string) { t.byName = isTimeName(name) }

// no notes a value that is no time.
func (t *times) no() { t.never = true }

func (t *times) text(text string) {
	if t.never {
		return
	}
	if plainCell.MatchString(text) {
		t.number(text)
		return
	}
	var reads uint64
	if len(text) >= len("2006-1-2") && len(text) <= 48 && strings.ContainsAny(text, "0123456789") {
		for i := range textFormats {
			if _, err := formats()[i].Parse(text); err == nil {
				reads |= 1 << i
			}
		}
	}
	t.note(reads)
}

func (t *times) number(text string) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !t.byName {
		t.never = true
		return
	}
	var reads uint64
	for i, u := range units {
		if f >= u.from && f < u.to {
			reads |= 1 << (len(textFormats) + i)
		}
	}
	t.note(reads)
}

func (t *times) note(reads uint64) {
	switch {
	case reads == 0:
		t.never = true
		return
	case !t.some:
		t.some, t.each = true, reads
	}
	t.each &= reads
	t.any |= reads & -reads
}

// maxFormats is how many formats a field may have before it is rather no time.
const maxFormats = 4

// formats returns the time formats of a field; none if it is no time. open: the day could be the month.
func (t *times) formats() (chosen []logtype.TimeFormat, open bool) {
	mask := t.any
	if t.each != 0 {
		mask = t.each & -t.each
	}
	if t.never || !t.some || bits.OnesCount64(mask) > maxFormats {
		return nil, false
	}
	monthFirst, dayFirst := false, false
	for i, f := range formats() {
		if mask&(1<<i) != 0 {
			chosen = append(chosen, f)
		}
		if (mask|t.each)&(1<<i) != 0 {
			monthFirst = monthFirst || strings.HasPrefix(f.String(), "%m/")
			dayFirst = dayFirst || strings.HasPrefix(f.String(), "%d/%m")
		}
	}
	if monthFirst && dayFirst && t.each == 0 {
		return nil, false // some values this way, some that way: nobody knows which
	}
	return chosen, monthFirst && dayFirst
}

// timeWords are last words of names that say that something is a time.
var timeWords = []string{"time", "timestamp", "date", "datetime", "at", "ts", "epoch", "created", "updated", "modified", "published",
	"expires", "expiration", "expiry", "start", "end", "since", "until", "when", "seen"}

var wordBreak = regexp.MustCompile(`[^A-Za-z0-9]+|([a-z0-9])([A-Z])`)

// nameWords returns the words of a name, as eventTime or event_time, in lower case.
func nameWords(name string) []string {
	return strings.FieldsFunc(strings.ToLower(wordBreak.ReplaceAllString(name, "$1 $2")), unicode.IsSpace)
}

func isTimeName(name string) bool {
	words := nameWords(name)
	if len(words) == 0 {
		return false
	}
	last := words[len(words)-1]
	if last == "ms" || last == "millis" || last == "us" || last == "ns" {
		last = words[max(0, len(words)-2)]
	}
	return slices.Contains(timeWords, last) || strings.HasSuffix(last, "time") || strings.HasSuffix(last, "timestamp")
}

// TimeFormat returns the name of the time format in which a text is written, as a schema has it; a number of a plausible size
// counts from 1970. It is empty for a text that is no time.
func TimeFormat(text string) string {
	t := times{byName: true}
	t.text(text)
	if chosen, _ := t.formats(); len(chosen) > 0 {
		return chosen[0].String()
	}
	return ""
}
