package stages_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"panther/pipeline/streamtest"
	"panther/schemas"
)

// TestAlertWords pins what people read: title, description and runbook of each kind of alert.
func TestAlertWords(t *testing.T) {
	s := story(signalVerbs(), aggregator)
	var b strings.Builder
	for _, line := range []string{
		"12:00:00 raise SOURCE_NO_DATA nginx silent 11:45:00",
		"12:00:00 raise SOURCE_NO_DATA new never-sent",
		"12:00:00 raise SOURCE_CLASSIFICATION_FAILURES nginx field port",
		"12:00:00 raise ALERT_DELIVERY slack",
		"12:00:00 raise SOURCE_SCANNING_ERRORS aws",
	} {
		d := streamtest.New(s.Nodes()...)
		s.Steps([]string{line})[0](d)
		out, err := d.Read()
		if err != nil {
			t.Fatal(err)
		}
		a := out[0].Message.(schemas.Alert)
		fmt.Fprintf(&b, "=== %s\n%s\n--- description\n%s\n--- runbook\n%s\n\n", a.SystemError, a.Title, a.Description, a.Runbook)
	}
	const file = "testdata/words.txt"
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s: -want +got\n%s", file, diff)
	}
}
