package main

import (
	"net"
	"os"
	"path/filepath"
	"testing"
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

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
