package infer_test

import (
	"fmt"

	"panther/schemas/infer"
)

// A schema from two lines.
func Example() {
	o := infer.JSON()
	for _, line := range []string{
		`{"id": "o-1", "time": "2026-03-01T08:15:30Z", "client": "198.51.100.7", "amount": 5}`,
		`{"id": "o-2", "time": "2026-03-01T08:16:00Z", "amount": 9.5}`,
	} {
		if err := o.Line([]byte(line)); err != nil {
			fmt.Println(err)
		}
	}
	d, err := o.Draft("Shop.Order")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(d.Text)
	// Output:
	// schema: Shop.Order
	// description: Inferred from 2 lines.
	// fields:
	// - {name: id, type: string, required: true}
	// - {name: time, type: timestamp, required: true, timeFormat: rfc3339, isEventTime: true}
	// - {name: client, type: string, indicators: [ip]}
	// - {name: amount, type: float, required: true}
}
