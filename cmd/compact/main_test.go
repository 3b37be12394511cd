package main

import (
	"os"
	"path/filepath"
	"testing"

	"panther/sinks/lake/operator/operatortest"
)

func TestMain(m *testing.M) { operatortest.Main(m, main) }

// The program takes flags with one dash and with two, and ends with 0, 2 for a wrong call, 3 for lines that do not match.
func TestProgram(t *testing.T) {
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
		operatortest.Expect(t, c.args, c.code, c.want, "PANTHER_LAKE_WAREHOUSE=")
	}
}
