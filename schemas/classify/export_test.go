package classify

import "panther/schemas/logtype"

// Cost returns what a plan is reckoned to take, in bytes.
func Cost(candidates []*logtype.Schema) int {
	left := maxPlan
	if _, err := compile(candidates, &left); err != nil {
		return maxPlan + 1
	}
	return maxPlan - left
}

// FillsFromLines reports whether columns are filled from the lines of each schema that was met, without their events.
func (f *Filler) FillsFromLines() bool {
	for _, y := range f.layouts.all {
		if y == nil {
			return false
		}
	}
	return true
}
