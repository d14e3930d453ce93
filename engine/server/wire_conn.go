package server

import (
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// splice is what a connection on the wire path has beside the others.
type splice struct {
	wire           *wire // nil: it is not on the wire path
	key            wireWireKey
	received, sent uint64 // as last given
}

// enterSplice finds the connection among those of the wire path.
func (c *conn) enterSplice() error {
	name, err := unix.Getsockname(c.fd)
	if err != nil {
		return err
	}
	c.splice = splice{wire: c.loop.server.wire, key: wireKey(c.remote, addrPort(name))}
	// Whatever ends the process ends the connection with an RST: the client's numbers mean nothing to the
	// kernel's socket once the programs are gone.
	return c.linger(true)
}

func (c *conn) linger(reset bool) error {
	l := unix.Linger{}
	if reset {
		l.Onoff = 1
	}
	return unix.SetsockoptLinger(c.fd, unix.SOL_SOCKET, unix.SO_LINGER, &l)
}

// giveSplice lets the programs answer what comes behind all that was received and sent.
func (c *conn) giveSplice() {
	s := &c.splice
	if c.ended || len(c.input) > 0 || (s.received == c.received && s.sent == c.sent) {
		return
	}
	if s.wire.give(s.key, c.cookie, c.received, c.sent) == nil {
		s.received, s.sent = c.received, c.sent
	}
}

// wireKey is the name of a connection in the programs.
func wireKey(client, server netip.AddrPort) wireWireKey {
	return wireWireKey{
		Client: addressWords(client.Addr()), ClientPort: networkOrder(client.Port()),
		Server: addressWords(server.Addr()), ServerPort: networkOrder(server.Port()),
	}
}

func addressWords(a netip.Addr) [4]uint32 {
	bytes := a.As16()
	return *(*[4]uint32)(unsafe.Pointer(&bytes))
}

func networkOrder(port uint16) uint16 { return port<<8 | port>>8 }
