package catalogue

// ChangedAt is the catalogue version that last wrote the entry; with it tasks tell new entries from those that they know.
func (s LogSource) ChangedAt() int64 { return s.Version }

// ChangedAt is the catalogue version that last wrote the entry.
func (s Schema) ChangedAt() int64 { return s.Version }

// ChangedAt is the catalogue version that last wrote the entry.
func (d Destination) ChangedAt() int64 { return d.Version }
