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

// The program takes flags with one dash and with two, and ends with 0, 2 for a wrong call, 3 for lines that do not match.
func TestProgram(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	input := t.TempDir()
	line := "2 111122223333 eni-1 198.51.100.7 10.0.1.20 44321 443 6 12 5120 1772352000 1772352059 ACCEPT OK\n"
	if err := os.WriteFile(filepath.Join(input, "flow.json"), []byte(line+line), 0o600); err != nil {
		t.Fatal(err)
	}
	warehouse := filepath.Join(t.TempDir(), "lake")
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-h"}, 0, "-dry-run"},
		{[]string{"-log-type", "AWS.VPCFlow", "-path", input, "-warehouse", warehouse, "-dry-run"}, 0, "2 rows would be looked at"},
		{[]string{"-log-type", "AWS.VPCFlow", "-path", input, "-warehouse", warehouse, "-workers", "2"}, 0, "2 rows added"},
		{[]string{"--log-type=AWS.VPCFlow", "--path=" + input, "--warehouse=" + warehouse}, 0, "2 were there already"},
		{[]string{"-log-type", "AWS.CloudTrail", "-path", input, "-warehouse", warehouse}, 3, "2 without a row"},
		{[]string{"-path", input}, 2, "name the log type"},
	} {
		run := exec.Command(self, c.args...)
		run.Env = append(os.Environ(), "PANTHER_TEST_RUN=1", "PANTHER_LAKE_WAREHOUSE=")
		out, _ := run.CombinedOutput()
		if run.ProcessState.ExitCode() != c.code || !strings.Contains(string(out), c.want) {
			t.Errorf("%q: exit %d, want %d and %q:\n%s", c.args, run.ProcessState.ExitCode(), c.code, c.want, out)
		}
	}
}
