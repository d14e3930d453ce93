package server

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestOtherNamespace runs a second of our servers on the same address and port of another network namespace. Both
// see every connection, by the one cgroup; each must serve its own only.
func TestOtherNamespace(t *testing.T) {
	here := startTest(t, Options{Path: PathSockmap})
	var there *Server
	var closeThere func() error
	inNamespace(t, func() (err error) {
		there, closeThere, err = open(Options{Path: PathSockmap, Addr: here.Addr().String()})
		return err
	}, func() error {
		converse(t, there, "there")
		return closeThere()
	}, func() { converse(t, here, "here") })
}

// inNamespace runs first and last on a thread in a network namespace of its own, and meanwhile on this one.
func inNamespace(t *testing.T, first, last func() error, meanwhile func()) {
	t.Helper()
	ready, resume := make(chan error), make(chan struct{})
	go func() { // ends after last; its thread, which cannot go back, ends with it
		runtime.LockOSThread()
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			err = loopbackUp()
		}
		if err == nil {
			err = first()
		}
		ready <- err
		if err == nil {
			<-resume
			ready <- last()
		}
	}()
	if err := <-ready; err != nil {
		t.Fatal(err)
	}
	meanwhile()
	close(resume)
	if err := <-ready; err != nil {
		t.Error(err)
	}
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

// converse writes and reads a key, and checks that the server's own programs did it.
func converse(t *testing.T, s *Server, value string) {
	batches, connections := s.counter("fast_batches"), s.counter("connections")
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(testTimeout))
	want := fmt.Sprintf("+OK\r\n$%d\r\n%s\r\n", len(value), value)
	got := make([]byte, len(want))
	_, err = conn.Write(append(request("SET", "where", value), request("GET", "where")...))
	if err == nil {
		_, err = io.ReadFull(conn, got)
	}
	if string(got) != want || err != nil {
		t.Errorf("%s: got %q, %v", value, got, err)
	}
	if s.counter("connections") != connections+1 || s.counter("fast_batches") == batches {
		t.Errorf("%s: %d connections taken in, %d batches served, want 1 and 1 or more", value,
			s.counter("connections")-connections, s.counter("fast_batches")-batches)
	}
}
