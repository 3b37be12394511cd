package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// A narrator prints what happens, with the time since the demo began in front.
type narrator struct {
	mu    sync.Mutex
	out   io.Writer
	began time.Time
}

func (n *narrator) line(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	at := time.Since(n.began)
	fmt.Fprintf(n.out, "%02d:%02d  %s\n", int(at.Minutes()), int(at.Seconds())%60, fmt.Sprintf(format, args...))
}

// more adds to the line before.
func (n *narrator) more(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	fmt.Fprintf(n.out, "       %s\n", fmt.Sprintf(format, args...))
}

// Write prints what a destination of type log prints: an alert as a person sees it, set off from the rest.
func (n *narrator) Write(b []byte) (int, error) {
	n.line("terminal: an alert arrives")
	for line := range strings.Lines(string(b)) {
		n.more("| %s", strings.TrimRight(line, "\n"))
	}
	return len(b), nil
}
