package catalogue

import "maps"

// A Builder makes views of the records of the catalogue's topic, taken in order. The zero value is a catalogue that was
// never written.
//
// Entries appear together: what is read waits for the version record behind it. So nobody sees a source without the schemas
// that were applied with it.
type Builder struct {
	entries map[string]any // of the last view, and of the records since
	last    *View
}

// Add takes the next record. It returns a view if the record is a version record, else nil. An error tells of a record that
// this program cannot read; it is left out, what was there before under its key stays, and reading goes on.
func (b *Builder) Add(key string, value []byte) (*View, error) {
	if b.entries == nil {
		b.entries, b.last = map[string]any{}, &View{}
	}
	entry, err := Decode(key, value)
	if err != nil {
		return nil, err
	}
	switch e := entry.(type) {
	case Version:
		b.last = newView(e.Version, maps.Clone(b.entries), b.last)
		return b.last, nil
	case nil:
		delete(b.entries, key)
	default:
		b.entries[key] = e
	}
	return nil, nil
}
