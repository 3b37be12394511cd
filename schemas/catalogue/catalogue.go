// Package catalogue is what people configure: log sources, log-type schemas and destinations.
//
// Files of YAML become entries; entries live in the topic of the catalogue, compacted, under kind/id, and become visible
// together when the version record behind them is read. A View is the catalogue at one version.
package catalogue

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/logtype"
)

// The kinds of entries: the part of a key before the slash.
const (
	KindSource      = "source"
	KindSchema      = "schema"
	KindDestination = "destination"
)

// VersionKey is the key of the record that ends a write: everything before it appears together.
const VersionKey = "version"

// A Version is the value of the record under VersionKey.
type Version struct {
	Version int64     `json:"version"`
	At      time.Time `json:"at"`
	By      string    `json:"by,omitempty"`
}

// A LogSource is who sends logs, through which topics, in which schemas. Key: source/ID.
type LogSource struct {
	ID         string   `json:"id"` // given once
	Label      string   `json:"label"`
	Topics     []string `json:"topics"`
	LogTypes   []string `json:"logTypes"`   // candidates, in order of preference
	StreamType string   `json:"streamType"` // how records hold lines: see LogSource.Stream

	JSONArrayEnvelopeField string `json:"jsonArrayEnvelopeField,omitempty"` // of JsonArray
	RetainEnvelopeFields   bool   `json:"retainEnvelopeFields,omitempty"`   // of JsonArray with that field

	Alarm         time.Duration `json:"alarm"` // drop-off threshold; 0: off
	From          string        `json:"from"`  // earliest or latest: where reading begins
	Created       time.Time     `json:"created"`
	InputsVersion int64         `json:"inputsVersion"`    // the catalogue version that last changed Topics
	Version       int64         `json:"version"`          // the catalogue version that wrote this entry
	Origin        string        `json:"origin,omitempty"` // the file that made it; empty: a person, by command or console
}

// A Schema is one version of a log type. Key: schema/Name@Version.
type Schema struct {
	Name    string `json:"name"`
	Version int64  `json:"version"` // the catalogue version that wrote it; the newest one is in force. 0: built in
	Text    string `json:"text"`    // the YAML document
	Origin  string `json:"origin,omitempty"`
}

// A Destination is where alerts go. Key: destination/ID.
type Destination struct {
	ID         string                 `json:"id"`
	Label      string                 `json:"label"`
	Type       string                 `json:"type"`
	Settings   map[string]any         `json:"settings"` // of its type; secrets are references: env:NAME or file:/path
	Severities []schemas.Severity     `json:"severities"`
	AlertTypes []schemas.AlertType    `json:"alertTypes"`
	LogTypes   []string               `json:"logTypes"` // empty: any
	Delivery   schemas.DeliveryPolicy `json:"delivery"`
	Version    int64                  `json:"version"`
	Origin     string                 `json:"origin,omitempty"`
}

// Key returns the key of an entry in the topic.
func Key(entry any) string {
	switch e := entry.(type) {
	case LogSource:
		return KindSource + "/" + e.ID
	case Schema:
		return KindSchema + "/" + e.Name + "@" + strconv.FormatInt(e.Version, 10)
	case Destination:
		return KindDestination + "/" + e.ID
	}
	panic(fmt.Sprintf("catalogue: %T is no entry", entry))
}

// Decode turns a record of the catalogue's topic into its entry: a LogSource, Schema, Destination or Version; nil is a
// tombstone. It fails for keys and values that no version of this program writes.
func Decode(key string, value []byte) (any, error) {
	kind, _, _ := strings.Cut(key, "/")
	switch kind {
	case KindSource:
		return stream.JSON[LogSource](value)
	case KindSchema:
		return stream.JSON[Schema](value)
	case KindDestination:
		return stream.JSON[Destination](value)
	case VersionKey:
		return stream.JSON[Version](value)
	}
	return nil, fmt.Errorf("catalogue: key %q is of no known kind", key)
}

// A View is the catalogue at one version: immutable, shared by all who read it.
type View struct {
	version int64
	entries map[string]any
	keys    []string // sorted

	parsed     map[string]parsed          // schemas by key
	inForce    map[string]*logtype.Schema // by name
	unreadable []error
}

// NewView makes a view of entries by key. It keeps the map.
func NewView(version int64, entries map[string]any) *View {
	return newView(version, entries, &View{})
}

func newView(version int64, entries map[string]any, before *View) *View {
	v := &View{version: version, entries: entries, keys: make([]string, 0, len(entries))}
	for k := range entries {
		v.keys = append(v.keys, k)
	}
	slices.Sort(v.keys)
	v.parseSchemas(before)
	return v
}

// Version is the catalogue version; 0 is a catalogue that was never written.
func (v *View) Version() int64 { return v.version }

// Get returns the entry under a key.
func (v *View) Get(key string) (any, bool) {
	e, ok := v.entries[key]
	return e, ok
}

// Entries returns the entries of a kind by id, in order.
func (v *View) Entries(kind string) iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		prefix := kind + "/"
		i, _ := slices.BinarySearch(v.keys, prefix)
		for ; i < len(v.keys) && strings.HasPrefix(v.keys[i], prefix); i++ {
			if !yield(v.keys[i][len(prefix):], v.entries[v.keys[i]]) {
				return
			}
		}
	}
}

// Sources returns the log sources, by label.
func (v *View) Sources() []LogSource {
	return collect(v, KindSource, func(a, b LogSource) int { return cmp.Compare(a.Label, b.Label) })
}

// Destinations returns the destinations, by label.
func (v *View) Destinations() []Destination {
	return collect(v, KindDestination, func(a, b Destination) int { return cmp.Compare(a.Label, b.Label) })
}

// Schemas returns every version of every schema that was applied, by name, the newest first. Those built in are not here.
func (v *View) Schemas() []Schema {
	return collect(v, KindSchema, func(a, b Schema) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(b.Version, a.Version))
	})
}

func collect[T any](v *View, kind string, order func(a, b T) int) (out []T) {
	for _, e := range v.Entries(kind) {
		out = append(out, e.(T))
	}
	slices.SortStableFunc(out, order)
	return out
}
