package pipeline

import (
	"fmt"
	"strings"

	"panther/schemas/strict"
)

// Misspelt finds environment variables that are no settings and were likely meant to be: PANTHER_BROKER, for PANTHER_BROKERS.
// environ is as os.Environ has it. Variables that are like no setting are left alone: a catalogue may name them as secrets. The
// error is a strict.Problems with all of them.
func Misspelt(environ []string) error {
	var known []string
	for _, s := range settings() {
		known = append(known, s.Variable())
	}
	var problems strict.Problems
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		if value == "" || !strings.HasPrefix(name, "PANTHER_") {
			continue
		}
		if meant := meant(name, known); meant != "" {
			problems.Add(strict.Problem{File: name, Text: "there is no such setting", Hint: fmt.Sprintf("did you mean %s?", meant)})
		}
	}
	return problems.Err()
}

// meant is the one of the known names that name differs from by a slip in one word, or by an underscore; empty if there is
// none, or if name is known itself.
func meant(name string, known []string) (nearest string) {
	words := strings.Split(name, "_")
	for _, k := range known {
		if k == name {
			return ""
		}
		if strings.ReplaceAll(k, "_", "") == strings.ReplaceAll(name, "_", "") || oneSlip(words, strings.Split(k, "_")) {
			nearest = k
		}
	}
	return nearest
}

func oneSlip(words, of []string) bool {
	if len(words) != len(of) {
		return false
	}
	slips := 0
	for i, w := range words {
		if w == of[i] {
			continue
		}
		if slips++; slips > 1 || strict.Nearest(w, of[i:i+1]) == "" {
			return false
		}
	}
	return slips == 1
}
