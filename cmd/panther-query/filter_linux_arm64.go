//go:build cgo && !noduckdb && duckdb_arrow

package main

import "golang.org/x/sys/unix"

const arch = unix.AUDIT_ARCH_AARCH64

var legacyCalls = []uint32{unix.SYS_RENAMEAT}

// openCalls are the calls that open files, and which of their arguments holds the flags.
var openCalls = map[uint32]uint32{unix.SYS_OPENAT: 2}
