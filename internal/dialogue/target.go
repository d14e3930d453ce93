package dialogue

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"bpfdb/engine/model"
)

// Target is a server to talk to.
type Target interface {
	// Reset empties the database.
	Reset() error
	// Dial opens a connection.
	Dial() (Conn, error)
}

// Conn is the client's side of a connection.
type Conn interface {
	Send(data []byte) error
	// Receive returns bytes as they come: io.EOF after the server has closed, os.ErrDeadlineExceeded if none
	// came within wait.
	Receive(wait time.Duration) ([]byte, error)
	HalfClose() error
	Close() error
	// Abort closes with a TCP reset.
	Abort() error
}

// TCP is the server at addr.
func TCP(addr string) Target { return tcpTarget(addr) }

type tcpTarget string

func (t tcpTarget) Dial() (Conn, error) {
	conn, err := net.DialTimeout("tcp", string(t), replyTimeout)
	if err != nil {
		return nil, err
	}
	return tcpConn{conn.(*net.TCPConn)}, nil // Go sets TCP_NODELAY
}

func (t tcpTarget) Reset() error {
	conn, err := t.Dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.Send([]byte("FLUSHALL\r\n")); err != nil {
		return err
	}
	var got []byte
	for len(got) < len("+OK\r\n") {
		data, err := conn.Receive(replyTimeout)
		if err != nil {
			return fmt.Errorf("FLUSHALL answered %q: %w", got, err)
		}
		got = append(got, data...)
	}
	if string(got) != "+OK\r\n" {
		return fmt.Errorf("FLUSHALL answered %q", got)
	}
	return nil
}

type tcpConn struct{ *net.TCPConn }

// Send is silent about a connection that the server has closed: what it sent before is what counts.
func (c tcpConn) Send(data []byte) error {
	if err := c.SetWriteDeadline(time.Now().Add(replyTimeout)); err != nil {
		return err
	}
	_, err := c.Write(data)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		return nil
	}
	return err
}

func (c tcpConn) Receive(wait time.Duration) ([]byte, error) {
	if err := c.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return nil, err
	}
	buf := make([]byte, 64<<10)
	n, err := c.Read(buf)
	if errors.Is(err, syscall.ECONNRESET) {
		err = io.EOF // closed with input unread
	}
	return buf[:n], err
}

func (c tcpConn) HalfClose() error {
	if err := c.CloseWrite(); !errors.Is(err, syscall.ENOTCONN) {
		return err
	}
	return nil
}

func (c tcpConn) Abort() error {
	if err := c.SetLinger(0); err != nil {
		return err
	}
	return c.Close()
}

// Model is a fresh model in this process.
func Model() Target { return &modelTarget{model.NewDB()} }

type modelTarget struct{ db *model.DB }

func (t *modelTarget) Reset() error {
	t.db = model.NewDB()
	return nil
}

func (t *modelTarget) Dial() (Conn, error) {
	return &modelConn{session: model.NewSession(t.db)}, nil
}

type modelConn struct {
	session *model.Session
	out     []byte
	closed  bool
}

func (c *modelConn) Send(data []byte) error {
	out, closed := c.session.Serve(data)
	c.out = append(c.out, out...)
	c.closed = c.closed || closed
	return nil
}

func (c *modelConn) Receive(time.Duration) ([]byte, error) {
	out := c.out
	c.out = nil
	switch {
	case len(out) > 0:
		return out, nil
	case c.closed:
		return nil, io.EOF
	}
	return nil, os.ErrDeadlineExceeded
}

func (c *modelConn) HalfClose() error { return c.Close() }
func (c *modelConn) Abort() error     { return c.Close() }

func (c *modelConn) Close() error {
	c.session.Close()
	c.closed = true
	return nil
}
