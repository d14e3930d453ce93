package driver

import (
	"context"
	"fmt"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// dial opens a connection, agrees on the protocol version and returns its descriptor,
// non-blocking and with TCP_NODELAY, out of reach of Go's network poller.
func dial(ctx context.Context, cfg Config) (int, error) {
	dialer := net.Dialer{Timeout: cfg.Timeout}
	conn, err := dialer.DialContext(ctx, cfg.Network, cfg.Addr) // sets TCP_NODELAY
	if err != nil {
		return -1, err
	}
	defer conn.Close()
	if err := hello(conn, cfg); err != nil {
		return -1, fmt.Errorf("connect to %s: %w", cfg.Addr, err)
	}
	return duplicate(conn.(syscall.Conn))
}

// hello asks for RESP 3; RESP 2 is what a connection starts with. A refusal is an error,
// not a reason to fall back: systems compared must speak the same protocol.
func hello(conn net.Conn, cfg Config) error {
	if cfg.Protocol == 2 {
		return nil
	}
	if err := conn.SetDeadline(time.Now().Add(cfg.Timeout)); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n")); err != nil {
		return err
	}
	buf := make([]byte, 0, 16<<10)
	for len(buf) < cap(buf) {
		n, err := conn.Read(buf[len(buf):cap(buf)])
		if err != nil {
			return fmt.Errorf("HELLO 3: %w", err)
		}
		buf = buf[:len(buf)+n]
		r, used, err := parse(buf)
		switch {
		case err != nil:
			return fmt.Errorf("HELLO 3: %w", err)
		case used == 0:
			continue
		case r.kind != '%':
			return fmt.Errorf("HELLO 3: %w: server answered %q", ErrProtocol, buf[:used])
		}
		return nil
	}
	return fmt.Errorf("HELLO 3: %w: reply exceeds %d bytes", ErrProtocol, cap(buf))
}

// duplicate returns a descriptor that survives closing the connection.
func duplicate(conn syscall.Conn) (int, error) {
	rawConn, err := conn.SyscallConn()
	if err != nil {
		return -1, err
	}
	fd, fcntlErr := -1, error(nil)
	err = rawConn.Control(func(original uintptr) {
		fd, fcntlErr = unix.FcntlInt(original, unix.F_DUPFD_CLOEXEC, 0)
	})
	if err == nil {
		err = fcntlErr
	}
	return fd, err
}
