//go:build linux && (amd64 || arm64) && cgo && !noduckdb && duckdb_arrow

package main

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// forbidden are the calls of the kernel that an answer never needs: networks, programs, changes of files. legacyCalls are those
// that only older machines have beside them.
var forbidden = append([]uint32{
	unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_ACCEPT, unix.SYS_ACCEPT4,
	unix.SYS_EXECVE, unix.SYS_EXECVEAT, unix.SYS_PTRACE, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_IO_URING_SETUP, unix.SYS_BPF,
	unix.SYS_UNLINKAT, unix.SYS_RENAMEAT2, unix.SYS_LINKAT, unix.SYS_SYMLINKAT, unix.SYS_MKDIRAT, unix.SYS_MKNODAT,
	unix.SYS_TRUNCATE, unix.SYS_FTRUNCATE, unix.SYS_FALLOCATE, unix.SYS_FCHMOD, unix.SYS_FCHMODAT, unix.SYS_FCHOWN, unix.SYS_FCHOWNAT,
	unix.SYS_UTIMENSAT, unix.SYS_SETXATTR, unix.SYS_LSETXATTR, unix.SYS_FSETXATTR, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_OPENAT2,
	unix.SYS_MOUNT, unix.SYS_CHROOT, unix.SYS_SETRLIMIT,
}, legacyCalls...)

// Where the kernel keeps what a call is: struct seccomp_data.
const (
	offsetCall = 0
	offsetArch = 4
	offsetArgs = 16
)

// toWrite are the flags of open that change something.
const toWrite = unix.O_WRONLY | unix.O_RDWR | unix.O_CREAT | unix.O_TRUNC

// filter installs, for all threads and for good, the list above, and that files are opened to be read only. A kernel that
// does not know such filters is left as it is.
func filter() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up privileges: %w", err)
	}
	code := program()
	p := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&p)))
	if errno != 0 && !errors.Is(errno, unix.ENOSYS) && !errors.Is(errno, unix.EINVAL) {
		return fmt.Errorf("forbid calls of the kernel: %w", errno)
	}
	return nil
}

// program is the filter as the kernel's little machine runs it: load, compare, jump, return.
func program() []unix.SockFilter {
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	end := func(result uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: result}
	}
	refuse := end(unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM))
	// ifNot skips so many instructions if the comparison does not hold.
	ifNot := func(test uint16, k uint32, skip uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | test | unix.BPF_K, Jf: skip, K: k}
	}
	code := []unix.SockFilter{load(offsetArch), {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: 1, K: arch}, refuse, load(offsetCall)}
	if arch == unix.AUDIT_ARCH_X86_64 {
		code = append(code, ifNot(unix.BPF_JGE, 0x40000000, 1), refuse) // another numbering of the same calls
	}
	for _, call := range forbidden {
		code = append(code, ifNot(unix.BPF_JEQ, call, 1), refuse)
	}
	for call, argument := range openCalls {
		code = append(code, ifNot(unix.BPF_JEQ, call, 4), load(offsetArgs+8*argument), ifNot(unix.BPF_JSET, toWrite, 1), refuse, end(unix.SECCOMP_RET_ALLOW))
	}
	return append(code, end(unix.SECCOMP_RET_ALLOW))
}
