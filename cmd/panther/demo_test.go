package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"panther/pipeline"
	"panther/sinks/lake"
)

// The demo, from the broker to the farewell: each line is an event or a failure, and the vendor's change is one alert. It gives
// way where its ports are taken, here by the test if nobody else has them.
func TestDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("the demo runs for 8 seconds")
	}
	t.Parallel()
	for _, address := range []string{fmt.Sprintf("127.0.0.1:%d", pipeline.DefaultPort), pipeline.DefaultListen} {
		if taken, err := net.Listen("tcp", address); err == nil {
			defer taken.Close()
		}
	}
	dir := t.TempDir()
	stdout, stderr := runProgram(t, 0, "demo", "--for", "8s", "--rate", "40", "--dir", dir, "-o", "json")
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	var r demoResult
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &r); err != nil {
		t.Fatalf("the last line is no result: %v\n%s", err, stdout)
	}
	if r.Lines == 0 || r.Failures == 0 || r.Lines != r.Events+r.Failures {
		t.Errorf("%d lines became %d events and %d failures:\n%s", r.Lines, r.Events, r.Failures, stderr)
	}
	if r.Alerts["SOURCE_CLASSIFICATION_FAILURES"] != 1 {
		t.Errorf("alerts %v", r.Alerts)
	}
	if r.Dir != dir {
		t.Errorf("it lies in %s, want %s", r.Dir, dir)
	}
	if !regexp.MustCompile(`metrics http://127\.0\.0\.1:[1-9]\d*/metrics`).MatchString(stderr) {
		t.Errorf("no address of metrics in\n%s", stderr)
	}
}

// A run of the examples answers when it is ready, says what will not work, and stops when it is told to.
func TestRun(t *testing.T) {
	t.Parallel()
	dir, files := t.TempDir(), t.TempDir()
	put(t, filepath.Join(files, "chat.yml"), "kind: Destination\nname: chat\ntype: slack\nslack: {url: \"env:CHAT_URL\"}\n")
	put(t, filepath.Join(files, "source.yml"), "kind: LogSource\nname: edge\ntopics: [edge]\nlogTypes: [Nginx.Access]\n")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	talk := &said{}
	p := &program{in: strings.NewReader(""), out: io.Discard, err: talk, env: func(name string) string {
		return map[string]string{"PANTHER_EMBEDDED_DIR": dir, "PANTHER_EMBEDDED_PORT": "0", "PANTHER_HTTP_LISTEN": "127.0.0.1:0"}[name]
	}}
	code := make(chan int, 1)
	go func() { code <- p.main(ctx, []string{"run", "-f", files, "--embedded"}) }()
	address := regexp.MustCompile(`health and metrics (http://[^/]+)/metrics`)
	var base string
	talk.until(t, code, func(text string) bool {
		if m := address.FindStringSubmatch(text); m != nil {
			base = m[1]
		}
		return base != ""
	})
	for answer(t, base+"/readyz") != http.StatusOK {
		pauseFor(t, code, talk)
	}
	if got := answer(t, base+"/healthz"); got != http.StatusOK {
		t.Errorf("healthz answers %d", got)
	}
	if want := `destination "chat": secret env:CHAT_URL is not set`; !strings.Contains(talk.text(), want) {
		t.Errorf("it does not say %q:\n%s", want, talk.text())
	}
	if addr := runningBroker(dir); addr == "" {
		t.Error("other commands do not find the broker")
	}
	stop()
	if got := <-code; got != 0 {
		t.Errorf("exit %d:\n%s", got, talk.text())
	}
	if addr := runningBroker(dir); addr != "" {
		t.Errorf("the broker still listens at %s", addr)
	}
}

// answer is the status with which an address answers.
func answer(t *testing.T, address string) int {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// said is what a command says, while others look at it.
type said struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *said) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// until waits until the command has said something, and fails if it ends before.
func (s *said) until(t *testing.T, ended <-chan int, enough func(text string) bool) {
	t.Helper()
	for !enough(s.text()) {
		pauseFor(t, ended, s)
	}
}

// pauseFor leaves a running command some time.
func pauseFor(t *testing.T, ended <-chan int, talk *said) {
	t.Helper()
	select {
	case code := <-ended:
		t.Fatalf("it ended with %d:\n%s", code, talk.text())
	case <-time.After(20 * time.Millisecond):
	}
}

// The last words of the demo name commands that work for who called it.
func TestSelf(t *testing.T) {
	for called, want := range map[string]string{
		"/tmp/go-build12/b001/exe/panther": "go run ./cmd/panther",
		"./panther":                        "./panther",
		"panther":                          "panther",
	} {
		if got := self(called); got != want {
			t.Errorf("%s: %s, want %s", called, got, want)
		}
	}
}

// The broker of the demo is a real one: what others have sent to it is told apart from its own lines.
func TestFarewell(t *testing.T) {
	folder, err := lake.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for want, r := range map[string]*demoResult{
		"done: 10 lines became 9 events and 1 failures":                         {Lines: 10, Events: 9, Failures: 1},
		"done: 10 lines and 3 that others sent became 12 events and 1 failures": {Lines: 10, Events: 12, Failures: 1},
	} {
		var out bytes.Buffer
		d := &demo{say: &narrator{out: &out, began: time.Now()}, service: &service{lake: lake.NewCatalog(folder)}}
		if d.farewell(r); !strings.Contains(out.String(), want) {
			t.Errorf("want %q in\n%s", want, &out)
		}
	}
}
