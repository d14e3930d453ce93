package transactor

import (
	"fmt"

	"bpfdb/runners/driver"
	"bpfdb/runners/transaction"

	"golang.org/x/sys/unix"
)

func (t *thread) serve(event *unix.EpollEvent) error {
	c := t.conns[event.Fd]
	if event.Events&unix.EPOLLOUT != 0 {
		if err := t.flush(c); err != nil {
			return err
		}
	}
	if event.Events&(unix.EPOLLIN|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		return t.receive(c)
	}
	return nil
}

// flush sends what the socket takes and has epoll report when it takes more.
func (t *thread) flush(c *conn) error {
	for c.flushed < len(c.output) {
		n, err := unix.Write(c.fd, c.output[c.flushed:])
		switch err {
		case nil:
			c.flushed += n
		case unix.EINTR:
		case unix.EAGAIN:
			return t.watchWritable(c, true)
		default:
			return fmt.Errorf("%w: send: %w", driver.ErrClosed, err)
		}
	}
	return t.watchWritable(c, false)
}

func (t *thread) watchWritable(c *conn, want bool) error {
	if c.blocked == want {
		return nil
	}
	c.blocked = want
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(c.index)}
	if want {
		event.Events |= unix.EPOLLOUT
	}
	if err := unix.EpollCtl(t.epoll, unix.EPOLL_CTL_MOD, c.fd, &event); err != nil {
		return fmt.Errorf("watch connection for writing: %w", err)
	}
	return nil
}

// receive reads once and takes every reply that is complete.
func (t *thread) receive(c *conn) error {
	held := copy(t.input, c.partial)
	if held == len(t.input) {
		return fmt.Errorf("%w: reply longer than %d bytes", driver.ErrProtocol, held)
	}
	n, err := unix.Read(c.fd, t.input[held:])
	t.clock()
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return nil
	case err != nil:
		return fmt.Errorf("%w: receive: %w", driver.ErrClosed, err)
	case n == 0:
		return fmt.Errorf("%w: %d replies to %v due", driver.ErrClosed, c.session.Due(), c.txn.Kind)
	}
	due := c.session.Due() > 0
	rest, err := t.takeAll(c, t.input[:held+n])
	if err != nil {
		return err
	}
	c.partial = append(c.partial[:0], rest...)
	if due && c.session.Due() == 0 {
		return t.endRound(c)
	}
	return nil
}

// takeAll hands the complete replies in data to the session and returns what is left.
func (t *thread) takeAll(c *conn, data []byte) (rest []byte, err error) {
	for len(data) > 0 {
		parsed, used, err := driver.ParseReply(data, t.parsed[:0])
		if err != nil {
			return nil, err
		}
		if used == 0 {
			break
		}
		t.parsed, t.elements = parsed, t.elements[:0]
		for _, e := range parsed {
			t.elements = append(t.elements, transaction.Element(e))
		}
		if parsed[0].Kind != '>' { // pushes answer nothing
			if c.session.Due() == 0 {
				return nil, fmt.Errorf("%w: reply %.40q to no command", driver.ErrProtocol, data[:used])
			}
			c.session.Take(t.elements)
		}
		data = data[used:]
	}
	return data, nil
}
