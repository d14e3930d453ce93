package driver

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// event is how the connection asks epoll for events.
func (c *conn) event(events uint32) unix.EpollEvent {
	return unix.EpollEvent{Events: events, Fd: int32(c.index)}
}

// flush sends what the socket takes and has epoll report when it takes more.
func (t *thread) flush(c *conn) error {
	for c.flushed < len(c.output) {
		n, errno := transfer(unix.SYS_SENDTO, c.fd, c.output[c.flushed:], unix.MSG_NOSIGNAL)
		switch errno {
		case 0:
			c.flushed += n
		case unix.EINTR:
		case unix.EAGAIN:
			return t.watchWritable(c, true)
		default:
			return fmt.Errorf("%w: send: %w", ErrClosed, errno)
		}
	}
	return t.watchWritable(c, false)
}

func (t *thread) watchWritable(c *conn, want bool) error {
	if c.blocked == want {
		return nil
	}
	c.blocked = want
	event := c.event(unix.EPOLLIN)
	if want {
		event = c.event(unix.EPOLLIN | unix.EPOLLOUT)
	}
	if err := unix.EpollCtl(t.epoll, unix.EPOLL_CTL_MOD, c.fd, &event); err != nil {
		return fmt.Errorf("watch connection for writing: %w", err)
	}
	return nil
}

// receive reads once and takes every reply that is complete. What epoll still finds in
// the socket it reports again.
func (t *thread) receive(c *conn) error {
	held := copy(t.input, c.partial)
	if held == len(t.input) {
		return fmt.Errorf("%w: reply longer than %d bytes", ErrProtocol, held)
	}
	n, errno := transfer(unix.SYS_RECVFROM, c.fd, t.input[held:], 0)
	t.clock()
	switch {
	case errno == unix.EAGAIN || errno == unix.EINTR:
		return nil
	case errno != 0:
		return fmt.Errorf("%w: receive: %w", ErrClosed, errno)
	case n == 0:
		return fmt.Errorf("%w: %d replies missing", ErrClosed, c.awaiting())
	}
	due := c.awaiting() > 0
	rest, err := t.takeAll(c, t.input[:held+n])
	if err != nil {
		return err
	}
	c.partial = append(c.partial[:0], rest...)
	ended := due && c.awaiting() == 0 // not so after a push to an idle connection
	switch {
	case c.session != nil && ended:
		return t.endTransactionRound(c)
	case c.session != nil:
		return nil
	case t.open:
		return t.sendDue(c)
	case ended:
		return t.endRound(c)
	}
	return nil
}

// takeAll takes the complete replies in data and returns what is left.
func (t *thread) takeAll(c *conn, data []byte) (rest []byte, err error) {
	for len(data) > 0 {
		r, used, err := parse(data)
		if err != nil {
			return nil, err
		}
		if used == 0 {
			break
		}
		if r.kind != '>' { // pushes answer nothing
			if c.awaiting() == 0 {
				return nil, fmt.Errorf("%w: reply %.40q to no command", ErrProtocol, data[:used])
			}
			if err := t.takeReply(c, r, data[:used]); err != nil {
				return nil, err
			}
		}
		data = data[used:]
	}
	return data, nil
}

// takeReply accounts for a reply, taken apart where its parts matter.
func (t *thread) takeReply(c *conn, r reply, whole []byte) (err error) {
	if c.session != nil || t.enc.hash {
		if t.parsed, err = appendElements(t.parsed[:0], whole); err != nil {
			return err
		}
	}
	if c.session != nil {
		t.takeTransaction(c)
	} else {
		t.take(c, r)
	}
	return nil
}

// transfer is sendto or recvfrom without address, without telling the Go scheduler: the
// socket does not block, so the call cannot hold its processor up.
func transfer(call uintptr, fd int, buf []byte, flags uintptr) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(call, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)), flags, 0, 0)
	return int(n), errno
}
