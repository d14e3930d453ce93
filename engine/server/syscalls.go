package server

import (
	"encoding/binary"
	"unsafe"

	"golang.org/x/sys/unix"
)

// recv and write are raw system calls: they never block on these sockets, so the scheduler need not know.

func recv(fd int, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, unix.ENOBUFS
	}
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&p[0])),
		uintptr(len(p)), unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

func write(fd int, p []byte) (int, error) {
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&p[0])),
		uintptr(len(p)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// socketCookie is the kernel's identity of a socket, the key of the connection tables.
func socketCookie(fd int) (uint64, error) {
	return unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_COOKIE)
}

func nativeUint64(p []byte) uint64 { return binary.NativeEndian.Uint64(p) }
