package netns_test

import (
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"bpfdb/internal/kerneltest"
	"bpfdb/runners/affinity"
	"bpfdb/runners/netns"
)

// A listener opened inside is reached from outside over the pair, and nothing is left.
func TestNamespace(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Tool("ip"))
	mine, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	first, err := netns.New()
	if err != nil {
		t.Fatal(err)
	}
	second, err := netns.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []*netns.Namespace{first, second} {
		echo(t, n)
		if err := n.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat("/sys/class/net/" + n.Peer()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("interface %s is left: %v", n.Peer(), err)
		}
	}
	if now, _ := os.Readlink("/proc/self/ns/net"); now != mine {
		t.Errorf("the process went from %s to %s", mine, now)
	}
}

func echo(t *testing.T, n *netns.Namespace) {
	t.Helper()
	var listener net.Listener
	err := affinity.OnThread(func() error {
		if err := n.Enter(); err != nil {
			return err
		}
		var err error
		listener, err = net.Listen("tcp", netip.AddrPortFrom(n.Inside, 7).String())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() { // ends with the connection, or the listener
		if conn, err := listener.Accept(); err == nil {
			conn.Write([]byte("hi"))
			conn.Close()
		}
	}()
	conn, err := net.DialTimeout("tcp", listener.Addr().String(), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if local := conn.LocalAddr().(*net.TCPAddr).AddrPort().Addr(); local != n.Outside {
		t.Errorf("connected from %v, want %v", local, n.Outside)
	}
	text := make([]byte, 2)
	if _, err := conn.Read(text); err != nil || string(text) != "hi" {
		t.Errorf("read %q, %v", text, err)
	}
}
