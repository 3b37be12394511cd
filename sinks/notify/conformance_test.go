package notify

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"panther/schemas"
	"panther/schemas/catalogue"
)

// The secrets that no answer and no error may show: one in the URL, one in a header. All hold the text s3cret.
const (
	canary = "c4nary-s3cret"
	token  = "t0ken-s3cret"
)

// A conformance says how a type of destination is configured, for the rules that every type keeps.
type conformance struct {
	kind     string
	settings func(url string) map[string]any // nil url: it posts nowhere
	http     bool                            // it talks to the URL that it is given
}

func TestDestinations(t *testing.T) {
	cases := []conformance{
		{kind: "webhook", http: true, settings: func(url string) map[string]any {
			return map[string]any{"url": url, "headers": map[string]any{"Authorization": "env:TOKEN", "X-Plain": "plain-" + token}}
		}},
		{kind: "slack", http: true, settings: func(url string) map[string]any { return map[string]any{"url": url} }},
		{kind: "log", settings: func(string) map[string]any { return nil }},
	}
	var kept []string
	for _, c := range cases {
		kept = append(kept, c.kind)
		t.Run(c.kind, func(t *testing.T) { conform(t, c) })
	}
	var have []string
	for _, k := range kinds() {
		have = append(have, k.name)
	}
	if diff := cmp.Diff(have, kept); diff != "" {
		t.Errorf("every type of destination has its line here (-types +tested):\n%s", diff)
	}
}

// conform checks the rules of Destination.
func conform(t *testing.T, c conformance) {
	t.Run("every alert goes out", func(t *testing.T) { conformAlerts(t, c) })
	if !c.http {
		return
	}
	t.Run("what an answer means", func(t *testing.T) { conformAnswers(t, c) })
	t.Run("no secret is seen", func(t *testing.T) { conformSecrets(t, c) })
	t.Run("ends with its context", func(t *testing.T) { conformContext(t, c) })
	t.Run("a repeat can be known", func(t *testing.T) { conformRepeat(t, c) })
	t.Run("a missing secret", func(t *testing.T) { conformUnset(t, c) })
}

// make builds the destination, with hosts to talk to.
func (c conformance) make(t *testing.T, url string, hosts network) Destination {
	t.Helper()
	d, err := Build(c.entry(url), c.options(t, hosts))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (c conformance) entry(url string) catalogue.Destination {
	return catalogue.Destination{ID: "d1", Label: "soc", Type: c.kind, Settings: c.settings(url)}
}

func (c conformance) options(t *testing.T, hosts network) Options {
	env := func(name string) string {
		return map[string]string{"TOKEN": "Bearer " + token, "URL": "http://soc.example/services/" + canary}[name]
	}
	return Options{Env: env, Out: io.Discard, Transport: hosts.start(t), Console: "https://console.example"}
}

// conformAlerts: any alert, the empty one and the largest included, by several goroutines at once.
func conformAlerts(t *testing.T, c conformance) {
	synctest.Test(t, func(t *testing.T) {
		d := c.make(t, "http://soc.example/hook", network{"soc.example": answers(200, "ok")})
		alerts := append(sampleAlerts(), schemas.Alert{}, largeAlert())
		var calls sync.WaitGroup
		for _, a := range alerts {
			for range 2 {
				calls.Go(func() {
					if _, err := d.Deliver(t.Context(), a); err != nil {
						t.Errorf("%s: %v", a.Title, err)
					}
				})
			}
		}
		calls.Wait()
		if !reflect.DeepEqual(alerts, append(sampleAlerts(), schemas.Alert{}, largeAlert())) {
			t.Error("an alert was changed")
		}
	})
}

func conformAnswers(t *testing.T, c conformance) {
	long := strings.Repeat("0123456789", 1<<20)
	tests := []struct {
		name    string
		handler http.HandlerFunc // nil: the connection is refused
		want    string           // outcome, code and wait
		says    string           // the message begins so
	}{
		{"200", answers(200, "ok"), "delivered 200", "ok"},
		{"204", answers(204, ""), "delivered 204", ""},
		{"redirect", answers(302, "", "Location", "http://elsewhere.example/"), "permanent 302", "POST to http://soc.example: answered 302 Found, a redirect, which is not followed: configure the final address"},
		{"400", answers(400, "bad\n payload\x1b[31m"), "permanent 400", `POST to http://soc.example: answered 400 Bad Request: bad payload\x1b[31m`},
		{"404", answers(404, ""), "permanent 404", "POST to http://soc.example: answered 404 Not Found"},
		{"408", answers(408, ""), "retry 408", ""},
		{"425", answers(425, ""), "retry 425", ""},
		{"429", answers(429, "slow down"), "retry 429", ""},
		{"429 with seconds", answers(429, "", "Retry-After", "120"), "retry 429 after 2m0s", ""},
		{"429 with a date", answers(429, "", "Retry-After", "Sat, 01 Jan 2000 00:01:30 GMT"), "retry 429 after 1m30s", ""},
		{"429 with a date that is over", answers(429, "", "Retry-After", "Sat, 01 Jan 1999 00:01:30 GMT"), "retry 429", ""},
		{"429 with next year", answers(429, "", "Retry-After", "31536000"), "retry 429 after 24h0m0s", ""},
		{"429 with nonsense", answers(429, "", "Retry-After", "soon"), "retry 429", ""},
		{"500", answers(500, "oops"), "retry 500", "POST to http://soc.example: answered 500 Internal Server Error: oops"},
		{"503", answers(503, "", "Retry-After", "5"), "retry 503 after 5s", ""},
		{"a status that nobody knows", answers(599, ""), "retry 599", "POST to http://soc.example: answered 599"},
		{"10 MB beside 200", answers(200, long), "delivered 200", "01234567890"},
		{"10 MB beside 400", answers(400, long), "permanent 400", "POST to http://soc.example: answered 400 Bad Request: 01234567890"},
		{"an answer without end", func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, long[:1<<20])
			w.(http.Flusher).Flush()
			hangs(w, r)
		}, "delivered 200", "01234567890"},
		{"nothing", hangs, "retry 0", "POST to http://soc.example: no answer within 10s"},
		{"breaks off", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "retry 0", "POST to http://soc.example: "},
		{"refused", nil, "retry 0", "POST to http://soc.example: dial tcp: connection refused"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := c.make(t, "http://soc.example/hook", network{"soc.example": test.handler})
				ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Second, errors.New("no answer within 10s"))
				defer cancel()
				start := time.Now()
				answer, err := deliver(ctx, d, sampleAlerts()[0])
				if took := time.Since(start); took > 0 && test.name != "nothing" {
					t.Errorf("it took %s", took)
				}
				r := receipt(schemas.Attempt{}, answer, err, time.Now())
				got := fmt.Sprintf("%s %d", r.Outcome, r.StatusCode)
				if r.After > 0 {
					got += " after " + r.After.String()
				}
				if got != test.want {
					t.Errorf("got %s, want %s (%s)", got, test.want, r.Message)
				}
				if !strings.HasPrefix(r.Message, test.says) || len(r.Message) > maxMessage {
					t.Errorf("it says, in %d bytes, %q; want %q at most %d", len(r.Message), r.Message, test.says, maxMessage)
				}
			})
		})
	}
}

// conformSecrets: a server that repeats all that it is told, in the ways servers do, learns nothing to show.
func conformSecrets(t *testing.T, c conformance) {
	urls := []string{
		"http://soc.example/services/T000/" + canary,
		"http://soc.example/hook?a=1&token=" + canary,
		"http://user:" + canary + "@soc.example/hook",
		"env:URL",
	}
	for _, url := range urls {
		for name, text := range echoes() {
			for _, status := range []int{200, 302, 400, 500} {
				t.Run(fmt.Sprintf("%s/%d", name, status), func(t *testing.T) {
					c.seesNoSecret(t, url, network{"soc.example": func(w http.ResponseWriter, r *http.Request) {
						w.Header().Set("Location", "http://elsewhere.example"+r.URL.String())
						w.WriteHeader(status)
						io.WriteString(w, text(r))
					}})
				})
			}
		}
		t.Run("hangs", func(t *testing.T) { c.seesNoSecret(t, url, network{"soc.example": hangs}) })
		t.Run("refused", func(t *testing.T) { c.seesNoSecret(t, url, network{}) })
	}
	for _, url := range []string{"http://[" + canary, "ftp://soc.example/" + canary, canary} {
		_, err := Build(c.entry(url), c.options(t, nil))
		if permanent := new(PermanentError); !errors.As(err, &permanent) || strings.Contains(err.Error(), canary) {
			t.Errorf("a URL that is none: got %v", err)
		}
	}
}

// echoes are what servers repeat of a request.
func echoes() map[string]func(r *http.Request) string {
	return map[string]func(r *http.Request) string{
		"url":        func(r *http.Request) string { return r.URL.String() },
		"url quoted": func(r *http.Request) string { return url.QueryEscape(r.URL.String()) },
		"query":      func(r *http.Request) string { return fmt.Sprint(r.URL.Query()) },
		"path":       func(r *http.Request) string { return "no " + path.Base(r.URL.Path) },
		"headers":    func(r *http.Request) string { return fmt.Sprint(r.Header) },
		"credential": func(r *http.Request) string { return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ") },
		"all": func(r *http.Request) string {
			b, _ := io.ReadAll(r.Body)
			return fmt.Sprintf("%q %q %s %s", r.URL, r.Header, b, strings.Repeat(r.URL.String(), 2000))
		},
	}
}

func (c conformance) seesNoSecret(t *testing.T, url string, hosts network) {
	synctest.Test(t, func(t *testing.T) {
		d := c.make(t, url, hosts)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		answer, err := d.Deliver(ctx, sampleAlerts()[0])
		seen := fmt.Sprintf("%+v %v %+v", answer, err, receipt(schemas.Attempt{}, answer, err, time.Now()))
		for _, secret := range []string{"s3cret", base64.StdEncoding.EncodeToString([]byte("user:" + canary))} {
			if strings.Contains(seen, secret) {
				t.Errorf("%q is seen in %s", secret, seen)
			}
		}
	})
}

func conformContext(t *testing.T, c conformance) {
	synctest.Test(t, func(t *testing.T) {
		d := c.make(t, "http://soc.example/hook", network{"soc.example": hangs})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		if _, err := d.Deliver(ctx, sampleAlerts()[0]); err == nil || time.Since(start) != time.Second {
			t.Errorf("it ended with %v after %s", err, time.Since(start))
		}
	})
}

// conformRepeat: two attempts for an alert carry the same key, which differs from that of another alert.
func conformRepeat(t *testing.T, c conformance) {
	synctest.Test(t, func(t *testing.T) {
		var keys []string
		d := c.make(t, "http://soc.example/hook", network{"soc.example": func(w http.ResponseWriter, r *http.Request) {
			keys = append(keys, r.Header.Get("Idempotency-Key"))
			for _, name := range []string{"Content-Type", "User-Agent"} {
				if r.Header.Get(name) == "" {
					t.Errorf("there is no %s", name)
				}
			}
		}})
		for _, id := range []string{"a1", "a1", "a2"} {
			if _, err := d.Deliver(t.Context(), schemas.Alert{ID: id}); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff([]string{"a1:d1", "a1:d1", "a2:d1"}, keys); diff != "" {
			t.Error(diff)
		}
	})
}

// conformUnset: a secret that is not there may be set later.
func conformUnset(t *testing.T, c conformance) {
	o := c.options(t, nil)
	o.Env = func(string) string { return "" }
	_, err := Build(c.entry("env:URL"), o)
	permanent := new(PermanentError)
	if err == nil || errors.As(err, &permanent) || !strings.Contains(err.Error(), "secret env:URL is not set") {
		t.Errorf("got %v", err)
	}
}

// sampleAlerts has an alert of each form.
func sampleAlerts() []schemas.Alert {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	source := schemas.Component{Kind: schemas.LogSource, ID: "s1", Label: "okta"}
	base := schemas.Alert{Type: schemas.SystemError, Component: source, Severity: schemas.Critical, Status: schemas.Open, CreatedAt: at, LastSeenAt: at.Add(time.Minute), Count: 3}
	failures, silence, delivery := base, base, base
	failures.ID, failures.SystemError = "a1", schemas.SourceClassificationFailures
	failures.Title = "Source [okta] received events that we were unable to classify in the last 24 hours"
	failures.Description, failures.Runbook = "The first line that failed came at 12:00.", "Mend the schema, then resolve this alert."
	failures.Fingerprints = []schemas.Fingerprint{{
		ID: "f1", Schema: "Okta.SystemLog", Code: schemas.TypeMismatch, Field: "actor.alternateId", Expected: "string", Got: `{"email":"a@b.example"}`, Count: 3,
		Samples: []schemas.Sample{{RowID: "r1", Payload: schemas.Line(`{"actor":{"alternateId":{"email":"a@b.example"}}}`), Error: "actor.alternateId: expected string", Position: schemas.Position{Topic: "okta", Partition: 1, Offset: 42}, Arrival: at}},
	}}
	silence.ID, silence.SystemError, silence.Title = "a2", schemas.SourceNoData, "Source [okta] has not processed any event for 15 minutes"
	silence.DropOff = &schemas.DropOff{Threshold: 15 * time.Minute, LastEvent: at.Add(-15 * time.Minute), Since: at.Add(-15 * time.Minute)}
	delivery.ID, delivery.SystemError, delivery.Title = "a3", schemas.AlertDelivery, "Alerts could not be delivered to destination [soc]"
	delivery.Component = schemas.Component{Kind: schemas.Destination, ID: "d1", Label: "soc"}
	delivery.Deliveries = []schemas.FailedDelivery{{AlertID: "a1", Title: failures.Title, Error: "answered 500", StatusCode: 500, Attempts: 3, At: at}}
	return []schemas.Alert{failures, silence, delivery}
}

// largeAlert is longer than any bound, in bytes that are not text.
func largeAlert() schemas.Alert {
	a := sampleAlerts()[0]
	line := bytes.Repeat([]byte("<&\xff\x00\x1b`"), 2000)
	a.ID, a.Title, a.Description, a.Runbook = "a4", string(line), string(line), string(line)
	for range 8 {
		f := a.Fingerprints[0]
		f.Field, f.Got = string(line), string(line)
		f.Samples = []schemas.Sample{{Payload: line, Error: string(line)}}
		a.Fingerprints = append(a.Fingerprints, f)
		a.Deliveries = append(a.Deliveries, schemas.FailedDelivery{Title: string(line), Error: string(line)})
	}
	return a
}
