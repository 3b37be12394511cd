// Package operatortest runs the operator's programs as processes: a test runs itself as its program.
package operatortest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

const asProgram = "PANTHER_TEST_RUN"

// Main is what TestMain calls: it runs the tests, or in a process that Expect has started the program.
func Main(m *testing.M, program func()) {
	if os.Getenv(asProgram) != "" {
		program()
	}
	os.Exit(m.Run())
}

// Expect runs the program with variables beside those of the test. It wants an exit code, and something said.
func Expect(t *testing.T, args []string, code int, want string, env ...string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(append(os.Environ(), asProgram+"=1"), env...)
	out, _ := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != code || !strings.Contains(string(out), want) {
		t.Errorf("%q: exit %d, want %d and %q:\n%s", args, cmd.ProcessState.ExitCode(), code, want, out)
	}
}
