package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
)

// The first Ctrl-C lets the program finish what is under way, the second ends it at once, whatever it is doing.
func TestInterruptedTwice(t *testing.T) {
	const child = "PANTHER_TEST_INTERRUPTED"
	if os.Getenv(child) != "" {
		ctx, _ := interruptible(t.Context(), &program{err: os.Stderr})
		fmt.Println("at work")
		<-ctx.Done()
		fmt.Println("finishing")
		select {} // for ever
	}
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot interrupt another one here")
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestInterruptedTwice$")
	cmd.Env = append(os.Environ(), child+"=yes")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	for _, want := range []string{"at work", "finishing"} {
		if !lines.Scan() || lines.Text() != want {
			t.Fatalf("it says %q, want %q", lines.Text(), want)
		}
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 130 {
		t.Errorf("it ended with %v, want exit code 130", err)
	}
}
