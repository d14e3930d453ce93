package server

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// settle decides who goes on with a mapped connection that the kernel served until now: user space, when
// the gate is closed; nobody, when the client has left. Both wait for the replies the kernel owes.
func (c *conn) settle() {
	delete(c.loop.owed, c)
	if c.loop.conns[c.fd] != c {
		return
	}
	if c.up {
		c.finish(c.receive())
		return
	}
	if c.ended {
		c.waitForVerdict()
	}
	state, err := c.loop.server.kernel.take(c.cookie, c.loop.area.ID())
	switch {
	case errors.Is(err, unix.EAGAIN):
		c.waitOwed()
	case err != nil, state.closed() && state.aborted():
		c.reset()
	case state.closed():
		c.up = true
		c.owedDelay = 0
		c.finish(c.execute(c.loop.area.InputLen()))
	case c.ended:
		c.close()
	default:
		c.owedDelay = 0
		c.watch(maskKernel)
	}
}

// waitForVerdict returns when the programs have seen all the socket received before: epoll reports the end of the
// stream from within the interrupt that delivers the last bytes, and any call that takes
// the socket's lock waits for it.
func (c *conn) waitForVerdict() {
	_, _ = unix.GetsockoptTCPInfo(c.fd, unix.IPPROTO_TCP, unix.TCP_INFO)
}

// waitOwed has the loop settle again a little later.
func (c *conn) waitOwed() {
	c.owedDelay = min(max(2*c.owedDelay, settleDelay), settleDelayMax)
	c.owedUntil = time.Now().Add(c.owedDelay)
	c.loop.owed[c] = struct{}{}
	c.watch(0)
}

func (c *conn) isOwed() bool {
	_, owed := c.loop.owed[c]
	return owed
}

// giveBack lets the kernel serve the connection again, and tells whether it does. It refuses while bytes it
// passed up have not been read.
func (c *conn) giveBack() bool {
	if c.ended || len(c.input) > maxCarry {
		return false
	}
	area := c.loop.area
	area.SetInput(0, copy(area.In(), c.input))
	if err := c.loop.server.kernel.give(c.cookie, area.ID(), c.received); err != nil {
		return false
	}
	c.up = false
	c.input = c.input[:0]
	return true
}
