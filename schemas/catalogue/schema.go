package catalogue

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"panther/schemas/logtype"
)

// Schema returns the log type of a name that is in force: the newest version that was applied, else the one built in. An
// applied version that this program cannot read is passed over: see View.Unreadable.
func (v *View) Schema(name string) (*logtype.Schema, bool) {
	if s, ok := v.inForce[name]; ok {
		return s, true
	}
	return logtype.Builtin(name)
}

// SchemaVersion returns one version of a log type: 0 is the one built in, others are those that were applied.
func (v *View) SchemaVersion(name string, version int64) (*logtype.Schema, bool) {
	if version == 0 {
		return logtype.Builtin(name)
	}
	p := v.parsed[Key(Schema{Name: name, Version: version})]
	return p.schema, p.schema != nil
}

// Candidates returns the schemas of a source that are in force, in its order of preference. A log type that does not exist
// is left out.
func (v *View) Candidates(source LogSource) []*logtype.Schema {
	var candidates []*logtype.Schema
	for _, name := range source.LogTypes {
		if s, ok := v.Schema(name); ok {
			candidates = append(candidates, s)
		}
	}
	return candidates
}

// LogTypes returns the names of all log types, built in or applied, in order.
func (v *View) LogTypes() []string {
	names := slices.AppendSeq(logtype.BuiltinNames(), maps.Keys(v.inForce))
	slices.Sort(names)
	return slices.Compact(names)
}

// Unreadable tells which schemas of the catalogue this program cannot read, and why. They were checked when they were
// applied, so it was another version of the program that applied them.
func (v *View) Unreadable() error { return errors.Join(v.unreadable...) }

// parseSchemas fills v.parsed, with what before has parsed already, and v.inForce.
func (v *View) parseSchemas(before *View) {
	v.parsed, v.inForce = map[string]parsed{}, map[string]*logtype.Schema{}
	for _, e := range v.Entries(KindSchema) {
		s := e.(Schema)
		p, ok := before.parsed[Key(s)]
		if !ok || p.text != s.Text {
			p = parseEntry(s)
		}
		v.parsed[Key(s)] = p
		if p.err != nil {
			v.unreadable = append(v.unreadable, p.err)
			continue
		}
		if other, ok := v.inForce[s.Name]; !ok || s.Version > other.Version {
			v.inForce[s.Name] = p.schema
		}
	}
}

// parsed is the document of a schema's entry, read. Views share it, so that a version is read once a process.
type parsed struct {
	text   string
	schema *logtype.Schema
	err    error
}

func parseEntry(s Schema) parsed {
	schema, err := logtype.Parse(Key(s), []byte(s.Text))
	if err != nil {
		return parsed{s.Text, nil, fmt.Errorf("read schema %s of catalogue version %d: %w", s.Name, s.Version, err)}
	}
	schema.Version = s.Version
	return parsed{s.Text, schema, nil}
}
