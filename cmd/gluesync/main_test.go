package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The test runs itself as the program.
func TestMain(m *testing.M) {
	if os.Getenv("PANTHER_TEST_RUN") != "" {
		main()
	}
	os.Exit(m.Run())
}

// The program takes flags with one dash and with two, and ends with 0, 2 for a wrong call, 3 for what differs.
func TestProgram(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	type call struct {
		args []string
		code int
		want string
	}
	calls := []call{
		{[]string{"-h"}, 0, "-dry-run"},
		{[]string{"-workers", "0"}, 2, "want 1 or more"},
		{[]string{"-catalog", "rest", "-rest-uri", "http://127.0.0.1:1"}, 2, "not in Glue"},
	}
	switch endpoint := os.Getenv("PANTHER_TEST_GLUE"); {
	case endpoint != "":
		schema := filepath.Join(t.TempDir(), "gate.yml")
		if err := os.WriteFile(schema, []byte("schema: Custom.Gate\nfields: [{name: id, type: string}]\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		of := []string{"-warehouse", t.TempDir(), "-endpoint", endpoint, "-region", "ap-south-1", "-schemas", schema} // other packages use other regions
		calls = append(calls,
			call{append(of, "-dry-run", "-prefix", "Custom.Gate", "-workers", "2"), 3, "panther_logs.custom_gate: Glue has no table"},
			call{append(of, "--dry-run", "--prefix=AWS."), 0, "0 tables, 0 differences"},
		)
	case os.Getenv("CI") == "true":
		t.Fatal("PANTHER_TEST_GLUE names no server of Glue's API; `pip install moto[server,glue]; moto_server` is one")
	}
	for _, c := range calls {
		run := exec.Command(self, c.args...)
		run.Env = append(os.Environ(), "PANTHER_TEST_RUN=1", "AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret")
		out, _ := run.CombinedOutput()
		if run.ProcessState.ExitCode() != c.code || !strings.Contains(string(out), c.want) {
			t.Errorf("%q: exit %d, want %d and %q:\n%s", c.args, run.ProcessState.ExitCode(), c.code, c.want, out)
		}
	}
}
