package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Lines of a folder become rows that the other commands of the lake know, with flags of one dash as with two.
func TestCompactFillsTheLake(t *testing.T) {
	input, dir := t.TempDir(), t.TempDir()
	line := "2 111122223333 eni-1 198.51.100.7 10.0.1.20 44321 443 6 12 5120 1772352000 1772352059 ACCEPT OK\n"
	if err := os.WriteFile(filepath.Join(input, "flow.json"), []byte(line+line), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _ := runProgram(t, 0, "compact", "-log-type", "AWS.VPCFlow", "-path", input, "-dir", dir); !strings.Contains(out, "2 rows added") {
		t.Error(out)
	}
	if out, _ := runProgram(t, 0, "compact", "--log-type", "AWS.VPCFlow", "--path", input, "--dir", dir); !strings.Contains(out, "2 were there already") {
		t.Error(out)
	}
	if out, _ := runProgram(t, 0, "lake", "verify", "--tables-only", "--dir", dir); !strings.Contains(out, "panther_logs.aws_vpcflow") {
		t.Error(out)
	}
	if _, talk := runProgram(t, exitUsage, "compact", "-path", input); !strings.Contains(talk, "-log-type") {
		t.Error(talk)
	}
}
