//go:build linux && cgo && !noduckdb && duckdb_arrow

package main

import (
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"

	"panther/sinks/lake/query/wire"
)

// beside is the memory that the process has beside what DuckDB counts: its code, stacks, what Go reserves.
const beside = 3 << 30

// confine lets the kernel refuse what no statement may do, whatever DuckDB believes: files cannot grow, so none can be written;
// no core is left behind; the memory of the process is bounded.
func confine(l wire.Limits) error {
	signal.Ignore(syscall.SIGXFSZ) // the write fails, as it should, instead of the process
	for _, limit := range []struct {
		resource int
		most     uint64
	}{
		{unix.RLIMIT_FSIZE, 0},
		{unix.RLIMIT_CORE, 0},
		{unix.RLIMIT_AS, uint64(l.Memory) + beside},
	} {
		if err := unix.Setrlimit(limit.resource, &unix.Rlimit{Cur: limit.most, Max: limit.most}); err != nil {
			return err
		}
	}
	return filter()
}
