package pipeline

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"panther/sinks/lake/catalogs"

	"panther/pipeline/kafka"
	"panther/sinks/lake"
)

var update = flag.Bool("update", false, "rewrite golden files and docs/configuration.md")

// load writes text to a file and loads it, with an environment. The error's text has the file's name as config.yml.
func load(t *testing.T, text string, env map[string]string) (Config, string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := Load(file, func(name string) string { return env[name] })
	if err != nil {
		return c, strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), "")
	}
	return c, ""
}

func TestLoadNothingGivesDefaults(t *testing.T) {
	none := func(string) string { return "" }
	c, err := Load("", none)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(defaults(), c); diff != "" {
		t.Error(diff)
	}
	if c.Heartbeat != 10*time.Second || c.CommitInterval != 100*time.Millisecond || c.Protocol != "auto" || c.Embedded != nil {
		t.Errorf("defaults: %+v", c)
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none.yml"), none); err == nil || !strings.Contains(err.Error(), "read the configuration") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestLoadFile(t *testing.T) {
	c, problems := load(t, `
brokers: [kafka-1:9093, "[::1]:9093"]
lake: {warehouse: "s3://logs/panther", catalog: rest, rest: {uri: "https://catalog/", warehouse: logs, credential: "env:CATALOG", scope: all}, interval: 30s, retention: [panther_logs.*=90d], upkeep: false}
aws: {endpoint: "http://store:9000/", region: eu-west-1, pathStyle: false}
http: {listen: ":9000"}
console: {url: "https://panther.example/ui/"}
heartbeat: 5s
commitInterval: 200ms
protocol: classic
instance: panther-0
createTopics: true
security:
  tls: {ca: /ca.pem, cert: /cert.pem, key: /key.pem, serverName: kafka}
  sasl: {mechanism: SCRAM-SHA-512, user: panther, password: "file:/run/secrets/kafka"}
`, nil)
	if problems != "" {
		t.Fatal(problems)
	}
	want := Config{Brokers: []string{"kafka-1:9093", "[::1]:9093"}, Heartbeat: 5 * time.Second, CommitInterval: 200 * time.Millisecond,
		Protocol: "classic", Instance: "panther-0", CreateTopics: true}
	want.Lake.Warehouse, want.Lake.Interval = "s3://logs/panther", 30*time.Second
	want.Lake.Retention = []lake.Retention{{Table: "panther_logs.*", Keep: 90 * 24 * time.Hour}}
	want.Lake.Catalog, want.Lake.REST = "rest", catalogs.REST{URI: "https://catalog", Warehouse: "logs", Credential: "env:CATALOG", Scope: "all"}
	want.AWS.Endpoint, want.AWS.Region, want.AWS.PathStyle = "http://store:9000", "eu-west-1", new(bool)
	want.HTTP.Listen, want.Console.URL = ":9000", "https://panther.example/ui"
	want.Security.TLS = &kafka.TLSFiles{CA: "/ca.pem", Cert: "/cert.pem", Key: "/key.pem", ServerName: "kafka"}
	want.Security.SASL = SASL{"SCRAM-SHA-512", "panther", "file:/run/secrets/kafka"}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
}

// Every key of the file is a variable too, which wins.
func TestEnvironment(t *testing.T) {
	c, problems := load(t, "embedded: {dir: here, port: 1}\nheartbeat: 5s\n", map[string]string{
		"PANTHER_EMBEDDED": "true", "PANTHER_EMBEDDED_PORT": "0", "PANTHER_HEARTBEAT": "2s", "PANTHER_COMMIT_INTERVAL": "1s",
		"PANTHER_LAKE_WAREHOUSE": "/lake", "PANTHER_LAKE_RETENTION": "panther_logs.*=90d, panther_logs.a=1 hour", "PANTHER_CREATE_TOPICS": "true",
	})
	if problems != "" {
		t.Fatal(problems)
	}
	if diff := cmp.Diff(&Embedded{"here", 0}, c.Embedded); diff != "" {
		t.Error(diff)
	}
	kept := []lake.Retention{{Table: "panther_logs.*", Keep: 90 * 24 * time.Hour}, {Table: "panther_logs.a", Keep: time.Hour}}
	if c.Heartbeat != 2*time.Second || c.CommitInterval != time.Second || c.Lake.Warehouse != "/lake" || !slices.Equal(c.Lake.Retention, kept) || !c.CreateTopics {
		t.Errorf("%+v", c)
	}
	c, problems = load(t, "{}", map[string]string{"PANTHER_BROKERS": "a:1,b:2", "PANTHER_SECURITY_TLS": "true",
		"PANTHER_SECURITY_SASL_MECHANISM": "PLAIN", "PANTHER_SECURITY_SASL_USER": "u", "PANTHER_SECURITY_SASL_PASSWORD": "hunter2"})
	if problems != "" {
		t.Fatal(problems)
	}
	if diff := cmp.Diff([]string{"a:1", "b:2"}, c.Brokers); diff != "" || c.Security.TLS == nil {
		t.Errorf("%s %+v", diff, c)
	}
	if c.Security.SASL.Password != "env:PANTHER_SECURITY_SASL_PASSWORD" {
		t.Errorf("the configuration holds the password: %q", c.Security.SASL.Password)
	}
}

func TestSettingsHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]string{}
	for _, s := range Settings() {
		v := s.Variable()
		if other, ok := seen[v]; ok || s.Meaning == "" || s.Hint == "" {
			t.Errorf("%s: variable %s, which %q has too, or no meaning or hint", s.Key, v, other)
		}
		seen[v] = s.Key
	}
	if seen["PANTHER_SECURITY_TLS_SERVER_NAME"] != "security.tls.serverName" {
		t.Errorf("variables: %v", seen)
	}
}

// All mistakes of file and environment come at once, and none of them repeats a secret. -update rewrites the result.
func TestLoadProblems(t *testing.T) {
	const golden = "testdata/config.txtar"
	archive, err := txtar.ParseFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	file, environment, result := archive.Files[0], archive.Files[1], &archive.Files[2]
	env := map[string]string{}
	for line := range strings.Lines(string(environment.Data)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		env[name] = value
	}
	_, got := load(t, string(file.Data), env)
	got += "\n"
	if *update {
		result.Data = []byte(got)
		if err := os.WriteFile(golden, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(result.Data), got); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(got, "hunter2") {
		t.Error("a problem repeats the password")
	}
}

// docs/configuration.md is made from the table; -update writes it.
func TestDocumentation(t *testing.T) {
	var b strings.Builder
	b.WriteString(`# Configuration

How a process runs: where Kafka and the lake are. What it watches is in the catalogue: see [examples](../examples).

    panther run --config FILE

The file is YAML. Every key is an environment variable too, which wins over the file. Unknown keys are mistakes, so are
variables that look like a misspelt one, and all mistakes are told at once. A password is never in the file: it is named, as ` + "`env:NAME` or `file:/path`" + `.

` + "This page is made from the table in `pipeline/settings.go` by `go test ./pipeline -run Documentation -update`." + `

| key | variable | what it is; the default | value |
| --- | --- | --- | --- |
`)
	for _, s := range Settings() {
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", s.Key, s.Variable(), s.Meaning, s.Hint)
	}
	const file = "../docs/configuration.md"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.String(), string(have)); diff != "" {
		t.Errorf("docs/configuration.md is not up to date (-want +have); -update writes it:\n%s", diff)
	}
}
