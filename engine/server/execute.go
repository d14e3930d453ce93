package server

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"bpfdb/engine"
)

// maxBusy bounds how often a request that met contention is tried again before it fails.
const maxBusy = 2000

// execute runs the requests in the area's in[0..n) and sends their replies. What it leaves, an incomplete request
// or all behind a socket that takes no more, is kept in c.input.
func (c *conn) execute(n int) error {
	delay()
	area := c.loop.area
	area.SetInput(0, n)
	c.input = c.input[:0]
	for busy := 0; ; {
		status, err := area.Serve(c.cookie)
		c.depend(area.LSN())
		if err != nil {
			return fmt.Errorf("serve: %w", err)
		}
		if status != engine.ServeLog {
			c.parkedUntil = time.Time{}
		}
		switch status {
		case engine.ServeDone:
			return c.reply()
		case engine.ServePartial:
			return c.keep()
		case engine.ServeFull:
		case engine.ServeUser:
			err = c.command()
		case engine.ServeRefuse:
			err = c.refuse()
		case engine.ServeInline:
			err = c.inline()
		case engine.ServeGrow:
			err = c.loop.server.db.Grow()
		case engine.ServeLog:
			parked, errWait := c.awaitLog()
			if parked || errWait != nil {
				return errWait
			}
			continue
		case engine.ServeProtocol:
			return errors.Join(c.protocolError(), c.reply())
		case engine.ServeBusy:
			if busy++; busy < maxBusy {
				engine.Backoff(busy)
				continue
			}
			err = c.giveUp("-BUSY too much contention on a key, try again\r\n")
		default:
			err = fmt.Errorf("serve: unknown status %d", status)
		}
		busy = 0
		if err != nil {
			return err
		}
		if stop, err := c.pause(status); stop || err != nil {
			return err
		}
	}
}

// giveUp answers a request that could not be executed for too long. It is over then: an EXEC too.
func (c *conn) giveUp(answer string) error {
	area := c.loop.area
	area.Append([]byte(answer))
	area.Skip()
	if inMulti, err := c.loop.server.kernel.inMulti(c.cookie); err != nil || !inMulti {
		return err
	}
	return c.aside(func() error {
		_, err := c.call([]byte("DISCARD"))
		return err
	})
}

// aside sends the replies so far and runs f, which uses the area, between two requests of the client.
func (c *conn) aside(f func() error) error {
	if err := c.reply(); err != nil {
		return err
	}
	area := c.loop.area
	rest := bytes.Clone(area.Rest())
	err := f()
	area.SetInput(0, copy(area.In(), rest))
	return err
}

// pause sends replies when the area needs the room, and reports whether execution must wait: for a
// socket that is full, or for good.
func (c *conn) pause(status engine.Status) (stop bool, err error) {
	if c.closing {
		return true, c.reply()
	}
	if status != engine.ServeFull {
		return false, nil
	}
	if err := c.reply(); err != nil || len(c.output) == 0 {
		return false, err
	}
	return true, c.keep()
}

// reply sends out[0..out_len).
func (c *conn) reply() error {
	return c.send(c.loop.area.TakeOutput())
}

// keep puts what was not executed aside for later.
func (c *conn) keep() error {
	c.input = append(c.input[:0], c.loop.area.Rest()...)
	return c.reply()
}

// answer appends a reply made by user space, after sending what does not fit before it.
func (c *conn) answer(p []byte) error {
	area := c.loop.area
	if area.Append(p) {
		return nil
	}
	if err := c.reply(); err != nil {
		return err
	}
	return c.send(p)
}

// protocolError answers as Redis does and has the connection closed.
func (c *conn) protocolError() error {
	c.closing = true
	r := reply{}
	r.failure("ERR Protocol error: " + c.loop.area.ProtocolError())
	return c.answer(r.out)
}
