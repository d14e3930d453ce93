package server

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"bpfdb/internal/kerneltest"
)

// TestSameAddresses gives a foreign connection in another namespace the very addresses and ports of one of ours
// that is open.
func TestSameAddresses(t *testing.T) {
	outside, inside := newNamespace(t), newNamespace(t)
	s := outside.start(Options{Path: PathLocal})
	addr := s.Addr().String()
	inside.do(func() { foreigner(t, addr) })
	ours := outside.dial("", addr)
	untilFast(t, ours, s)
	theirs := inside.dial(ours.LocalAddr().String(), addr)
	expectForeign(t, theirs, s)
	converse(t, ours, s, "ours")
	expectForeign(t, theirs, s)
}

// TestTranslatedPort has the kernel translate our port into that of a foreign server, and another port into ours.
func TestTranslatedPort(t *testing.T) {
	kerneltest.Require(t, kerneltest.Tool("nft"))
	inside := newNamespace(t)
	s := inside.start(Options{Path: PathLocal})
	const foreign, other = 4001, 4002
	inside.do(func() { foreigner(t, fmt.Sprint("127.0.0.1:", foreign)) })
	ours := inside.dial("", s.Addr().String())
	untilFast(t, ours, s)
	inside.command(fmt.Sprintf(`table ip translate {
		chain output {
			type nat hook output priority -100
			tcp dport %d dnat to 127.0.0.1:%d
			tcp dport %d dnat to %s
		}
	}`, s.Addr().Port(), foreign, other, s.Addr()), "nft", "-f", "-")
	expectForeign(t, inside.dial("", s.Addr().String()), s)
	// This one is ours, but its two ends disagree about the addresses: it is served, over TCP.
	translated := inside.dial("", fmt.Sprint("127.0.0.1:", other))
	translated.send(append(request("SET", "k", "v"), request("GET", "k")...))
	translated.expect([]byte("+OK\r\n$1\r\nv\r\n"))
	if n := s.counter("local_connections"); n != 1 {
		t.Errorf("%d local connections, want that without translation only", n)
	}
	converse(t, ours, s, "ours")
}

// TestPortReused closes connections and servers, and opens others with the same addresses and ports.
func TestPortReused(t *testing.T) {
	inside := newNamespace(t)
	var addr, port string
	t.Run("before", func(t *testing.T) {
		var closeServer func() error
		var s *Server
		var err error
		inside.do(func() { s, closeServer, err = open(Options{Path: PathLocal}) })
		if err != nil {
			t.Fatal(err)
		}
		addr = s.Addr().String()
		c := inside.dial("", addr)
		port = c.LocalAddr().String()
		untilFast(t, c, s)
		c.SetLinger(0) // leaves no TIME_WAIT
		c.Close()
		waitNoConnections(t, s)
		again := inside.dial(port, addr)
		untilFast(t, again, s)
		again.SetLinger(0)
		again.Close()
		if err := closeServer(); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("foreign", func(t *testing.T) {
		var closeListener func() error
		inside.do(func() { closeListener = foreigner(t, addr).Close })
		c := inside.dial(port, addr)
		expectForeign(t, c)
		c.SetLinger(0)
		c.Close()
		closeListener()
	})
	t.Run("after", func(t *testing.T) {
		s := inside.start(Options{Path: PathLocal, Addr: addr})
		converse(t, inside.dial(port, addr), s, "after")
	})
}

// TestClientInContainer connects two namespaces by a virtual cable, as containers and their host are: the client
// is served in its own send().
func TestClientInContainer(t *testing.T) {
	host, container := newCable(t)
	for _, test := range []struct{ listen, dial string }{
		{"10.77.0.1:0", "10.77.0.1:%d"}, {"[::]:0", "10.77.0.1:%d"}, {"[fd77::1]:0", "[fd77::1]:%d"},
	} {
		t.Run(test.listen, func(t *testing.T) {
			s := host.start(Options{Path: PathLocal, Addr: test.listen})
			c := container.dial("", fmt.Sprintf(test.dial, s.Addr().Port()))
			converse(t, c, s, "container")
			if s.counter("local_connections") != 1 {
				t.Error("not served on the local path")
			}
		})
	}
}

// TestUnreadReplies stops the server while a client has not read yet: the reply is there, then the end, and
// nothing of the server stays with its clients.
func TestUnreadReplies(t *testing.T) {
	for _, path := range testedPaths {
		t.Run(string(path), func(t *testing.T) {
			requireKernel(t)
			before, err := kerneltest.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			s, closeServer, err := open(Options{Path: path})
			if err != nil {
				t.Fatal(err)
			}
			late, idle := dial(t, s), dial(t, s)
			if path != PathUser {
				untilFast(t, late, s)
				untilFast(t, idle, s)
			}
			late.send(request("ECHO", "late"))
			waitUntil(t, "the reply has come", func() bool { return peek(t, late) })
			closed := make(chan error)
			go func() { closed <- closeServer() }() // ends with the server
			late.expect(bulkReply("late"))
			for _, c := range []client{late, idle} {
				if path == PathWire { // the client's numbers mean nothing without the programs
					c.expectReset()
				} else {
					c.expectEnd()
				}
			}
			if err := <-closed; err != nil {
				t.Error(err)
			}
			// The clients' sockets are open still.
			if left, err := kerneltest.LeftBehind(before, "bpfdb"); len(left) > 0 || err != nil {
				t.Errorf("left in the kernel: %v, %v", left, err)
			}
		})
	}
}

// peek tells whether there is something to read.
func peek(t *testing.T, c client) (there bool) {
	control, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = control.Control(func(fd uintptr) {
		n, _, err := unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
		there = n == 1 && err == nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return there
}
