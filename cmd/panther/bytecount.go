package main

import (
	"fmt"
	"strconv"
	"strings"
)

// A byteCount is a flag for a number of bytes, as 64MB. Units are powers of 1024, and a small i in them says no more.
type byteCount int64

// String is how help shows a default.
func (b *byteCount) String() string {
	n, unit := int64(*b), 0
	for n >= 1024 && n%1024 == 0 && unit < len(byteUnits)-1 {
		n, unit = n/1024, unit+1
	}
	return strconv.FormatInt(n, 10) + byteUnits[unit]
}

var byteUnits = []string{"B", "KB", "MB", "GB", "TB"}

// Set takes the flag's value.
func (b *byteCount) Set(s string) error {
	digits := strings.TrimRight(strings.ToUpper(s), "BIKMGT ")
	n, err := strconv.ParseFloat(digits, 64)
	unit := strings.ReplaceAll(strings.TrimSpace(strings.ToUpper(s)[len(digits):]), "I", "")
	if unit != "" && !strings.HasSuffix(unit, "B") {
		unit += "B"
	}
	for i, u := range byteUnits {
		if u == unit || unit == "" && i == 0 {
			n *= float64(int64(1) << (10 * i))
			if err != nil || !(n >= 0 && n < 1<<62) {
				break
			}
			*b = byteCount(n)
			return nil
		}
	}
	return fmt.Errorf("want a number of bytes, as 64MB")
}
