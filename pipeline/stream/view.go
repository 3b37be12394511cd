package stream

// MapperView is the View of a mapper: a catalogue, and no clocks, so that nothing is ever due.
type MapperView struct{ Catalogue }

// Due is false.
func (MapperView) Due(Wake) bool { return false }

// CatalogueOf returns the catalogue behind the view of a mapper: its own type has methods beyond those of Catalogue.
func CatalogueOf(v View) Catalogue {
	if m, ok := v.(MapperView); ok {
		return m.Catalogue
	}
	return v
}
