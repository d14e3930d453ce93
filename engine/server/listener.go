package server

import (
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

const (
	listenBacklog = 4096
	// sendBufferBytes is what a connection's send buffer may hold (the kernel doubles it). It is
	// fixed because the sockmap path keeps a reply back unless it surely fits.
	sendBufferBytes = 512 << 10
)

// listen opens a non-blocking listening socket; addr's port may be 0.
func listen(addr string) (fd int, bound netip.AddrPort, err error) {
	tcp, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return -1, bound, fmt.Errorf("%w: %w", ErrAddress, err)
	}
	family, sa := socketAddress(tcp)
	fd, err = unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, bound, fmt.Errorf("socket: %w", err)
	}
	fail := func(what string, err error) (int, netip.AddrPort, error) {
		unix.Close(fd)
		return -1, bound, fmt.Errorf("%s %s: %w", what, addr, err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return fail("reuse", err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, sendBufferBytes); err != nil {
		return fail("set send buffer of", err)
	}
	if err := unix.Bind(fd, sa); err != nil {
		return fail("bind", err)
	}
	if err := unix.Listen(fd, listenBacklog); err != nil {
		return fail("listen on", err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return fail("name", err)
	}
	return fd, addrPort(name), nil
}

func socketAddress(tcp *net.TCPAddr) (family int, sa unix.Sockaddr) {
	if ip := tcp.IP.To4(); ip != nil {
		return unix.AF_INET, &unix.SockaddrInet4{Port: tcp.Port, Addr: [4]byte(ip)}
	}
	sa6 := &unix.SockaddrInet6{Port: tcp.Port}
	copy(sa6.Addr[:], tcp.IP)
	return unix.AF_INET6, sa6
}

func addrPort(sa unix.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), uint16(sa.Port))
	}
	return netip.AddrPort{}
}
