package notify

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"panther/schemas"
	"panther/schemas/catalogue"
)

var update = flag.Bool("update", false, "rewrite the files of testdata")

// golden compares got with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update rewrites it):\n%s", file, diff)
	}
}

// posted returns what a destination of a type posts for the sample alerts.
func posted(t *testing.T, kind string) string {
	var bodies []string
	synctest.Test(t, func(t *testing.T) {
		hosts := network{"soc.example": func(w http.ResponseWriter, r *http.Request) {
			var v any
			b, _ := io.ReadAll(r.Body)
			if err := json.Unmarshal(b, &v); err != nil {
				t.Errorf("%v in %s", err, b)
			}
			pretty, _ := json.MarshalIndent(v, "", "  ")
			bodies = append(bodies, string(pretty))
		}}
		entry := catalogue.Destination{ID: "d1", Label: "soc", Type: kind, Settings: map[string]any{"url": "http://soc.example/hook"}}
		d, err := Build(entry, Options{Transport: hosts.start(t), Console: "https://panther.example/"})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range sampleAlerts() {
			if _, err := d.Deliver(t.Context(), a); err != nil {
				t.Fatal(err)
			}
		}
	})
	return strings.Join(bodies, "\n") + "\n"
}

func TestWebhookPayload(t *testing.T) { golden(t, "webhook.json", posted(t, "webhook")) }
func TestSlackMessage(t *testing.T)   { golden(t, "slack.json", posted(t, "slack")) }

func TestLog(t *testing.T) {
	var out bytes.Buffer
	d, err := Build(catalogue.Destination{Type: "log"}, Options{Out: &out, Console: "https://panther.example"})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range sampleAlerts() {
		if _, err := d.Deliver(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "log.txt", out.String())
}

// Whoever writes log lines does not write to the terminal of who reads the alert.
func TestLogEscapes(t *testing.T) {
	var out bytes.Buffer
	a := sampleAlerts()[0]
	a.Fingerprints[0].Samples[0].Payload = schemas.Line("\x1b[2Jgone\nCRITICAL forged\xff")
	if _, err := (&logDestination{out: &out}).Deliver(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if want := `first line: \x1b[2Jgone\nCRITICAL forged\xff`; !strings.Contains(out.String(), want) {
		t.Errorf("want %s in\n%q", want, &out)
	}
}

// All keys are always there, also for an alert that has nothing.
func TestPayloadKeys(t *testing.T) {
	b, err := json.Marshal(NewPayload(schemas.Alert{}, ""))
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(b, &keys); err != nil {
		t.Fatal(err)
	}
	for _, key := range strings.Fields("id createdAt severity type link title name alertId alertContext description runbook tags version") {
		v, ok := keys[key]
		if !ok || string(v) == "null" {
			t.Errorf("%s is %s", key, v)
		}
		if key == "link" && string(v) != `""` {
			t.Errorf("without a console the link is %s", v)
		}
		delete(keys, key)
	}
	if len(keys) > 0 {
		t.Errorf("there are more: %v", keys)
	}
}

// Slack refuses a message with one text that is too long.
func TestSlackLimits(t *testing.T) {
	m := newSlackMessage(largeAlert(), "https://panther.example")
	for _, b := range m.Attachments[0].Blocks {
		if b.Text != nil && utf8.RuneCountInString(b.Text.Text) > 3000 {
			t.Errorf("a text has %d characters", utf8.RuneCountInString(b.Text.Text))
		}
	}
	if n := len(m.Attachments[0].Blocks); n > 50 {
		t.Errorf("%d blocks", n)
	}
}

func TestSlackEscape(t *testing.T) {
	tests := []struct {
		text string
		n    int
		want string
	}{
		{"plain", 100, "plain"},
		{"<!channel> & co", 100, "&lt;!channel&gt; &amp; co"},
		{"abc<def", 7, "abc…"},
		{"abc<def", 9, "abc&lt;d…"},
	}
	for _, test := range tests {
		got := slackEscape(test.text, test.n)
		if got != test.want || utf8.RuneCountInString(got) > test.n {
			t.Errorf("%q in %d: got %q, want %q", test.text, test.n, got, test.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		15 * time.Minute: "15m", 24 * time.Hour: "24h", 90 * time.Minute: "1h30m", 10 * time.Second: "10s", 0: "0s",
		time.Hour + time.Second: "1h0m1s", 20 * time.Minute: "20m", 10 * time.Hour: "10h",
	} {
		if got := duration(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
}

func TestBuildNamesEveryMistake(t *testing.T) {
	_, err := Build(catalogue.Destination{Label: "soc", Type: "webhook", Settings: map[string]any{
		"url": 5, "headers": map[string]any{"X Y": "a", "X-Z": "a\nb", "X-N": 7},
	}}, Options{})
	want := `destination "soc": webhook.headers.X-N: want a text, got int; put it in quotes; ` +
		`webhook.headers: "X Y" is no name of a header; webhook.headers.X-Z: the value holds a line break or another control character; ` +
		`webhook.url: want a text, got int`
	if got := fmt.Sprint(err); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
