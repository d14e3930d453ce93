// Package engine loads the BPF-DB engine into the kernel, owns its maps and gives Go
// programs its operators: BEGIN, GET, SET, DELETE, COMMIT and ABORT, and CALL for the stored
// procedures compiled into it.
//
// The data lives in kernel memory: 64 MiB heap segments of records and 4 MiB index
// segments of buckets (bpf/bpfdb.h describes both). Programs of any hook work on them
// in place; Go reaches them by running SYSCALL programs on a scratch area that both sides
// have mapped, so that keys and values cross the boundary without a copy by the kernel.
//
// A DB is safe for concurrent use. Everything it puts into the kernel goes away with
// Close, or with the process.
package engine
