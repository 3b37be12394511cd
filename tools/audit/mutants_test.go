package main

import "testing"

// The texts that mutants replace must be where they are looked for, and be Go, else the audit of the audit fails when
// it is needed.
func TestMutantsFitTheSource(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants() {
		list, err := m.overlay(root, t.TempDir())
		if err != nil {
			t.Error(err)
		} else if !testing.Short() {
			if err := compile(t.Context(), root, list, "./pipeline/kafka"); err != nil {
				t.Errorf("mutant %s: %v", m.name, err)
			}
		}
	}
}
