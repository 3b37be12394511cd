package notify_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"panther/schemas"
	"panther/schemas/catalogue"
	"panther/sinks/notify"
)

// An entry of the catalogue becomes a destination, which takes alerts.
func Example() {
	entry := catalogue.Destination{ID: "d1", Label: "terminal", Type: "log"}
	destination, err := notify.Build(entry, notify.Options{Out: os.Stdout, Console: "https://panther.example"})
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := destination.Deliver(context.Background(), schemas.Alert{
		ID: "a1", Type: schemas.SystemError, SystemError: schemas.SourceNoData, Severity: schemas.Critical,
		Title:   "Source [okta] has not processed any event for 15 minutes",
		DropOff: &schemas.DropOff{Threshold: 15 * time.Minute, LastEvent: time.Date(2026, 3, 1, 11, 45, 0, 0, time.UTC)},
	})
	fmt.Println(answer.Message, err)
	// Output:
	// CRITICAL Source [okta] has not processed any event for 15 minutes
	//   last event 2026-03-01 11:45:00 UTC; its threshold is 15m
	//   Alert a1: https://panther.example/alerts/a1
	// printed <nil>
}
