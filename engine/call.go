package engine

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// testRun is the part of union bpf_attr that BPF_PROG_TEST_RUN reads (linux/bpf.h).
type testRun struct {
	progFD      uint32
	retval      uint32
	dataSizeIn  uint32
	dataSizeOut uint32
	dataIn      uint64
	dataOut     uint64
	repeat      uint32
	duration    uint32
	ctxSizeIn   uint32
	ctxSizeOut  uint32
	ctxIn       uint64
	ctxOut      uint64
	flags       uint32
	cpu         uint32
	batchSize   uint32
	_           uint32
}

// call runs a SYSCALL program with args as its context, which carries the answer back.
// Unlike ebpf.Program.Run it allocates nothing: it is the cost of every call from Go.
func call[T any](prog *ebpf.Program, args *T) error {
	attr := testRun{
		progFD:    uint32(prog.FD()),
		ctxSizeIn: uint32(unsafe.Sizeof(*args)),
		ctxIn:     uint64(uintptr(unsafe.Pointer(args))),
	}
	_, _, errno := unix.Syscall(unix.SYS_BPF, unix.BPF_PROG_TEST_RUN,
		uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr))
	runtime.KeepAlive(args)
	if errno != 0 {
		return fmt.Errorf("run %s: %w", prog, errno)
	}
	return nil
}
