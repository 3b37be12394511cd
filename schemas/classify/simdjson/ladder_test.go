// Package simdjson measures the engine beside another library, simdjson-go, in one run: its tape is what a check of schemas by
// means of a JSON library would begin with. It is a module of its own, so that the project does not depend on the library.
package simdjson

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	simd "github.com/minio/simdjson-go"

	"panther/schemas/classify"
	"panther/schemas/classify/mimic"
)

// The engine with 30 candidate schemas, and the tape of simdjson-go, in MB of lines per second of CPU time. It wants
// PANTHER_LADDER, which `make bench` sets.
func TestLadder(t *testing.T) {
	if os.Getenv("PANTHER_LADDER") == "" {
		t.Skip("PANTHER_LADDER is not set")
	}
	if !simd.SupportedCPU() {
		t.Skip("simdjson-go does not work on this processor")
	}
	lines := mimic.Lines(500, mimic.New(20261121).CloudTrail)
	plan, err := classify.Compile(mimic.Types(30))
	if err != nil {
		t.Fatal(err)
	}
	engine := plan.Checker()
	var tape *simd.ParsedJson
	var ours, theirs float64
	for range 25 { // in turns; of several turns the fastest counts
		ours = max(ours, measure(lines, func(line []byte) bool { return engine.Match(classify.Line{Bytes: line}) != nil }))
		theirs = max(theirs, measure(lines, func(line []byte) bool {
			tape, err = simd.Parse(line, tape, simd.WithCopyStrings(false))
			return err == nil
		}))
	}
	fmt.Printf("%-14s %8.0f MB per CPU-second\n%-14s %8.0f MB per CPU-second\n", "30", ours, "simdjson-go", theirs)
	verdict := "reached"
	if ours/theirs < 1.5 {
		verdict = "MISSED"
	}
	fmt.Printf("%-14s by %-8s %6.3f, goal %6.3f: %s\n", "30", "simdjson", ours/theirs, 1.5, verdict)
}

// measure returns MB of lines per second of CPU time.
func measure(lines [][]byte, check func([]byte) bool) float64 {
	size, start := 0, cpuTime()
	for {
		for _, line := range lines {
			size += len(line)
			if !check(line) {
				panic(fmt.Sprintf("unexpected: %s", line))
			}
		}
		if used := cpuTime() - start; used >= 25*time.Millisecond {
			return float64(size) / 1e6 / used.Seconds()
		}
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
