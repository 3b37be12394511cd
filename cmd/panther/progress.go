package main

import (
	"fmt"
	"io"
	"time"

	"panther/sinks/lake/operator"
)

// A progress tells how far a command has come, on a terminal only.
type progress struct {
	w     io.Writer // nil: nobody watches
	size  int64     // bytes in all; 0: not known
	began time.Time
	shown time.Time
	line  operator.Status
}

func newProgress(w io.Writer, size int64) *progress {
	if !operator.IsTerminal(w) {
		return &progress{}
	}
	return &progress{w: w, size: size, began: time.Now()}
}

// show writes what was done, a few times a second.
func (p *progress) show(lines int, bytes int64, now time.Time) {
	if p.w == nil || now.Sub(p.shown) < 200*time.Millisecond {
		return
	}
	p.shown = now
	p.line.Show(p.w, p.text(lines, bytes, now.Sub(p.began)))
}

func (p *progress) text(lines int, bytes int64, took time.Duration) string {
	done := fmt.Sprintf("%d lines, %s", lines, byteSize(bytes))
	speed := float64(bytes) / max(took.Seconds(), 0.001)
	if p.size == 0 {
		return fmt.Sprintf("%s, %s/s", done, byteSize(int64(speed)))
	}
	left := time.Duration(float64(max(0, p.size-bytes)) / max(speed, 1) * float64(time.Second))
	return fmt.Sprintf("%s of %s, %s/s, %s left", done, byteSize(p.size), byteSize(int64(speed)), short(left))
}

// end clears the line.
func (p *progress) end() { p.line.Clear(p.w) }
