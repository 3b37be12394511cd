package strict

import (
	"fmt"
	"strings"
)

// DidYouMean is the hint for a word that is not among those known: the nearest of them or, if none is near, those that begin
// with it or all, when they are few.
func DidYouMean(word string, known []string) string {
	if near := Nearest(word, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if longer := beginWith(word, known); len(longer) > 0 && len(longer) <= 6 {
		return fmt.Sprintf("did you mean %s?", strings.Join(longer, " or "))
	}
	if len(known) == 0 || len(known) > 12 {
		return ""
	}
	return "known are " + strings.Join(known, ", ")
}

// beginWith returns the words, quoted, that begin with one that is not cut off too early to tell.
func beginWith(word string, known []string) (longer []string) {
	for _, k := range known {
		if len(word) >= 3 && len(k) > len(word) && strings.EqualFold(k[:len(word)], word) {
			longer = append(longer, fmt.Sprintf("%q", k))
		}
	}
	return longer
}

// Nearest returns the word among known that word is most likely a misspelling of, by edit distance and whatever the case;
// empty if it is like none of them.
func Nearest(word string, known []string) string {
	nearest, least := "", 1+max(1, len([]rune(word))/3)
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d < least {
			nearest, least = k, d
		}
	}
	return nearest
}

// distance counts the letters to insert, leave out, change, or swap with their neighbour, to make b of a.
func distance(a, b string) int {
	ra, rb := []rune(a), []rune(b)
	before, previous := make([]int, len(rb)+1), make([]int, len(rb)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := range ra {
		row := make([]int, len(rb)+1)
		row[0] = i + 1
		for j := range rb {
			change := previous[j]
			if ra[i] != rb[j] {
				change++
			}
			row[j+1] = min(change, previous[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && ra[i] == rb[j-1] && ra[i-1] == rb[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, previous = previous, row
	}
	return previous[len(rb)]
}
