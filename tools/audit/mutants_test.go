package main

import "testing"

// The texts that mutants replace must be where they are looked for, and make a program, else the audit of the audit fails when
// it is needed.
func TestMutantsFitTheSource(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants() {
		if _, err := m.texts(root); err != nil {
			t.Error(err)
		} else if !testing.Short() {
			if _, err := m.build(t.Context(), t.TempDir()); err != nil {
				t.Error(err)
			}
		}
	}
}
