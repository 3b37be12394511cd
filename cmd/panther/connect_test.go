package main

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"panther/pipeline"
)

// The file that says where a broker listens is believed only while somebody listens there.
func TestRunningBroker(t *testing.T) {
	dir := t.TempDir()
	if got := runningBroker(dir); got != "" {
		t.Errorf("an empty folder: %s", got)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	put(t, filepath.Join(dir, addressFile), addr+"\n")
	if got := runningBroker(dir); got != addr {
		t.Errorf("it listens at %s, got %q", addr, got)
	}
	listener.Close()
	if got := runningBroker(dir); got != "" {
		t.Errorf("its process died, got %q", got)
	}
}

// Flags win over the configuration, and leave alone what they do not say: --dir keeps the port.
func TestPlace(t *testing.T) {
	for _, tt := range []struct {
		name  string
		flags place
		env   map[string]string
		want  pipeline.Embedded
	}{
		{"a folder", place{dir: "d"}, nil, pipeline.Embedded{Dir: "d", Port: pipeline.DefaultPort}},
		{"a folder and a port", place{dir: "d"}, map[string]string{"PANTHER_EMBEDDED_PORT": "19092"}, pipeline.Embedded{Dir: "d", Port: 19092}},
		{"a folder in place of the configured one", place{dir: "d"}, map[string]string{"PANTHER_EMBEDDED_DIR": "e", "PANTHER_EMBEDDED_PORT": "0"}, pipeline.Embedded{Dir: "d"}},
		{"a folder in place of brokers", place{dir: "d"}, map[string]string{"PANTHER_BROKERS": "kafka:9092"}, pipeline.Embedded{Dir: "d", Port: pipeline.DefaultPort}},
	} {
		c, err := tt.flags.load(&program{env: func(name string) string { return tt.env[name] }})
		if err != nil || c.Embedded == nil || *c.Embedded != tt.want || len(c.Brokers) > 0 || c.Lake.Warehouse != lakeOf("d") {
			t.Errorf("%s: %+v %+v, %v", tt.name, c.Embedded, c, err)
		}
	}
	bucket := place{warehouse: "s3://logs/panther"}
	if c, err := bucket.load(&program{env: func(name string) string { return map[string]string{"PANTHER_LAKE_CATALOG": "glue"}[name] }}); err != nil || c.Lake.Warehouse != bucket.warehouse {
		t.Errorf("a catalog that wants a bucket, which a flag names: %+v, %v", c.Lake, err)
	}
	brokers := place{brokers: "a:1, b:2"}
	c, err := brokers.load(&program{env: func(name string) string { return map[string]string{"PANTHER_EMBEDDED": "true"}[name] }})
	if err != nil || c.Embedded != nil || !slices.Equal(c.Brokers, []string{"a:1", "b:2"}) {
		t.Errorf("brokers: %+v, %v", c, err)
	}
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A variable that is misspelt is a mistake, told beside those of the values: what it says would not be done.
func TestLoadTellsMisspeltVariables(t *testing.T) {
	env := []string{"PANTHER_BROKER=127.0.0.1:9092", "PANTHER_HEARTBEAT=often"}
	p := &program{environ: func() []string { return env }, env: func(name string) string {
		for _, e := range env {
			if value, ok := strings.CutPrefix(e, name+"="); ok {
				return value
			}
		}
		return ""
	}}
	_, err := (&place{}).load(p)
	var exit *exitError
	if !errors.As(err, &exit) || exit.code != exitUsage || !strings.Contains(exit.text, "did you mean PANTHER_BROKERS?") || !strings.Contains(exit.text, `"often"`) {
		t.Errorf("%v", err)
	}
}
