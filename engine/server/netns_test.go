package server

import (
	"fmt"
	"io"
	"net"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"bpfdb/internal/kerneltest"
)

// namespace is a network namespace with a thread of its own in it.
type namespace struct {
	t    *testing.T
	tid  int
	jobs chan func()
}

// newNamespace makes one whose loopback interface is up, for the length of the test.
func newNamespace(t *testing.T) *namespace {
	t.Helper()
	requireKernel(t)
	n := &namespace{t: t, jobs: make(chan func())}
	ready := make(chan error)
	go func() { // ends with the test; its thread, which cannot go back, ends with it
		runtime.LockOSThread()
		n.tid = unix.Gettid()
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			err = loopbackUp()
		}
		ready <- err
		for job := range n.jobs {
			job()
		}
	}()
	if err := <-ready; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { close(n.jobs) })
	return n
}

// newCable joins two namespaces by host0 (10.77.0.1, fd77::1) and eth0 (10.77.0.2, fd77::2), as containers and their
// host are.
func newCable(t *testing.T) (host, container *namespace) {
	t.Helper()
	kerneltest.Require(t, kerneltest.Tool("ip"))
	host, container = newNamespace(t), newNamespace(t)
	host.command("", "ip", "link", "add", "host0", "type", "veth", "peer", "name", "eth0", "netns",
		fmt.Sprint(container.tid))
	for _, family := range []struct{ host, container, prefix string }{
		{"10.77.0.1", "10.77.0.2", "/24"}, {"fd77::1", "fd77::2", "/64"},
	} {
		host.command("", "ip", "addr", "add", family.host+family.prefix, "dev", "host0", "nodad")
		container.command("", "ip", "addr", "add", family.container+family.prefix, "dev", "eth0", "nodad")
	}
	host.command("", "ip", "link", "set", "host0", "up")
	container.command("", "ip", "link", "set", "eth0", "up")
	return host, container
}

// do runs a function inside; what it opens stays inside.
func (n *namespace) do(job func()) {
	done := make(chan struct{})
	n.jobs <- func() { job(); close(done) }
	<-done
}

// command runs a program inside.
func (n *namespace) command(stdin, name string, args ...string) {
	n.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var out []byte
	var err error
	n.do(func() { out, err = cmd.CombinedOutput() })
	if err != nil {
		n.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// start serves inside for the length of the test.
func (n *namespace) start(options Options) *Server {
	n.t.Helper()
	var s *Server
	var closeServer func() error
	var err error
	n.do(func() { s, closeServer, err = open(options) })
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() {
		if err := closeServer(); err != nil {
			n.t.Errorf("close server: %v", err)
		}
	})
	return s
}

// dial connects from inside.
func (n *namespace) dial(from, to string) (c client) {
	n.do(func() { c = dialFrom(n.t, from, to) })
	return c
}

// loopbackUp switches on the lo of the calling thread's namespace.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request)
}

// TestOtherNamespace runs a second of our servers on the same address and port of another network namespace. Both
// see every connection, by the one cgroup; each must serve its own only.
func TestOtherNamespace(t *testing.T) {
	for _, path := range []Path{PathSockmap, PathLocal, PathAuto} {
		t.Run(string(path), func(t *testing.T) {
			outside, inside := newNamespace(t), newNamespace(t)
			here := outside.start(Options{Path: path})
			there := inside.start(Options{Path: path, Addr: here.Addr().String()})
			a, b := outside.dial("", here.Addr().String()), inside.dial("", there.Addr().String())
			converse(t, a, here, "here")
			converse(t, b, there, "there")
			converse(t, a, here, "still here")
		})
	}
}

// converse writes and reads a key, and checks that the server's own programs did it.
func converse(t *testing.T, c client, s *Server, value string) {
	t.Helper()
	untilFast(t, c, s)
	batches := s.counter("fast_batches")
	c.send(append(request("SET", "where", value), request("GET", "where")...))
	c.expect(fmt.Appendf(nil, "+OK\r\n$%d\r\n%s\r\n", len(value), value))
	if s.counter("fast_batches") == batches || s.counter("connections") != 1 {
		t.Errorf("%s: %d connections taken in, %d batches served, want 1 and 1 or more", value,
			s.counter("connections"), s.counter("fast_batches")-batches)
	}
}

// untilFast sends requests until the kernel answers them: the first ones of a connection may come before it was
// accepted.
func untilFast(t *testing.T, c client, s *Server) {
	t.Helper()
	before := s.counter("fast_batches")
	waitUntil(t, "the kernel answers", func() bool {
		c.send(request("PING"))
		c.expect([]byte("+PONG\r\n"))
		return s.counter("fast_batches") > before
	})
}

// foreigner is a server that is none of ours: it answers everything it reads with its name.
func foreigner(t *testing.T, addr string) *net.TCPListener {
	t.Helper()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() { // ends with the listener
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { // ends with the connection
				defer conn.Close()
				buffer := make([]byte, 4096)
				for {
					if _, err := conn.Read(buffer); err != nil {
						return
					}
					if _, err := io.WriteString(conn, "foreign\n"); err != nil {
						return
					}
				}
			}()
		}
	}()
	return listener.(*net.TCPListener)
}

// expectForeign checks that the foreign server, and it alone, answers.
func expectForeign(t *testing.T, c client, ours ...*Server) {
	t.Helper()
	for range 3 {
		c.send(request("PING"))
		c.expect([]byte("foreign\n"))
	}
	for _, s := range ours {
		if n := s.counter("local_connections"); n > 1 {
			t.Errorf("%d local connections, want our own only", n)
		}
	}
}

// dialFrom connects from a given address and port, or any.
func dialFrom(t *testing.T, from, to string) client {
	t.Helper()
	dialer := net.Dialer{Timeout: testTimeout}
	if from != "" {
		addr, err := net.ResolveTCPAddr("tcp", from)
		if err != nil {
			t.Fatal(err)
		}
		dialer.LocalAddr = addr
	}
	conn, err := dialer.Dial("tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := client{t, conn.(*net.TCPConn)}
	c.extend()
	return c
}
