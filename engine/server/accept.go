package server

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

var refusal = []byte("-ERR max number of clients reached\r\n")

// acceptLoop takes in connections until the server stops; it alone accepts.
func (s *Server) acceptLoop() error {
	poll := []unix.PollFd{{Fd: int32(s.listener), Events: unix.POLLIN}, {Fd: int32(s.stopAccept), Events: unix.POLLIN}}
	for {
		if _, err := unix.Poll(poll, -1); err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("wait for connections: %w", err)
		}
		if poll[1].Revents != 0 {
			return nil
		}
		if s.options.BeforeAccept != nil {
			s.options.BeforeAccept()
		}
		if err := s.acceptAll(); err != nil {
			return err
		}
	}
}

func (s *Server) acceptAll() error {
	for {
		fd, sa, err := unix.Accept4(s.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		switch {
		case errors.Is(err, unix.EAGAIN):
			return nil
		case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE), errors.Is(err, unix.ENOMEM),
			errors.Is(err, unix.ENOBUFS):
			s.warn("accept: %v", err)
			time.Sleep(settleDelayMax)
			return nil
		case errors.Is(err, unix.EBADF), errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOTSOCK):
			return fmt.Errorf("accept: %w", err)
		case err != nil: // the connection is gone already
			continue
		}
		if err := s.admit(fd, sa); err != nil {
			_, _ = write(fd, refusal)
			unix.Close(fd)
		}
	}
}

// admit makes a connection of an accepted socket and hands it to the next loop.
func (s *Server) admit(fd int, sa unix.Sockaddr) error {
	cookie, err := socketCookie(fd)
	if err != nil {
		return err
	}
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return err
	}
	s.accepted++
	c := &conn{
		loop: s.loops[s.accepted%uint64(len(s.loops))], fd: fd, cookie: cookie, remote: addrPort(sa),
		id: s.accepted, created: time.Now(), protocol: 2,
	}
	return s.register(c)
}

// register enters the connection in the server's tables and, if no program did, in the kernel's. Its loop
// learns of it under the same lock, so no event of the connection can come to the loop earlier.
func (s *Server) register(c *conn) error {
	s.table.Lock()
	defer s.table.Unlock()
	if len(s.table.conns) >= s.options.MaxConnections {
		return errClose
	}
	var err error
	if c.path, err = s.kernel.accept(c.cookie); err != nil {
		return err
	}
	if c.path == PathWire {
		if err := c.enterSplice(); err != nil {
			s.kernel.drop(c.cookie)
			return err
		}
	}
	s.table.conns[c.cookie] = c
	c.loop.post(c.begin)
	return nil
}

// begin starts serving the connection, on its loop's thread.
func (c *conn) begin() {
	l := c.loop
	l.conns[c.fd] = c
	c.up = !c.gated()
	c.mask = c.idleMask()
	if err := l.watch(unix.EPOLL_CTL_ADD, c.fd, c.mask); err != nil {
		c.close()
		return
	}
	if !c.gated() {
		return
	}
	// What arrived before accept() met a socket without a file and was not delivered to the programs;
	// setting the low-water mark delivers it.
	if err := unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_RCVLOWAT, 1); err != nil {
		c.close()
		return
	}
	c.settle() // an event may have come before the table knew the connection
}

// forget undoes register once the socket is closed.
func (s *Server) forget(c *conn) {
	s.table.Lock()
	delete(s.table.conns, c.cookie)
	s.table.Unlock()
	s.kernel.drop(c.cookie)
}
