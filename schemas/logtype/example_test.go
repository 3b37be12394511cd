package logtype_test

import (
	"fmt"

	"panther/schemas/logtype"
)

func ExampleParse() {
	s, err := logtype.Parse("orders.yml", []byte(`
schema: Shop.Orders
fields:
- {name: order, type: bigint, required: true}
- {name: placed, type: timestamp, timeFormat: unix_ms, isEventTime: true}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range s.Fields {
		fmt.Println(f.Name, f.Type, f.TimeFormats)
	}
	// Output:
	// order bigint []
	// placed timestamp [unix_ms]
}

// All mistakes are told at once, each with its place and what to do about it.
func ExampleParse_mistakes() {
	_, err := logtype.Parse("orders.yml", []byte(`
schema: Shop.Orders
fields:
- {name: order, type: bigint, requierd: true}
- {name: placed, type: timestmp}
`))
	fmt.Println(err)
	// Output:
	// orders.yml:4:31: unknown key "requierd"; did you mean "required"?
	// orders.yml:5:24: type: "timestmp" is not known; did you mean "timestamp"?
}

func ExampleTimeFormat_Parse() {
	f, err := logtype.ParseTimeFormat("%d/%b/%Y:%H:%M:%S %z")
	if err != nil {
		fmt.Println(err)
		return
	}
	at, err := f.Parse("01/Mar/2026:09:15:30 +0100")
	fmt.Println(at, err)
	// Output: 2026-03-01 08:15:30 +0000 UTC <nil>
}
