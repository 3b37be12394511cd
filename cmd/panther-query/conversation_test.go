//go:build cgo && !noduckdb && duckdb_arrow

package main

import (
	"bufio"
	"io"
	"os/exec"
	"testing"
)

// conversation starts a program and returns what it reads and what it writes.
func conversation(t *testing.T, cmd *exec.Cmd) (io.WriteCloser, *bufio.Reader) {
	cmd.Stdin = nil
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return in, bufio.NewReader(out)
}
