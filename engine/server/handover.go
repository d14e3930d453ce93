package server

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// settle decides who goes on with a connection that the kernel served until now: user space, when
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
		if c.waitOwed() != nil {
			c.reset()
		}
	case err != nil, state.closed() && state.aborted():
		c.reset()
	case state.closed():
		c.up = true
		c.owedDelay = 0
		c.finish(c.takeOver())
	case c.ended:
		c.close()
	default:
		c.owedDelay = 0
		c.watch(c.idleMask())
	}
}

// takeOver executes what the kernel had received of a request, and what it passed up since. On the sockmap path
// that may not have come yet; the gate stays closed until it has.
func (c *conn) takeOver() error {
	err := c.execute(c.loop.area.InputLen())
	if err == nil && c.path == PathLocal && len(c.output) == 0 && !c.closing {
		err = c.receive()
	}
	return err
}

// waitForVerdict returns when the programs have seen all the socket received before: epoll reports the end of the
// stream from within the interrupt that delivers the last bytes, and any call that takes
// the socket's lock waits for it.
func (c *conn) waitForVerdict() {
	_, _ = unix.GetsockoptTCPInfo(c.fd, unix.IPPROTO_TCP, unix.TCP_INFO)
}

// waitOwed has the loop settle again a little later, or fails when it has done so for too long.
func (c *conn) waitOwed() error {
	now := time.Now()
	if c.owedDelay == 0 {
		c.owedSince = now
	} else if now.Sub(c.owedSince) > owedMax {
		c.loop.server.stalled.Add(1)
		return errClose
	}
	c.owedDelay = min(max(2*c.owedDelay, settleDelay), settleDelayMax)
	c.owedUntil = now.Add(c.owedDelay)
	c.loop.owed[c] = struct{}{}
	c.watch(0)
	return nil
}

func (c *conn) isOwed() bool {
	_, owed := c.loop.owed[c]
	return owed
}

// giveBack lets the kernel serve the connection again, and tells whether it does. It refuses while bytes it
// passed up have not been read, and is not asked in the middle of a request.
func (c *conn) giveBack() bool {
	if c.ended || len(c.input) > 0 || !c.isCalm() || c.loop.server.kernel.give(c.cookie, c.received, c.sent) != nil {
		return false
	}
	c.up = false
	return true
}
