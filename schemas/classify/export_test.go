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
