package main

import (
	"os"
	"path/filepath"
	"testing"

	"panther/sinks/lake/operator/operatortest"
)

func TestMain(m *testing.M) { operatortest.Main(m, main) }

// The program takes flags with one dash and with two, and ends with 0, 2 for a wrong call, 3 for what differs.
func TestProgram(t *testing.T) {
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
		operatortest.Expect(t, c.args, c.code, c.want, "AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret")
	}
}
