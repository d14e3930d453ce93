package server

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"bpfdb/internal/kerneltest"
)

// TestIoUring receives and sends through io_uring: a receive that waits before its reply is made, and one that
// finds it there.
func TestIoUring(t *testing.T) {
	onEveryPath(t, func(t *testing.T, s *Server) {
		kerneltest.Require(t, kerneltest.Kernel(6, 12))
		c := dial(t, s)
		if s.path != PathUser {
			untilFast(t, c, s)
		}
		control, err := c.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		ring := newRing(t)
		want := "+PONG\r\n"
		for _, first := range []uint8{uringRecv, uringSend} {
			got, ping := make([]byte, 100), request("PING")
			err := control.Control(func(fd uintptr) {
				buffers := map[uint8][]byte{uringRecv: got, uringSend: ping}
				hung := time.AfterFunc(testTimeout, func() { unix.Shutdown(int(fd), unix.SHUT_RDWR) })
				defer hung.Stop()
				ring.submit(first, int32(fd), buffers[first])
				ring.submit(uringRecv+uringSend-first, int32(fd), buffers[uringRecv+uringSend-first])
				results := map[uint8]int32{}
				for len(results) < 2 {
					operation, result := ring.wait()
					results[operation] = result
				}
				if n := results[uringRecv]; n != int32(len(want)) || string(got[:max(n, 0)]) != want {
					t.Errorf("received %d: %q, want %q", n, got[:max(n, 0)], want)
				}
				if n := results[uringSend]; n != int32(len(ping)) {
					t.Errorf("sent %d of %d bytes", n, len(ping))
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			runtime.KeepAlive(got)
			runtime.KeepAlive(ping)
		}
	})
}

// Operations, offsets and sizes of the kernel's interface, include/uapi/linux/io_uring.h.
const (
	uringSend, uringRecv    = uint8(26), uint8(27)
	uringEntries            = 4
	uringQueues, uringSlots = 0, 0x10000000 // what mmap maps
	uringGetEvents          = 1
)

type uringOffsets struct {
	Head, Tail, Mask, Entries, A, B, C, _ uint32 // A, B, C: flags, dropped, array; overflow, completions, flags
	_                                     uint64
}

type uringParams struct {
	SubmitEntries, CompleteEntries, Flags, Thread, Idle, Features, Workers uint32
	_                                                                      [3]uint32
	Submit, Complete                                                       uringOffsets
}

type uringSlot struct {
	Operation, Flags uint8
	Priority         uint16
	FD               int32
	Offset, Address  uint64
	Len, OpFlags     uint32
	Data             uint64
	_                [3]uint64
}

type uringCompletion struct {
	Data   uint64
	Result int32
	Flags  uint32
}

// ring is an io_uring of a few entries.
type ring struct {
	t             *testing.T
	fd            int
	queues, slots []byte
	params        uringParams
}

func newRing(t *testing.T) *ring {
	t.Helper()
	r := &ring{t: t}
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, uringEntries, uintptr(unsafe.Pointer(&r.params)), 0)
	if errno != 0 {
		t.Fatalf("io_uring_setup: %v", errno)
	}
	r.fd = int(fd)
	t.Cleanup(func() { unix.Close(r.fd) })
	p := &r.params
	completions := int(p.Complete.B) + int(p.CompleteEntries)*int(unsafe.Sizeof(uringCompletion{}))
	r.queues = r.mmap(uringQueues, max(completions, int(p.Submit.C+4*p.SubmitEntries)))
	r.slots = r.mmap(uringSlots, int(p.SubmitEntries)*int(unsafe.Sizeof(uringSlot{})))
	return r
}

func (r *ring) mmap(offset int64, length int) []byte {
	r.t.Helper()
	p, err := unix.Mmap(r.fd, offset, length, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		r.t.Fatalf("map the io_uring: %v", err)
	}
	r.t.Cleanup(func() { unix.Munmap(p) })
	return p
}

func (r *ring) word(offset uint32) *uint32 { return (*uint32)(unsafe.Pointer(&r.queues[offset])) }

// submit starts one operation; its completion carries its number.
func (r *ring) submit(operation uint8, fd int32, p []byte) {
	r.t.Helper()
	tail := *r.word(r.params.Submit.Tail)
	i := tail & *r.word(r.params.Submit.Mask)
	slot := (*uringSlot)(unsafe.Pointer(&r.slots[uintptr(i)*unsafe.Sizeof(uringSlot{})]))
	*slot = uringSlot{
		Operation: operation, FD: fd, Address: uint64(uintptr(unsafe.Pointer(&p[0]))), Len: uint32(len(p)),
		Data: uint64(operation),
	}
	*r.word(r.params.Submit.C + 4*i) = i
	atomic.StoreUint32(r.word(r.params.Submit.Tail), tail+1)
	if n := r.enter(1, 0); n != 1 {
		r.t.Fatalf("%d operations submitted, want 1", n)
	}
}

// wait returns the next completion.
func (r *ring) wait() (operation uint8, result int32) {
	r.t.Helper()
	head := *r.word(r.params.Complete.Head)
	if atomic.LoadUint32(r.word(r.params.Complete.Tail)) == head {
		r.enter(0, 1)
	}
	at := r.params.Complete.B + head&*r.word(r.params.Complete.Mask)*uint32(unsafe.Sizeof(uringCompletion{}))
	done := *(*uringCompletion)(unsafe.Pointer(&r.queues[at]))
	atomic.StoreUint32(r.word(r.params.Complete.Head), head+1)
	return uint8(done.Data), done.Result
}

func (r *ring) enter(submit, complete uintptr) int {
	r.t.Helper()
	for {
		n, _, errno := unix.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), submit, complete, uringGetEvents, 0, 0)
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 {
			r.t.Fatalf("io_uring_enter: %v", errno)
		}
		return int(n)
	}
}
