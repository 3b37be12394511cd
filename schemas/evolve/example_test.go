package evolve_test

import (
	"fmt"

	"panther/schemas/evolve"
	"panther/schemas/logtype"
)

// A port that becomes a text: lines are well, and the column begins anew.
func ExampleCompare() {
	old, _ := logtype.Parse("old.yml", []byte("schema: Shop.Order\nfields: [{name: port, type: int}]"))
	new, _ := logtype.Parse("new.yml", []byte("schema: Shop.Order\nfields: [{name: port, type: string}]"))
	for _, c := range evolve.Compare(old, new, evolve.Options{}) {
		fmt.Printf("%s: field %s: %s; the column %s\n", c.Level, c.Path, c.What, c.Column)
	}
	// Output: breaks: field port: type int -> string; the column begins anew as string; what it had stays in port__int
}
