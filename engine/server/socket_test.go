package server

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestSocketCalls reads replies in every way a client may. The local path puts them into another queue of the
// socket than TCP does; no call may show the difference.
func TestSocketCalls(t *testing.T) {
	value := strings.Repeat("v", 50)
	reply := string(bulkReply(value))
	onEveryPath(t, func(t *testing.T, s *Server) {
		c := dial(t, s)
		c.send(request("SET", "k", value))
		c.expect([]byte("+OK\r\n"))
		if s.path != PathUser {
			untilFast(t, c, s)
		}
		f, err := c.File()
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		fd := int(f.Fd())
		if err := unix.SetNonblock(fd, true); err != nil {
			t.Fatal(err)
		}
		raw := rawSocket{t, fd}
		t.Run("nothing to read", raw.nothing)
		t.Run("count", func(t *testing.T) {
			raw.get(1, reply)
			if n, err := unix.IoctlGetInt(fd, unix.TIOCINQ); n != len(reply) || err != nil {
				t.Errorf("FIONREAD gives %d, %v, want %d", n, err, len(reply))
			}
			raw.expect(reply, 0)
		})
		t.Run("peek", func(t *testing.T) {
			raw.get(1, reply)
			raw.expect(reply, unix.MSG_PEEK)
			raw.expect(reply[:7], unix.MSG_PEEK)
			raw.expect(reply[:7], 0)
			raw.expect(reply[7:], 0)
			raw.nothing(t)
		})
		t.Run("across messages", func(t *testing.T) {
			for range 3 {
				raw.get(1, reply)
			}
			raw.waitBytes(3 * len(reply))
			three := strings.Repeat(reply, 3)
			raw.expect(three[:70], 0)
			raw.expect(three[70:], unix.MSG_WAITALL)
			raw.nothing(t)
		})
		t.Run("low-water mark", func(t *testing.T) { raw.lowWater(t, reply) })
	})
}

// rawSocket is a client's socket whose calls are made one by one.
type rawSocket struct {
	t  *testing.T
	fd int
}

// get asks for the key n times in one send and waits for the first byte.
func (r rawSocket) get(n int, reply string) {
	r.t.Helper()
	if err := unix.Send(r.fd, []byte(strings.Repeat(string(request("GET", "k")), n)), 0); err != nil {
		r.t.Fatal(err)
	}
	if !r.readable(int(testTimeout.Milliseconds())) {
		r.t.Fatal("poll reports nothing to read")
	}
	r.waitBytes(len(reply))
}

func (r rawSocket) readable(timeoutMS int) bool {
	r.t.Helper()
	poll := []unix.PollFd{{Fd: int32(r.fd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(poll, timeoutMS)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			r.t.Fatal(err)
		}
		return n > 0
	}
}

// waitBytes waits until so many can be read.
func (r rawSocket) waitBytes(n int) {
	r.t.Helper()
	waitUntil(r.t, "replies are there", func() bool {
		buffer := make([]byte, n)
		got, _, err := unix.Recvfrom(r.fd, buffer, unix.MSG_PEEK)
		return err == nil && got == n
	})
}

func (r rawSocket) expect(want string, flags int) {
	r.t.Helper()
	buffer := make([]byte, len(want))
	n, _, err := unix.Recvfrom(r.fd, buffer, flags)
	if err != nil || string(buffer[:max(n, 0)]) != want {
		r.t.Fatalf("got %q, %v, want %q", buffer[:max(n, 0)], err, want)
	}
}

func (r rawSocket) nothing(t *testing.T) {
	t.Helper()
	if r.readable(0) {
		t.Error("poll reports something to read")
	}
	if n, _, err := unix.Recvfrom(r.fd, make([]byte, 1), 0); !errors.Is(err, unix.EAGAIN) {
		t.Errorf("got %d bytes, %v, want %v", n, err, unix.EAGAIN)
	}
}

// lowWater has poll wait for two replies.
func (r rawSocket) lowWater(t *testing.T, reply string) {
	mark := func(n int) {
		if err := unix.SetsockoptInt(r.fd, unix.SOL_SOCKET, unix.SO_RCVLOWAT, n); err != nil {
			t.Fatal(err)
		}
	}
	mark(2 * len(reply))
	for round := range 2 {
		if err := unix.Send(r.fd, request("GET", "k"), 0); err != nil {
			t.Fatal(err)
		}
		r.waitBytes((round + 1) * len(reply))
		if got := r.readable(0); got != (round == 1) {
			t.Errorf("%d replies of the two that are the low-water mark: poll reports %v", round+1, got)
		}
	}
	mark(1)
	r.expect(strings.Repeat(reply, 2), 0)
}

// TestSendingCalls sends requests in ways that the local path leaves to TCP, or that copy differently.
func TestSendingCalls(t *testing.T) {
	onEveryPath(t, func(t *testing.T, s *Server) {
		c := dial(t, s)
		if s.path != PathUser {
			untilFast(t, c, s)
		}
		ping, pong := request("PING"), []byte("+PONG\r\n")
		control, err := c.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		call := func(what string, job func(fd int) error) {
			t.Helper()
			var failed error
			if err := control.Control(func(fd uintptr) { failed = job(int(fd)) }); err != nil || failed != nil {
				t.Fatalf("%s: %v, %v", what, err, failed)
			}
		}
		call("sendfile", func(fd int) error { return sendFile(t, fd, ping) })
		c.expect(pong)
		call("sendmsg of two parts", func(fd int) error {
			_, err := unix.SendmsgBuffers(fd, [][]byte{ping[:3], ping[3:]}, nil, nil, 0)
			return err
		})
		c.expect(pong)
		call("MSG_MORE", func(fd int) error {
			return errors.Join(unix.Send(fd, ping[:5], unix.MSG_MORE), unix.Send(fd, ping[5:], 0))
		})
		c.expect(pong)
		call("MSG_ZEROCOPY", func(fd int) error {
			if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ZEROCOPY, 1); err != nil {
				return err
			}
			return unix.Send(fd, ping, unix.MSG_ZEROCOPY)
		})
		c.expect(pong)
		call("completion of MSG_ZEROCOPY", func(fd int) error {
			poll := []unix.PollFd{{Fd: int32(fd)}}
			if n, err := unix.Poll(poll, int(testTimeout.Milliseconds())); n != 1 || err != nil {
				return errors.Join(errors.New("no completion"), err)
			}
			return nil
		})
		c.send(ping)
		if err := c.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write(ping); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("sending after shutdown: %v, want %v", err, syscall.EPIPE)
		}
		c.expect(pong)
		c.expectEnd()
	})
}

func sendFile(t *testing.T, fd int, p []byte) error {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteAt(p, 0); err != nil {
		return err
	}
	_, err = unix.Sendfile(fd, int(f.Fd()), nil, len(p))
	return err
}
