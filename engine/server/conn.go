package server

import (
	"errors"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"bpfdb/engine"
)

const (
	readBytes = 256 << 10 // most bytes of one read
	// masks of epoll: a socket in the sockmap must not be watched for input while the kernel serves it, or
	// every request would wake this process. A socket whose client is served locally has no input but what was
	// passed up.
	maskKernel  = unix.EPOLLRDHUP
	maskReading = unix.EPOLLRDHUP | unix.EPOLLIN
	maskWriting = unix.EPOLLOUT
)

// conn is one client connection; only its loop touches it.
type conn struct {
	loop    *loop
	fd      int
	cookie  uint64
	remote  netip.AddrPort
	id      uint64
	name    string
	library string
	version string
	created time.Time

	path     Path   // where the kernel serves it; PathUser: nowhere
	splice   splice // its place on the wire path
	up       bool   // user space serves what comes up: with a gate, while that is closed; else always
	received uint64 // bytes read, and ...
	sent     uint64 // ... sent by user space, as the kernel counts what it passes up
	protocol int    // RESP version
	mask     uint32 // what epoll watches

	lsn         uint64    // what its replies depend on, with synchronous durability
	calm        int       // batches since its replies had to wait
	parkedUntil time.Time // how long it may wait for room in the redo log; zero: it need not
	input       []byte    // received and not executed: the start of a request, or all behind a full socket
	output      []byte    // replies the socket did not take yet
	ended       bool      // the client sends no more
	closing     bool      // close once output is sent
	held        int       // bytes of input and output, as counted in server.held
	owedSince   time.Time
	owedUntil   time.Time
	owedDelay   time.Duration
}

// gated tells whether the kernel or user space serves the connection, as its gate says.
func (c *conn) gated() bool { return c.path == PathSockmap || c.path == PathLocal }

// idleMask is what epoll watches while the kernel serves.
func (c *conn) idleMask() uint32 {
	if c.path == PathSockmap {
		return maskKernel
	}
	return maskReading
}

// handle acts on what epoll reported.
func (c *conn) handle(events uint32) {
	waits := c.isHeld() || c.isParked()
	if events&unix.EPOLLERR != 0 || waits && events&unix.EPOLLHUP != 0 {
		c.close()
		return
	}
	if waits {
		c.watch(0) // it is not read before it may go on
		return
	}
	if !c.up {
		c.ended = c.ended || c.path == PathSockmap && events&(unix.EPOLLRDHUP|unix.EPOLLHUP) != 0
		c.settle()
		return
	}
	if len(c.output) > 0 {
		c.finish(c.resume())
		return
	}
	c.finish(c.receive())
}

// finish closes the connection after an error, else sets what epoll watches for next.
func (c *conn) finish(err error) {
	if err == nil {
		err = c.account()
	}
	switch {
	case err != nil, len(c.output) == 0 && (c.closing || c.ended) && !c.isParked():
		c.close()
	case c.isHeld(), c.isParked(): // the loop comes back to it
	case len(c.output) > 0:
		c.watch(maskWriting)
	case c.isOwed(): // the loop comes back to it
	case c.gated() && c.giveBack():
		c.watch(c.idleMask())
	default:
		if c.path == PathWire {
			c.giveSplice()
		}
		c.watch(maskReading)
	}
}

// account keeps the sum of what all connections hold, and gives up one that would take it over the limit.
func (c *conn) account() error {
	s := c.loop.server
	grown := len(c.input) + len(c.output) - c.held
	c.held += grown
	if total := s.held.Add(int64(grown)); grown > 0 && total > s.options.MaxHeldBytes {
		s.stalled.Add(1)
		return errClose
	}
	return nil
}

func (c *conn) watch(mask uint32) {
	if c.mask == mask {
		return
	}
	c.mask = mask
	if err := c.loop.watch(unix.EPOLL_CTL_MOD, c.fd, mask); err != nil {
		c.close()
	}
}

// receive reads once and executes what is complete.
func (c *conn) receive() error {
	area := c.loop.area
	have := copy(area.In(), c.input)
	n, err := recv(c.fd, area.In()[have:min(have+readBytes, engine.MaxRequest)])
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return nil
	case err != nil:
		return err
	case n == 0:
		return c.endOfStream()
	}
	c.received += uint64(n)
	c.owedDelay = 0
	return c.execute(have + n)
}

// endOfStream notes that the client sends no more. A socket in the sockmap reports its end before bytes that the kernel
// still has to pass up: while the gate counts more than was read, the loop looks again later.
func (c *conn) endOfStream() error {
	if c.path == PathSockmap {
		passed, err := c.loop.server.kernel.passed(c.cookie)
		if err != nil {
			return err
		}
		if passed != c.received {
			return c.waitOwed()
		}
	}
	c.ended = true
	return nil
}

// resume sends what is left and, when all is sent, executes what had to wait.
func (c *conn) resume() error {
	if err := c.flush(); err != nil || len(c.output) > 0 || c.closing || len(c.input) == 0 {
		return err
	}
	return c.execute(copy(c.loop.area.In(), c.input))
}

// send writes p behind the output that waits; what the socket does not take waits too.
func (c *conn) send(p []byte) error {
	if len(c.output) > 0 || len(p) > 0 && c.holds() {
		c.output = append(c.output, p...)
		return nil
	}
	for len(p) > 0 {
		n, err := write(c.fd, p)
		switch {
		case errors.Is(err, unix.EAGAIN):
			c.output = append(c.output[:0], p...)
			return nil
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return err
		default:
			p = p[n:]
			c.sent += uint64(n)
		}
	}
	return nil
}

func (c *conn) flush() error {
	waiting := c.output
	c.output = nil
	return c.send(waiting)
}

// close ends the connection and frees all it held, in the kernel too.
func (c *conn) close() { c.end(false) }

// reset ends the connection with an RST: what the client received is not what it should have been.
func (c *conn) reset() { c.end(true) }

func (c *conn) end(reset bool) {
	l := c.loop
	if l.conns[c.fd] != c {
		return
	}
	if c.path == PathWire {
		c.splice.wire.shut(c.splice.key, c.cookie)
	}
	if reset || c.path == PathWire {
		_ = c.linger(reset)
	}
	delete(l.conns, c.fd)
	delete(l.owed, c)
	delete(l.held, c)
	delete(l.parked, c)
	// First, for a client that sees the end may count on the room it leaves.
	l.server.held.Add(-int64(c.held))
	unix.Close(c.fd)
	l.server.forget(c)
}
