package logtype

// Bounds are numbers that the page about schemas has.
func Bounds() map[string]int {
	return map[string]int{
		"fields, with the definitions put in": MaxFields,
		"fields that are made of others":      maxMade,
		"formats of a timestamp":              maxTimeFormats,
		"texts of `allow`":                    maxListed,
		"text that stands for a masked value": maxMasked,
		"patterns of `fastmatch`":             maxPatterns,
		"and instructions times groups":       maxWork,
		"of text between them":                maxLiterals >> 10,
		"nested":                              MaxNesting,
		"of 500 values":                       maxPaths,
		"of 8 KiB each":                       maxPattern >> 10,
		"32 KiB, 10,000 instructions":         maxExpr >> 10,
		"instructions, and":                   maxInstructions,
	}
}
